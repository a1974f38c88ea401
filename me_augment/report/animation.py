"""Moving contact sheets: clips beside their drivers, slowed down, each above a bar that says where it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.report.panels import (
    GAP,
    Film,
    Panel,
    caption_of,
    captioned,
    footed,
    grid,
    legend,
    titled,
    views,
)
from me_augment.report.words import Colour, Picture, line, paragraph, watermarked, width_of

_SLOWEST, _FASTEST = 25, 50  # frames a second; GIF and WebP know nothing faster
MOST_FRAMES = 80
"""Of a film that are shown."""
_UNKNOWN_FPS = Fraction(25)
_HOLD = 0.6  # seconds at onset, apex and offset
_LONG_ENOUGH = 3.5  # seconds that the longest film is to take, apart from these
_LONGEST = 30.0  # seconds that it takes at most
_SLOWNESSES = (1, 2, 5, 10, 20, 50, 100)
_BAR, _SMALL = 24, 10  # height of the bar, size of its words
_FOOT = 300  # pixels that the words below take at least, however narrow a film
_INK: Colour = (90, 90, 90)
_MARK: Colour = (200, 30, 30)


def slowness(panels: Sequence[Panel], wanted: float | None = None) -> float:
    """Factor on the time that films take, the same for all of them.

    Args:
        panels: what is shown.
        wanted: the factor. None chooses one with which the longest film takes some seconds: an expression of a fifth
            of a second is over before anybody has seen it. One with which it would take more than half a minute is
            made smaller, below 1 for films that are longer in life. Single pictures take no time.
    """
    seconds = max(_seconds(film) for panel in panels for film in panel.films)
    if not seconds:
        return wanted or 1.0
    if wanted is None:
        wanted = min(_SLOWNESSES, key=lambda factor: abs(np.log(seconds * factor / _LONG_ENOUGH)))
    return min(wanted, _LONGEST / seconds)


def pace(panels: Sequence[Panel], slow: float) -> str:
    """What to say of it: `10 times slower than filmed`."""
    if not any(_seconds(film) for panel in panels for film in panel.films):
        return "as single pictures"
    said = f"{slow:.3g} times slower" if slow > 1 else f"{1 / slow:.3g} times faster"
    assumed = any(film.look.fps is None for panel in panels for film in panel.films)
    return ("as fast as filmed" if slow == 1 else f"{said} than filmed") + (
        f" (where the frame rate is unknown, {_UNKNOWN_FPS} a second)" if assumed else ""
    )


def rate_of(panels: Sequence[Panel], slow: float) -> Fraction:
    """Frames a second of an animation: 25, or as many as show every frame of its films, up to 50."""
    fastest = max((len(f.look.frames) - 1) / (_seconds(f) or 1.0) for panel in panels for f in panel.films)
    return Fraction(min(_FASTEST, max(_SLOWEST, round(fastest / slow))))


def animation(panels: Sequence[Panel], view: str, slow: float, watermark: bool = False) -> Iterator[Picture]:
    """Frames (H, W, 3) uint8 RGB, `rate_of` a second.

    Films begin together and rest for a moment at onset, apex and offset; one that has ended waits at its end.

    Args:
        panels: what is shown.
        view: one of `VIEWS`.
        slow: see `slowness`.
        watermark: mark synthetic films visibly.
    """
    played = [_Played(panel, view, slow, watermark) for panel in panels]
    seconds = max(film.seconds for one in played for film in one.films)
    rate = int(rate_of(panels, slow))
    foot: Picture | None = None
    for tick in range(round(seconds * rate) + 1):
        picture = grid([one.at(tick / rate) for one in played])
        if foot is None:
            width = max(_FOOT, picture.shape[1] - 2 * GAP)
            foot = np.vstack([paragraph(f"Shown {pace(panels, slow)}.", width), legend(panels, width, view)])
        yield footed(picture, foot)


def _seconds(film: Film) -> float:
    """From onset to offset in life."""
    return float(film.look.positions[-1] / (film.look.fps or _UNKNOWN_FPS))


class _Played:
    """A panel in motion."""

    def __init__(self, panel: Panel, view: str, slow: float, watermark: bool) -> None:
        scale = panel.flow_scale() if view == "flow" else 1.0
        self._panel = panel
        made = len(panel.films) - 1 if watermark and panel.synthetic else -1
        self.films = [_PlayedFilm(film, view, slow, scale, index == made) for index, film in enumerate(panel.films)]
        self._still = [] if panel.face is None else [_above_nothing("target face", panel.face, view)]

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
        marks = {"onset": look.onset, "apex" if film.apex_known else "": look.apex, "offset": look.offset}
        marked = {name: look.positions[index] for name, index in marks.items() if name}
        # When each mark is reached, and when it is left again.
        reached = [position / rate + number * _HOLD for number, position in enumerate(marked.values())]
        self._times = [time for start in reached for time in (start, start + _HOLD)]
        self._knots = [position for position in marked.values() for _ in range(2)]
        self.seconds = self._times[-1]
        words = caption_of(view, scale)
        shown = [watermarked(picture) if watermark else picture for picture in views(film, view, scale)]
        self._pictures = [_under(film.role, words, picture, view) for picture in shown]
        width = look.frames.shape[2]
        self._places = {name: self._place(position, width) for name, position in marked.items()}
        self._bar = _bar(width, self._places)

    def at(self, seconds: float) -> Picture:
        """The film's picture so long after the beginning."""
        nearest = int(np.abs(self._positions - np.interp(seconds, self._times, self._knots)).argmin())
        bar = self._bar.copy()
        # Where the frame that is shown lies: pictures that stay equal are stored once.
        centre = (self._place(self._positions[nearest], bar.shape[1]), 5)
        cv2.circle(bar, centre, 4, _MARK, cv2.FILLED, cv2.LINE_AA)
        return np.vstack([self._pictures[nearest], bar])

    def _place(self, position: float, width: int) -> int:
        """Where on the bar a position lies, pixels."""
        return 6 + round((width - 13) * position / max(1, int(self._positions[-1])))


def _under(role: str, words: str, picture: Picture, view: str) -> Picture:
    """A picture under who it is and, of a view that is not plain, what is seen of them."""
    return captioned(role, picture if view == "plain" else captioned(words, picture))


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


def _above_nothing(role: str, picture: NDArray[np.uint8], view: str) -> Picture:
    """A picture that stands still, as high as those above a bar."""
    still = _under(role, "as it is", picture, view)
    return np.vstack([still, np.full((_BAR, picture.shape[1], 3), 255, np.uint8)])
