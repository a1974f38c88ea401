"""Groups of commands that are imported when they are called: `--help` must not wait for torch."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from click.shell_completion import CompletionItem

from me_augment.words import meant


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

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called, or an error that names the one that was meant."""
        if args and not args[0].startswith("-") and args[0] not in self._about:
            ctx.fail(f"No such command {args[0]!r}.{meant(args[0], self._about)}")
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands that begin so, without importing them, and options."""
        names = [CompletionItem(name, help=text) for name, text in self._about.items() if name.startswith(incomplete)]
        return [*names, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list in `--help`."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._about.items()))
