"""Judges folds by what is known of their clips: who is held out, and who had a part in what trains."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from me_augment.evaluation.audit.listing import Item, Known, Listed, Listing
from me_augment.evaluation.audit.report import Report
from me_augment.manifest.folds import names_of
from me_augment.video import synthetic_mark


def judge_folds(listed: Listed, report: Report) -> None:
    """R1, R2, R3, R5, R6, R7 and R9 of folds whose items were identified, see `known.identify`."""
    unknown: set[str] = set()
    unaccounted: set[str] = set()
    tested_in: dict[int, str] = {}
    for fold in listed.folds:
        held_out = _held_out(fold, listed)
        names = frozenset(name for person in held_out for name in names_of(person))
        recordings = _recordings(fold, listed)
        subjects = {known.subject for _, known in _known(listed, fold.test) if known and known.subject}
        for where, known in _known(listed, fold.train):
            if known is None:
                unknown.add(where)
            elif known.is_synthetic and not known.contributors:
                unaccounted.add(where)
            else:
                _judge_training(report, where, known, names, recordings, {fold.name, *subjects})
        _judge_tests(report, fold, listed, tested_in)
    _say_what_was_looked_at(report, listed)
    if unknown:
        report.missing.append(f"{_some(unknown)}: nobody says what these training clips are; {_WAY_OUT}")
    if unaccounted:
        report.missing.append(f"{_some(unaccounted)}: synthetic, and nobody says who had a part in them; {_WAY_OUT}")


_WAY_OUT = "give the manifest or run that they were made from with --against."


def _judge_training(
    report: Report, where: str, known: Known, names: frozenset[str], recordings: frozenset[str], subjects: set[str]
) -> None:
    """One training clip of one fold."""
    if found := known.persons & names:
        who = ", ".join(sorted(found))
        if known.is_synthetic:
            report.leak("R1", where, f"{who} is held out, and is the face or the driver of this synthetic clip")
        elif known.subject in subjects:
            report.leak("R1", where, f"{who} is held out, and this is a clip of the same person")
        else:
            report.leak("R6", where, f"{who} is held out, and this is the same person, called {known.subject} here")
    elif found := known.trainers & names:
        report.leak("R2", where, f"{', '.join(sorted(found))} is held out and trained the generator of this clip")
    elif found := known.looked_at & names:
        report.leak("R3", where, f"{', '.join(sorted(found))} is held out and was looked at to choose the gates")
    elif found := known.contributors & names:
        report.leak("R9", where, f"{', '.join(sorted(found))} is held out and had a part in an ancestor of this clip")
    elif shared := known.recordings & recordings:
        what = "a clip that it is made of" if known.is_synthetic else "it"
        report.leak("R7", where, f"{what} is cut from {', '.join(sorted(shared))}, as a test clip of the fold is")


def _judge_tests(report: Report, fold: Listing, listed: Listed, tested_in: dict[int, str]) -> None:
    for where, index in (*fold.test, *fold.validation):
        item = listed.items[index]
        if item.known is not None and item.known.is_synthetic:
            report.leak("R5", where, "a synthetic clip is tested or validated on")
        elif item.file is not None and (mark := synthetic_mark(item.file)):
            report.leak("R5", where, f"its file says that it is synthetic ({mark}), and it is tested or validated on")
    for where, index in fold.test:
        other = tested_in.setdefault(index, fold.name)
        if other != fold.name:
            report.leak("R5", where, f"the fold {other} tests it too")


def _held_out(fold: Listing, listed: Listed) -> frozenset[str]:
    """The persons seen in the test clips."""
    real = [known for _, known in _known(listed, fold.test) if known is not None and not known.is_synthetic]
    return frozenset(person for known in real for person in known.persons) or frozenset([fold.name])


def _recordings(fold: Listing, listed: Listed) -> frozenset[str]:
    real = [known for _, known in _known(listed, fold.test) if known is not None and not known.is_synthetic]
    return frozenset(found for known in real for found in known.recordings)


def _known(listed: Listed, entries: list[tuple[str, int]]) -> Iterator[tuple[str, Known | None]]:
    items: list[Item] = list(listed.items)
    return ((where, items[index].known) for where, index in entries)


def _say_what_was_looked_at(report: Report, listed: Listed) -> None:
    sources: dict[str, int] = defaultdict(int)
    for item in listed.items:
        if item.known is not None:
            sources[item.known.source] += 1
    told = ", ".join(f"{count} by {source}" for source, count in sorted(sources.items()))
    train, test = (sum(len(getattr(fold, part)) for fold in listed.folds) for part in ("train", "test"))
    if not told:
        return
    report.looked["R1"].append(f"{train} training and {test} test places of {len(listed.folds)} folds; clips: {told}")
    report.looked["R5"].append(f"{test} test places: none synthetic, none in two folds")
    synthetic = [item.known for item in listed.items if item.known is not None and item.known.is_synthetic]
    by_manifest = [known for known in synthetic if "manifest" in known.source]
    report.looked["R6"].append("persons of the clips by id, not by folder")
    if all(known.source.startswith("its name") for item in listed.items if (known := item.known)):
        report.open["R6"].append("no table says which names are one person: two names count as two people")
    if not synthetic:
        for rule, what in (("R2", "generator"), ("R3", "threshold"), ("R9", "ancestor")):
            report.looked[rule].append(f"no clip is known to be synthetic, so none has a {what}")
    elif by_manifest:
        report.looked["R2"].append(f"the generators of {len(by_manifest)} synthetic clips")
        report.looked["R9"].append(f"the ancestors of {len(by_manifest)} synthetic clips")
    else:
        for rule, what in (("R2", "trained the generator"), ("R3", "chose the gates"), ("R9", "is an ancestor")):
            report.looked[rule].append("`forbidden_subjects` of the table, which holds all contributors together")
            report.open[rule].append(f"the table does not say who {what}: give the run with --against")
    if any(item.known and item.known.recordings for item in listed.items):
        report.looked["R7"].append("recordings of all clips and of their parents")
    else:
        report.open["R7"].append("nothing says which recording a clip is cut from: give the manifest with --against")


def _some(places: set[str]) -> str:
    first = sorted(places)[0]
    return first if len(places) == 1 else f"{first} and {len(places) - 1} more"
