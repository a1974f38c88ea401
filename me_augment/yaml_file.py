"""Reads YAML files as plain data: whatever is wrong with one is a `YamlError` of one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class YamlError(ValueError):
    """A file is no YAML that is read here; the text says why, in one line."""


def refuse_reference(loader: Any) -> None:
    """Raise YAMLError where a loader comes to `*name`: nobody needs it, and few can stand for endlessly much."""
    if loader.check_event(yaml.AliasEvent):
        raise yaml.YAMLError(f"line {loader.peek_event().start_mark.line + 1}: references (*) are not known here")


class _SafeLoader(yaml.SafeLoader):
    """Builds lists, mappings, texts, numbers and dates only."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node unless it is a reference."""
        refuse_reference(self)
        return super().compose_node(parent, index)


def read_yaml(file: Path, loader: type[yaml.BaseLoader | yaml.SafeLoader] = _SafeLoader) -> Any:
    """What a file holds.

    Raises:
        OSError: it cannot be read.
        YamlError: it is no YAML, has references, or a value that no such type holds.
    """
    try:
        return yaml.load(file.read_text(encoding="utf-8"), loader)
    except RecursionError:
        raise YamlError("it is nested too deeply") from None
    except yaml.MarkedYAMLError as error:
        where = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise YamlError(f"{where}{error.problem}") from error
    # A date that is none, a number of too many digits and undecodable bytes are ValueErrors.
    except (yaml.YAMLError, ValueError) as error:
        raise YamlError(" ".join(str(error).split())[:200]) from error
