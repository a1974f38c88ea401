"""Moving contact sheets: clips beside their drivers, slowed down, each above a bar that says where it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.report.panels import VIEWS, Film, Panel, captioned, grid, titled, views
from me_augment.report.words import Colour, Picture, line, watermarked, width_of

_SLOWEST, _FASTEST = 25, 50  # frames a second; GIF and WebP know nothing faster
MOST_FRAMES = 80
"""Of a film that are shown."""
_UNKNOWN_FPS = Fraction(25)
_REST = 0.6  # seconds at the end, before it begins again
_LONGEST = 30.0  # seconds of animation
_BAR, _SMALL = 24, 10  # height of the bar, size of its words
_INK: Colour = (90, 90, 90)
_MARK: Colour = (200, 30, 30)


def rate_of(panels: Sequence[Panel], slow: float) -> Fraction:
    """Frames a second of an animation: 25, or as many as show every frame of its films, up to 50."""
    fastest = max(float(film.look.fps or _UNKNOWN_FPS) for panel in panels for film in panel.films)
    return Fraction(min(_FASTEST, max(_SLOWEST, round(fastest / slow))))


def animation(panels: Sequence[Panel], view: str, slow: float, watermark: bool = False) -> Iterator[Picture]:
    """Frames (H, W, 3) uint8 RGB, `rate_of` a second. Films begin together; one that has ended waits at its end.

    Args:
        panels: what is shown.
        view: one of `VIEWS`.
        slow: factor on the time that a film takes. One that would take more than half a minute is shown faster.
        watermark: mark synthetic films visibly.
    """
    played = [_Played(panel, view, slow, watermark) for panel in panels]
    seconds = max(film.seconds for one in played for film in one.films)
    rate = int(rate_of(panels, slow))
    for tick in range(round((seconds + _REST) * rate) + 1):
        yield grid([one.at(tick / rate) for one in played])


class _Played:
    """A panel in motion."""

    def __init__(self, panel: Panel, view: str, slow: float, watermark: bool) -> None:
        scale = panel.flow_scale() if view == "flow" else 1.0
        self._panel = panel
        made = len(panel.films) - 1 if watermark and panel.synthetic else -1
        self.films = [_PlayedFilm(film, view, slow, scale, index == made) for index, film in enumerate(panel.films)]
        self._still = [] if panel.face is None else [_above_nothing("target face", panel.face)]

    def at(self, seconds: float) -> Picture:
        """The panel's picture so long after the beginning."""
        *drivers, itself = (film.at(seconds) for film in self.films)
        return titled(self._panel, np.hstack([*drivers, *self._still, itself]))


class _PlayedFilm:
    """A film in motion, above its bar."""

    def __init__(self, film: Film, view: str, slow: float, scale: float, watermark: bool) -> None:
        look = film.look
        self._positions = np.array(look.positions)
        rate = float(look.fps or _UNKNOWN_FPS) / slow
        self._rate = max(rate, look.positions[-1] / _LONGEST)
        self.seconds = look.positions[-1] / self._rate
        caption = ", ".join(filter(None, (film.role, VIEWS[view])))
        pictures = views(film, view, scale)
        shown = [watermarked(picture) if watermark else picture for picture in pictures]
        self._pictures = [captioned(caption, picture) for picture in shown]
        marks = {"onset": look.onset, "apex" if film.apex_known else "": look.apex, "offset": look.offset}
        width = pictures.shape[2]
        self._places = {name: self._place(look.positions[index], width) for name, index in marks.items() if name}
        self._bar = _bar(width, self._places)

    def at(self, seconds: float) -> Picture:
        """The film's picture so long after the beginning."""
        position = min(seconds * self._rate, float(self._positions[-1]))
        nearest = int(np.abs(self._positions - position).argmin())
        bar = self._bar.copy()
        centre = (self._place(position, bar.shape[1]), 5)
        cv2.circle(bar, centre, 4, _MARK, cv2.FILLED, cv2.LINE_AA)
        return np.vstack([self._pictures[nearest], bar])

    def _place(self, position: float, width: int) -> int:
        """Where on the bar a position lies, pixels."""
        return 6 + round((width - 13) * position / max(1, int(self._positions[-1])))


def _bar(width: int, places: dict[str, int]) -> Picture:
    """A line with a tick for each mark, and its name where there is room for it."""
    bar = np.full((_BAR, width, 3), 255, np.uint8)
    cv2.line(bar, (6, 5), (width - 7, 5), _INK, 1)
    free: list[tuple[int, int]] = []
    # The ends have their names in any case.
    for name in sorted(places, key=lambda name: name == "apex"):
        at, length = places[name], width_of(name, _SMALL)
        cv2.line(bar, (at, 1), (at, 9), _INK, 1)
        start = min(max(0, at - length // 2), width - length - 2)
        if all(start + length + 4 <= left or right + 4 <= start for left, right in free):
            free.append((start, start + length))
            _write(bar, name, start, length)
    return bar


def _write(bar: Picture, word: str, start: int, length: int) -> None:
    written = line(word, length + 2 * _SMALL, _SMALL, colour=_INK)[2:16, _SMALL // 2 :]
    end = min(bar.shape[1], start + length + 2)
    bar[10 : 10 + len(written), start:end] = written[:, : end - start]


def _above_nothing(caption: str, picture: NDArray[np.uint8]) -> Picture:
    """A picture that stands still, as high as those above a bar."""
    return np.vstack([captioned(caption, picture), np.full((_BAR, picture.shape[1], 3), 255, np.uint8)])
