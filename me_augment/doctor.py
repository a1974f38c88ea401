"""Checks of the installation, each with what was found and how to mend it."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from importlib import metadata
from pathlib import Path

from me_augment.errors import MeAugmentError

_PACKAGES = (
    "me-augment", "numpy", "scipy", "pandas", "pyarrow", "torch", "kornia", "albumentations", "dask", "distributed",
    "opencv-python-headless", "av", "scikit-image", "dlib-bin", "face-recognition-models", "click",
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One line of the examination.

    Attributes:
        level: `ok`, `note` (works, but worth knowing) or `problem`.
        subject: what was looked at.
        text: what was found.
        fix: what to do; empty where there is nothing to do.
    """

    level: str
    subject: str
    text: str
    fix: str = ""


def examine() -> Iterator[Finding]:
    """All checks, in order. A check that fails unexpectedly is itself a problem, not the end."""
    checks: tuple[Callable[[], Iterator[Finding]], ...] = (
        _python, _versions, _torch, _opencv, _landmarks, _optional_landmarks, _round_trip, _generator,
    )  # fmt: skip
    for check in checks:
        try:
            yield from check()
        except Exception as error:
            name = check.__name__.strip("_").replace("_", " ")
            yield Finding(
                "problem", name, f"{type(error).__name__}: {error}", "reinstall me-augment in a new environment"
            )


def _python() -> Iterator[Finding]:
    good = sys.version_info >= (3, 11)
    yield Finding(
        "ok" if good else "problem",
        "python",
        f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "" if good else "install Python 3.11 or newer",
    )


def _versions() -> Iterator[Finding]:
    for name in _PACKAGES:
        try:
            yield Finding("ok", name, metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Finding("problem", name, "missing", f"pip install {name}")


def _torch() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        names = ", ".join(torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count()))
        yield Finding("ok", "device", f"CUDA {torch.version.cuda}: {names}")
    elif torch.version.cuda:
        yield Finding(
            "note", "device", "CPU; this torch could use CUDA, but no GPU answers", "check the driver with nvidia-smi"
        )
    else:
        yield Finding("ok", "device", "CPU build of torch; the warp generator needs no GPU")


def _opencv() -> Iterator[Finding]:
    wheels = [
        dist.metadata["Name"]
        for dist in metadata.distributions()
        if (dist.metadata["Name"] or "").lower().replace("_", "-").startswith("opencv-")
    ]
    if len(wheels) > 1:
        yield Finding(
            "problem",
            "opencv wheels",
            f"{', '.join(sorted(wheels))} share one cv2 folder and overwrite each other",
            f"pip uninstall -y {' '.join(sorted(wheels))} && pip install --force-reinstall opencv-python-headless",
        )
    import cv2
    import numpy as np

    ramp = np.tile(np.arange(16, dtype=np.float32), (16, 1))
    x, y = np.meshgrid(np.arange(16, dtype=np.float32), np.arange(16, dtype=np.float32))
    moved = float(cv2.remap(ramp, x + np.float32(0.01), y, cv2.INTER_LINEAR)[8, 8] - 8)
    if abs(moved - 0.01) > 1e-4:
        yield Finding(
            "problem",
            "sub-pixel remap",
            f"a shift of 0.01 px comes out as {moved:.4f}",
            "pip install 'opencv-python-headless>=5'",
        )
    else:
        yield Finding("ok", "sub-pixel remap", "a shift of 0.01 px comes out as 0.01")


def _landmarks() -> Iterator[Finding]:
    import skimage.data

    from me_augment.face import create_detector, interocular

    try:
        detector = create_detector("dlib")
        points = detector.detect(skimage.data.astronaut())
    except MeAugmentError as error:
        yield Finding("problem", "landmarks: dlib", str(error), "pip install dlib-bin face-recognition-models")
        return
    yield Finding(
        "ok", "landmarks: dlib", f"{detector.name} finds the test face, eyes {interocular(points):.0f} px apart"
    )


def _optional_landmarks() -> Iterator[Finding]:
    """The backends that need not work. Nothing is downloaded to find out."""
    import skimage.data

    from me_augment.face import create_detector, interocular
    from me_augment.face.face_alignment_backend import cached_weights

    for backend in ("face-alignment", "mediapipe"):
        subject = f"landmarks: {backend}"
        fetched = backend == "mediapipe" or cached_weights().is_file()
        if not fetched and importlib.util.find_spec("face_alignment") is not None:
            yield Finding(
                "note",
                subject,
                f"installed; the package will download its weights (95 MB) to {cached_weights()} at first use",
                "or put them there, or name them with --landmark-weights",
            )
            continue
        try:
            detector = create_detector(backend)
            points = detector.detect(skimage.data.astronaut())
        except MeAugmentError as error:
            yield Finding("ok", subject, f"not needed; {error}")
            continue
        yield Finding("ok", subject, f"{detector.name} finds the test face, eyes {interocular(points):.0f} px apart")


def _round_trip() -> Iterator[Finding]:
    import numpy as np

    from me_augment.video import open_frames, write_lossless

    rng = np.random.default_rng(0)
    for label, shape, dtype in (
        ("8-bit colour", (5, 48, 63, 3), np.uint8),
        ("8-bit gray", (5, 48, 63), np.uint8),
        ("16-bit gray", (5, 48, 63), np.uint16),
    ):
        frames = rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "clip.mkv"
            write_lossless(path, frames, Fraction(200))
            same = np.array_equal(open_frames(path).read(range(5)), frames)
        yield Finding(
            "ok" if same else "problem",
            f"FFV1 {label}",
            "written and read back bit for bit" if same else "comes back changed",
            "" if same else "pip install --force-reinstall av",
        )


def _generator() -> Iterator[Finding]:
    from me_augment.generation import create_generator

    warp = create_generator("warp")
    yield Finding("ok", "generator: warp", f"version {warp.version}, needs no weights")
