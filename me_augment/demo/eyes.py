"""Where the eyes of the demo's portrait are, read off by eye: how they blink and look about is then known exactly."""

from __future__ import annotations

import numpy as np

from me_augment.generation.eyelids import EyeOpening

# Read off `skimage.data.astronaut()` by eye, pixels of that picture: x, the upper and the lower lid's edge at x;
# centre and radius of the iris. Image-left eye first.
_OPENINGS = (
    (
        (193.8, 195.4, 197.0, 198.6, 200.7, 203.3, 206.0, 208.1, 210.2, 211.8, 213.6),
        (101.6, 100.3, 99.1, 98.3, 97.8, 97.6, 97.8, 98.7, 100.4, 102.2, 104.0),
        (101.6, 102.2, 102.7, 103.5, 104.3, 104.9, 105.0, 104.9, 104.7, 104.5, 104.0),
        (203.3, 101.1),
        3.9,
    ),
    (
        (236.1, 237.7, 239.8, 241.9, 244.1, 246.7, 249.4, 251.5, 253.6, 255.7, 257.3),
        (105.3, 103.7, 102.3, 100.9, 100.2, 99.9, 100.2, 101.1, 102.2, 103.7, 104.8),
        (105.3, 105.6, 105.9, 106.4, 107.0, 107.2, 106.8, 106.2, 105.8, 105.3, 104.8),
        (246.2, 103.5),
        3.9,
    ),
)


def portrait_eyes(corner: tuple[float, float], scale: float, mirrored_width: int | None) -> tuple[EyeOpening, ...]:
    """The two eyes of the astronaut's picture in a cut-out of it.

    Args:
        corner: x, y of the cut-out's first pixel in the picture.
        scale: the cut-out was enlarged by this, pixel areas aligned.
        mirrored_width: width of the enlarged cut-out where it was flipped left to right.
    """
    eyes = []
    for x, upper, lower, (iris_x, iris_y), radius in _OPENINGS:
        across, above, below = (
            (np.array(v) - c + 0.5) * scale - 0.5 for v, c in ((x, corner[0]), (upper, corner[1]), (lower, corner[1]))
        )
        centre = [(v - c + 0.5) * scale - 0.5 for v, c in zip((iris_x, iris_y), corner, strict=True)]
        if mirrored_width is not None:
            across, above, below = (mirrored_width - 1 - across)[::-1], above[::-1], below[::-1]
            centre[0] = mirrored_width - 1 - centre[0]
        eyes.append(EyeOpening(across, above, below, (centre[0], centre[1], radius * scale)))
    return tuple(sorted(eyes, key=lambda eye: eye.iris[0]))
