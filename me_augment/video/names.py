"""Image file names: which number a name carries, and which names form one sequence."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

from me_augment.errors import UsageError
from me_augment.video.checks import VideoError
from me_augment.whereabouts import frames_below

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
"""Suffixes of the images read, lower case; names may carry them in any case."""

# ASCII digits only: \d would also take other scripts' digits, which no camera writes.
_LAST_DIGITS = re.compile(r"^(?P<prefix>.*?)(?P<digits>[0-9]+)(?P<tail>[^0-9]*)$", re.DOTALL)
_CHOICES_SHOWN = 6


@dataclass(frozen=True)
class FrameName:
    """One image name, taken apart: prefix + digits (the number, padded or not) + tail + suffix."""

    name: str
    prefix: str
    number: int
    tail: str
    suffix: str

    @property
    def pattern(self) -> str:
        """The name with its number replaced by {n}, for example "img{n}.jpg"."""
        return f"{self.prefix}{{n}}{self.tail}{self.suffix}"

    @property
    def open_pattern(self) -> str:
        """The pattern that leaves the image type open, for example "img{n}.*"."""
        return f"{self.prefix}{{n}}{self.tail}.*"


def parse_name(name: str) -> FrameName | None:
    """Take an image name apart; the frame number is the last run of digits before the suffix, by value.

    Returns None where the name is no image's, carries no digit, or is hidden (the "._img1.jpg" that copies
    from a Mac leave behind).
    """
    path = PurePath(name)
    if name.startswith(".") or path.suffix.lower() not in IMAGE_SUFFIXES:
        return None
    found = _LAST_DIGITS.match(path.stem)
    if found is None:
        return None
    return FrameName(name, found["prefix"], int(found["digits"]), found["tail"], path.suffix.lower())


def sequence_of(names: Iterable[str], pattern: str | None, folder: Path) -> tuple[str, list[FrameName]]:
    """Choose the one sequence among a folder's file names.

    Returns its pattern and its names sorted by number. The pattern ends in ".*" where the sequence mixes
    image types. Raises UsageError where nothing fits, VideoError where several sequences do or two files
    share a number.
    """
    parsed = [found for found in map(parse_name, sorted(names)) if found is not None]
    if not parsed:
        raise UsageError(
            f"{folder} holds no numbered image ({', '.join(IMAGE_SUFFIXES)}); give a folder of frames such as "
            f"{frames_below(folder, IMAGE_SUFFIXES) or 'img1.jpg'}"
        )
    if pattern is None:
        chosen = parsed
    else:
        stem, dot, suffix = pattern.rpartition(".")
        wanted = stem + dot + suffix.lower()
        chosen = [frame for frame in parsed if wanted in (frame.pattern, frame.open_pattern)]
        if not chosen:
            raise UsageError(f"{folder} holds no image named {pattern}; give one of its patterns: {_choices(parsed)}")
    if len({frame.open_pattern for frame in chosen}) > 1:
        raise VideoError(f"{folder} holds several sequences; choose one by its pattern: {_choices(chosen)}")
    chosen.sort(key=lambda frame: frame.number)
    for earlier, later in itertools.pairwise(chosen):
        if earlier.number == later.number:
            by_type = f", or choose {later.pattern}" if later.suffix != earlier.suffix else ""
            raise VideoError(
                f"{folder} holds two files of frame {later.number}, {earlier.name} and {later.name}; "
                f"remove one{by_type}"
            )
    one_type = len({frame.suffix for frame in chosen}) == 1
    return (chosen[0].pattern if one_type else chosen[0].open_pattern), chosen


def _choices(frames: Iterable[FrameName]) -> str:
    patterns = sorted({frame.pattern for frame in frames})
    more = f" and {len(patterns) - _CHOICES_SHOWN} more" if len(patterns) > _CHOICES_SHOWN else ""
    return ", ".join(patterns[:_CHOICES_SHOWN]) + more
