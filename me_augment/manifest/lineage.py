"""Who contributed to a clip, through however many generations of synthetic clips and across manifests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from me_augment.manifest.folds import CONTRIBUTORS, LISTS_OF_CONTRIBUTORS

_PARENTS = ("driver_clip_id", "target_clip_id")
_COLUMNS = ("clip_id", *CONTRIBUTORS, *LISTS_OF_CONTRIBUTORS, *_PARENTS, "parents")


class Lineage:
    """Finds everyone who had a part in a clip or in one of its ancestors.

    Args:
        tables: clips of the manifests whose rows may be ancestors, with the columns of `Clip`. A clip that several
            name counts with what all of them say.
    """

    def __init__(self, *tables: pa.Table) -> None:
        self._own: dict[str, frozenset[str]] = {}
        self._parents: dict[str, frozenset[str]] = {}
        self._found: dict[str, frozenset[str]] = {}
        # Few sets are different: the clips of a run share their drivers and faces.
        shared: dict[frozenset[str], frozenset[str]] = {}
        for table in tables:
            for clip_id, own, parents in _rows(table):
                own |= self._own.get(clip_id, frozenset())
                self._own[clip_id] = shared.setdefault(own, own)
                self._parents[clip_id] = parents | self._parents.get(clip_id, frozenset())

    def __contains__(self, clip_id: str) -> bool:
        return clip_id in self._own

    def contributors(self, clip_id: str) -> frozenset[str]:
        """Person ids (and `corpus:*`) of a clip and of all its ancestors; empty for one that no table has."""
        if clip_id not in self._found:
            members = self.ancestors(clip_id) | {clip_id}
            named = {self._own[member] for member in members if member in self._own}
            self._found[clip_id] = frozenset().union(*named)
        return self._found[clip_id]

    def ancestors(self, clip_id: str) -> frozenset[str]:
        """Ids of all clips that this one descends from, those that no table has included."""
        seen: set[str] = set()
        waiting = list(self._parents.get(clip_id, ()))
        while waiting:  # a damaged table may go round in circles
            parent = waiting.pop()
            if parent not in seen:
                seen.add(parent)
                waiting.extend(self._parents.get(parent, ()))
        return frozenset(seen)

    def unknown(self, clip_id: str) -> frozenset[str]:
        """The ancestors of a clip that no table has, so that nobody can say who contributed to them."""
        return frozenset(parent for parent in self.ancestors(clip_id) if parent not in self._own)


def closed(clips: pa.Table, ancestors: Iterable[pa.Table] = ()) -> pa.Table:
    """The same clips with everyone in `forbidden_subjects` who had a part in them or in an ancestor.

    Args:
        clips: with the columns of `Clip`.
        ancestors: clips of further manifests.
    """
    lineage = Lineage(clips, *ancestors)
    wanted = [sorted(lineage.contributors(clip_id)) for clip_id in clips.column("clip_id").to_pylist()]
    place = clips.schema.get_field_index("forbidden_subjects")
    field = clips.schema.field(place)
    return clips.set_column(place, field, pa.array(wanted, field.type))


def _rows(table: pa.Table) -> Iterator[tuple[str, frozenset[str], frozenset[str]]]:
    """Id, persons and parents that the row itself names."""
    for batch in table.select(list(_COLUMNS)).to_batches(1 << 14):
        cells = {name: batch.column(name).to_pylist() for name in _COLUMNS}
        for row in np.arange(len(batch)).tolist():
            own = {cells[name][row] for name in CONTRIBUTORS}
            for name in LISTS_OF_CONTRIBUTORS:
                own.update(cells[name][row] or ())
            parents = {cells[name][row] for name in _PARENTS}
            parents.update(cells["parents"][row] or ())
            clip_id = cells["clip_id"][row]
            yield clip_id, frozenset(own - {None}), frozenset(parents - {None, clip_id})
