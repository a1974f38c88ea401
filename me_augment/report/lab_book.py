"""What the folder of a run tells beside its rows: settings, sessions, machine, and what had to be left out."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from me_augment.errors import UsageError
from me_augment.pace import spoken
from me_augment.synthesis.command_line import synthesize_command
from me_augment.synthesis.inputs import read_roles, read_settings
from me_augment.synthesis.performances import generator_in_words
from me_augment.synthesis.plan import Unusable
from me_augment.synthesis.plan_file import PLAN
from me_augment.synthesis.progress_log import Session, read_sessions
from me_augment.synthesis.settings import Settings


@dataclass(frozen=True)
class LabBook:
    """A run apart from its clips.

    Attributes:
        name: of its folder.
        title: the same after the name of the folder that holds it: many a run is called `run`.
        settings: what it was begun with.
        config: the same as the file has it.
        sessions: who worked on it when, as far as they left a line.
        machine: what made it → version.
        unusable: real clips that it could not draw on.
    """

    name: str
    title: str
    settings: Settings
    config: str
    sessions: tuple[Session, ...]
    machine: Mapping[str, str]
    unusable: tuple[Unusable, ...]

    @property
    def commands(self) -> tuple[tuple[str, str], ...]:
        """(what it does, command line), to be given beside the run's folder."""
        run = shlex.quote(self.name)
        return (
            ("make all of it again", synthesize_command(self.settings, f"{self.name}/inputs", f"{self.name}-again")),
            ("make one clip again and compare its bytes", f"{self.reproduce} CLIP_ID --out again.mkv"),
            ("is every file still what was written?", f"me-augment verify {run}"),
            ("prove that no fold trains on its own test person", f"me-augment audit {run}"),
            ("write this report again", f"me-augment report {run}"),
        )

    @property
    def generator(self) -> str:
        """Its name and version."""
        return generator_in_words(self.settings.generator, self.settings.generator_version)

    @property
    def reproduce(self) -> str:
        """What makes a clip again, but for its id."""
        return f"me-augment reproduce {shlex.quote(self.name)}"

    @property
    def stages(self) -> tuple[tuple[str, float], ...]:
        """(stage, seconds) over all sessions and processes, the longest first."""
        spent: dict[str, float] = {}
        for session in self.sessions:
            for stage, seconds in session.stages.items():
                spent[stage] = spent.get(stage, 0.0) + seconds
        return tuple(sorted(spent.items(), key=lambda item: -item[1]))


def open_lab_book(folder: Path) -> LabBook | None:
    """Read it; None where the folder is no run.

    Raises:
        UsageError: settings or roles are damaged.
    """
    if not (folder / PLAN).is_file():
        return None
    there = folder.resolve()
    return LabBook(
        name=there.name,
        title="/".join(filter(None, (there.parent.name, there.name))),
        settings=read_settings(folder),
        config=(folder / "config.yaml").read_text(encoding="utf-8"),
        sessions=tuple(session for session in read_sessions(folder) if session.done),
        machine=_machine(folder / "environment.json"),
        unusable=read_roles(folder).unusable,
    )


def duration(session: Session) -> str:
    """How long a session worked, and how fast."""
    pace = session.clips_per_minute
    return spoken(session.seconds) + ("" if pace is None else f", {pace:,.1f} clips a minute")


def _machine(file: Path) -> Mapping[str, str]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        plain = {name: str(value) for name, value in content.items() if name != "packages"}
        return {**plain, **{name: str(version) for name, version in content["packages"].items()}}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise UsageError(f"{file} is damaged ({error!r}): `me-augment verify` says what else is.") from error
