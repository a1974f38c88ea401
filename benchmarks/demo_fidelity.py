"""How much of the driver's true motion reaches the target, on the demo corpus, where the truth is known.

    python benchmarks/demo_fidelity.py [--per-driver 2] [--work DIR]

Makes the demo corpus and a run, then measures every synthetic clip with a tracker that the generator does not use
(pyramidal Lucas-Kanade), over the 18 action-unit regions and all frames, against the displacement that the driver's
known action units have on the target's known face. Beside it, in the same run, two references: what the tracker
itself finds on frames rendered from the truth (its ceiling), and a copy of the still target (floor).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from itertools import chain
from pathlib import Path

import numpy as np

from me_augment.demo import run as demo
from me_augment.demo.corpus import read_truth
from me_augment.demo.faces import Performance, subjects
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement
from me_augment.manifest import Manifest
from me_augment.synthesis.prepare import prepare
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.sources import open_sources
from me_augment.video.recording import open_recording


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-driver", type=int, default=2)
    parser.add_argument("--work", type=Path, help="keep corpus and run here instead of in a temporary folder")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folders = demo.DemoFolders(arguments.work or Path(scratch))
        if not folders.corpus.exists():
            demo.make_corpus(folders, people=6, clips=4)
            demo.ingest(folders)
        plan = prepare(open_sources(folders.manifest, None, None), per_driver=arguments.per_driver)
        begin(plan, folders.run)
        execute(folders.run, Session(progress=lambda r: print(f"shard {r.shard} made", file=sys.stderr)))
        report(folders)


def report(folders: demo.DemoFolders) -> None:
    """Measure every synthetic clip of the run."""
    run = Manifest.open(folders.run)
    people = {person.name: person for person in subjects()}
    truth = {f"{clip.subject}/{clip.video}": clip for clip in read_truth(folders.corpus / "truth.json")}
    name_of = {clip.clip_id: clip.name for clip in run.clips}
    measured: defaultdict[str, list[np.ndarray]] = defaultdict(list)
    reference: defaultdict[str, list[np.ndarray]] = defaultdict(list)
    ceiling: defaultdict[str, list[tuple[np.ndarray, np.ndarray]]] = defaultdict(list)
    per_clip = []
    for clip in (c for c in run.clips if c.is_synthetic and c.status == "ok"):
        driver, person = truth[name_of[clip.driver_clip_id or ""]], people[clip.subject]
        frames = open_recording(run, run.recording_of[clip.recording_id or ""]).read(range(clip.n_frames))
        points = region_samples(person.landmarks)
        flat = points.reshape(-1, 2)
        drawn = Performance(person, driver.units)
        still = as_picture(drawn.frame(0))
        a, b = [], []
        for t in range(1, len(frames)):
            units = {unit: strength * driver.amplitude[t] for unit, strength in driver.units.items()}
            true = person.true_displacement(flat, units).reshape(points.shape)
            found = tracked_displacement(frames[0], frames[t], points)
            a.append(means(found, found))
            b.append(means(true, found))
            if t == len(frames) // 2:
                ideal = tracked_displacement(still, as_picture(drawn.frame(driver.amplitude[t])), points)
                ceiling[clip.emotion or ""].append((means(ideal, ideal), means(true, ideal)))
        measured[clip.emotion or ""] += a
        reference[clip.emotion or ""] += b
        per_clip.append((agreement(np.stack(a), np.stack(b)), clip))
    print(f"{'emotion':12} {'clips':>5} {'r':>7} {'gain':>6} {'nrmse':>6}   {'tracker on truth: r, gain':>26}")
    for emotion in sorted(measured):
        line(
            emotion,
            sum(c.emotion == emotion for _, c in per_clip),
            measured[emotion],
            reference[emotion],
            ceiling[emotion],
        )
    line(
        "all",
        len(per_clip),
        list(chain(*measured.values())),
        list(chain(*reference.values())),
        list(chain(*ceiling.values())),
    )
    worst = min(per_clip, key=lambda pair: pair[0].correlation)
    gains = [found.gain for found, _ in per_clip]
    print(f"worst clip: r {worst[0].correlation:.3f} ({worst[1].name})")
    print(f"gain per clip: {min(gains):.2f} to {max(gains):.2f}")
    print("copying the still target: r 0, gain 0, nrmse 1 by definition")


def line(name: str, clips: int, measured: list, reference: list, ceiling: list) -> None:
    """One row of the table."""
    found = agreement(measured, reference)
    ideal = agreement([a for a, _ in ceiling], [b for _, b in ceiling])
    print(
        f"{name:12} {clips:5} {found.correlation:7.4f} {found.gain:6.3f} {found.nrmse:6.3f}   "
        f"{ideal.correlation:19.4f} {ideal.gain:6.3f}"
    )


def means(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean over each region's points that the tracker could follow, (18, 2); nan where it followed none."""
    counted = np.isfinite(known)
    with np.errstate(invalid="ignore"):
        return np.where(counted, values, 0).sum(1) / counted.sum(1)


def as_picture(frame: np.ndarray) -> np.ndarray:
    """8-bit picture of a rendered frame."""
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
