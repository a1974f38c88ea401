"""`me-augment evaluate spotting` and `evaluate spotter`: intervals compared by MEGC's rules, and a small baseline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from me_augment.evaluation.spotter import Comparison
    from me_augment.evaluation.spotting import Spotted, Strs


@click.command()
@click.argument("predicted", metavar="PRED", type=click.Path(path_type=Path))
@click.argument("truth", metavar="GT", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON in place of the table.")
@click.option("--log", type=click.Path(path_type=Path), help="Also write which interval hit what, as MEGC logs do.")
def spotting(predicted: Path, truth: Path, as_json: bool, log: Path | None) -> None:
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
    import json

    from me_augment.evaluation.spotting import compare, strs
    from me_augment.evaluation.spotting_files import log_lines, read_intervals
    from me_augment.manifest.store import write_text

    said, true = read_intervals(predicted, predicted=True), read_intervals(truth, predicted=False)
    found = compare(true, said)
    shared = {one.video for one in true} & {one.video for one in said}
    if said and true and not shared:
        click.echo(
            f"warning: no video is in both: {predicted} has {said[0].video!r}, {truth} has {true[0].video!r}.", err=True
        )
    classes = sorted({one.emotion for one in true if one.emotion and one.kind == "micro"})
    named = bool(classes) and any(one.emotion for one in said)
    score = strs(found, classes) if named else None
    if log is not None:
        write_text(log, "\n".join(log_lines(found)) + "\n")
    if as_json:
        click.echo(json.dumps(_figures(found, score), indent=1))
        return
    for line in _table(found, score):
        click.echo(line)


def _figures(found: Spotted, score: Strs | None) -> dict[str, object]:
    figures: dict[str, object] = {
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
        figures["strs"] = {"spotting_f1": score.spotting, "analysis_f1": score.analysis, "strs": score.strs}
    return figures


def _table(found: Spotted, score: Strs | None) -> list[str]:
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


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option(
    "--with-synthetic", "run", type=click.Path(path_type=Path), help="A run of long videos to train with too."
)
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON in place of the table.")
@click.option("--out", type=click.Path(path_type=Path), help="New folder for what was predicted, as MEGC2022 asks.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def spotter(source: Path, run: Path | None, as_json: bool, out: Path | None, root: Path | None) -> None:
    """Train a small spotter on the long videos of SOURCE, holding out one person at a time, and score it.

    The spotter is an anchor, not a contender: ridge regression on the motion of facial regions. With --with-synthetic
    it is trained a second time, with those videos of RUN to which the person held out contributed nothing; both are
    tested on the same real videos.

    \b
    Example:
      me-augment evaluate spotter work/manifest --with-synthetic work/run-long
    """
    import json

    from me_augment.cli.progress import progress
    from me_augment.errors import UsageError
    from me_augment.evaluation.spotter import compare_with, count_videos
    from me_augment.evaluation.spotting_files import megc2022_lines
    from me_augment.manifest import Manifest
    from me_augment.manifest.store import write_text
    from me_augment.staging import staged

    if out is not None and out.exists():
        raise UsageError(f"{out} exists: name another --out.")
    real = Manifest.open(source, root)
    synthetic = None if run is None else Manifest.open(run)
    with progress("Measuring motion", count_videos(real, synthetic)) as advance:
        results = compare_with(real, synthetic, advance)
    if out is not None:
        with staged(out.absolute()) as folder:
            for result in results:
                write_text(folder / f"{result.name}.csv", "\n".join(megc2022_lines(result.predicted)) + "\n")
    if as_json:
        click.echo(json.dumps({result.name: _comparison(result) for result in results}, indent=1))
        return
    for result in results:
        click.echo(
            f"{result.name}: {result.folds} folds, trained on {result.real:.1f} real and {result.synthetic:.1f} "
            "synthetic videos each"
        )
        for line in _table(result.found, None):
            click.echo(f"  {line}")
    if out is not None:
        click.echo(f"→ {out}")


def _comparison(result: Comparison) -> dict[str, object]:
    return {
        "folds": result.folds,
        "real_videos": result.real,
        "synthetic_videos": result.synthetic,
        **_figures(result.found, None),
    }
