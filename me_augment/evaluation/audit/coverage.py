"""Says how much of a training set was looked at: clips that no fold lists, and folds of which no list was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from me_augment.evaluation.audit.folds import held_out
from me_augment.evaluation.audit.known import Names
from me_augment.evaluation.audit.listing import Listed
from me_augment.evaluation.audit.report import Report

_RULES_OF_FOLDS = ("R1", "R2", "R4", "R6", "R7", "R9")


def count(listed: Listed, report: Report) -> None:
    """Count the folds, what stands in them, and the different clips of all of them."""
    places = sum(len(fold.train) + len(fold.test) + len(fold.validation) for fold in listed.folds)
    different = {
        index if item.known is None or item.known.clip_id is None else item.known.clip_id
        for index, item in enumerate(listed.items)
    }
    folds = {fold.called for fold in listed.folds}
    report.counts = {"folds": len(folds), "places in them": places, "different clips": len(different)}


def judge_coverage(
    listed: Listed, rows: Sequence[Mapping[str, Any]], names: Names, folds: Iterable[str], report: Report
) -> None:
    """Count the rows of a table that were checked in folds, and say which were not though they should stand there.

    A synthetic clip that no fold may train on stands in none.

    Args:
        listed: the folds, their clips identified.
        rows: of the table.
        names: of its clips.
        folds: those that the export's own record names.
        report: grows.
    """
    report.counts["rows"] = len(rows)
    if not listed.folds:
        report.looked["R5"].append("no fold is listed, so nothing is tested yet")
        for rule in _RULES_OF_FOLDS:
            report.open[rule].append("no fold is listed that could be looked at")
    else:
        report.counts["of these in folds"] = _judge_rows(listed, rows, names, report)
    if lost := sorted(set(folds) - {fold.called for fold in listed.folds}):
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        for rule in _RULES_OF_FOLDS:
            report.open[rule].append(f"export.json names the fold {lost[0]}{more}, of which nothing was found")


def _judge_rows(listed: Listed, rows: Sequence[Mapping[str, Any]], names: Names, report: Report) -> int:
    placed = {
        item.known.clip_id
        for fold in listed.folds
        for _, index in (*fold.train, *fold.test, *fold.validation)
        if (item := listed.items[index]).known is not None
    }
    held = [held_out(fold, listed) for fold in listed.folds]
    without = []
    for row in rows:
        known = names.get(str(row["clip_id"]))
        if row["clip_id"] in placed or known is None:
            continue
        if not known.is_synthetic or any(known.contributors.isdisjoint(persons) for persons in held):
            without.append(str(row["name"]))
    if without:
        more = f" and {len(without) - 1} more" if len(without) > 1 else ""
        for rule in _RULES_OF_FOLDS:
            report.open[rule].append(f"{without[0]}{more} of the table stand in no fold that was found")
    return sum(row["clip_id"] in placed for row in rows)
