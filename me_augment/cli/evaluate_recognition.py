"""`me-augment evaluate recognition`: what a recogniser gains from what is added to its training clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from me_augment.cli.cache_options import flow_cache, open_cache
from me_augment.cli.choice import Choice
from me_augment.cli.figures import say_figures
from me_augment.cli.saying import say, say_json
from me_augment.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from me_augment.array_cache import ArrayCache
    from me_augment.evaluation.problem import Problem
    from me_augment.evaluation.recognition import Arm


@click.command()
@click.argument("source", type=click.Path(path_type=Path), required=False)
@click.option(
    "--with-synthetic",
    "runs",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Run whose synthetic clips are added; repeatable, each is an arm of its own.",
)
@click.option(
    "--with",
    "baselines",
    type=Choice(["mirror", "photometric"]),
    multiple=True,
    help="Add trivial copies of the real clips: mirrored, or under other light; repeatable.",
)
@click.option(
    "--copies", type=click.IntRange(min=1), default=1, show_default=True, help="Photometric copies of a clip."
)
@click.option("--model", default="ridge", show_default=True, help="Recogniser: ridge or ststnet.")
@click.option("--epochs", type=click.IntRange(min=1), help="Of ststnet, fixed beforehand.  [default: 40]")
@click.option("--seed", type=int, default=0, show_default=True, help="Of ststnet, copies and shares.")
@click.option(
    "--protocol",
    type=Choice(["loso", "cde", "sde"]),
    default="loso",
    show_default=True,
    help="Who is held out: everyone in turn; the same over the MEGC2019 composite; or within each corpus.",
)
@click.option("--labels", default="megc3", show_default=True, help="Label set.")
@click.option("--flow", default="dis", show_default=True, help="Optical flow: dis or tvl1.")
@click.option(
    "--flow-tree",
    type=click.Path(path_type=Path),
    help="In place of SOURCE: a norm_u_v_os tree of pictures, made by anyone.",
)
@click.option(
    "--share",
    "shares",
    type=click.FloatRange(0, 1, min_open=True),
    multiple=True,
    help="Learn from this share of the real people only; repeatable, for a curve.  [default: 1]",
)
@flow_cache
@click.option("--out", type=click.Path(path_type=Path), help="New folder for figures and predictions.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON in place of the table.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
def command(
    source: Path | None,
    runs: tuple[Path, ...],
    baselines: tuple[str, ...],
    copies: int,
    model: str,
    epochs: int | None,
    seed: int,
    protocol: str,
    labels: str,
    flow: str,
    flow_tree: Path | None,
    shares: tuple[float, ...],
    cache: Path | None,
    cache_size: float,
    out: Path | None,
    as_json: bool,
    root: Path | None,
) -> None:
    """Train a recogniser on the real clips of SOURCE, without and with additions, and compare on the same test clips.

    SOURCE is a manifest, or a run, whose synthetic clips are then an arm. Every person is held out in turn, and nobody
    learns from a clip in which the person held out had a part. UF1 and UAR are those of the MEGC: of pooled
    predictions, over all classes. Intervals come from a paired bootstrap over people, p from McNemar's exact test.
    Nothing is tuned: penalty and epochs are fixed.

    \b
    Examples:
      me-augment evaluate recognition work/manifest --with-synthetic work/run --with mirror
      me-augment evaluate recognition --flow-tree norm_u_v_os --model ststnet
    """

    from me_augment.cli.progress import progress
    from me_augment.errors import UsageError
    from me_augment.evaluation.recognisers import recogniser
    from me_augment.evaluation.recognition import as_json as data_of
    from me_augment.evaluation.recognition import confusion_lines, explanation, run_arms, table
    from me_augment.threads import one_thread

    if (source is None) == (flow_tree is None):
        raise UsageError("give either SOURCE, a manifest or run, or --flow-tree, a norm_u_v_os tree.")
    if out is not None and out.exists():
        raise UsageError(f"{out} exists: name another --out.")
    chosen = recogniser(model, seed=seed, epochs=epochs)
    if flow_tree is not None:
        if runs or baselines:
            raise UsageError("a --flow-tree holds its own additions: --with-synthetic and --with go with SOURCE.")
        arms = _of_tree(flow_tree)
    else:
        assert source is not None
        kept = open_cache(cache, cache_size)
        arms = _of_manifest(source, root, runs, baselines, copies, protocol, labels, flow, kept, seed)
    total = len(shares or (1,)) * sum(len(problem.folds) for those in arms.values() for problem in those)
    with one_thread(), progress("Training folds", total) as advance:
        found = run_arms(arms, chosen, shares or (1.0,), seed, lambda *_: advance())
    content: dict[str, object] = {
        "model": model,
        "protocol": protocol,
        "labels": labels,
        "flow": flow,
        "arms": data_of(found),
    }
    if out is not None:
        _write(out, content, found)
    if as_json:
        say_json(content)
        return
    say_figures(table(found))
    for line in ("", *explanation(found), "", *(line for arm in found for line in confusion_lines(arm))):
        say(line)
    if out is not None:
        say(f"→ {out}")


def _of_tree(tree: Path) -> dict[str, Sequence[Problem]]:
    from me_augment.evaluation.flow_tree import read_flow_tree
    from me_augment.evaluation.recognition import REAL

    problem = read_flow_tree(tree)
    arms: dict[str, Sequence[Problem]] = {REAL: [problem.without_synthetic()]}
    if problem.synthetic.any():
        arms["+ synthetic"] = [problem]
    return arms


def _of_manifest(
    source: Path,
    root: Path | None,
    runs: tuple[Path, ...],
    baselines: tuple[str, ...],
    copies: int,
    protocol: str,
    labels: str,
    flow: str,
    cache: ArrayCache | None,
    seed: int,
) -> dict[str, Sequence[Problem]]:
    from typing import cast

    from me_augment.cli.progress import progress
    from me_augment.evaluation.arms import (
        Item,
        Protocol,
        mirrored,
        photometric,
        problems,
        real_clips,
        synthetic_clips,
    )
    from me_augment.evaluation.recognition import REAL
    from me_augment.manifest import Manifest

    how = cast(Protocol, protocol)
    manifest = Manifest.open(source, root)
    with progress("Computing flow", len(manifest.usable_clips())) as advance:
        real = real_clips(manifest, labels, how, flow, cache, lambda *_: advance())
    if real.skipped:
        say(
            f"left out: {count(len(real.skipped), 'real clip')}, e.g. {real.skipped[0].name}: "
            f"{real.skipped[0].reason}.",
            err=True,
        )
    added: dict[str, list[Item]] = {}
    if "mirror" in baselines:
        added["+ mirrored"] = mirrored(real)
    if "photometric" in baselines:
        added["+ photometric"] = photometric(real, copies, flow, seed)
    own = any(clip.is_synthetic for clip in manifest.clips)
    for run in (*([source] if own and not runs else []), *runs):
        opened = manifest if run == source else Manifest.open(run, root)
        with progress(f"Computing flow of {run.name}", len(opened.usable_clips())) as advance:
            items = synthetic_clips(opened, real.classes, labels, how, flow, cache, lambda *_: advance())
        name = f"+ {run.name}"
        added[name if name not in added else f"+ {run}"] = items
    return {REAL: problems(real, [], how), **{name: problems(real, items, how) for name, items in added.items()}}


def _write(out: Path, content: dict[str, object], arms: Sequence[Arm]) -> None:
    """`figures.json` and, of every arm, the predictions as MEGC2019 has them handed in."""
    import json

    from me_augment.evaluation.recognition import log
    from me_augment.staging import staged

    with staged(out.absolute()) as folder:
        (folder / "figures.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        for arm in arms:
            name = "".join(char if char.isalnum() else "_" for char in arm.name).strip("_")
            file = folder / f"predictions-{name}-{arm.share:.0%}.txt".replace("%", "")
            file.write_text("\n".join(log(arm)) + "\n", encoding="utf-8")
