"""Names of folds and pictures: readable, unique, and none that a downstream loader would take for another's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from me_augment.manifest import Clip
from me_augment.manifest.ids import digest

SYNTHETIC = "syn"
"""Stands where a real picture names its subject."""

# pandas, by which loaders read the label table, turns these into numbers or gaps: 006 comes back as 6.
_NO_TEXT = re.compile(r"[+-]?[0-9.]+(e[+-]?[0-9]+)?|inf|nan|n/?a|null|none|", re.IGNORECASE)
_LONGEST = 80
# Windows keeps these for devices, with any ending, and drops a dot at the end of a name.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class PictureName:
    """How a clip is called; `sub` + `_` + `video` + ` .png` is the name that HTNet builds from its table."""

    sub: str
    video: str

    @property
    def stem(self) -> str:
        """Name without ending."""
        return f"{self.sub}_{self.video}"

    @property
    def png(self) -> str:
        """File name of the flow picture, with the blank that HTNet expects."""
        return self.png_of("")

    def png_of(self, ending: str) -> str:
        """The same of another picture of the clip, which this ending tells from the first."""
        return f"{self.stem}{ending} .png"

    @property
    def jpg(self) -> str:
        """File name of the face."""
        return f"{self.stem}.jpg"


def fold_names(clips: Iterable[Clip]) -> dict[str, str]:
    """Person id → name of the fold that holds the person out.

    It is the subject as the corpus writes it. Where two persons share that, or where it could be mistaken (for a
    synthetic clip's name; by pandas for a number, all subjects being numbers), the corpus comes before it.
    """
    spelled: dict[str, tuple[str, str]] = {}
    for clip in clips:
        spelling = (clip.corpus, clip.subject)
        spelled[clip.person_id] = min(spelled.get(clip.person_id, spelling), spelling)
    plain = {person: safe(subject) for person, (_, subject) in spelled.items()}
    shared = Counter(name.casefold() for name in plain.values())
    numbers = all(_NO_TEXT.fullmatch(name) for name in plain.values())
    names = {}
    for person, (corpus, subject) in spelled.items():
        name = plain[person]
        if numbers or shared[name.casefold()] > 1 or _like_synthetic(name):
            name = safe(f"{corpus}_{subject}")
        names[person] = name
    shared = Counter(name.casefold() for name in names.values())
    return {
        person: f"person_{digest(person)[:12]}" if shared[name.casefold()] > 1 or _like_synthetic(name) else name
        for person, name in sorted(names.items())
    }


def picture_names(clips: Iterable[Clip], folds: Mapping[str, str]) -> dict[str, PictureName]:
    """Clip id → name, unique. A real clip is called by its fold and video, a synthetic one by its id alone.

    A synthetic name never begins with a subject: there are projects that take every file beginning with the
    held-out subject for a test clip.
    """
    listed = list(clips)
    names = {clip.clip_id: _picture_name(clip, folds) for clip in listed}
    shared = Counter(name.stem.casefold() for name in names.values())
    return {
        clip_id: PictureName(name.sub, f"{name.video}_{digest(clip_id)[:8]}")
        if shared[name.stem.casefold()] > 1
        else name
        for clip_id, name in names.items()
    }


def no_other_with(endings: Iterable[str], names: Mapping[str, PictureName]) -> dict[str, PictureName]:
    """The names, changed where one would be another's with one of these endings."""
    taken = {f"{name.stem}{ending}".casefold() for ending in endings for name in names.values()}
    return {
        clip_id: PictureName(name.sub, f"{name.video}_{digest(clip_id)[:8]}") if name.stem.casefold() in taken else name
        for clip_id, name in names.items()
    }


def keys_of(names: Mapping[str, PictureName]) -> dict[str, str]:
    """Clip id → key: unique, without dots, of letters, digits, `_`, `-`, `#`, `+`, a letter or digit first.

    WebDataset takes what follows the first dot for the kind of file.
    """
    keys = {clip_id: re.sub(r"[^A-Za-z0-9_#+-]", "_", name.stem) for clip_id, name in names.items()}
    keys = {clip_id: key if key[:1].isalnum() else f"clip_{key}" for clip_id, key in keys.items()}
    shared = Counter(key.casefold() for key in keys.values())
    return {
        clip_id: f"{key}_{digest(clip_id)[:8]}" if shared[key.casefold()] > 1 else key for clip_id, key in keys.items()
    }


def _picture_name(clip: Clip, folds: Mapping[str, str]) -> PictureName:
    if clip.is_synthetic:
        return PictureName(SYNTHETIC, safe(clip.clip_id.partition("-")[2] or clip.clip_id))
    sub, video = folds[clip.person_id], safe(clip.name.partition("/")[2] or clip.name)
    return PictureName(sub, f"{sub}_{video}" if _NO_TEXT.fullmatch(video) else video)


def _like_synthetic(name: str) -> bool:
    return f"{SYNTHETIC}_".startswith(name) or name.startswith(f"{SYNTHETIC}_")


def safe(text: str) -> str:
    """The text as a file name that every system, cv2.imread and a loader that cuts at blanks can read."""
    name = re.sub(r"[^A-Za-z0-9_.#+-]", "_", text)[:_LONGEST]
    # A name in a table that begins so is a formula to a spreadsheet, and an option to a shell command.
    name = re.sub(r"^[.+-]+|\.+$", "_", name) or "_"
    return f"_{name}" if _RESERVED.fullmatch(name) else name
