"""Which clips of a manifest a person is shown: the worst, the best, and some of every emotion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from me_augment.manifest import Clip, Manifest
from me_augment.manifest.sequence import Rows
from me_augment.manifest.showing import Hidden

WORST = "Worst of those kept"
REJECTED = "Rejected"
BEST = "Best"
EXAMPLES = "Examples"
# The share of each, in the order in which they are taken: what examples are left fill what others leave.
_SHARES = {WORST: 0.3, REJECTED: 0.15, BEST: 0.15}
# Looked at for each place: some may not be shown.
_SPARE = 8


@dataclass(frozen=True)
class Chosen:
    """A clip to be shown, and as what."""

    group: str
    clip: Clip


def choose(manifest: Manifest, hidden: Hidden, most: int) -> list[Chosen]:
    """At most so many clips whose frames are known, the most telling first; none twice.

    Of a run these are synthetic, ranked by the correlation of their motion with the wanted one; of a manifest without
    synthetic clips real ones, some of each corpus and emotion. Nobody is among them who must never be shown.
    """
    rows = Rows(Clip, manifest.clip_table)
    table = rows.table
    spanned = pc.fill_null(pc.greater(table.column("offset_index"), table.column("onset_index")), False)
    there = pc.and_(pc.is_valid(table.column("recording_id")), spanned)
    there = pc.and_(there, pc.not_equal(table.column("expression"), "neutral"))
    synthetic = pc.and_(there, table.column("is_synthetic"))
    pool = rows.where(synthetic if pc.any(synthetic).as_py() else there)
    taken: set[str] = set()
    groups: dict[str, list[Clip]] = {}
    for group, share in _SHARES.items():
        groups[group] = _shown(_ranked(pool, group, _SPARE * most), hidden, taken, round(share * most))
    left = most - sum(map(len, groups.values()))
    groups[EXAMPLES] = _shown(_in_turn(pool, _SPARE * most), hidden, taken, left)
    return _interleaved(groups)


def _ranked(pool: Rows[Clip], group: str, most: int) -> Sequence[Clip]:
    table = pool.columns("status", "quality_correlation", "clip_id")
    status = "rejected" if group == REJECTED else "ok"
    mask = pc.and_(pc.equal(table.column("status"), status), pc.is_valid(table.column("quality_correlation")))
    places = np.flatnonzero(mask.to_numpy())
    order = "descending" if group == BEST else "ascending"
    ranks = pc.sort_indices(
        table.take(pa.array(places)), sort_keys=[("quality_correlation", order), ("clip_id", "ascending")]
    )
    return pool.at(places[ranks.to_numpy()[:most]])


def _in_turn(pool: Rows[Clip], most: int) -> Sequence[Clip]:
    """Usable clips of each corpus and emotion in turn; within one, spread over all, and over faces by that."""
    usable = pool.where(pc.equal(pool.columns("status").column(0), "ok"))
    table = usable.columns("corpus", "emotion", "clip_id")
    members: dict[tuple[str, str], list[tuple[str, int]]] = {}
    for place, row in enumerate(table.to_pylist()):
        members.setdefault((row["corpus"], row["emotion"] or ""), []).append((row["clip_id"], place))
    # Ids are hashes: their order says nothing, and is the same whatever else is in the manifest.
    queues = [[place for _, place in sorted(found)] for _, found in sorted(members.items())]
    turns = (queue[turn] for turn in range(max(map(len, queues), default=0)) for queue in queues if turn < len(queue))
    return usable.at(np.array([place for _, place in zip(range(most), turns, strict=False)], np.int64))


def _shown(clips: Iterable[Clip], hidden: Hidden, taken: set[str], most: int) -> list[Clip]:
    found: list[Clip] = []
    for clip in clips:
        if len(found) == most:
            break
        if clip.clip_id not in taken and hidden.may_show(clip):
            taken.add(clip.clip_id)
            found.append(clip)
    return found


def _interleaved(groups: dict[str, list[Clip]]) -> list[Chosen]:
    """One of each group in turn, so that wherever the list is cut every group is in it."""
    longest = max(map(len, groups.values()), default=0)
    return [
        Chosen(group, clips[turn]) for turn in range(longest) for group, clips in groups.items() if turn < len(clips)
    ]
