"""`me-augment evaluate spotting`: spotted intervals compared with true ones by MEGC's rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.saying import say, say_json

if TYPE_CHECKING:
    from me_augment.evaluation.spotting import Spotted, Strs


@click.command()
@click.argument("predicted", metavar="PRED", type=click.Path(path_type=Path))
@click.argument("truth", metavar="GT", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON in place of the table.")
@click.option("--log", type=click.Path(path_type=Path), help="Also write which interval hit what, as MEGC logs do.")
def command(predicted: Path, truth: Path, as_json: bool, log: Path | None) -> None:
    """Compare spotted intervals PRED with the true ones GT by the rules of the Micro-Expression Grand Challenges.

    An interval is a hit at an intersection over union of one half, both ends included; a truth counts once; all videos
    count as one. Where both sides name emotions, the spot-then-recognise score (STRS) of the micro-expressions is
    given too, over the emotions that GT names.

    Either may be a list of MEGC2020 or 2021, a log of 2019 or 2020, a table of MEGC2022, 2023, 2024 or AUW-GCN, a
    manifest or a run. Of a manifest, videos are called as their recordings are, and frames count from 1.

    \b
    Examples:
      me-augment evaluate spotting cas_pred.csv cas_gt.csv
      me-augment evaluate spotting pred.csv work/manifest --json --log out.txt
    """

    from me_augment.evaluation.spotting import compare, strs
    from me_augment.evaluation.spotting_files import log_lines, read_intervals
    from me_augment.manifest.store import write_text

    said, true = read_intervals(predicted, predicted=True), read_intervals(truth, predicted=False)
    found = compare(true, said)
    shared = {one.video for one in true} & {one.video for one in said}
    if said and true and not shared:
        say(
            f"warning: no video is in both: {predicted} has {said[0].video!r}, {truth} has {true[0].video!r}.", err=True
        )
    classes = sorted({one.emotion for one in true if one.emotion and one.kind == "micro"})
    named = bool(classes) and any(one.emotion for one in said)
    score = strs(found, classes) if named else None
    if log is not None:
        write_text(log, "\n".join(log_lines(found)) + "\n")
    if as_json:
        say_json(figures(found, score))
        return
    for line in table(found, score):
        say(line)


def figures(found: Spotted, score: Strs | None) -> dict[str, object]:
    """Scores as data."""
    content: dict[str, object] = {
        kind: {
            "hits": one.hits,
            "predicted": one.predicted,
            "true": one.true,
            "precision": one.precision,
            "recall": one.recall,
            "f1": one.f1,
        }
        for kind, one in found.scores.items()
    }
    if score is not None:
        content["strs"] = {"spotting_f1": score.spotting, "analysis_f1": score.analysis, "strs": score.strs}
    return content


def table(found: Spotted, score: Strs | None) -> list[str]:
    """Scores as lines for a person."""
    lines = [f"{'':8} {'true':>6} {'said':>6} {'hits':>6} {'precision':>10} {'recall':>8} {'F1':>8}"]
    for kind, one in found.scores.items():
        counts = f"{one.true:6} {one.predicted:6} {one.hits:6}"
        lines.append(f"{kind:8} {counts} {one.precision:10.4f} {one.recall:8.4f} {one.f1:8.4f}")
    if score is not None:
        lines.append(
            f"STRS {score.strs:.4f} = F1 of spotting micro-expressions {score.spotting:.4f} x F1 of analysis "
            f"{score.analysis:.4f}"
        )
    return lines
