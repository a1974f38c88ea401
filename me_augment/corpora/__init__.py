"""One reader per corpus: a folder as its authors ship it → manifest rows."""

from __future__ import annotations

import inspect
import os
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from me_augment.corpora.registry import CORPORA, Corpus, Ingested, Progress, Reader, corpus_of
from me_augment.corpora.tree import require_folder
from me_augment.errors import UsageError

__all__ = ["CORPORA", "Corpus", "Ingested", "corpus_of", "options_of", "read_corpus", "reader_of"]


def reader_of(corpus: Corpus) -> Reader:
    """The corpus' reader; imports its module."""
    reader: Reader = import_module(corpus.module).READERS[corpus.name]
    return reader


def options_of(corpus: Corpus) -> list[str]:
    """The options that the corpus' reader has, such as `sheet`."""
    parameters = inspect.signature(reader_of(corpus).read).parameters
    return [key for key in parameters if key not in ("root", "progress")]


def read_corpus(
    name: str,
    root: str | os.PathLike[str],
    *,
    licence: str | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Ingested:
    """Read a corpus as its authors ship it; writes nothing, and reads nothing outside `root` but `sheet`.

    A wrong row stays, with issues or as a failed clip; only a folder that cannot be this corpus raises.

    Args:
        name: key of `CORPORA`.
        root: the corpus folder, or a parent up to two levels higher.
        licence: terms of the frames, where they are others than the corpus' own; what a row states for itself stays.
        progress: called with recordings done and recordings in all.
        options: of this corpus' reader, as its `read` names them; those that are None count as not given.

    Raises:
        UsageError: unknown corpus or option, or a folder that does not hold this corpus.
    """
    corpus = corpus_of(name)
    read = reader_of(corpus).read
    given = {key: value for key, value in options.items() if value is not None}
    known = options_of(corpus)
    if unknown := sorted(set(given) - set(known)):
        has = f"its options are {', '.join(known)}" if known else "it has no options"
        raise UsageError(f"{corpus.name} has no option {', '.join(unknown)}: {has}.")
    ingested = read(require_folder(Path(root), corpus), progress=progress, **given)
    if licence is None:
        return ingested
    own = ingested.manifest.licence
    clips = tuple(replace(c, licence=licence) if c.licence == own else c for c in ingested.manifest.clips)
    return replace(ingested, manifest=replace(ingested.manifest, licence=licence, clips=clips))
