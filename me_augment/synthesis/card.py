"""The run's README: what was made from what, under which terms, and how it may be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from me_augment.manifest import Clip
from me_augment.synthesis.settings import Settings


def dataset_card(real: Sequence[Clip], made: Mapping[str, int], rejected: int, settings: Settings) -> str:
    """Markdown for people who find the folder.

    Args:
        real: the clips that the run draws on.
        made: emotion → synthetic clips made.
        rejected: how many were rejected for their quality.
        settings: of the run.
    """
    counts_real = Counter(str(clip.emotion) for clip in real if clip.expression != "neutral")
    if settings.action_units:
        what = f"action units that were written down ({', '.join(settings.action_units)})"
        often = f"{settings.per_target} per person and specification"
    else:
        what, often = "another person's labelled micro-expression", f"{settings.per_driver} per driver"
    lines = [
        "# Synthetic micro-expressions",
        "",
        f"{sum(made.values())} clips made by me-augment from {len(real)} real clips of "
        f"{len({clip.person_id for clip in real})} people: each shows one person's face performing {what}. "
        "**No such expression was ever made by the person seen.**",
        "",
        "| emotion | real | synthetic |",
        "|---|---|---|",
        *(f"| {e} | {counts_real[e]} | {made.get(e, 0)} |" for e in sorted({*counts_real, *made})),
        "",
        f"Generator {settings.generator} {settings.generator_version}{_weights(settings)}, {often}, seed "
        f"{settings.seed}, {', '.join(_controls(settings))}. Every clip is described by a row of `clips.parquet`; "
        "`recordings.parquet` says where its frames are; `stats.json` counts, and names what could not be made.",
        "",
        f"Each clip was measured (columns `quality_…`). {rejected} did not pass the gates of `config.yaml`: their rows "
        "have the status `rejected` and the reason, and exports and `MicroExpressionDataset` leave them out."
        if rejected
        else "Each clip was measured (columns `quality_…`), and all passed the gates of `config.yaml`.",
        "",
        "## Use without leakage",
        "",
        "A clip may train the fold that holds out person P only if P is not in its `forbidden_subjects` (driver, "
        "target, their ancestors, whoever trained the generator, gave its action units their motion or was looked at "
        "when the gates were chosen; `casme2:*` is everybody of a corpus). Synthetic clips belong in no validation or "
        "test set. `me-augment audit` finds out whether a folder keeps to that; "
        "`me_augment.MicroExpressionDataset(run, fold=P)` and `me-augment export` apply the rule.",
        "",
        "## Terms",
        "",
        "The clips are derived from the corpora below and fall under their terms; do not pass them on where those "
        "do not allow it.",
        "",
        *(f"* {corpus}: {terms}" for corpus, terms in sorted({(c.corpus, c.licence) for c in real})),
        "",
    ]
    return "\n".join(lines)


def _weights(settings: Settings) -> str:
    """Of a learned generator, as words; its files may bear any name."""
    if not settings.checkpoints:
        return ""
    if len(settings.checkpoints) == 1:
        return f" with the weights {settings.checkpoints[0]}"
    return f" with {len(settings.checkpoints)} sets of weights, each for the fold of a person whom they never saw"


def _controls(settings: Settings) -> list[str]:
    """How the expressions were varied, as words."""
    (slowest, fastest), (left, right) = settings.tempo, settings.asymmetry
    words = ["strength {:g} to {:g}".format(*settings.strength)]
    words += [f"durations times {slowest:g} to {fastest:g}"] * (settings.tempo != (1, 1))
    words += [f"{settings.fps} frames a second"] * (settings.fps is not None)
    words += [f"{settings.mirror:.0%} mirrored"] * (settings.mirror > 0)
    words += [f"asymmetry {left:g} to {right:g}"] * (settings.asymmetry != (0, 0))
    words += [f"eyes {settings.eyes:g}"] * (settings.eyes > 0)
    words += [f"shading {settings.shading:g}"] * (settings.shading > 0)
    words += ["drivers as filmed, with head motion and blinks"] * (settings.driving == "filmed")
    words += ["the network's own square pictures"] * (settings.paste_back is False)
    return words
