"""The face-alignment landmark backend: its 2D network (FAN, Bulat & Tzimiropoulos, ICCV 2017) on CPU or GPU.

Only the package's network is used. Its detectors would download weights of their own, so the face's box is dlib's;
its decoding cuts landmarks to whole pixels of the picture, so crop and decoding are ours. A test spot that a stand-in
for the network finds comes back within 0.01 px here; through the package's own crop and decoding it comes back a pixel
too high with 0.9 px of scatter. If the published weights have learnt to make up for that pixel, the points found here
lie about half a percent of the face box's height too low, all alike.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.face.face_box import FaceBox, FaceFinder, as_rgb8
from me_augment.face.geometry import MIRRORED, apply_affine, crop, invert_affine
from me_augment.versions import installed

if TYPE_CHECKING:
    import torch

WEIGHTS_NAME = "2DFAN4-11f355bf06.pth.tar"
_NETWORK = "2DFAN-4"
_SIDE = 256
_STEP = 4  # crop pixels per heatmap pixel
# What the network was trained to see (the package's api.py): a square of 200 / 195 times the face box's width plus
# height, its centre 0.12 of the box's height above the box's.
_MARGIN = 200 / 195
_RAISE = 0.12
# A heatmap's peak is about a pixel wide; smoothing it before the parabola is fitted is from Zhang et al., CVPR 2020.
_SMOOTH = 1.0


class FaceAlignmentDetector:
    """`LandmarkDetector` on face-alignment's 2DFAN-4.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
        weights: the file 2DFAN4-11f355bf06.pth.tar or a folder that holds it; None takes it from torch hub's cache,
            where the package downloads it to if it can.

    Raises:
        UsageError: the device or `weights` is not there.
        MeAugmentError: the package or its weights are not there, or the weights are not this network's.
    """

    def __init__(self, device: str = "cpu", weights: Path | None = None) -> None:
        try:
            from face_alignment.models import FAN
        except ImportError as error:
            raise MeAugmentError(
                f"the landmark backend face-alignment cannot be imported ({error}): run `pip install numba tqdm` and "
                "`pip install --no-deps face-alignment` (its dependencies would overwrite this OpenCV by another)."
            ) from error
        import torch

        self._torch = torch
        self._device = _device(device)
        self._finder = FaceFinder()
        path = _weights_file(weights)
        network = FAN(4)
        try:
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        except (RuntimeError, KeyError, TypeError, EOFError, pickle.UnpicklingError) as error:
            raise MeAugmentError(
                f"{path} does not hold the weights of {_NETWORK}: it must be {WEIGHTS_NAME}."
            ) from error
        self._network = network.to(self._device).eval()
        self.name = f"face-alignment-{installed('face-alignment')}-{_NETWORK}"

    def detect(self, image: NDArray[Any]) -> NDArray[np.float32]:
        """See `LandmarkDetector.detect`."""
        picture = as_rgb8(image)
        return locate(picture, self._finder.largest(picture), self._heatmaps)

    def _heatmaps(self, pictures: NDArray[np.float32]) -> NDArray[np.float32]:
        with self._torch.inference_mode():
            stages = self._network(self._torch.from_numpy(pictures).to(self._device))
        return stages[-1].float().cpu().numpy()


def locate(
    picture: NDArray[np.uint8], box: FaceBox, heatmaps_of: Callable[[NDArray[np.float32]], NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Landmarks (68, 2) in pixels, sub-pixel, of the face in a box.

    Args:
        picture: (H, W, 3) RGB.
        box: the face.
        heatmaps_of: the network: (2, 3, 256, 256) in [0, 1] → (2, 68, 64, 64).
    """
    back = _from_network(box)
    seen = crop(picture, invert_affine(back), _SIDE)
    both = np.stack([seen, seen[:, ::-1]]).transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    heatmaps = heatmaps_of(both)
    # The mirrored view's heatmaps, turned back: an error to one side of the crop cancels.
    peaks = decode(heatmaps[0] + heatmaps[1, list(MIRRORED), :, ::-1])
    # Heatmap pixel i covers four crop pixels, the middle of which is 4 i + 1.5.
    return apply_affine(back, peaks * _STEP + (_STEP - 1) / 2).astype(np.float32)


def decode(heatmaps: NDArray[np.floating]) -> NDArray[np.float64]:
    """Sub-pixel peaks (N, 2), heatmap pixels, of heatmaps (N, H, W).

    A parabola through the logarithms of the smoothed peak and its neighbours: exact for a Gaussian.
    """
    peaks = np.empty((len(heatmaps), 2))
    for n, heatmap in enumerate(heatmaps):
        smooth = cv2.GaussianBlur(np.asarray(heatmap, np.float64), (0, 0), _SMOOTH, borderType=cv2.BORDER_REFLECT)
        row, column = np.unravel_index(np.argmax(smooth), smooth.shape)
        log = np.log(np.maximum(smooth, 1e-10))
        peaks[n] = column + _offset(log[row], int(column)), row + _offset(log[:, column], int(row))
    return peaks


def _offset(line: NDArray[np.float64], i: int) -> float:
    if not 0 < i < len(line) - 1:
        return 0.0
    left, middle, right = line[i - 1 : i + 2]
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0


def _from_network(box: FaceBox) -> NDArray[np.float64]:
    """(2, 3) matrix from the network's 256 x 256 pixels to the picture's."""
    scale = _MARGIN * (box.width + box.height) / _SIDE
    centre = box.centre - (0, _RAISE * box.height)
    return np.column_stack([scale * np.eye(2), centre - scale * (_SIDE - 1) / 2])


def cached_weights() -> Path:
    """Where the package puts its weights and looks for them; there may be none yet."""
    import torch.hub

    return Path(torch.hub.get_dir()) / "checkpoints" / WEIGHTS_NAME


def _weights_file(weights: Path | None) -> Path:
    if weights is not None:
        for path in (weights, weights / WEIGHTS_NAME):
            if path.is_file():
                return path
        raise UsageError(f"{weights} is neither a weights file nor a folder that holds {WEIGHTS_NAME}.")
    cached = cached_weights()
    if cached.is_file():
        return cached
    from face_alignment.api import models_urls
    from face_alignment.utils import load_file_from_url

    url = models_urls[_NETWORK]
    try:
        return Path(load_file_from_url(url))  # says on stderr what it downloads
    except OSError as error:
        raise MeAugmentError(
            f"the landmark backend face-alignment needs its weights {WEIGHTS_NAME}, which are not in {cached.parent} "
            f"and could not be downloaded from {url} ({error}): put the file there, or name it with "
            "--landmark-weights."
        ) from error


def _device(name: str) -> torch.device:
    import torch

    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UsageError(f"there is no device {name!r}: choose cpu, cuda or cuda:N.") from error
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"the device {name!r} is not supported: choose cpu, cuda or cuda:N.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"there is no device {name!r}: this torch sees {torch.cuda.device_count()} CUDA devices; choose another "
            "or cpu."
        )
    return device
