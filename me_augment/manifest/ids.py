"""Ids and seeds that depend on content and on nothing else: not on order, worker, machine or day."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode


def digest(*parts: Any) -> str:
    """SHA-256 (hex) of JSON-serialisable parts in a canonical form; floats are written exactly (repr)."""
    return hashlib.sha256(_encode(parts).encode()).hexdigest()


def content_id(prefix: str, *parts: Any) -> str:
    """`prefix-` and 16 hex digits: short enough for a file name; collides once in 2^32 ids."""
    return f"{prefix}-{digest(*parts)[:16]}"


def seed_of(run_seed: int, name: str) -> int:
    """Seed in [0, 2^53) for the item `name` of a run: items are independent and keep theirs when others come.

    53 bits survive programs that read an integer column with empty cells as floats, pandas among them.
    """
    return int.from_bytes(hashlib.blake2b(f"seed {run_seed} {name}".encode(), digest_size=8).digest(), "little") >> 11


def uniforms_of(run_seed: int, name: str, count: int) -> tuple[float, ...]:
    """Up to 8 numbers in [0, 1) for the item `name` of a run, uniformly distributed and independent of each other."""
    drawn = hashlib.blake2b(f"uniforms {run_seed} {name}".encode(), digest_size=8 * count).digest()
    return tuple((number >> 11) * 2.0**-53 for number in struct.unpack(f"<{count}Q", drawn))
