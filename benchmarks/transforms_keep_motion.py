"""Which transforms leave the motion of a micro-expression in a clip, on demo faces, where the truth is known.

    python benchmarks/transforms_keep_motion.py [--people 3]

Each of some demo people performs five expressions at half strength, drawn with sensor noise, without head motion. Onset
and apex go through each transform together; then the motion of the 18 facial regions is tracked (pyramidal
Lucas-Kanade) and compared with the truth. After a geometric transform it is looked for where the transform put the
regions and compared with the truth carried along. `quiet` is the rms motion found between two onsets that differ in
noise only, in pixels: what a still face seems to do. A transform is called safe where correlation and gain are nearly
those without it.
"""

from __future__ import annotations

import argparse

import cv2
import numpy as np
import torch

from me_augment.demo.corpus import _EMOTIONS
from me_augment.demo.faces import Performance, subjects
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement
from me_augment.face.geometry import apply_affine
from me_augment.transforms.chain import from_json
from me_augment.transforms.geometric import Affine

CASES: dict[str, str] = {
    "none": "",
    "brightness +15 %": '{"transform": "brightness-contrast", "brightness": 0.15, "contrast": 0}',
    "contrast -15 %": '{"transform": "brightness-contrast", "brightness": 0, "contrast": -0.15}',
    "contrast +15 %": '{"transform": "brightness-contrast", "brightness": 0, "contrast": 0.15}',
    "gamma 0.8": '{"transform": "gamma", "gamma": 0.8}',
    "gamma 1.25": '{"transform": "gamma", "gamma": 1.25}',
    "hue 8, saturation 20": '{"transform": "hue-saturation", "hue": 8, "saturation": 20}',
    "blur 0.5 px": '{"transform": "blur", "sigma": 0.5}',
    "blur 1 px": '{"transform": "blur", "sigma": 1.0}',
    "blur 2 px": '{"transform": "blur", "sigma": 2.0}',
    "noise 1 level": '{"transform": "noise", "levels": 1, "seed": 1}',
    "noise 3 levels": '{"transform": "noise", "levels": 3, "seed": 1}',
    "noise 8 levels": '{"transform": "noise", "levels": 8, "seed": 1}',
    "JPEG 95": '{"transform": "jpeg", "quality": 95}',
    "JPEG 80": '{"transform": "jpeg", "quality": 80}',
    "JPEG 50": '{"transform": "jpeg", "quality": 50}',
    "flip": '{"transform": "flip", "flip": true}',
    "turn 5 degrees": '{"transform": "affine", "angle": 5, "scale": 1, "dx": 0, "dy": 0}',
    "scale 0.95": '{"transform": "affine", "angle": 0, "scale": 0.95, "dx": 0, "dy": 0}',
    "scale 0.5": '{"transform": "affine", "angle": 0, "scale": 0.5, "dx": 0, "dy": 0}',
    "shift 3.3 px": '{"transform": "affine", "angle": 0, "scale": 1, "dx": 3.3, "dy": -1.7}',
    "turned apart by 0.2 degrees": "apart",
}
STRENGTH = 0.5


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    scenes = []
    for index, person in enumerate(subjects()[: arguments.people]):
        points = region_samples(person.landmarks)
        for units, _ in _EMOTIONS.values():
            drawn = Performance(person, {unit: STRENGTH * s for unit, s in units.items()})
            rng = np.random.default_rng([3, index])
            frames = [filmed(drawn.frame(a), rng) for a in (0, 1, 0)]
            video = torch.from_numpy(np.stack(frames).transpose(0, 3, 1, 2).astype(np.float32) / 255)
            true = person.true_displacement(points.reshape(-1, 2), drawn_units(units)).reshape(points.shape)
            scenes.append((video, points, true))
    rms = np.sqrt(np.mean([np.square(true).sum(-1).mean() for _, _, true in scenes]))
    print(f"{len(scenes)} clips, true motion {rms:.2f} px rms")
    print(f"{'transform':28} {'r':>7} {'gain':>6} {'nrmse':>6} {'quiet px':>9}")
    for name, case in CASES.items():
        found, wanted, quiet = [], [], []
        for video, points, true in scenes:
            matrix = matrix_of(name, case, video.shape)
            changed = apply(case, video)
            pictures = [np.rint(f.permute(1, 2, 0).numpy() * 255).astype(np.uint8) for f in changed]
            at = apply_affine(matrix, points).astype(np.float32)
            moved = tracked_displacement(pictures[0], pictures[1], at)
            known = np.isfinite(moved)
            found.append(means(moved, known))
            wanted.append(means(true @ matrix[:, :2].T, known))
            quiet.append(means(still := tracked_displacement(pictures[0], pictures[2], at), np.isfinite(still)))
        result = agreement(np.stack(found), np.stack(wanted))
        resting = np.sqrt(np.nanmean(np.square(np.stack(quiet))))
        print(f"{name:28} {result.correlation:7.3f} {result.gain:6.2f} {result.nrmse:6.2f} {resting:9.3f}")


def filmed(frame: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A rendered frame with a grey level of sensor noise, 8 bits."""
    return np.clip(np.rint(frame + rng.standard_normal(frame.shape)), 0, 255).astype(np.uint8)


def drawn_units(units: dict[int, float]) -> dict[int, float]:
    """The action units as they are performed."""
    return {unit: STRENGTH * strength for unit, strength in units.items()}


def apply(drawn: str, video: torch.Tensor) -> torch.Tensor:
    """One case; `apart` is the mistake that clip-consistent transforms exclude: a turn of its own for each frame."""
    if drawn == "apart":
        turned = [{"angle": angle, "scale": 1, "dx": 0, "dy": 0} for angle in (0, 0.2, -0.2)]
        return torch.cat([Affine.apply(video[t : t + 1], params) for t, params in enumerate(turned)])
    return from_json(video, [drawn] if drawn else [])


def matrix_of(name: str, drawn: str, shape: torch.Size) -> np.ndarray:
    """From pixels of the clip to pixels of the result, (2, 3)."""
    import json

    if name == "flip":
        return np.array([[-1.0, 0, shape[-1] - 1], [0, 1, 0]])
    if "affine" in drawn:
        return Affine.matrix(json.loads(drawn), shape[-2], shape[-1])
    return np.array([[1.0, 0, 0], [0, 1, 0]])


def means(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Mean over each region's points that the tracker could follow, (18, 2)."""
    count = known.sum(1)
    return np.where(known, values, 0).sum(1) / np.where(count, count, np.nan)


if __name__ == "__main__":
    main()
