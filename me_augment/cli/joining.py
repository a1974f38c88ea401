"""What `ingest` and `merge` share: manifests made one, a protocol's official list, people under several ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from me_augment.cli.saying import say
from me_augment.words import count

if TYPE_CHECKING:
    from me_augment.manifest import Manifest
    from me_augment.manifest.persons import Persons
    from me_augment.manifest.protocols import OfficialList


@dataclass(frozen=True)
class Joining:
    """The files that were given, read."""

    official: OfficialList | None
    persons: Persons | None

    @classmethod
    def read(cls, megc2019: Path | None, person_map: Path | None) -> Joining:
        """Read them; UsageError where one cannot be. Long work comes after this."""
        from me_augment.manifest.persons import Persons
        from me_augment.manifest.protocols import read_megc2019

        return cls(
            None if megc2019 is None else read_megc2019(megc2019),
            None if person_map is None else Persons.read(person_map),
        )

    def join(self, manifests: Sequence[Manifest]) -> Manifest:
        """One manifest; what a person should know about it goes to stderr."""
        from me_augment.manifest.merge import doubled, merged
        from me_augment.manifest.persons import about_people
        from me_augment.manifest.protocols import about_megc2019, with_megc2019

        warnings = doubled(manifests)
        manifest, findings = with_megc2019(merged(manifests), self.official)
        warnings += [*findings, *about_megc2019(manifest.clips)]
        if self.persons is not None:
            warnings += self.persons.unknown(manifest)
            manifest = self.persons.applied(manifest)
        warnings += about_people(manifest.clips)
        for warning in warnings:
            say(f"warning: {warning}", err=True)
        return manifest


def say_written(manifest: Manifest, out: Path) -> None:
    """The last line of both: how many clips of how many people. Faces that only others animate are called so."""
    persons = len({clip.person_id for clip in manifest.clips})
    faces = all(clip.expression == "neutral" for clip in manifest.clips)
    clips = count(len(manifest.clips), "face" if faces else "clip")
    say(f"{clips} of {count(persons, 'person', 'people')} → {out}")


def joining_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--megc2019` and `--person-map`."""
    for option in (
        click.option(
            "--person-map",
            type=click.Path(path_type=Path),
            help="CSV of person,same_as: people who are one, such as samm:006,casme2:sub01.",
        ),
        click.option(
            "--megc2019",
            type=click.Path(path_type=Path),
            help="Official list of the MEGC2019 composite (combined_3class_gt.csv).  [default: its rule]",
        ),
    ):
        function = option(function)
    return function
