"""What every dataset card says: front matter, where the frames come from and on what terms, consent, whom to cite.

Text that comes from data goes through `text` (Markdown) or YAML's own writer (front matter).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

import me_augment
from me_augment.corpora.citations import ABOUT, METHOD, About, Entry, names_of
from me_augment.corpora.registry import CORPORA
from me_augment.manifest import Clip
from me_augment.manifest.folds import contributors_of

_TOOL = Entry(
    "software",
    "me_augment",
    {"author": "{The me-augment authors}", "title": "{me-augment}", "version": me_augment.__version__},
)
_SIZES = {1_000: "n<1K", 10_000: "1K<n<10K", 100_000: "10K<n<100K", 1_000_000: "100K<n<1M", 10_000_000: "1M<n<10M"}
_MARKUP = re.compile(r"([\\`*_\[\]|~#$!{}])")


@dataclass(frozen=True, order=True)
class Source:
    """Where frames or motion come from.

    Attributes:
        corpus: its name, or what the ids of its people begin with.
        licence: as the rows state it.
    """

    corpus: str
    licence: str

    @property
    def about(self) -> About | None:
        """What is known of the corpus; None of an unknown one, and of frames that came under other terms than its."""
        corpora = [CORPORA[name] for name in names_of(self.corpus)]
        return ABOUT[corpora[0].name] if any(corpus.licence in self.licence for corpus in corpora) else None


class Sources:
    """Collects the sources of clips."""

    def __init__(self) -> None:
        self._filmed: set[Source] = set()
        self._had_a_part: set[Source] = set()

    def add(self, clips: Iterable[Clip]) -> None:
        """Of synthetic clips everybody's corpus who had a part in them."""
        for clip in clips:
            if clip.is_synthetic:
                people = {person.partition(":")[0] for person in contributors_of(clip)}
                self._had_a_part |= {Source(name, clip.licence) for name in people}
            else:
                self._filmed.add(Source(clip.corpus, clip.licence))

    def listed(self) -> tuple[Source, ...]:
        """Sorted; corpora known by their people only where none of their clips is there."""
        known = {name for source in self._filmed for name in _people_of(source.corpus)}
        return tuple(sorted(self._filmed | {source for source in self._had_a_part if source.corpus not in known}))


def sources_of(clips: Iterable[Clip]) -> tuple[Source, ...]:
    """See `Sources`."""
    sources = Sources()
    sources.add(clips)
    return sources.listed()


def text(data: object) -> str:
    """Data as one line of plain text in Markdown: no markup, no HTML, no end of a table's cell."""
    escaped = _MARKUP.sub(r"\\\1", " ".join(str(data).split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def front_matter(
    title: str, clips: int, synthetic: int, task: str = "video-classification", more: Mapping[str, Any] | None = None
) -> list[str]:
    """YAML above the heading that the Hugging Face libraries read, as lines.

    Args:
        title: of the data set.
        clips: how many, synthetic ones included.
        synthetic: of these.
        task: one of the Hub's task categories.
        more: further keys.
    """
    tags = ["micro-expression", "facial-expression", "me-augment", *["synthetic"] * (synthetic > 0)]
    size = next((name for most, name in _SIZES.items() if clips < most), "n>10M")
    about = {
        "pretty_name": title,
        "license": "other",
        "license_name": "terms-of-the-source-corpora",
        "task_categories": [task],
        "tags": tags,
        "size_categories": [size],
        "source_datasets": ["extended"],
        **(more or {}),
    }
    return ["---", yaml.safe_dump(about, sort_keys=False, allow_unicode=True).rstrip(), "---"]


def terms(sources: Sequence[Source]) -> list[str]:
    """The section on where the frames come from and what may be passed on, as lines."""
    lines = [
        "## Sources and their terms",
        "",
        "What lies here is, or is derived from, the corpora below and falls under their terms: do not pass it on where "
        "those do not allow it, be it real or synthetic. The table is a reminder; the agreement that you signed "
        "decides.",
        "",
        "| corpus | agreement | frames may be passed on | clips derived from them | ask |",
        "|---|---|---|---|---|",
    ]
    for source in sources:
        known = source.about
        told = (
            (known.agreement, known.frames, known.derived, known.ask)
            if known
            else ("as stated below", "as stated below", "as stated below", "whoever stated it")
        )
        cells = (f"{source.corpus}: {known.name}" if known else source.corpus, *told)
        lines.append(f"| {' | '.join(map(text, cells))} |")
    return [*lines, "", *(f"* {text(source.corpus)}: {text(source.licence)}" for source in sources), ""]


def consent(synthetic: bool) -> list[str]:
    """The section on the people seen, as lines."""
    made = (
        "**No expression of a synthetic clip was ever made by the person seen**: it shows a face that exists with a "
        "motion that is not its own. Files of such clips say so in their metadata, where the format has room for it; "
        "there is no visible mark, since a network would learn it. "
    )
    return [
        "## Consent and misuse",
        "",
        made * synthetic + "The people filmed agreed to what the terms of their corpus say, and to nothing else. "
        "Do not identify them, do not show a face unless its corpus clears it for print (rows with the issue "
        "`never-show` never), and do not make anybody believe that a person felt or hid something. Micro-expressions "
        "prove no lie and no intent: systems trained here are not fit to judge people at borders, at work, in school "
        "or in court.",
        "",
    ]


def citation(sources: Sequence[Source]) -> list[str]:
    """The section with BibTeX of the method, of every corpus in the data and of the tool, as lines."""
    entries = {entry.key: entry for entry in METHOD}
    uncited = []
    for source in sources:
        found = source.about.entries if source.about else ()
        entries |= {entry.key: entry for entry in found}
        if not found:
            uncited.append(text(source.corpus))
    entries[_TOOL.key] = _TOOL
    lines = ["## Citation", ""]
    if uncited:
        names = ", ".join(dict.fromkeys(uncited))
        lines += [
            f"No publication is known here for {names} under the terms stated: cite what these ask for "
            "(`me-augment corpora --cite NAME` has the papers of the published corpora).",
            "",
        ]
    return [*lines, "```bibtex", *(entry.bibtex() for entry in entries.values()), "```", ""]


def _people_of(corpus: str) -> set[str]:
    found = CORPORA.get(corpus)
    return {corpus, found.people} if found and found.people else {corpus}
