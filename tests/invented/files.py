"""Writers of invented files: frames that show their number, label tables in the formats that authors use."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import numpy as np
import openpyxl
from PIL import Image

HEIGHT, WIDTH = 48, 64
_EXCEL_ZERO = datetime(1899, 12, 30)
Sheets = Mapping[str, Sequence[Sequence[Any]]]


def paint(path: Path, number: int) -> None:
    """An image whose every pixel is its frame number modulo 256 (a flat JPEG keeps it exactly)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), number % 256, np.uint8)).save(path, quality=95)


def write_frames(folder: Path, numbers: Iterable[int], pattern: str = "img{n}.jpg") -> None:
    """Write `img{n}.jpg` or another pattern (`{n:05d}.png`) into a folder, last frame first."""
    for number in sorted(numbers, reverse=True):
        paint(folder / pattern.format(n=number), number)


def write_video(path: Path, numbers: Iterable[int], fps: int = 25) -> None:
    """Write a video whose frames show the numbers as `paint` does, without loss: any container."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("png", rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "rgb24"
        for index, number in enumerate(numbers):
            frame = av.VideoFrame.from_ndarray(np.full((HEIGHT, WIDTH, 3), number % 256, np.uint8), format="rgb24")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_book(path: Path, sheets: Sheets) -> Path:
    """Write a table by the suffix of its name: xlsx (cells keep their types, None is empty), xls or csv (one sheet)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".xls":
        path.write_bytes(_compound(_biff8(sheets)))
    elif path.suffix == ".csv":
        (rows,) = sheets.values()
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        path.write_text(text.getvalue(), encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        book.remove(book.active)
        for name, rows in sheets.items():
            sheet = book.create_sheet(name)
            for row in rows:
                sheet.append(list(row))
        book.save(path)
    return path


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _biff8(sheets: Sheets) -> bytes:
    bodies = []
    for rows in sheets.values():
        body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0, 0, 0, 6))
        for y, row in enumerate(rows):
            for x, cell in enumerate(row):
                if isinstance(cell, datetime):
                    cell = (cell - _EXCEL_ZERO).days
                if isinstance(cell, str):
                    units = cell.encode("utf-16-le")
                    text = struct.pack("<HB", len(units) // 2, 1) + units
                    body += _record(0x0204, struct.pack("<HHH", y, x, 0) + text)
                elif cell is not None:
                    body += _record(0x0203, struct.pack("<HHHd", y, x, 0, cell))
        bodies.append(body + _record(0x000A))
    start = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0, 0, 0, 6))
    names = [name.encode("utf-16-le") for name in sheets]
    offset = len(start) + sum(4 + 8 + len(name) for name in names) + 4
    for name, body in zip(names, bodies, strict=True):
        start += _record(0x0085, struct.pack("<IHBB", offset, 0, len(name) // 2, 1) + name)
        offset += len(body)
    return start + _record(0x000A) + b"".join(bodies)


def _compound(stream: bytes) -> bytes:
    """A compound file with the one stream `Workbook`, padded: a short one would be stored elsewhere."""
    stream = stream.ljust(4096, b"\0")
    stream = stream.ljust(-(-len(stream) // 512) * 512, b"\0")
    count = len(stream) // 512
    end, free, table = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    header = struct.pack("<8s16s5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0, 0) + struct.pack("<I", free) * 108
    sectors = [table, end, *range(3, count + 2), end]
    fat = struct.pack(f"<{len(sectors)}I", *sectors).ljust(512, b"\xff")

    def entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, free, child)
        return head + bytes(36) + struct.pack("<III", first, size, 0)

    directory = entry("Root Entry", 5, 1, end, 0) + entry("Workbook", 2, free, 2, len(stream))
    return header + fat + directory.ljust(512, b"\0") + stream
