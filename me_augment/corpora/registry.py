"""The corpora that can be read: what is said once about each, and the name of the module that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from me_augment.errors import UsageError

if TYPE_CHECKING:  # listing the corpora must not cost the import of pyarrow
    from me_augment.manifest import Manifest

Progress = Callable[[int, int], None]
"""Called with recordings done and recordings in all."""


@dataclass(frozen=True, kw_only=True)
class Corpus:
    """What holds for every row of a corpus.

    Attributes:
        name: key of the registry, root key of the manifest and first part of every person id.
        title: the corpus as its authors write it.
        expects: what ROOT has to be, a noun phrase for error messages.
        licence: terms of the frames.
        module: module with `read(root, **options) -> Ingested`.
        nominal_fps: rate the authors state for recordings whose files carry none (numerator, denominator).
    """

    name: str
    title: str
    expects: str
    licence: str
    module: str
    nominal_fps: tuple[int, int] | None = None


@dataclass(frozen=True)
class Ingested:
    """What a reader hands back.

    Attributes:
        manifest: the rows, not yet written; its provenance says what was read (`labels`, `frames`).
        warnings: what a person should know about the corpus as a whole, one sentence each.
    """

    manifest: Manifest
    warnings: tuple[str, ...] = ()


CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            name="casme2",
            title="CASME II",
            expects="a folder that holds CASME2_RAW_selected, CASME2-RAW or Cropped, and the label file "
            "CASME2-coding-….xlsx",
            licence="CASME II release agreement (Institute of Psychology, Chinese Academy of Sciences): "
            "signed, academic use only, no redistribution; ask before a face is printed.",
            module="me_augment.corpora.casme2",
            nominal_fps=(200, 1),
        ),
        Corpus(
            name="faces",
            title="Face images",
            expects="a folder of .jpg, .png or .bmp pictures of faces, or of one such folder per person",
            licence="Face images supplied by the user, who knows their terms and the consent given.",
            module="me_augment.corpora.faces",
        ),
    )
}


def corpus_of(name: str) -> Corpus:
    """The corpus called `name` (any case); UsageError naming the known ones otherwise."""
    found = CORPORA.get(name.casefold())
    if found is None:
        known = ", ".join(f"{corpus.name} ({corpus.title})" for corpus in CORPORA.values())
        raise UsageError(f"there is no corpus {name!r}: choose one of {known}.")
    return found
