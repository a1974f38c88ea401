"""How CASME II, SAMM and SMIC spell subjects, clips, frames and labels, for trees that their loaders read."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

MEGC_CLASSES = ("negative", "positive", "surprise")
"""In the order of their numbers in `combined_3class_gt.csv`."""


@dataclass(frozen=True, kw_only=True)
class Label:
    """A row of a label sheet. `number` is that of the subject; frames are numbers of the clip's own files."""

    number: int
    clip: str
    onset: int | None
    apex: int | None
    offset: int | None
    units: str
    emotion: str
    objective_class: int | None


class TreeShape(ABC):
    """A corpus as it lies on disk.

    Attributes:
        title: as its authors write it.
        dataset: its name in `combined_3class_gt.csv`.
        corpora: whose clips keep their own names.
        emotions: its words, as its sheet writes them.
        trees: `raw` and `cropped` → name of the folder.
        most: largest number of a subject that fits its names.
        bitmaps: frames are .bmp whatever was asked for.
        sheet: file name of the labels; None where folders say them.
        clip_names: what the name of a clip of its own looks like.
        frame_names: the same of a frame, without the ending.
    """

    title: str
    dataset: str
    corpora: tuple[str, ...]
    emotions: tuple[str, ...]
    trees: Mapping[str, str]
    most = 999
    bitmaps = False
    sheet: str | None = None
    clip_names: re.Pattern[str]
    frame_names: re.Pattern[str]

    @abstractmethod
    def subject(self, number: int) -> str:
        """The subject's folder."""

    @abstractmethod
    def clip(self, number: int, take: int, emotion: str) -> str | None:
        """A name for the clip `take`, from 0, of a subject that the corpus has not; None where there are no more."""

    @abstractmethod
    def frame(self, tree: str, number: int, frame: int) -> str:
        """Name of a frame, without the ending."""

    def folder(self, tree: str, corpus: str, number: int, emotion: str, clip: str) -> str:
        """Folder of a clip's frames, with forward slashes."""
        return f"{self.trees[tree]}/{self.subject(number)}/{clip}"

    def megc(self, number: int, clip: str) -> tuple[str, str]:
        """Subject and clip as `combined_3class_gt.csv` spells them."""
        return self.subject(number), clip

    def emotion(self, word: str) -> str | None:
        """A word of any corpus as this one writes it; None where it has none."""
        wanted = {"other": "others", "others": "other"}
        plain = {known.casefold(): known for known in self.emotions}
        folded = word.strip().casefold()
        return plain.get(folded) or plain.get(wanted.get(folded, ""))

    def rows(self, labels: Iterable[Label]) -> Iterable[Sequence[object]]:
        """The sheet, row by row, header and what stands above it included; nothing where folders say the labels."""
        return ()


class Casme2(TreeShape):
    """`Cropped/sub01/EP02_01f/reg_img46.jpg`, or `CASME2_RAW_selected/sub01/EP02_01f/img46.jpg`."""

    title, dataset, corpora = "CASME II", "casme2", ("casme2",)
    emotions = ("happiness", "surprise", "disgust", "repression", "others", "sadness", "fear")
    trees = MappingProxyType({"raw": "CASME2_RAW_selected", "cropped": "Cropped"})
    most = 9999
    sheet = "CASME2-coding-20190701.xlsx"
    clip_names = re.compile(r"EP[0-9]+(?:_[0-9]+)*f?", re.IGNORECASE)
    frame_names = re.compile(r"(reg_)?img[0-9]+")

    def subject(self, number: int) -> str:
        return f"sub{number:02d}"

    def clip(self, number: int, take: int, emotion: str) -> str | None:
        return f"EP99_{take + 1:02d}"

    def frame(self, tree: str, number: int, frame: int) -> str:
        return f"{'reg_' if tree == 'cropped' else ''}img{frame}"

    def rows(self, labels: Iterable[Label]) -> Iterable[Sequence[object]]:
        yield (
            *("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None),
            *("Action Units", "Estimated Emotion", "Objective Classes"),
        )
        for row in labels:
            apex = "/" if row.apex is None else row.apex
            frames = (row.onset, apex, row.offset)
            yield (f"{row.number:02d}", row.clip, None, *frames, None, row.units, row.emotion, row.objective_class)


class Samm(TreeShape):
    """`SAMM/006/006_1_2/006_05562.jpg`."""

    title, dataset, corpora = "SAMM", "samm", ("samm",)
    emotions = ("Anger", "Contempt", "Disgust", "Fear", "Happiness", "Sadness", "Surprise", "Other")
    trees = MappingProxyType({"raw": "SAMM", "cropped": "SAMM_CROP"})
    sheet = "SAMM_Micro_FACS_Codes_v2.xlsx"
    clip_names = re.compile(r"[0-9]{1,3}_[0-9]{1,2}_[0-9]{1,2}")
    frame_names = re.compile(r"[0-9]{3}_[0-9]{4,5}")
    _above = 13  # rows of text over the header, which loaders skip by number

    def subject(self, number: int) -> str:
        return f"{number:03d}"

    def clip(self, number: int, take: int, emotion: str) -> str | None:
        return f"{number:03d}_{take // 99 + 1}_{take % 99 + 1}" if take < 99 * 99 else None

    def frame(self, tree: str, number: int, frame: int) -> str:
        return f"{number:03d}_{frame:05d}"

    def megc(self, number: int, clip: str) -> tuple[str, str]:
        return str(number), clip  # the table that is passed around has lost the zeros

    def rows(self, labels: Iterable[Label]) -> Iterable[Sequence[object]]:
        said = (
            "Labels in the form of SAMM's, written by me-augment.",
            "Rows of subjects from 501 are synthetic: see README.md and provenance.csv before anything is split.",
        )
        for place in range(self._above):
            yield (said[place] if place < len(said) else "-",)
        yield (
            *("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame", "Duration"),
            *("Micro", "Action Units", "Estimated Emotion", "Objective Classes", "Notes"),
        )
        for row in labels:
            duration = None if row.onset is None or row.offset is None else row.offset - row.onset + 1
            frames = (row.onset, row.apex, row.offset, duration)
            about = (row.units, row.emotion, row.objective_class, None)
            yield (f"{row.number:03d}", row.clip, None, *frames, "Micro - 1/2", *about)


class Smic(TreeShape):
    """`SMIC_all_raw/HS/s1/micro/negative/s1_ne_01/image012345.bmp`; the folders are the labels."""

    title, dataset, corpora = "SMIC", "smic", ("smic-hs", "smic-vis", "smic-nir")
    emotions = MEGC_CLASSES
    trees = MappingProxyType({"raw": "SMIC_all_raw", "cropped": "SMIC_all_cropped"})
    bitmaps = True
    clip_names = re.compile(r"s(?P<subject>[0-9]{1,3})_(?P<code>ne|po|sur)_(?P<take>[0-9]{1,3})", re.IGNORECASE)
    frame_names = re.compile(r"(reg_)?image[0-9]+")
    _codes = MappingProxyType({"negative": "ne", "positive": "po", "surprise": "sur"})

    def subject(self, number: int) -> str:
        return f"s{number}"

    def clip(self, number: int, take: int, emotion: str) -> str | None:
        return f"s{number}_{self._codes[emotion]}_{take + 1:02d}" if take < 999 else None

    def frame(self, tree: str, number: int, frame: int) -> str:
        return f"{'reg_' if tree == 'cropped' else ''}image{frame:06d}"

    def folder(self, tree: str, corpus: str, number: int, emotion: str, clip: str) -> str:
        view = corpus.removeprefix("smic-").upper() if corpus in self.corpora else "HS"
        return f"{self.trees[tree]}/{view}/{self.subject(number)}/micro/{emotion}/{clip}"

    def megc(self, number: int, clip: str) -> tuple[str, str]:
        found = self.clip_names.fullmatch(clip)
        assert found is not None
        return f"s{number:02d}", f"s{number:02d}_{found['code'].casefold()}_{found['take']}"


SHAPES: Mapping[str, TreeShape] = {shape.dataset: shape for shape in (Casme2(), Samm(), Smic())}
