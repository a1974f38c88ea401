"""Whether an expression asked for at `--strength` s moves the face s times as far.

    python benchmarks/strength_linearity.py [--pairs 4] [--frames 15]

Every driver (drawn, with sensor noise) is measured once and performed at several strengths. The displacement of the
18 regions, tracked with pyramidal Lucas-Kanade, is compared with the true displacement at strength 1: the gain. What
counts is the gain relative to that at strength 1, and its least-squares slope over the strengths (wanted: 1 +- 0.05).
The tracker's own part is printed beside it: the same slope on frames drawn from the truth.
"""

from __future__ import annotations

import argparse

import numpy as np
from conditions import CONDITIONS, Frames, draw, stored, target_of
from measures import detector, true_regions

from me_augment.demo.faces import Performance, Subject
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement
from me_augment.generation import create_generator
from me_augment.generation.generator import Rendition
from me_augment.threads import one_thread

STRENGTHS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)


def main() -> None:
    """Print a line per pair and one for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=4, help="driver-target pairs, at most 6")
    parser.add_argument("--frames", type=int, default=15)
    arguments = parser.parse_args()
    print(f"{'gain relative to strength 1':36} {' '.join(f'{s:6.2f}' for s in STRENGTHS)}  slope  (tracker alone)")
    of_pairs = []
    for k in range(arguments.pairs):
        made, drawn, units = gains_of_pair(k, arguments.frames)
        of_pairs.append((made, drawn))
        print_line(f"pair {k}: {' + '.join(f'{s:g} x {u}' for u, s in units.items())}", made, drawn)
    print_line("mean of the pairs", *np.mean(of_pairs, axis=0))


def gains_of_pair(k: int, frames: int) -> tuple[np.ndarray, np.ndarray, dict]:
    """Gains (len(STRENGTHS),) of the synthetic clips and of clips drawn from the truth; the action units."""
    condition = next(c for c in CONDITIONS if c.name == "gray")  # noise of one grey level, nothing else
    drawing, rng = draw(condition, k, frames), np.random.default_rng([8, k])
    target = target_of(None, k)
    clip = [stored(frame, condition) for frame in condition.spoil(drawing.frames, rng, drawing.driver)]
    still = Performance(target, {}).frame(0)
    grain = rng.normal(0, 1, still.shape)
    face = stored(still + grain, condition)
    true = true_regions(None, k, tuple(drawing.units.items()), tuple(drawing.amplitude))
    generator, truth = create_generator("warp"), Performance(target, drawing.units)
    made, drawn = [], []
    with one_thread():
        observed = generator.observe(clip, detector().detect(clip[0]))
        marks = detector().detect(face)
        for strength in STRENGTHS:
            result = list(generator.animate(observed, face, marks, Rendition(strength=strength)))
            made.append(gain(result, face, target, true))
            ideal = [stored(truth.frame(strength * a) + grain, condition) for a in drawing.amplitude]
            drawn.append(gain(ideal, face, target, true))
    return np.array(made), np.array(drawn), drawing.units


def gain(result: Frames, face: np.ndarray, target: Subject, true: np.ndarray) -> float:
    """Tracked over true displacement (T, 18, N, 2) of region samples, by least squares."""
    points = region_samples(target.landmarks)
    found = np.stack([tracked_displacement(face, frame, points) for frame in result[1:]])
    return agreement(found, true[1:]).gain


def print_line(name: str, made: np.ndarray, drawn: np.ndarray) -> None:
    """Relative gains, their slope, and the slope that the tracker alone would show."""
    one = STRENGTHS.index(1.0)
    relative = made / made[one]
    slope, tracker = (np.polyfit(STRENGTHS, values / values[one], 1)[0] for values in (made, drawn))
    print(f"{name:36} {' '.join(f'{g:6.3f}' for g in relative)}  {slope:5.3f}  ({tracker:5.3f})", flush=True)


if __name__ == "__main__":
    main()
