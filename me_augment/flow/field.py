"""Onset-to-apex optical flow as recognisers use it: one set of functions for real and synthetic clips."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import UsageError
from me_augment.words import choose

SIZE = 28
"""Side of the pictures that recognisers of this family train on, pixels."""
FLOW_METHODS = ("dis", "tvl1")
STRAIN_VARIANT = "central"
"""Name of the arithmetic of `optical_strain`; published projects differ in it."""


def apex_flow(onset: NDArray[np.generic], apex: NDArray[np.generic], method: str = "dis") -> NDArray[np.float32]:
    """Displacement of what is at each pixel of the onset frame: onset(x, y) ≈ apex(x + u, y + v).

    Args:
        onset, apex: (H, W) or (H, W, 3) RGB, uint8 or uint16, of equal shape.
        method: `dis` (Kroeger et al., ECCV 2016; OpenCV, preset medium refined to full resolution) or `tvl1`
            (Zach et al., DAGM 2007; scikit-image, its default parameters).

    Returns:
        (H, W, 2) float32: u to the right, v down, pixels.

    Raises:
        UsageError: there is no such method.
    """
    require_method(method)
    first, then = _gray8(onset), _gray8(apex)
    if method == "tvl1":
        return _tvl1(first, then)
    dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    dis.setFinestScale(0)
    return dis.calc(first, then, None)


def require_method(method: str) -> None:
    """UsageError naming the known methods unless `method` is one."""
    if method not in FLOW_METHODS:
        raise UsageError(f"there is no flow method {method!r}: {choose(method, FLOW_METHODS)}")


def optical_strain(flow: NDArray[np.floating]) -> NDArray[np.float32]:
    """Magnitude of the infinitesimal strain tensor, sqrt(ux² + vy² + ½ (uy + vx)²).

    The Frobenius norm of (∇w + ∇wᵀ) / 2 for w = (u, v), as in Shreve et al., FG 2011. Derivatives are central
    differences of neighbouring pixels, one-sided at the border (variant `central`).

    Args:
        flow: (H, W, 2), u and v in pixels; H and W at least 2.

    Returns:
        (H, W) float32, without unit.
    """
    uy, ux = np.gradient(flow[..., 0])
    vy, vx = np.gradient(flow[..., 1])
    return np.sqrt(ux**2 + vy**2 + 0.5 * (uy + vx) ** 2).astype(np.float32)


def uv_strain(flow: NDArray[np.floating], size: int = SIZE) -> NDArray[np.float32]:
    """The maps u, v and strain of a flow, (3, size, size) float32.

    Each is measured at full resolution and then averaged over the area of the smaller pixel; u and v keep the
    unit of the flow.
    """
    maps = (flow[..., 0], flow[..., 1], optical_strain(flow))
    return np.stack(
        [cv2.resize(np.ascontiguousarray(m, np.float32), (size, size), interpolation=cv2.INTER_AREA) for m in maps]
    )


def stretched(maps: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Maps (3, H, W) as a picture (H, W, 3) uint8: each channel from its own minimum, 0, to its maximum, 255.

    A constant channel becomes 0. The amplitude of the motion is lost: a clip that hardly moves is stretched as
    far as one that moves much.
    """
    low = maps.min(axis=(1, 2), keepdims=True).astype(np.float64)
    span = maps.max(axis=(1, 2), keepdims=True) - low
    unit = (maps - low) / np.where(span > 0, span, 1)
    return np.rint(255 * unit).astype(np.uint8).transpose(1, 2, 0)


def directions(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Where to each pixel moves, told from stretched maps: atan2(v, u) of both as they are in the picture.

    u and v being stretched to begin at 0, the angle is within a quarter turn and is a feature rather than a direction
    in the face. CausalNet's author gives this as what the network was trained on
    (github.com/tony19980810/CausalNet, issues 2 and 4); how the angle becomes a grey level is not said there. Here it
    is stretched as the maps are.

    Args:
        picture: (H, W, 3) uint8, RGB = u, v, strain, from `stretched`.

    Returns:
        (H, W, 3) uint8, three equal channels.
    """
    u, v = picture[..., 0].astype(np.float64), picture[..., 1].astype(np.float64)
    return stretched(np.stack([np.arctan2(v, u)] * 3))


def norm_uv_os(flow: NDArray[np.floating], size: int = SIZE) -> NDArray[np.uint8]:
    """The picture of a flow that recognisers train on: (size, size, 3) uint8, RGB = u, v, strain (`stretched`)."""
    return stretched(uv_strain(flow, size))


def eight_bit(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    """An image of any shape, uint8 or uint16, as uint8."""
    return (
        image.astype(np.uint8) if image.dtype == np.uint8 else np.rint(image.astype(np.float32) / 257).astype(np.uint8)
    )


def _gray8(image: NDArray[np.generic]) -> NDArray[np.uint8]:
    pixels = np.ascontiguousarray(eight_bit(image))  # OpenCV's flow takes nothing else
    return cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY) if pixels.ndim == 3 else pixels


def _tvl1(first: NDArray[np.uint8], then: NDArray[np.uint8]) -> NDArray[np.float32]:
    from skimage.registration import optical_flow_tvl1

    v, u = optical_flow_tvl1(first, then)  # in the order of array axes: rows first
    return np.stack([u, v], axis=-1).astype(np.float32)
