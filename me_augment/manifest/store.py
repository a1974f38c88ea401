"""The manifest folder: reading it, writing it whole or not at all, and finding the frames that its rows name."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from shlex import quote
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from me_augment.errors import UsageError
from me_augment.manifest.columns import arrow_schema
from me_augment.manifest.fingerprint import TableDigest
from me_augment.manifest.ids import digest
from me_augment.manifest.rows import Clip, Recording
from me_augment.manifest.sequence import Rows, by_id, table_of
from me_augment.staging import staged
from me_augment.whereabouts import not_the_folder

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 3
_TABLES: dict[str, type] = {"recordings": Recording, "clips": Clip}
# Rows that are held until they are written: the same row groups however the rows came.
_GROUP = 1 << 12


@dataclass(frozen=True)
class Manifest:
    """A corpus or a run.

    Attributes:
        corpus: name of the corpus; of a run, `run`.
        roots: key → folder that `Recording.path` starts from. `""` means the manifest's own folder.
        licence: terms of the whole.
        recordings, clips: the rows; of a manifest that was opened they are made when asked for.
        provenance: what was read to make the rows, for people (`labels`, `frames`, `landmarks`, `warnings`).
        folder: where it was read from; None for one that was never written.
    """

    corpus: str
    roots: Mapping[str, Path]
    licence: str
    recordings: Sequence[Recording]
    clips: Sequence[Clip]
    provenance: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = field(default=None, compare=False)

    @classmethod
    def open(cls, folder: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> Manifest:
        """Read a manifest or a finished run.

        Args:
            folder: the folder that holds `manifest.json`.
            root: where the corpus lies now, if it moved since it was ingested.

        Raises:
            UsageError: no such folder, not a manifest, another format version, or a table with other columns.
        """
        folder = Path(folder)
        meta_file = folder / "manifest.json"
        if not meta_file.is_file():
            if (folder / "plan.parquet").is_file():
                raise UsageError(
                    f"{folder} is a run that is not finished: `me-augment resume {quote(str(folder))}` finishes it."
                )
            raise UsageError(
                not_the_folder(folder, "a manifest")
                or f"{folder} is not a manifest: it holds no manifest.json. Make one with `me-augment ingest`."
            )
        try:
            meta = json.loads(meta_file.read_text(encoding="utf-8"))
            version, *_ = (meta[key] for key in ("format_version", "corpus", "roots", "licence", "provenance"))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
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
            recordings=Rows(Recording, tables["recordings"]),
            clips=Rows(Clip, tables["clips"]),
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
        with ManifestWriter(
            folder, corpus=self.corpus, roots=self.roots, licence=self.licence, provenance=self.provenance
        ) as writer:
            writer.add(self.recordings, self.clips)

    @cached_property
    def clip_table(self) -> pa.Table:
        """The clips as a table, see `arrow_schema(Clip)`."""
        return table_of(Clip, self.clips)

    @cached_property
    def recording_of(self) -> Mapping[str, Recording]:
        """Recording id → recording."""
        return by_id(self.recordings, "recording_id")

    @cached_property
    def clip_of(self) -> Mapping[str, Clip]:
        """Clip id → clip."""
        return by_id(self.clips, "clip_id")

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
        else:
            _require_there(base)
        try:
            # Unlike `Path.resolve`, it gives back a link that leads to itself, which cannot be looked at.
            path = Path(os.path.realpath(base / recording.path))
            with suppress(FileNotFoundError, NotADirectoryError):  # those who open it say so
                path.stat()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UsageError(f"recording {recording.recording_id}: path {recording.path!r}: {reason}.") from error
        if not path.is_relative_to(base.resolve()):
            raise UsageError(f"recording {recording.recording_id}: path {recording.path!r} leads out of {base}.")
        return path

    def require_roots(self) -> None:
        """Raise UsageError unless every corpus folder is there that holds recordings."""
        for key in {recording.root for recording in self.recordings} & self.roots.keys():
            if key:
                _require_there(self.roots[key])

    def usable_clips(self) -> list[Clip]:
        """The clips whose frames are known: status ok, and onset and offset found in the recording."""
        if isinstance(self.clips, Rows):
            return list(self.clips.at(np.flatnonzero(usable_mask(self.clip_table))))
        return [clip for clip in self.clips if clip.status == "ok" and clip.n_frames > 0]

    def to_pandas(self) -> pd.DataFrame:
        """The clips as a pandas frame, one row per clip."""
        return self.clip_table.to_pandas()

    @property
    def fingerprint(self) -> str:
        """Hash of all rows; equal for equal content wherever the manifest lies."""
        return _fingerprint({"recordings": table_of(Recording, self.recordings), "clips": self.clip_table})


class ManifestWriter:
    """Writes a manifest into an existing folder piece by piece; a context manager.

    Nothing is seen of it until the block ends without an error: then the tables are put in place and, last,
    `manifest.json`, whose presence means completeness. The files have the same bytes in however many pieces the rows
    came, and a few thousand rows are in memory at a time.

    Args:
        folder: where the files go; a manifest that is there is replaced.
        corpus, roots, licence, provenance: see `Manifest`.
    """

    def __init__(
        self,
        folder: Path,
        *,
        corpus: str,
        roots: Mapping[str, Path],
        licence: str,
        provenance: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._folder = folder
        self._about = {
            "format_version": FORMAT_VERSION,
            "corpus": corpus,
            "roots": {key: str(path) for key, path in roots.items()},
            "licence": licence,
            "provenance": dict(provenance),
        }
        self._tables: dict[str, _TableWriter] = {}
        self._synthetic, self._persons = 0, set[str]()

    def __enter__(self) -> ManifestWriter:
        for name, kind in _TABLES.items():
            self._tables[name] = _TableWriter(self._folder / f"{name}.parquet", kind)
        return self

    def add(self, recordings: Iterable[Recording] | pa.Table, clips: Iterable[Clip] | pa.Table) -> None:
        """Add rows, as data classes or as tables with exactly their columns.

        Raises:
            ValueError: a table has other columns.
            OSError: they cannot be written.
        """
        self._tables["recordings"].add(table_of(Recording, recordings))
        described = table_of(Clip, clips)
        self._tables["clips"].add(described)
        self._synthetic += pc.sum(described.column("is_synthetic")).as_py() or 0
        self._persons.update(described.column("person_id").unique().to_pylist())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        try:
            for table in self._tables.values():
                table.close(complete=error is None)
            if error is None:
                # Between the renames below the folder must not look like a manifest.
                (self._folder / "manifest.json").unlink(missing_ok=True)
                for table in self._tables.values():
                    table.publish()
                counts = {name: table.rows for name, table in self._tables.items()}
                counts |= {"synthetic": self._synthetic, "subjects": len(self._persons)}
                fingerprint = _combined({name: table.found.hexdigest() for name, table in self._tables.items()})
                about = {**self._about, "counts": counts, "fingerprint": fingerprint}
                write_text(self._folder / "manifest.json", json.dumps(about, indent=2) + "\n")
        finally:
            for table in self._tables.values():
                table.discard()


class _TableWriter:
    """A Parquet file under a temporary name, written in row groups of one size."""

    def __init__(self, path: Path, kind: type) -> None:
        self.rows = 0
        self._path, self._temporary = path, path.with_name(f".{path.name}.tmp")
        self._schema = arrow_schema(kind)
        self.found = TableDigest(self._schema)
        self._writer = pq.ParquetWriter(self._temporary, self._schema, compression="zstd", store_schema=True)
        self._held: list[pa.Table] = []
        self._waiting = 0

    def add(self, table: pa.Table) -> None:
        self.found.update(table)
        self._held.append(pa.Table.from_arrays(table.columns, schema=self._schema))
        self._waiting += len(table)
        self.rows += len(table)
        while self._waiting >= _GROUP:
            self._write(_GROUP)

    def close(self, *, complete: bool) -> None:
        if complete and (self._waiting or not self.rows):
            self._write(self._waiting)
        self._writer.close()

    def publish(self) -> None:
        publish(self._temporary, self._path)

    def discard(self) -> None:
        self._temporary.unlink(missing_ok=True)

    def _write(self, count: int) -> None:
        held = pa.concat_tables([self._schema.empty_table(), *self._held])
        self._writer.write_table(held.slice(0, count).combine_chunks(), row_group_size=_GROUP)
        self._held, self._waiting = [held.slice(count)], self._waiting - count


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


def usable_mask(clips: pa.Table) -> np.ndarray:
    """Which rows of a table of clips `Manifest.usable_clips` gives, (len,) booleans."""
    spanned = pc.greater_equal(clips.column("offset_index"), clips.column("onset_index"))
    return pc.and_(pc.equal(clips.column("status"), "ok"), pc.fill_null(spanned, False)).to_numpy()


def merge_rows(*parts: Iterable[Clip]) -> tuple[Clip, ...]:
    """Concatenate clip rows and sort them by id, so that the order says nothing about who made them when."""
    return tuple(sorted((clip for part in parts for clip in part), key=lambda clip: clip.clip_id))


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table durably: temporary name, sync, rename. zstd Parquet is byte-equal for equal tables."""
    temporary = temporary_name(path)
    pq.write_table(table, temporary, compression="zstd", store_schema=True)
    publish(temporary, path)


def write_text(path: Path, text: str) -> None:
    """Write a text file durably, see `write_bytes`."""
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file durably: temporary name, sync, rename."""
    temporary = temporary_name(path)
    temporary.write_bytes(content)
    publish(temporary, path)


def temporary_name(path: Path) -> Path:
    """A name beside a file for it to be written under; two processes that write the same file do not share it."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")


def publish(temporary: Path, path: Path) -> None:
    """Sync a file that was written under a temporary name and give it its own."""
    with temporary.open("rb+") as handle:
        os.fsync(handle.fileno())
    temporary.replace(path)


def _require_there(corpus: Path) -> None:
    if not corpus.is_dir():
        raise UsageError(
            f"the corpus folder {corpus} is not there: mount it, or say where it lies now with --root DIR."
        )


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
    found = {}
    for name, table in tables.items():
        content = TableDigest(arrow_schema(_TABLES[name]))
        content.update(table)
        found[name] = content.hexdigest()
    return _combined(found)


def _combined(digests: Mapping[str, str]) -> str:
    return digest({name: digests[name] for name in _TABLES})
