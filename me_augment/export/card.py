"""The README of an export: what it holds, how it keeps test persons out of training, and its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from me_augment.export.summary import ClassCount
from me_augment.words import markdown


@dataclass(frozen=True)
class Facts:
    """What a card tells of any export.

    Attributes:
        classes: class → clips, in index order.
        folds: their names.
        held_out: `loso`, `none` or a number of groups.
        labels: the label set.
        terms: corpus and licence, of each that is in it.
    """

    classes: Mapping[str, ClassCount]
    folds: tuple[str, ...]
    held_out: str | int
    labels: str
    terms: tuple[tuple[str, str], ...]

    @property
    def opening(self) -> str:
        """How much there is, as the beginning of a paragraph."""
        real = sum(count.real for count in self.classes.values())
        synthetic = sum(count.synthetic for count in self.classes.values())
        folds = {"loso": f" in {len(self.folds)} leave-one-subject-out folds", "none": ""}.get(
            str(self.held_out), f" in {len(self.folds)} folds by person"
        )
        return f"{real} real and {synthetic} synthetic clips{folds}, label set `{self.labels}`, written by me-augment."


RECORD = "* `export.json`: settings, counts per fold, and which clips were left out and why."


@dataclass(frozen=True)
class About:
    """What a card tells of one format, as lines of Markdown.

    Attributes:
        title: the heading.
        holds: what lies in the folder; the first line goes on with the opening paragraph.
        use: on training, and on what keeps a test person out of it.
        front: YAML that programs look for above the heading.
    """

    title: str
    holds: Sequence[str]
    use: Sequence[str]
    front: Sequence[str] = ()


def card(facts: Facts, about: About) -> str:
    """Markdown for people who find the folder."""
    first, *listed = about.holds
    lines = [
        *about.front,
        f"# {about.title}",
        "",
        f"{facts.opening} {first}",
        "",
        "| index | class | real | synthetic |",
        "|---|---|---|---|",
        *(
            f"| {index} | {markdown(name)} | {count.real} | {count.synthetic} |"
            for index, (name, count) in enumerate(facts.classes.items())
        ),
        "",
        *listed,
        RECORD,
        "",
        *about.use,
        "",
        "## Terms",
        "",
        "What lies here is derived from the corpora below and falls under their terms; do not pass it on where those "
        "do not allow it. No expression of a synthetic clip was ever made by the person seen.",
        "",
        *(f"* {markdown(corpus)}: {markdown(licence)}" for corpus, licence in facts.terms),
        "",
    ]
    return "\n".join(lines)
