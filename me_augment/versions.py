"""Which versions are installed, for records of how something was made."""

from __future__ import annotations

from importlib import metadata


def installed(package: str) -> str | None:
    """Version of an installed distribution; None where it is not installed, or run from a bare checkout."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
