"""The README of an export: what it holds, how it keeps test persons out of training, and its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from me_augment.card import Source, citation, consent, front_matter, terms, text
from me_augment.export.summary import ClassCount


@dataclass(frozen=True)
class Facts:
    """What a card tells of any export.

    Attributes:
        classes: class → clips, in index order.
        folds: their names.
        held_out: `loso`, `corpus`, `none` or a number of groups.
        labels: the label set.
        sources: of the clips.
    """

    classes: Mapping[str, ClassCount]
    folds: tuple[str, ...]
    held_out: str | int
    labels: str
    sources: tuple[Source, ...]

    @property
    def real(self) -> int:
        """Real clips."""
        return sum(count.real for count in self.classes.values())

    @property
    def synthetic(self) -> int:
        """Synthetic clips."""
        return sum(count.synthetic for count in self.classes.values())

    @property
    def opening(self) -> str:
        """How much there is, as the beginning of a paragraph."""
        left_out = {"loso": "leave-one-subject-out folds", "corpus": "leave-one-corpus-out folds"}
        folds = f" in {len(self.folds)} {left_out.get(str(self.held_out), 'folds by person')}" if self.folds else ""
        counted = f"{self.real} real and {self.synthetic} synthetic clips"
        return f"{counted}{folds}, label set `{self.labels}`, written by me-augment."


RECORD = "* `export.json`: settings, counts per fold, and which clips were left out and why."


@dataclass(frozen=True)
class About:
    """What a card tells of one format, as lines of Markdown.

    Attributes:
        title: the heading.
        holds: what lies in the folder; the first line goes on with the opening paragraph.
        use: on training, and on what keeps a test person out of it.
        task: of the Hugging Face Hub.
        front: further keys of the front matter.
    """

    title: str
    holds: Sequence[str]
    use: Sequence[str]
    task: str = "video-classification"
    front: Mapping[str, Any] = field(default_factory=dict)


def card(facts: Facts, about: About) -> str:
    """Markdown for people who find the folder."""
    first, *listed = about.holds
    lines = [
        *front_matter(about.title, facts.real + facts.synthetic, facts.synthetic, about.task, about.front),
        "",
        f"# {about.title}",
        "",
        f"{facts.opening} {first}",
        "",
        "| index | class | real | synthetic |",
        "|---|---|---|---|",
        *(
            f"| {index} | {text(name)} | {count.real} | {count.synthetic} |"
            for index, (name, count) in enumerate(facts.classes.items())
        ),
        "",
        *listed,
        RECORD,
        "",
        *about.use,
        "",
        *_INTENDED,
        *consent(facts.synthetic > 0),
        *terms(facts.sources),
        *citation(facts.sources),
    ]
    return "\n".join(lines)


_INTENDED = (
    "## Intended use, and limits",
    "",
    "For training and comparing recognisers of micro-expressions, tested on real clips of persons who had no part in "
    "the training. Not for judging people, nor for recognising them. Labels of real clips are the corpus' own, those "
    "of synthetic clips their driver's or a table's. Nothing here was measured but what the table says of each clip; "
    "the clips' rows in the manifest have the quality figures of synthetic ones, and `me-augment evaluate "
    "recognition` measures what they are worth to a recogniser.",
    "",
)
