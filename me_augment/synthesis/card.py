"""The run's README: what was made from what, under which terms, and how it may be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from me_augment.card import Source, citation, consent, front_matter, terms, text
from me_augment.manifest import Clip
from me_augment.synthesis.command_line import synthesize_command
from me_augment.synthesis.performances import generator_in_words
from me_augment.synthesis.settings import Settings
from me_augment.words import plain

# Programs that look for tables take the one of the clips, not all that lie in the folder.
_TABLES = {"configs": [{"config_name": "clips", "data_files": "clips.parquet"}]}


def dataset_card(
    real: Sequence[Clip], made: Mapping[str, int], rejected: int, settings: Settings, sources: Sequence[Source]
) -> str:
    """Markdown for people who find the folder.

    Args:
        real: the clips that the run draws on.
        made: emotion → synthetic clips made.
        rejected: how many were rejected for their quality.
        settings: of the run.
        sources: of real and synthetic clips.
    """
    count = sum(made.values())
    title = "Synthetic micro-expressions" if settings.spotting is None else "Synthetic long videos for spotting"
    about = _videos(real, made, settings) if settings.spotting else _clips(real, made, rejected, settings)
    lines = [
        *front_matter(title, len(real) + count, count, more=_TABLES),
        "",
        f"# {title}",
        "",
        *about,
        *_again(settings),
        *_intended(settings),
        *consent(synthetic=True),
        *terms(sources),
        *citation(sources),
    ]
    return "\n".join(lines)


def _clips(real: Sequence[Clip], made: Mapping[str, int], rejected: int, settings: Settings) -> list[str]:
    """What a card says of clips."""
    generator = generator_in_words(settings.generator, settings.generator_version)
    counts_real = Counter(str(clip.emotion) for clip in real if clip.expression != "neutral")
    if settings.action_units:
        what = f"action units that were written down ({text(', '.join(settings.action_units))})"
        often = f"{settings.per_target} per person and specification"
    else:
        what, often = "another person's labelled micro-expression", f"{settings.per_driver} per driver"
    return [
        f"{sum(made.values())} clips made by me-augment from {len(real)} real clips of "
        f"{len({clip.person_id for clip in real})} people: each shows one person's face performing {what}. "
        "**No such expression was ever made by the person seen.**",
        "",
        "| emotion | real | synthetic |",
        "|---|---|---|",
        *(f"| {text(e)} | {counts_real[e]} | {made.get(e, 0)} |" for e in sorted({*counts_real, *made})),
        "",
        f"Generator {generator}{_weights(settings)}, {often}, seed "
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
    ]


def _videos(real: Sequence[Clip], made: Mapping[str, int], settings: Settings) -> list[str]:
    """What a card says of long videos."""
    spotting = settings.spotting
    assert spotting is not None
    generator = generator_in_words(settings.generator, settings.generator_version)
    macro = text(", ".join(spotting.macro_units))
    micro = text(", ".join(settings.action_units)) if settings.action_units else "those of one other person per video"
    return [
        f"Made by me-augment from {len(real)} real clips of {len({clip.person_id for clip in real})} people: each "
        f"shows one person's face living through expressions at known frames ({sum(made.values())} in all). **No such "
        "expression was ever made by the person seen.**",
        "",
        f"Micro-expressions: {micro}; {spotting.micro:g} per video on average. Macro-expressions: those of the same "
        f"driver where there are any, else {macro}; {spotting.macro:g} per video. At least "
        f"{spotting.gap:g} s lie between two.",
        "",
        f"Backgrounds: `{spotting.backgrounds}`. A still face sways, breathes and trembles (factor "
        f"{spotting.head_motion:g}), has sensor noise of {spotting.noise:g} grey levels, blinks {spotting.blinks:g}, "
        f"looks elsewhere {spotting.gazes:g} and turns its head {spotting.head_turns:g} times a minute. Filmed frames "
        "are the target's own, outside everything labelled there; what its eyes and head do in them is not labelled.",
        "",
        f"Generator {generator}, seed {settings.seed}, "
        f"{', '.join(_controls(settings))}. `recordings.parquet` has a row per video. `clips.parquet` has a row per "
        "expression (`expression` micro or macro, `onset_index`, `apex_index` and `offset_index` count from 0 in the "
        "video), one per distractor (`expression` neutral, the issue `distractor`, `au_verbatim` 45 a blink, 61 to 64 "
        "gaze, 51 to 54 the head), and one for the video as a whole (the issue `long-video`). An expression's last "
        "frame may still show a trace, which goes away in the fifth of a second after it. No quality gate judges "
        "long videos.",
        "",
        "## Use without leakage",
        "",
        "A video may train the fold that holds out person P only if P is not in the `forbidden_subjects` of its rows "
        "(the person seen, the driver, their ancestors, whoever gave action units their motion; `casme2:*` is "
        "everybody of a corpus). All rows of a video have the same. Synthetic videos belong in no validation or test "
        "set. `me-augment export --format spotting` lists which folds may train with which.",
        "",
    ]


def _again(settings: Settings) -> list[str]:
    """The command for who wants the same again."""
    return [
        "## To make it again",
        "",
        "In this folder, with the versions that `environment.json` names and the corpora where they were; words in "
        "capitals, if there are any, are to be filled in:",
        "",
        "```",
        # A file's name is no end of the block.
        plain(synthesize_command(settings, "inputs", "../again")),
        "```",
        "",
    ]


def _intended(settings: Settings) -> list[str]:
    """What the data are for, what they are not for, and what is known of them."""
    measured = (
        "Of each clip was measured how its motion agrees with the one intended, what it spills over, head motion, "
        "flicker, likeness to the target and folds of the skin."
        if settings.spotting is None
        else "Only how far the face moves was checked; no quality gate judges long videos."
    )
    return [
        "## Intended use, and limits",
        "",
        "For training recognisers and spotters of micro-expressions beside real clips, and for tests of such programs "
        "under known motion. Not for measuring how well they do on people (synthetic clips are tested on nowhere), "
        "not as evidence of what micro-expressions look like, and not for recognising persons.",
        "",
        f"{measured} Not measured: whether a person takes the clips for real, whether the emotion is read from them, "
        "and what a recogniser gains, which depends on corpus and recogniser: `me-augment evaluate recognition` "
        "measures that. Labels are the driver's, or a table's for action units; nobody coded the clips anew. "
        "Synthetic clips lack head motion and camera noise that real ones have, unless these were asked for, and "
        "can be told apart by that. They widen the variety of faces, not that of motions, and carry over whatever "
        "is uneven in the corpora, such as age and origin of the people filmed.",
        "",
    ]


def _weights(settings: Settings) -> str:
    """Of a learned generator, as words; its files may bear any name."""
    if not settings.checkpoints:
        return ""
    if len(settings.checkpoints) == 1:
        return f" with the weights {text(settings.checkpoints[0])}"
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
    words += [f"light and colour by {text(', '.join(settings.transforms))}"] * bool(settings.transforms)
    words += ["drivers as filmed, with head motion and blinks"] * (settings.driving == "filmed")
    words += ["the network's own square pictures"] * (settings.paste_back is False)
    return words
