"""The MEGC2019 composite: its official list of clips, matched to a manifest, and its published counts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from me_augment.errors import UsageError
from me_augment.manifest.labels import MEGC3
from me_augment.manifest.lists import read_lines
from me_augment.manifest.rows import Clip, Issue
from me_augment.manifest.store import Manifest

MEGC2019 = "megc2019"
COUNTS: dict[str, tuple[int, int]] = {"casme2": (145, 24), "samm": (133, 28), "smic-hs": (164, 16)}
"""Clips and subjects of each corpus in it."""

_CORPUS = {"casme2": "casme2", "samm": "samm", "smic": "smic-hs"}
# Columns of the list; it has no header, copies and the derived form do.
_COLUMNS = (("data", "dataset"), ("subject", "sub"), ("clip", "filename_o", "filename"), ("label",))
_SHOWN = 5


@dataclass(frozen=True)
class Line:
    """A line of the list: where it stands, the corpus' name here, the clip's ids as they are written, and its class."""

    where: str
    corpus: str
    subject: str
    clip: str
    label: str


@dataclass(frozen=True)
class OfficialList:
    """The list, and a sentence for each of its lines that says nothing."""

    file: Path
    lines: tuple[Line, ...]
    misfits: tuple[str, ...] = ()


def read_megc2019(file: Path) -> OfficialList:
    """Read the composite's list of clips.

    It is `dataset,subject,clip,label` without header, perhaps with lines of commas between, or with a header, or the
    derived `dataset,sub,filename_o,label,…`; a label is 0, 1, 2 or the class itself.

    Raises:
        UsageError: the file cannot be read, or no line of it is one of the list.
    """
    places: Sequence[int] = range(len(_COLUMNS))
    lines: list[Line] = []
    misfits: list[str] = []
    for number, cells in enumerate(read_lines(file, "the MEGC2019 list"), 1):
        if not any(cells):
            continue
        if not lines and (found := _header(cells)):
            places = found
            continue
        dataset, subject, clip, label = (cells[i] if i < len(cells) else "" for i in places)
        corpus, meaning = _CORPUS.get(dataset.casefold()), _label(label)
        where = f"{file.name}, line {number}"
        if corpus and meaning and clip and re.search(r"\d", subject):
            lines.append(Line(where, corpus, subject, clip, meaning))
        else:
            misfits.append(f"{where}: {','.join(cells)[:80]!r} is no line of the list, skipped.")
    if not lines:
        raise UsageError(
            f"{file} is not the MEGC2019 list: it has no line dataset,subject,clip,label with casme2, smic or samm, "
            "and a label from 0 to 2."
        )
    return OfficialList(file, tuple(lines), tuple(misfits))


def with_megc2019(manifest: Manifest, official: OfficialList | None) -> tuple[Manifest, list[str]]:
    """The manifest with the list's clips, and no others, in the protocol; and what did not agree, as sentences.

    Without the list they stay those that the corpora's readers found by the protocol's rule. The provenance says
    which it was. A clip whose class is another in the list keeps its own and gets the issue `megc2019-label`.
    """
    if official is None:
        source = {MEGC2019: "membership by rule"} if any(MEGC2019 in clip.protocols for clip in manifest.clips) else {}
        return replace(manifest, provenance={**source, **manifest.provenance}), []
    exact, near = _index(manifest.clips)
    label_of: dict[str, Line] = {}
    findings = list(official.misfits)
    nowhere: dict[str, list[Line]] = defaultdict(list)
    there = {clip.corpus for clip in manifest.clips}
    for line in official.lines:
        ids = (line.corpus, line.subject, line.clip)
        found = exact.get(_exact(*ids)) or near.get(_near(*ids)) or []
        if len(found) == 1:
            before = label_of.setdefault(found[0].clip_id, line)
            if before is not line:
                findings.append(f"{line.where}: {found[0].name} stands in {before.where} already.")
        elif found:
            names = " and ".join(clip.name for clip in found)
            findings.append(f"{line.where}: {line.clip} of {line.subject} may be {names}; none of them is taken.")
        elif line.corpus in there:
            nowhere[line.corpus].append(line)
    for corpus, lines in nowhere.items():
        names = ", ".join(f"{line.subject} {line.clip}" for line in lines[:_SHOWN])
        more = " …" if len(lines) > _SHOWN else ""
        findings.append(f"{official.file.name}: {len(lines)} lines have no clip of {corpus}: {names}{more}.")
    clips = []
    for clip in manifest.clips:
        entry = label_of.get(clip.clip_id)
        if clip.corpus in COUNTS:
            clip = _placed(clip, entry is not None)
        if entry is not None and clip.label_megc3 != entry.label:
            detail = f"{entry.where} says {entry.label}, the corpus' own word {clip.emotion!r} {clip.label_megc3}"
            clip = replace(clip, issues=(*clip.issues, Issue(code="megc2019-label", detail=detail)))
            findings.append(f"{clip.name}: {detail}; the corpus' own stays.")
        clips.append(clip)
    source = {MEGC2019: f"membership by {official.file.name}"}
    return replace(manifest, clips=tuple(clips), provenance={**manifest.provenance, **source}), findings


def about_megc2019(clips: Iterable[Clip]) -> list[str]:
    """A sentence where all three corpora are there and their part in the composite is not the published one."""
    found: dict[str, list[Clip]] = {corpus: [] for corpus in COUNTS}
    corpora = set()
    for clip in clips:
        corpora.add(clip.corpus)
        if clip.corpus in COUNTS and MEGC2019 in clip.protocols:
            found[clip.corpus].append(clip)
    if not corpora >= set(COUNTS):
        return []
    counts = {corpus: (len(rows), len({row.subject for row in rows})) for corpus, rows in found.items()}
    if counts == COUNTS:
        return []
    return [f"{MEGC2019}: {_said(counts)}; published are {_said(COUNTS)}."]


def _said(counts: Mapping[str, tuple[int, int]]) -> str:
    clips, subjects = (sum(pair[i] for pair in counts.values()) for i in (0, 1))
    parts = ", ".join(f"{corpus} {n} of {people}" for corpus, (n, people) in counts.items())
    return f"{clips} clips of {subjects} subjects ({parts})"


def _placed(clip: Clip, member: bool) -> Clip:
    if member == (MEGC2019 in clip.protocols):
        return clip
    others = tuple(name for name in clip.protocols if name != MEGC2019)
    return replace(clip, protocols=(*others, MEGC2019) if member else others)


def _header(cells: Sequence[str]) -> list[int]:
    names = [cell.casefold() for cell in cells]
    places = [next((names.index(name) for name in known if name in names), None) for known in _COLUMNS]
    return [] if None in places else [place for place in places if place is not None]


def _label(text: str) -> str | None:
    if text.casefold() in MEGC3.classes:
        return text.casefold()
    return MEGC3.classes[int(text)] if re.fullmatch("[012]", text) else None


def _index(clips: Iterable[Clip]) -> tuple[dict[tuple[str, ...], list[Clip]], dict[tuple[str, ...], list[Clip]]]:
    """Clips by their names as they are, and by what is left of them without zeros."""
    exact: dict[tuple[str, ...], list[Clip]] = defaultdict(list)
    near: dict[tuple[str, ...], list[Clip]] = defaultdict(list)
    for clip in clips:
        if clip.corpus in COUNTS:
            name = clip.name.rpartition("/")[2]
            exact[_exact(clip.corpus, clip.subject, name)].append(clip)
            near[_near(clip.corpus, clip.subject, name)].append(clip)
    return exact, near


def _exact(corpus: str, subject: str, clip: str) -> tuple[str, ...]:
    return corpus, _subject(subject), clip.casefold()


def _near(corpus: str, subject: str, clip: str) -> tuple[str, ...]:
    """`6` and `006`, `s01_ne_01` and `s1_ne_01` are one."""
    return corpus, _subject(subject), re.sub(r"0*(\d+)", r"\1", clip.casefold())


def _subject(text: str) -> str:
    """The number in `6`, `006`, `s01`, `sub01`."""
    digits = re.findall(r"\d+", text)
    return str(int(digits[-1])) if digits else text.casefold()
