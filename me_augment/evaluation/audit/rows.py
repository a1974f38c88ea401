"""Judges the rows of a manifest or run: whether folds made by their forbidden subjects and persons would be clean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from me_augment.evaluation.audit.origin import Origin, canonical, made
from me_augment.evaluation.audit.report import Report
from me_augment.manifest import Clip
from me_augment.manifest.folds import covers


def judge_rows(origin: Origin, report: Report) -> None:
    """R1, R2, R3, R5, R6, R7 and R9 of all rows that training or test may use."""
    clips = [clip for clip in origin.rows.values() if clip.status == "ok"]
    synthetic = [clip for clip in clips if made(clip)]
    unknown: set[str] = set()
    for clip in synthetic:
        where = f"clips.parquet, {clip.clip_id}"
        if not clip.is_synthetic:
            report.leak("R5", where, "it was made of other clips, but is_synthetic is false: it would be tested")
        known = origin.known(clip)
        judge_forbidden(report, where, clip.forbidden_subjects, known.persons, known.trainers, known.looked_at)
        _judge_ancestors(report, where, clip, origin)
        unknown |= origin.lineage.unknown(clip.clip_id)
    for clip in clips:
        if not made(clip) and not covers(clip.forbidden_subjects, clip.person_id):
            where = f"clips.parquet, {clip.clip_id}"
            report.leak("R1", where, f"forbidden_subjects lacks {clip.person_id}, whose face is seen")
    report.looked["R1"].append(f"forbidden_subjects of {len(clips)} clips against the persons seen and their drivers'")
    report.looked["R2"].append(f"forbidden_subjects of {len(synthetic)} synthetic clips against their generators'")
    report.looked["R5"].append(f"{len(clips)} clips: what was made is marked as synthetic")
    report.looked["R9"].append(f"the ancestors of {len(synthetic)} synthetic clips")
    if unknown:
        named = f"{sorted(unknown)[0]}{f' and {len(unknown) - 1} more' if len(unknown) > 1 else ''}"
        report.missing.append(f"{named}: a parent that no manifest has; give the one that has it with --against.")
    judge_thresholds(origin, report, len(synthetic))
    _judge_persons(origin, [clip for clip in clips if not made(clip)], report)


def judge_forbidden(
    report: Report,
    where: str,
    forbidden: Iterable[str],
    persons: Iterable[str],
    trainers: Iterable[str],
    looked_at: Iterable[str],
) -> None:
    """One list of forbidden persons against everyone whom the rules forbid."""
    forbidden = set(forbidden)
    for rule, who, what in (
        ("R1", persons, "whose face or motion it shows"),
        ("R2", trainers, "who trained its generator or gave its action units their motion"),
        ("R3", looked_at, "who was looked at to choose the gates"),
    ):
        if lacking := sorted(person for person in who if not covers(forbidden, person) and person not in forbidden):
            report.leak(rule, where, f"forbidden_subjects lacks {', '.join(lacking)}, {what}")


def judge_thresholds(origin: Origin, report: Report, synthetic: int) -> None:
    """Say what a run tells of its quality gates."""
    if origin.thresholds is None:
        if synthetic:
            report.open["R3"].append("there is no config.yaml that says by which limits clips were chosen")
        else:
            report.looked["R3"].append("no clip is synthetic, so none was let pass by a limit")
    elif origin.thresholds.undeclared:
        report.open["R3"].append(
            "the gates in config.yaml are not the package's own, and gates_chosen_on does not say whose clips were "
            "looked at: say it with `synthesize --gates-chosen-on`"
        )
    else:
        whose = ", ".join(origin.thresholds.looked_at) or "nobody of any corpus: they are the package's own"
        report.looked["R3"].append(f"quality gates, chosen on {whose}")


def judge_table(rows: Iterable[Mapping[str, Any]], table: str, origin: Origin | None, report: Report) -> None:
    """The rows of an export's table, and where they differ from the manifest that they were made from."""
    for row in rows:
        where = f"{table}, {row['name']}"
        # What a corpus calls its person is no id: it need not be listed.
        persons = {row["person_id"], row.get("driver_person_id"), row.get("target_person_id")} - {None, ""}
        judge_forbidden(report, where, row["forbidden_subjects"], persons, (), ())
        clip = origin.rows.get(str(row["clip_id"])) if origin else None
        if origin is None:
            continue
        if clip is None:
            report.missing.append(f"{where}: the manifest given with --against has no clip {row['clip_id']}.")
            continue
        told = origin.known(clip)
        if told.is_synthetic and not row["is_synthetic"]:
            report.leak("R5", where, "the manifest says that it is synthetic, the table that it is real")
        if clip.person_id != row["person_id"]:
            report.leak("R6", where, f"the manifest calls the person {clip.person_id}, the table {row['person_id']}")
        if told.is_synthetic:
            own = {clip.person_id, clip.driver_person_id, clip.target_person_id} - {None}
            persons = {person for person in own if person}
            judge_forbidden(report, where, row["forbidden_subjects"], persons, told.trainers, told.looked_at)
            _judge_ancestors(report, where, clip, origin, row["forbidden_subjects"])


def _judge_ancestors(
    report: Report, where: str, clip: Clip, origin: Origin, forbidden: Iterable[str] | None = None
) -> None:
    listed = set(clip.forbidden_subjects if forbidden is None else forbidden)
    everyone = origin.lineage.contributors(clip.clip_id)
    if lacking := sorted(person for person in everyone if person not in listed and not covers(listed, person)):
        report.leak("R9", where, f"forbidden_subjects lacks {', '.join(lacking)}, who had a part in it or an ancestor")


def _judge_persons(origin: Origin, real: list[Clip], report: Report) -> None:
    """One id per person, and one person per recording."""
    spelled: dict[tuple[str, str], set[str]] = defaultdict(set)
    of_content: dict[str, dict[str, Clip]] = defaultdict(dict)
    of_recording: dict[str, list[Clip]] = defaultdict(list)
    path_of = {row.recording_id: (row.root, row.path) for row in origin.manifest.recordings}
    person_of = {row.recording_id: row.person_id for row in origin.manifest.recordings}
    for clip in real:
        where = f"clips.parquet, {clip.clip_id}"
        spelled[clip.corpus, clip.subject].add(clip.person_id)
        if (wanted := canonical(clip.person_id)) != clip.person_id:
            report.leak("R6", where, f"its corpus shares people: the person is {wanted}, not {clip.person_id}")
        if clip.content_sha256 is not None and clip.content_sha256.strip("0"):
            other = of_content[clip.content_sha256].setdefault(clip.person_id, clip)
            for person, twin in of_content[clip.content_sha256].items():
                if person != other.person_id:
                    report.leak("R6", where, f"its frames are those of {twin.clip_id}, which is of {person}")
        if clip.recording_id is not None:
            filmed = person_of.get(clip.recording_id)
            if filmed is not None and filmed != clip.person_id:
                report.leak("R6", where, f"it is of {clip.person_id}, and its recording of {filmed}")
            of_recording["/".join(path_of.get(clip.recording_id, (clip.recording_id,)))].append(clip)
    for (corpus, subject), persons in spelled.items():
        if len(persons) > 1:
            report.leak("R6", f"{corpus}, {subject}", f"one subject has several ids: {', '.join(sorted(persons))}")
    report.looked["R6"].append(f"ids of {len(spelled)} subjects, and frames (SHA-256) of {len(real)} real clips")
    for path, clips in of_recording.items():
        _judge_recording(report, path, clips)
    report.looked["R7"].append(f"spans of {len(real)} real clips in {len(of_recording)} recordings")


def _judge_recording(report: Report, path: str, clips: list[Clip]) -> None:
    """Folds part clips by person: all of a recording have to be of one."""
    first = min(clips, key=lambda clip: clip.clip_id)
    for clip in clips:
        if clip.person_id == first.person_id:
            continue
        overlapping = [other for other in clips if other.person_id != clip.person_id and _overlap(clip, other)]
        frames = f", and shares frames with {overlapping[0].clip_id}" if overlapping else ""
        where = f"clips.parquet, {clip.clip_id}"
        detail = f"it is cut from {path}, as is {first.clip_id} of another person{frames}"
        report.leak("R7", where, detail)


def _overlap(first: Clip, second: Clip) -> bool:
    a, b, c, d = first.onset_index, first.offset_index, second.onset_index, second.offset_index
    if a is None or b is None or c is None or d is None:
        return False
    return max(a, c) <= min(b, d)
