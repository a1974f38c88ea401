"""`--cache` and `--cache-size`, alike in all commands that measure flow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from me_augment.array_cache import ArrayCache

CACHE_FOLDER = click.Path(path_type=Path, file_okay=False)
CACHE_SIZE = click.FloatRange(0)

cache_size = click.option(
    "--cache-size", type=CACHE_SIZE, default=10.0, show_default=True, help="GB that --cache may hold."
)


def flow_cache(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add both options to a command."""
    named = click.option(
        "--cache",
        type=CACHE_FOLDER,
        help="Keep measured flows in this folder, where `flow`, `export` and `evaluate recognition` find them.",
    )
    return named(cache_size(command))


def open_cache(folder: Path | None, gigabytes: float) -> ArrayCache | None:
    """The cache that the options name."""
    from me_augment.array_cache import ArrayCache

    return None if folder is None else ArrayCache(folder.absolute(), round(gigabytes * 1e9))
