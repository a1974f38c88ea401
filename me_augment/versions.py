"""Which versions are installed, for records of how something was made."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

# The packages whose arithmetic or encoding decides a run's bytes.
DECIDING = ("me-augment", "numpy", "scipy", "opencv-python-headless", "av", "pyarrow", "torch")


def installed(package: str) -> str | None:
    """Version of an installed distribution; None where it is not installed, or run from a bare checkout."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@lru_cache
def source_digest() -> str:
    """First 8 hexadecimal digits of a hash of this package's modules: tells checkouts of one version apart."""
    package = Path(__file__).parent
    hashed = sha256()
    for file in sorted(package.rglob("*.py")):
        hashed.update(f"{file.relative_to(package).as_posix()}\0".encode() + file.read_bytes())
    return hashed.hexdigest()[:8]
