"""What of a known expression reaches another face, condition by condition: the bench that ideas are judged by.

    python benchmarks/motion_fidelity.py [--pairs 4] [--only WORD,WORD] [--jobs 2] [--json FILE] [--compare FILE]
                                        [--checkpoint FILE [--driving filmed]]

Drivers are drawn with known action-unit motion, then spoilt in one way per condition (head motion, blinks, noise,
compression, light, occluders, small faces …); targets differ in shape, skin, light, size and pose. The synthetic
clip is measured with pyramidal Lucas-Kanade, which the generator does not use. Landmarks are detected, not given.
The generator is `warp`, or with --checkpoint the learned one.

    r, gain, nrmse   18 regions x frames against the true displacement on the target (best 1, 1, 0)
    head             head motion in the result over the driver's, both as rms over the face (best 0)
    apex             shift of the frame with the strongest motion, frames, mean of absolute values
    spill            motion of sample points that should stand still, over the driving motion (best 0)
    label            motion of whole regions that the expression does not reach, over the driving motion (best 0)
    flick            grey levels, rms over time of pixels that should stand still (best 0)
    ssim             of the last frame, when the face is back at rest, with the target (best 1)
    drift            detected landmarks of that frame against the target's, rms, percent of the interocular distance
    eyes             of a blink or shift of gaze of the driver, the share that the target's eyes show (best 0)
    eyerr            whatever changed about the eyes meanwhile and should not, over what the blink would (best 0)
"""

from __future__ import annotations

import argparse
import json
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from conditions import CONDITIONS, Condition, draw, stored, target_of
from measures import Result, detector, measure

from me_augment.demo.faces import Performance
from me_augment.errors import MeAugmentError
from me_augment.evaluation.regions import agreement
from me_augment.generation import GeneratorChoice, create_generator
from me_augment.threads import one_thread

_FORMATS = {
    "r": ".3f", "gain": ".3f", "nrmse": ".3f", "head": ".3f", "apex": ".1f", "spill": ".3f", "label": ".3f",
    "flick": ".2f", "ssim": ".4f", "drift": ".2f", "eyes": ".3f", "eyerr": ".3f",
}  # fmt: skip

Row = dict[str, float | None]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=4, help="driver-target pairs per condition, at most 6")
    parser.add_argument("--frames", type=int, default=21, help="of clips whose condition does not say otherwise")
    parser.add_argument("--only", default="", help="only conditions whose name has one of these words, comma between")
    parser.add_argument("--jobs", type=int, default=1, help="processes, each with its own pairs; same figures")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument(
        "--compare", type=Path, help="print the figures that --json wrote here earlier beneath each row"
    )
    parser.add_argument("--checkpoint", type=Path, help="judge fpb-fomm with these weights, not warp")
    parser.add_argument("--driving", default="cleaned", help="what fpb-fomm is shown: cleaned or filmed")
    arguments = parser.parse_args()
    choice = GeneratorChoice()
    if arguments.checkpoint:
        choice = GeneratorChoice(name="fpb-fomm", checkpoint=arguments.checkpoint, driving=arguments.driving)
    words = arguments.only.split(",")
    chosen = [condition for condition in CONDITIONS if any(word in condition.name for word in words)]
    earlier = json.loads(arguments.compare.read_text()) if arguments.compare else {}
    started = time.perf_counter()
    print(f"{'condition':32} {' '.join(f'{name:>6}' for name in _FORMATS)}")
    rows = {}
    with ExitStack() as stack:
        workers: list[Executor] = [
            stack.enter_context(ProcessPoolExecutor(1)) for _ in range(min(arguments.jobs, arguments.pairs))
        ]
        waiting = [
            [start(workers, choice, condition, k, arguments.frames) for k in range(arguments.pairs)]
            for condition in chosen
        ]
        for condition, futures in zip(chosen, waiting, strict=True):
            row = pooled([future.result() for future in futures])
            rows[condition.name] = row | {"pairs": arguments.pairs, "frames": condition.frames or arguments.frames}
            print(f"{condition.name:32} {line(rows[condition.name])}", flush=True)
            if condition.name in earlier:
                before = earlier[condition.name]
                same = all(before.get(name) == rows[condition.name][name] for name in ("pairs", "frames"))
                note = "" if same else f"   of {before.get('pairs')} pairs, {before.get('frames')} frames"
                print(f"{'  earlier':32} {line(before)}{note}", flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    print(f"{arguments.pairs} pairs each, {arguments.frames} frames, {time.perf_counter() - started:.0f} s")


def start(
    workers: list[Executor], choice: GeneratorChoice, condition: Condition, k: int, frames: int
) -> Future[Result | None]:
    """The k-th pair at work. A pair always goes to the same process, which keeps what its conditions share."""
    return workers[k % len(workers)].submit(one, choice, CONDITIONS.index(condition), k, frames)


def line(row: Row) -> str:
    """Figures in columns, a dot where there is none."""
    values = ((row.get(name), form) for name, form in _FORMATS.items())
    text = " ".join(f"{'.' if value is None else format(value, form):>6}" for value, form in values)
    return text + (f"   {row['failures']:.0f} without face" if row["failures"] else "")


def pooled(results: list[Result | None]) -> Row:
    """Agreement over all regions, frames and pairs; of the other figures the mean over the pairs that have them."""
    made = [r for r in results if r is not None]
    row: Row = {"failures": len(results) - len(made)}
    if not made:
        return row
    found = agreement(np.concatenate([r.measured for r in made]), np.concatenate([r.true for r in made]))
    row |= {"r": found.correlation, "gain": found.gain, "nrmse": found.nrmse}
    for name, attribute in (
        ("head", "head"), ("apex", "apex"), ("spill", "spill"), ("label", "unlabelled"), ("flick", "flicker"),
        ("ssim", "ssim"), ("drift", "drift"), ("eyes", "eyes"), ("eyerr", "eye_error"),
    ):  # fmt: skip
        values = [v for r in made if np.isfinite(v := getattr(r, attribute))]
        row[name] = float(np.mean(values)) if values else None
    return row


def one(choice: GeneratorChoice, number: int, k: int, frames: int) -> Result | None:
    """Draw, spoil, transfer and measure the k-th pair of a condition; None where no face is found."""
    condition = CONDITIONS[number]
    rng = np.random.default_rng([5, k])
    drawing = draw(condition, k, frames)
    clip = [stored(frame, condition) for frame in condition.spoil(drawing.frames, rng, drawing.driver)]
    portrait = Performance(target_of(condition.target, k), {}).frame(0)
    face = stored(portrait + rng.normal(0, 1, portrait.shape), replace(condition, scale=1.0))
    generator = loaded(choice)
    try:
        with one_thread():
            observed = generator.observe(clip, detector().detect(clip[0]))
            result = list(generator.animate(observed, face, detector().detect(face)))
        return measure(result, face, condition, drawing, k)
    except MeAugmentError:
        return None


loaded = cache(create_generator)


if __name__ == "__main__":
    main()
