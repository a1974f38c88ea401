"""The tags and checksums by which a lossless clip of this room proves that it is whole."""

import zlib
from collections.abc import Mapping
from fractions import Fraction

RATE_TAG = "FRAME_RATE"
"""The exact rate: Matroska keeps nanoseconds per frame, from which 240000/1001 comes back as 29011/121."""
SETTINGS_TAG = "ENCODER_SETTINGS"
SETTINGS = "ffv1 level=3 slicecrc=1"

_FOOTER = 8  # bytes that end each slice: its size (3, big endian), an error status (1), a checksum (4)
_SIZE = slice(-_FOOTER, -_FOOTER + 3)
_BITS_REVERSED = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


def is_own_clip(tags: Mapping[str, str]) -> bool:
    """Whether container tags say that `write_lossless` wrote the file."""
    return tags.get(SETTINGS_TAG) == SETTINGS


def tagged_rate(tags: Mapping[str, str], measured: Fraction | None) -> Fraction | None:
    """The exact rate (frames per second) of the tags where the container's own agrees, else `measured`."""
    try:
        tagged = Fraction(tags[RATE_TAG])
    except (KeyError, ValueError, ZeroDivisionError):
        return measured
    agrees = measured is not None and abs(tagged - measured) < measured / 10_000
    return tagged if agrees else measured


def slices_intact(packet: bytes) -> bool:
    """Whether every slice checksum of an FFV1 packet holds.

    FFmpeg only logs a mismatch and fills the slice from the frame before, which would read as a face at rest.
    """
    end = len(packet)
    while end > 0:
        footer = packet[max(0, end - _FOOTER) : end]
        if len(footer) < _FOOTER:
            return False
        start = end - _FOOTER - int.from_bytes(footer[_SIZE], "big")
        # FFV1 runs the CRC-32 polynomial most significant bit first from state 0, and a whole slice leaves
        # state 0; zlib runs it the other way round and inverts its state on entry and exit.
        if start < 0 or zlib.crc32(packet[start:end].translate(_BITS_REVERSED), 0xFFFFFFFF) != 0xFFFFFFFF:
            return False
        end = start
    return True
