"""Says what kind of folder an audit was given, and what another one should have been."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from me_augment.evaluation.audit.flow_tree import trees_below
from me_augment.evaluation.audit.fold_lists import Reader
from me_augment.evaluation.audit.known import Names, names_of_table, read_table, table_of
from me_augment.evaluation.audit.origin import Origin
from me_augment.evaluation.audit.videos import VIDEOS, names_of_videos, read_video_folds, read_videos, rows_of_clips

_NEAR = 3
"""How many folders above, and how many names of those below, are told to whoever gave the wrong one."""


@dataclass(frozen=True)
class Table:
    """What an export says of its clips or long videos.

    Attributes:
        file: that says it.
        rows: one for each clip or video.
        clips: the same, of a video one for each event that a manifest knows in it.
        names: by which lists and folders call them.
        readers: of the folds; none where every reader may find some.
    """

    file: str
    rows: list[dict[str, Any]]
    clips: Iterable[Mapping[str, Any]]
    names: Names
    readers: tuple[Reader, ...] = ()


def has_table(folder: Path) -> bool:
    """Whether an export's table lies in a folder."""
    return table_of(folder) is not None or (folder / VIDEOS).is_file()


def read_export(folder: Path, origin: Origin | None) -> Table | None:
    """The table of an export; None where there is none.

    Raises:
        UsageError: a table has not the columns that exports write.
        MeAugmentError: it cannot be read.
    """
    path = table_of(folder)
    if path is not None:
        rows = read_table(path)
        return Table(path.name, rows, rows, names_of_table(rows, origin))
    videos = read_videos(folder)
    if videos is None:
        return None
    clips = list(rows_of_clips(videos, origin))
    return Table(VIDEOS, videos, clips, names_of_videos(videos, origin), (read_video_folds,))


def unfit(folder: Path) -> str:
    """A sentence for a folder that is nothing to audit: what would be, and where it may be found."""
    inside = [path for path in sorted(folder.iterdir()) if path.is_dir() and _fits(path)]
    above = [path for path in folder.resolve().parents[:_NEAR] if _fits(path)]
    if inside:
        more = f" and {len(inside) - _NEAR} more" if len(inside) > _NEAR else ""
        way_out = f"It holds {', '.join(map(str, inside[:_NEAR]))}{more}: give one of these."
    elif above:
        way_out = f"It is a part of {above[0]}: give that."
    else:
        way_out = "Of a corpus make a manifest with `me-augment ingest` first; a list needs its export beside it."
    return (
        f"{folder} holds nothing that could be audited. What can be: a run or manifest (manifest.json), what "
        f"`me-augment export` wrote (clips.parquet or clips.csv; of long videos {VIDEOS} and folds.json), or a "
        f"norm_u_v_os tree by anyone (<fold>/u_train and u_test). {way_out}"
    )


def _fits(folder: Path) -> bool:
    try:
        return (folder / "manifest.json").is_file() or has_table(folder) or bool(trees_below(folder))
    except OSError:
        return False
