"""Variables of a pipeline: `${name}` in its texts becomes what the file or `--set` says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from me_augment.errors import UsageError

_PLACE = re.compile(r"\$\$|\$\{([^{}]*)\}|\$\{")


def fill(text: str, values: Mapping[str, str], where: str) -> str:
    """Put values in place of `${name}`, once: what a value holds is not looked at again. `$$` stands for `$`.

    Args:
        text: from the file.
        values: of the variables that are known here.
        where: file, step and field, for the error.

    Raises:
        UsageError: a variable is unknown, or a `${` is not closed.
    """

    def put(found: re.Match[str]) -> str:
        if found[0] == "$$":
            return "$"
        name = found[1]
        if name is None:
            raise UsageError(f"{where}: {text!r} has a '${{' without its '}}': close it, or write $${{ for the signs.")
        if name not in values:
            known = ", ".join(values) or "none"
            raise UsageError(
                f"{where}: {text!r} names the variable {name!r}, which is not defined: define it under `variables:` "
                f"(known here: {known}), or write $${{ for the signs."
            )
        return values[name]

    return _PLACE.sub(put, text)


def typed(text: str, values: Mapping[str, str], where: str) -> str:
    """A text as a shell would hand it over: `fill`, and a `~/` at its beginning is the user's own folder."""
    filled = fill(text, values, where)
    return str(Path(filled).expanduser()) if filled.startswith("~/") else filled


def resolve(defaults: Mapping[str, str], settings: Sequence[str], file: str) -> dict[str, str]:
    """The value of every variable.

    Args:
        defaults: of the file, in its order; a text may use those above it, and an empty one has to be set.
        settings: `name=value` texts, as `--set` takes them; the last of a name counts, and it is taken as it is.
        file: for errors.

    Raises:
        UsageError: a setting is none, or sets what the file does not define; a variable stays empty.
    """
    given: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise UsageError(f"--set is {setting!r}: give NAME=VALUE.")
        if name not in defaults:
            known = ", ".join(defaults) or "none"
            raise UsageError(f"--set names {name!r}, which {file} does not define: its variables are {known}.")
        given[name] = value
    values: dict[str, str] = {}
    for name, text in defaults.items():
        values[name] = given[name] if name in given else fill(text, values, f"{file}: variable {name!r}")
    empty = [name for name, value in values.items() if not value]
    if empty:
        named = " and ".join(filter(None, (", ".join(empty[:-1]), empty[-1])))
        raise UsageError(f"{file} leaves {named} open: say {' '.join(f'--set {name}=VALUE' for name in empty)}.")
    return values
