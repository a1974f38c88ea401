"""Judges folds by what is known of their clips: who is held out, and who had a part in what trains."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from me_augment.evaluation.audit.known import GUESSED
from me_augment.evaluation.audit.listing import Item, Known, Listed, Listing
from me_augment.evaluation.audit.report import Report
from me_augment.manifest.folds import names_of
from me_augment.video import synthetic_mark


def judge_folds(listed: Listed, report: Report) -> None:
    """R1, R2, R3, R5, R6, R7 and R9 of folds whose items were identified, see `known.identify`."""
    unknown: set[str] = set()
    unaccounted: set[str] = set()
    tested_in: dict[tuple[str, str | int], str] = {}
    for fold in listed.folds:
        names = held_out(fold, listed)
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


def held_out(fold: Listing, listed: Listed) -> frozenset[str]:
    """What covers the persons seen in the test clips, and those whom the folder says it holds out.

    Of a fold that has neither, those whom clips elsewhere call as it is called.
    """
    real = [known for _, known in _known(listed, fold.test) if known is not None and not known.is_synthetic]
    persons = frozenset(person for known in real for person in known.persons) | fold.held_out
    persons = persons or _called(fold.name, listed) or frozenset([fold.name])
    return frozenset(name for person in persons for name in names_of(person))


def _called(subject: str, listed: Listed) -> frozenset[str]:
    real = [item.known for item in listed.items if item.known is not None and not item.known.is_synthetic]
    return frozenset(person for known in real if known.subject == subject for person in known.persons)


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
        report.leak(
            "R9", where, f"{', '.join(sorted(found))} is held out and had a part in this clip or an ancestor of it"
        )
    elif shared := known.recordings & recordings:
        what = "a clip that it is made of" if known.is_synthetic else "it"
        report.leak("R7", where, f"{what} is cut from {', '.join(sorted(shared))}, as a test clip of the fold is")


def _judge_tests(report: Report, fold: Listing, listed: Listed, tested_in: dict[tuple[str, str | int], str]) -> None:
    for where, index in (*fold.test, *fold.validation):
        item = listed.items[index]
        if item.known is not None and item.known.is_synthetic:
            report.leak("R5", where, "a synthetic clip is tested or validated on")
        elif item.file is not None and (mark := synthetic_mark(item.file)):
            report.leak("R5", where, f"its file says that it is synthetic ({mark}), and it is tested or validated on")
    for where, index in fold.test:
        known = listed.items[index].known
        clip = known.clip_id if known is not None and known.clip_id is not None else index
        other = tested_in.setdefault((fold.protocol, clip), fold.name)
        if other != fold.name:
            report.leak("R5", where, f"the fold {other} tests it too")


def _recordings(fold: Listing, listed: Listed) -> frozenset[str]:
    real = [known for _, known in _known(listed, fold.test) if known is not None and not known.is_synthetic]
    return frozenset(found for known in real for found in known.recordings)


def _known(listed: Listed, entries: list[tuple[str, int]]) -> Iterator[tuple[str, Known | None]]:
    items: list[Item] = list(listed.items)
    return ((where, items[index].known) for where, index in entries)


def _say_what_was_looked_at(report: Report, listed: Listed) -> None:
    sources = Counter(item.known.source for item in listed.items if item.known is not None)
    train, test = (sum(len(getattr(fold, part)) for fold in listed.folds) for part in ("train", "test"))
    told = [item.known for item in listed.items if item.known is not None and item.known.source != GUESSED]
    for part, rules in (("train", ("R1", "R2", "R3", "R6", "R7", "R9")), ("test", ("R5",))):
        if empty := sorted(fold.name for fold in listed.folds if not getattr(fold, part)):
            for rule in rules:
                report.open[rule].append(f"{_some(empty)}: a fold of which no {part} clip was found")
    report.looked["R5"].append(f"{test} test places: none known as synthetic, none in two folds")
    if told:
        by = ", ".join(f"{count} by {source}" for source, count in sorted(sources.items()))
        report.looked["R1"].append(f"{train} training and {test} test places of {len(listed.folds)} folds; clips: {by}")
        report.looked["R6"].append("persons of the clips by id, not by folder")
        _say_who_made(report, [known for known in told if known.is_synthetic])
    if guessed := len(listed.items) - len(told):
        which = f"{guessed} of {len(listed.items)} clips are" if told else "all clips are"
        for rule in ("R1", "R2", "R3", "R9"):
            report.open[rule].append(f"{which} told by {GUESSED}, which does not say {_ASKED[rule]}; {_WAY_OUT}")
        report.open["R5"].append(
            f"{which} told by {GUESSED}: one made without a mark in its file looks like a real one"
        )
        report.open["R6"].append(f"{which} told by {GUESSED}: two names count as two people")
    if any(known.recordings for known in told):
        report.looked["R7"].append("recordings of all clips and of their parents")
    else:
        report.open["R7"].append("nothing says which recording a clip is cut from: give the manifest with --against")


def _say_who_made(report: Report, synthetic: list[Known]) -> None:
    """R2, R3 and R9 of the synthetic clips that a table or manifest knows; of R3 the manifest's limits tell more."""
    by_manifest = sum("manifest" in known.source for known in synthetic)
    if not synthetic:
        for rule, what in (("R2", "generator"), ("R3", "threshold"), ("R9", "ancestor")):
            report.looked[rule].append(f"no clip is known to be synthetic, so none has a {what}")
    elif by_manifest:
        report.looked["R2"].append(f"the generators of {by_manifest} synthetic clips")
        report.looked["R9"].append(f"the ancestors of {by_manifest} synthetic clips")
    else:
        for rule in ("R2", "R3", "R9"):
            report.looked[rule].append("`forbidden_subjects` of the table, which holds all contributors together")
            report.open[rule].append(f"the table does not say {_ASKED[rule]}: give the run with --against")


_ASKED = {
    "R1": "who is seen in them and who drove them",
    "R2": "who trained the generator",
    "R3": "who chose the gates",
    "R9": "who is an ancestor",
}


def _some(places: Collection[str]) -> str:
    first = sorted(places)[0]
    return first if len(places) == 1 else f"{first} and {len(places) - 1} more"
