"""What a person who expresses nothing does all the same: sways, breathes, trembles, blinks, looks and turns about.

Everything is a function of time that follows from a seed, so that any frame can be drawn by itself. The sizes are our
choice, made so that a head held still moves as the heads of spotting corpora are described to: a pixel or two over
seconds at an interocular distance of 100 pixels, and hardly between frames.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from me_augment.generation.head import Head

# Bands of a head's motion: frequencies, Hz, and root mean square of a shift (interocular distances), of a rotation
# (radians), of a change of size and of a turn (as a sine). Slow drift of posture, sway, tremor.
_BANDS = (
    ((0.02, 0.12), 0.012, 0.005, 0.003, 0.010),
    ((0.3, 1.0), 0.002, 0.0008, 0.0004, 0.0015),
    ((5.0, 9.0), 0.0004, 0.0, 0.0, 0.0),
)
_WAVES = 5  # sinusoids of a band: enough that none is heard alone
_BREATH_HZ, _BREATH = (0.2, 0.33), 0.004  # 12 to 20 breaths a minute; the head goes up and down by so much


@dataclass(frozen=True)
class Sinusoids:
    """A sum of sinusoids for each of some coordinates.

    Attributes:
        frequencies, phases, amplitudes: (coordinates, waves); Hz, radians, whatever the coordinate is measured in.
    """

    frequencies: NDArray[np.float64]
    phases: NDArray[np.float64]
    amplitudes: NDArray[np.float64]

    def __call__(self, seconds: float) -> NDArray[np.float64]:
        """(coordinates,) at a time."""
        angles = 2 * np.pi * self.frequencies * seconds + self.phases
        found: NDArray[np.float64] = (self.amplitudes * np.sin(angles)).sum(1)
        return found


@dataclass(frozen=True)
class IdleHead:
    """A head that nobody moves on purpose.

    Attributes:
        course: of shift x and y (interocular distances), rotation (radians), size (share) and turn x and y (sines).
        centre: (2,) pixels, the place that the head rotates about.
        unit: interocular distance, pixels.
    """

    course: Sinusoids
    centre: NDArray[np.float64]
    unit: float

    @classmethod
    def drawn(cls, seed: int, landmarks: NDArray[np.floating], unit: float, amount: float = 1.0) -> IdleHead:
        """A head's motion by chance.

        Args:
            seed: of the chance.
            landmarks: (68, 2), pixels, of the still face.
            unit: interocular distance, pixels.
            amount: factor on all of it.
        """
        rng = np.random.default_rng([seed, 11])
        frequencies, amplitudes = [], []
        for (low, high), shift, rotation, size, turn in _BANDS:
            frequencies.append(rng.uniform(low, high, (6, _WAVES)))
            sizes = np.array([shift, shift, rotation, size, turn, turn])
            # A sinusoid's root mean square is its amplitude over the root of two.
            weights = rng.uniform(0.5, 1.5, (6, _WAVES))
            weights *= np.sqrt(2) / np.linalg.norm(weights, axis=1, keepdims=True)
            amplitudes.append(amount * sizes[:, None] * weights)
        breath = np.zeros((6, 1))
        breath[1] = amount * _BREATH
        amplitudes.append(breath)
        frequencies.append(np.full((6, 1), rng.uniform(*_BREATH_HZ)))
        together = np.concatenate(frequencies, axis=1)
        phases = rng.uniform(0, 2 * np.pi, together.shape)
        # Landmarks 1 and 15 lie before the ears: a head tilts about what lies between and below them.
        centre = (landmarks[1] + landmarks[15]) / 2 + (landmarks[8] - landmarks[27]) / 2
        return cls(
            Sinusoids(together, phases, np.concatenate(amplitudes, axis=1)), np.asarray(centre, np.float64), unit
        )

    def at(self, seconds: float, turn: tuple[float, float] = (0.0, 0.0)) -> Head:
        """The head at a time, turned by `turn` (sines of yaw and pitch) besides."""
        x, y, rotation, size, u, v = self.course(seconds)
        c, s = (1 + size) * np.cos(rotation), (1 + size) * np.sin(rotation)
        linear = np.array([[c, -s], [s, c]])
        shift = self.centre - linear @ self.centre + self.unit * np.array([x, y])
        return Head(np.column_stack([linear, shift]), np.array([u, v]) + np.array(turn))


def swell(position: float, rise: float, hold: float, fall: float) -> float:
    """0 to 1 and back, smooth in speed: minimum-jerk ramps about a rest (Flash & Hogan, J. Neurosci. 1985).

    Args:
        position: time since the beginning.
        rise, hold, fall: lengths of the three parts, in the unit of `position`; a part may have none.
    """
    if position <= 0:
        return 0.0
    if position < rise:
        return _ramp(position / rise)
    if position <= rise + hold:
        return 1.0
    return _ramp(max(0.0, (rise + hold + fall - position) / fall)) if fall else 0.0


def _ramp(share: float) -> float:
    return share**3 * (10 - 15 * share + 6 * share**2)
