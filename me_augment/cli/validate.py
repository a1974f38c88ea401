"""`me-augment validate`: what is wrong with a manifest or run, row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.saying import say, say_json, say_table
from me_augment.errors import MeAugmentError, UsageError
from me_augment.words import count

if TYPE_CHECKING:
    from me_augment.manifest import Issue, Manifest
    from me_augment.manifest.doubts import Doubt

_SHOWN = 20


@dataclass(frozen=True)
class _Checked:
    """What was found: problems make a manifest unsound, warnings do not, issues stand on the rows themselves."""

    manifest: Manifest
    problems: list[str]
    unreadable: list[str] | None
    warnings: list[Doubt]

    @property
    def sound(self) -> bool:
        return not self.problems and not self.unreadable

    def issues(self) -> dict[str, dict[str, int]]:
        """Code → clips and recordings that have it."""
        counts = {
            kind: Counter(code for row in rows for code in {issue.code for issue in row.issues})
            for kind, rows in (("clips", self.manifest.clips), ("recordings", self.manifest.recordings))
        }
        codes = sorted({code for counter in counts.values() for code in counter})
        return {code: {kind: counter[code] for kind, counter in counts.items()} for code in codes}

    def checks(self) -> dict[str, str]:
        """Check → what came of it."""
        from me_augment.corpora.published import PUBLISHED

        counted = Counter(doubt.check for doubt in self.warnings)
        known = any(PUBLISHED.get(name) for name in {clip.corpus for clip in self.manifest.clips})
        return {
            "rows, spans and order": _said(len(self.problems), "problem"),
            "frames": "not read (--decode)" if self.unreadable is None else _said(len(self.unreadable), "problem"),
            "durations": _said(counted["duration"], "warning"),
            "rows there twice": _said(counted["duplicate-name"] + counted["duplicate-event"], "warning"),
            "people under one id each": _said(counted["people"], "warning"),
            "published counts": _said(counted["counts"], "warning") if known else "none are known",
        }


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
@click.option("--decode", is_flag=True, help="Read every frame of every recording.")
@click.option("--issues", is_flag=True, help="List what was noted on each row, and all warnings.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
def command(manifest: Path, root: Path | None, decode: bool, issues: bool, as_json: bool) -> None:
    """Check the rows of MANIFEST (or of a run) against each other and against the files on disk.

    Ids, spans, order, who contributed to what and missing files are problems (exit code 1). Implausible durations,
    rows that seem to be there twice, people under several ids and totals unlike the published ones are warnings. What
    a reader noted on a row (its issues) is neither. --json has manifest, sound, clips, recordings, checks, problems,
    warnings, issues and rows.

    \b
    Examples:
      me-augment validate work/manifest --decode
      me-augment validate work/run --issues
    """
    from me_augment.manifest import Manifest
    from me_augment.manifest.validate import findings

    opened = Manifest.open(manifest, root)
    if root is not None:
        opened.require_roots()
    problems = findings(opened, check_files=True)
    checked = _Checked(opened, problems, _undecoded(opened) if decode else None, _warnings(opened))
    if as_json:
        say_json(_as_json(checked, manifest))
    else:
        _print(checked, issues)
    if not checked.sound:
        raise MeAugmentError(f"{manifest} has {count(len(problems) + len(checked.unreadable or ()), 'problem')}.")
    if not as_json:
        say(f"{manifest} is sound: {count(len(opened.clips), 'clip')}, {count(len(opened.recordings), 'recording')}.")


def _undecoded(manifest: Manifest) -> list[str] | None:
    """What cannot be read; None where the corpus is not there, which is a problem that `findings` tells of."""
    try:
        manifest.require_roots()
    except UsageError:
        return None
    from me_augment.cli.progress import progress
    from me_augment.video.decode import unreadable

    with progress("Reading frames", sum(recording.n_frames for recording in manifest.recordings)) as advance:
        return list(unreadable(manifest, lambda frames: advance(frames)))


def _warnings(manifest: Manifest) -> list[Doubt]:
    from me_augment.corpora.published import PUBLISHED, about_totals
    from me_augment.manifest.doubts import Doubt, doubts
    from me_augment.manifest.persons import about_people
    from me_augment.manifest.protocols import MEGC2019, about_megc2019

    found = [*doubts(manifest), *(Doubt("people", text) for text in about_people(manifest.clips))]
    real = [clip for clip in manifest.clips if clip.corpus in PUBLISHED and not clip.is_synthetic]
    sentences = []
    for corpus in dict.fromkeys(clip.corpus for clip in real):
        sentences += about_totals(corpus, corpus, [clip for clip in real if clip.corpus == corpus])
    if any(MEGC2019 in clip.protocols for clip in real):
        sentences += about_megc2019(real)
    return [*found, *(Doubt("counts", text) for text in sentences)]


def _as_json(checked: _Checked, folder: Path) -> dict[str, object]:
    return {
        "manifest": str(folder),
        "sound": checked.sound,
        "clips": len(checked.manifest.clips),
        "recordings": len(checked.manifest.recordings),
        "checks": checked.checks(),
        "problems": [*checked.problems, *(checked.unreadable or ())],
        "warnings": [{"check": doubt.check, "text": doubt.text} for doubt in checked.warnings],
        "issues": checked.issues(),
        "rows": [
            {"name": name, "code": issue.code, "detail": issue.detail} for name, issue in _noted(checked.manifest)
        ],
    }


def _noted(manifest: Manifest) -> Iterator[tuple[str, Issue]]:
    """Every issue with the name of its clip, or the path of its recording."""
    for clip in manifest.clips:
        yield from ((clip.name, issue) for issue in clip.issues)
    for recording in manifest.recordings:
        yield from ((recording.path, issue) for issue in recording.issues)


def _print(checked: _Checked, everything: bool) -> None:
    for line in (*checked.problems, *(checked.unreadable or ())):
        say(line)
    warnings = [f"warning ({doubt.check}): {doubt.text}" for doubt in checked.warnings]
    _echo_some(warnings, everything)
    if everything:
        for name, issue in _noted(checked.manifest):
            say(f"{name}: {issue.code}: {issue.detail}")
    say_table(checked.checks().items(), ("check", "result"))
    if noted := checked.issues():
        say()
        rows = [(code, str(counts["clips"]), str(counts["recordings"])) for code, counts in noted.items()]
        say_table(rows, ("issue", "clips", "recordings"), right=(1, 2))


def _echo_some(lines: list[str], everything: bool) -> None:
    shown: Iterable[str] = lines if everything else lines[:_SHOWN]
    for line in shown:
        say(line)
    if not everything and len(lines) > _SHOWN:
        say(f"… and {len(lines) - _SHOWN} more warnings: --issues lists all.")


def _said(number: int, word: str) -> str:
    return "ok" if not number else count(number, word)
