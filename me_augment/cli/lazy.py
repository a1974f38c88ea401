"""Groups of commands that are imported when they are called: `--help` must not wait for torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class LazyGroup(click.Group):
    """Lists its commands without importing them.

    Args:
        modules: beginning of the modules' names; what a command is called, with underscores, follows, and the module
            holds a click command called `command`.
        about: command → what it does.
    """

    def __init__(self, *arguments: Any, modules: str = "", about: Mapping[str, str] | None = None, **others: Any):
        super().__init__(*arguments, **others)
        self._modules, self._about = modules, dict(about or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands."""
        return list(self._about)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if cmd_name not in self._about:
            return None
        found: click.Command = import_module(f"{self._modules}{cmd_name.replace('-', '_')}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._about.items()))
