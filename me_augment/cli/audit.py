"""`me-augment audit`: whether a training set keeps its test persons out of training, file by file."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.saying import say, say_json


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Manifest or run that FOLDER was made from, or that has ancestors of its clips; repeatable.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON, all leaks included.")
def command(folder: Path, against: tuple[Path, ...], as_json: bool) -> None:
    """Look for leaks in FOLDER: a run, a manifest, an export, or a norm_u_v_os tree made by anyone.

    Each rule is told with what was looked at and what could not be, and each leak with file and rule. Exit code 0: no
    leak; 1: a leak was found; 2: nobody could tell, since clips in it are of unknown origin.

    \b
    Examples:
      me-augment audit work/run
      me-augment audit work/export --against work/run
      me-augment audit downloads/three_norm_u_v_os --json
    """

    from me_augment.errors import MeAugmentError, UsageError
    from me_augment.evaluation.audit import audit
    from me_augment.words import count

    report = audit(folder, against)
    if as_json:
        say_json(report.as_json())
    else:
        for line in report.lines():
            say(line)
    if report.leaks:
        rules = ", ".join(sorted({leak.rule for leak in report.leaks}))
        raise MeAugmentError(f"{folder} leaks: {count(len(report.leaks), 'finding')} against {rules}.")
    if report.missing:
        raise UsageError(f"{folder} cannot be judged: {report.missing[0]}")
    if not as_json:
        say("No leak found.")
        if rest := [rule for rule in report.open if report.verdict(rule) == "not checkable"]:
            say(f"Nobody can tell from this folder: {', '.join(sorted(rest))}; see above.")
