"""The manifest folder: reading it, writing it whole or not at all, and finding the frames that its rows name."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from me_augment.errors import UsageError
from me_augment.manifest.columns import arrow_schema, from_table, to_table
from me_augment.manifest.ids import digest
from me_augment.manifest.rows import Clip, Recording
from me_augment.staging import staged

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 1
_TABLES: dict[str, type] = {"recordings": Recording, "clips": Clip}


@dataclass(frozen=True)
class Manifest:
    """A corpus or a run in memory.

    Attributes:
        corpus: name of the corpus; of a run, `run`.
        roots: key → folder that `Recording.path` starts from. `""` means the manifest's own folder.
        licence: terms of the whole.
        recordings, clips: the rows.
        provenance: what was read to make the rows, for people (`labels`, `frames`, `landmarks`, `warnings`).
        folder: where it was read from; None for one that was never written.
    """

    corpus: str
    roots: Mapping[str, Path]
    licence: str
    recordings: tuple[Recording, ...]
    clips: tuple[Clip, ...]
    provenance: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = field(default=None, compare=False)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> Manifest:
        """Read a manifest or a finished run.

        Args:
            folder: the folder that holds `manifest.json`.
            root: where the corpus lies now, if it moved since it was ingested.

        Raises:
            UsageError: not a manifest, another format version, or a table with other columns.
        """
        folder = Path(folder)
        meta_file = folder / "manifest.json"
        if not meta_file.is_file():
            if (folder / "plan.parquet").is_file():
                raise UsageError(
                    f"{folder} is a run that is not finished: start `me-augment synthesize` again with the same "
                    "settings to finish it."
                )
            raise UsageError(
                f"{folder} is not a manifest: it holds no manifest.json. Make one with `me-augment ingest`."
            )
        try:
            meta = json.loads(meta_file.read_text(encoding="utf-8"))
            version, *_ = (meta[key] for key in ("format_version", "corpus", "roots", "licence", "provenance"))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{meta_file} is damaged ({error!r}): ingest the corpus again.") from error
        if version != FORMAT_VERSION:
            raise UsageError(
                f"{meta_file} has format version {version}, this me-augment reads {FORMAT_VERSION}: "
                "ingest again, or use the version that wrote it."
            )
        tables = {name: _read_table(folder / f"{name}.parquet", kind) for name, kind in _TABLES.items()}
        if meta.get("fingerprint") != _fingerprint(tables):
            raise UsageError(
                f"{folder}: the tables do not match manifest.json (fingerprint): one of the files was changed or is "
                "from another version. Ingest again."
            )
        roots = {key: Path(value) for key, value in meta["roots"].items()}
        if root is not None:
            named = [key for key in roots if key]
            if len(named) != 1:
                raise UsageError(
                    f"{folder} has {len(named)} corpus folders ({', '.join(named)}): --root can move one only; edit "
                    "`roots` in manifest.json instead."
                )
            roots[named[0]] = Path(root)
        return cls(
            corpus=meta["corpus"],
            roots=roots,
            licence=meta["licence"],
            recordings=tuple(from_table(Recording, tables["recordings"])),
            clips=tuple(from_table(Clip, tables["clips"])),
            provenance=meta["provenance"],
            folder=folder,
        )

    def write(self, folder: str | os.PathLike[str], *, overwrite: bool = False) -> Manifest:
        """Write the manifest as a new folder; it appears complete or not at all.

        Raises:
            UsageError: the folder exists and holds something (unless it is a manifest and `overwrite` is set).
            MeAugmentError: the folder cannot be written.
        """
        folder = Path(folder).absolute()
        require_free(folder, overwrite=overwrite)
        with staged(folder, replace=overwrite) as staging:
            self.write_tables(staging)
        return replace(self, folder=folder)

    def write_tables(self, folder: Path) -> None:
        """Write the tables and, last, `manifest.json` into an existing folder: its presence means completeness."""
        tables = {
            "recordings": to_table(Recording, self.recordings),
            "clips": to_table(Clip, self.clips),
        }
        for name, table in tables.items():
            write_parquet(folder / f"{name}.parquet", table)
        meta = {
            "format_version": FORMAT_VERSION,
            "corpus": self.corpus,
            "roots": {key: str(path) for key, path in self.roots.items()},
            "licence": self.licence,
            "provenance": dict(self.provenance),
            "counts": {
                "recordings": len(self.recordings),
                "clips": len(self.clips),
                "synthetic": sum(clip.is_synthetic for clip in self.clips),
                "subjects": len({clip.person_id for clip in self.clips}),
            },
            "fingerprint": _fingerprint(tables),
        }
        write_text(folder / "manifest.json", json.dumps(meta, indent=2) + "\n")

    @cached_property
    def recording_of(self) -> dict[str, Recording]:
        """Recording id → recording."""
        return {recording.recording_id: recording for recording in self.recordings}

    def path_of(self, recording: Recording) -> Path:
        """Absolute path of a recording; never outside its root.

        Raises:
            UsageError: the root is not there, or the row's path leads out of it.
        """
        base = self.roots.get(recording.root)
        if base is None:
            raise UsageError(f"recording {recording.recording_id} names the root {recording.root!r}, unknown here.")
        if recording.root == "":
            if self.folder is None:
                raise UsageError("this manifest was never written, so its own recordings lie nowhere.")
            base = self.folder
        elif not base.is_dir():
            raise UsageError(
                f"the corpus folder {base} is not there: mount it, or say where it lies now with --root DIR."
            )
        path = (base / recording.path).resolve()
        if not path.is_relative_to(base.resolve()):
            raise UsageError(f"recording {recording.recording_id}: path {recording.path!r} leads out of {base}.")
        return path

    def usable_clips(self) -> list[Clip]:
        """The clips whose frames are known: status ok, and onset and offset found in the recording."""
        return [clip for clip in self.clips if clip.status == "ok" and clip.n_frames > 0]

    def to_pandas(self) -> pd.DataFrame:
        """The clips as a pandas frame, one row per clip."""
        return to_table(Clip, self.clips).to_pandas()

    @property
    def fingerprint(self) -> str:
        """Hash of all rows; equal for equal content wherever the manifest lies."""
        return _fingerprint({"recordings": to_table(Recording, self.recordings), "clips": to_table(Clip, self.clips)})


class ManifestWriter:
    """Provisional."""

    def __init__(self, folder, *, corpus, roots, licence, provenance):
        self.folder, self.k = folder, dict(corpus=corpus, roots=roots, licence=licence, provenance=provenance)
        self.r, self.c = [], []

    def __enter__(self):
        return self

    def add(self, recordings, clips):
        self.r += recordings
        self.c += clips

    def __exit__(self, kind, *a):
        if kind is None:
            Manifest(**self.k, recordings=tuple(self.r), clips=tuple(self.c)).write_tables(self.folder)


def require_free(folder: Path, *, overwrite: bool = False) -> None:
    """Raise UsageError unless a manifest may be written to `folder`: not there, empty, or one to be replaced."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    # Exactly what `write_tables` leaves: a folder with anything else in it is somebody's work.
    is_manifest = folder.is_dir() and {path.name for path in folder.iterdir()} == {
        "manifest.json",
        *(f"{name}.parquet" for name in _TABLES),
    }
    if is_manifest and overwrite:
        return
    way_out = ", or pass --overwrite to replace the manifest in it" if is_manifest else ""
    raise UsageError(f"{folder} exists and is not empty: name another folder{way_out}.")


def merge_rows(*parts: Iterable[Clip]) -> tuple[Clip, ...]:
    """Concatenate clip rows and sort them by id, so that the order says nothing about who made them when."""
    return tuple(sorted((clip for part in parts for clip in part), key=lambda clip: clip.clip_id))


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table durably: temporary name, sync, rename. zstd Parquet is byte-equal for equal tables."""
    temporary = path.with_name(f".{path.name}.tmp")
    pq.write_table(table, temporary, compression="zstd", store_schema=True)
    _publish(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Write a text file durably: temporary name, sync, rename."""
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_text(text, encoding="utf-8")
    _publish(temporary, path)


def _publish(temporary: Path, path: Path) -> None:
    with temporary.open("rb+") as handle:
        os.fsync(handle.fileno())
    temporary.replace(path)


def _read_table(path: Path, kind: type) -> pa.Table:
    wanted = arrow_schema(kind)
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise UsageError(f"{path} cannot be read as Parquet ({error}): ingest again.") from error
    if not table.schema.equals(wanted):
        missing = sorted(set(wanted.names) - set(table.schema.names))
        extra = sorted(set(table.schema.names) - set(wanted.names))
        other = [n for n in wanted.names if n in table.schema.names and table.schema.field(n) != wanted.field(n)]
        raise UsageError(
            f"{path} has other columns than this version writes (missing {missing}, unknown {extra}, "
            f"of another type {other}): ingest again."
        )
    return table


def _fingerprint(tables: Mapping[str, pa.Table]) -> str:
    return digest({name: digest(table.to_pylist()) for name, table in tables.items()})
