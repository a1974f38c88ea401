"""Hostile files: each is one sentence or a row with a reason; nothing runs, nothing hangs, memory stays bounded."""

import io
import json
import os
import pickle
import struct
import zipfile
import zlib

import cv2
import numpy as np
import openpyxl
import pytest
import torch
from invented.files import write_book
from PIL import Image

from me_augment.corpora import sheets
from me_augment.corpora.column_map import read_column_map
from me_augment.corpora.sheets import Columns, read_table
from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.au_basis import Basis
from me_augment.generation.fpb_fomm.checkpoint import read_checkpoint
from me_augment.pipeline.file import read_pipeline
from me_augment.synthesis.settings import Settings
from me_augment.video import open_frames
from me_augment.video.checks import frames_to_fill


class Evil:
    """Leaves a mark where it is unpickled."""

    def __reduce__(self):
        return os.mkdir, ("pwned",)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """A scratch folder in which nothing must have been executed when the test is over."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert not (tmp_path / "pwned").exists()


def png(width, height, rows=b"", extra=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def jpeg():
    data = bytearray(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1].tobytes())
    place = data.find(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", 65535, 65535)
    return bytes(data)


def gif(side):
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0x80, 0, 0) + bytes(6) + b"\x3b"


def small_for_much(side, pictures):
    """A GIF of black pictures; all but the first are single pixels, of 17 bytes each."""
    content = io.BytesIO()
    Image.new("P", (side, side)).save(content, "GIF")
    pixel = struct.pack("<BHHHHB", 0x2C, 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return content.getvalue()[:-1] + pixel * (pictures - 1) + b"\x3b"


SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video 55555 RTP/AVP 96\r\n"
FILES = {
    "empty.png": b"",
    "empty.gif": b"",
    "empty.mkv": b"",
    "wide.png": png(60_000, 60_000),
    "bomb.png": png(10_000, 10_000, bytes(10_000 * 10_001)),
    "wide.jpg": jpeg(),
    "wide.bmp": b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
    "wide.gif": gif(65_535),
    "cut.gif": gif(9)[:-1],
    "bomb.gif": small_for_much(2000, 1000),
    "playlist.mkv": b"ffconcat version 1.0\nfile 'other.mkv'\n",
    "session.mkv": SDP + b"a=rtpmap:96 H264/90000\r\n",
    "stream.mp4": b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n",
}


@pytest.mark.parametrize("name", FILES)
def test_pictures_and_videos(name, here):
    (here / name).write_bytes(FILES[name])
    with pytest.raises(MeAugmentError, match=name) as caught:
        len(open_frames(here / name))
    assert "0x" not in str(caught.value)  # an address in memory: no two runs would give the same reason


def test_a_small_gif_may_stand_for_a_little(here):
    (here / "a.gif").write_bytes(small_for_much(200, 20))
    assert len(open_frames(here / "a.gif")) == 20


def test_a_playlist_does_not_open_other_files(here):
    from me_augment.video import write_lossless

    write_lossless(here / "other.mkv", [np.zeros((16, 16), np.uint8)] * 2, 25)
    (here / "list.mkv").write_bytes(FILES["playlist.mkv"])
    with pytest.raises(MeAugmentError, match=r"list\.mkv could not be decoded"):
        open_frames(here / "list.mkv")


@pytest.mark.parametrize("name", ["pipe.png", "pipe.mkv", "pipe.gif"])
def test_pipes_are_not_waited_for(name, here):
    os.mkfifo(here / name)
    with pytest.raises(UsageError, match="is a pipe or a device"):
        open_frames(here / name)


def test_a_pipe_a_device_and_a_loop_among_frames(here):
    cv2.imwrite(str(here / "img1.png"), np.zeros((9, 9), np.uint8))
    os.mkfifo(here / "img2.png")
    (here / "img3.png").symlink_to("/dev/zero")
    (here / "img4.png").symlink_to("img4.png")
    frames = open_frames(here)
    for position in (1, 2, 3):
        with pytest.raises(MeAugmentError, match=f"img{position + 1}.png"):
            frames.read([position])
        with pytest.raises(MeAugmentError, match=f"img{position + 1}.png"):
            frames.content_digest(position, position + 1)


def test_more_frames_than_memory_holds(here):
    with pytest.raises(MeAugmentError, match="take 12000 GB"):
        frames_to_fill(1_000_000, (2000, 2000, 3), np.uint8, here)


SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
ROW = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'
ENTITIES = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 11))
LAUGHS = f'<!DOCTYPE l [<!ENTITY a0 "lol">{ENTITIES}]>'


def sheet(rows, before=""):
    return f'<?xml version="1.0"?>{before}<worksheet {SHEET}><sheetData>{rows}</sheetData></worksheet>'.encode()


WORKBOOKS = {
    "laughs": sheet(ROW.format("&a10;"), LAUGHS),
    "outside": sheet(ROW.format("&a;"), '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]>'),
    "far row": sheet(ROW.format("Subject") + '<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>'),
    "far cells": sheet("".join(f'<row r="{i}"><c r="XFD{i}"><v>1</v></c></row>' for i in range(1, 2000))),
    "bomb": sheet(" " * (300 << 20)),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_workbooks(name, here):
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(here / "a.xlsx", "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            own = part == "xl/worksheets/sheet1.xml"
            target.writestr(part, WORKBOOKS[name] if own else source.read(part), compresslevel=1)
    with pytest.raises(UsageError, match=r"a\.xlsx") as caught:
        read_table(here / "a.xlsx", Columns({"subject": ("Subject",), "onset": ("Onset",)}, {}))
    assert "root:" not in str(caught.value)


def test_many_sheets_share_the_room_of_one_file(here, monkeypatch):
    write_book(here / "a.xlsx", {f"S{i}": [["x"]] * 9 for i in range(9)})
    monkeypatch.setattr(sheets, "_MOST_CELLS", 60)
    with pytest.raises(UsageError, match="more cells than any label file"):
        read_table(here / "a.xlsx", Columns({"subject": ("Subject",), "onset": ("Onset",)}, {}))


def test_a_far_cell_of_an_old_workbook_fills_no_other_rows(here):
    # Were they filled, one cell in the last row and column would take 150 MB, on each of many sheets.
    write_book(here / "a.xls", {"S": [["Subject", "Onset"], [1, 7.5]]})
    near, far = (struct.pack("<HHHHHd", 0x203, 14, 1, column, 0, 7.5) for column in (1, 255))
    content = (here / "a.xls").read_bytes()
    assert content.count(near) == 1
    (here / "a.xls").write_bytes(content.replace(near, far))
    (grid,) = sheets._read_grids(here / "a.xls")
    assert [len(row) for row in grid.rows] == [2, 256]


def npy(shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode()


def saved(value):
    content = io.BytesIO()
    np.save(content, value, allow_pickle=True)
    return content.getvalue()


ABOUT = saved(np.array('{"format_version": 1}'))
BASES = {
    "objects": {"about.npy": ABOUT, "patterns.npy": saved(np.array([Evil()], object)), "units.npy": saved([1])},
    "text of objects": {"about.npy": saved(np.array([Evil()], object))},
    "claims": {"about.npy": ABOUT, "patterns.npy": npy("(1000000, 1000000, 2)"), "units.npy": saved([1])},
    "nested": {"about.npy": saved(np.array('{"a":' * 100_000))},
    "header": {"about.npy": npy("(" * 100)},
    "bomb": {"about.npy": ABOUT, "patterns.npy": npy("(75000000,)") + bytes(300 << 20), "units.npy": saved([1])},
}


@pytest.mark.parametrize("name", [*BASES, "pickle", "no archive"])
def test_bases(name, here):
    file = here / "basis.npz"
    file.write_bytes(pickle.dumps(Evil()) if name == "pickle" else b"PK\x03\x04 and nothing")
    if name in BASES:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part, content in BASES[name].items():
                archive.writestr(part, content)
    with pytest.raises(UsageError, match="is no action-unit basis"):
        Basis.read(file)


def safetensors(entry, text="{}"):
    header = json.dumps({"__metadata__": {"me-augment": text}, "kp_detector.x": entry}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(8)


def entry(kind, shape, end):
    return {"dtype": kind, "shape": shape, "data_offsets": [0, end]}


def torch_file(value, **how):
    content = io.BytesIO()
    torch.save({"kp_detector": {"x": value}, "generator": {}}, content, **how)
    return content.getvalue()


CHECKPOINTS = {
    "code": (torch_file(Evil()), "could run code"),
    "code, old archive": (torch_file(Evil(), _use_new_zipfile_serialization=False), "could run code"),
    "bare pickle": (pickle.dumps(Evil(), protocol=2), "could run code"),
    "view": (torch_file(torch.zeros(1).expand(10**12)), "larger than what is stored"),
    "integers": (torch_file(torch.zeros(3, dtype=torch.int8)), "not weights"),
    "not finite": (torch_file(torch.tensor([np.nan])), "not finite"),
    "endless header": (struct.pack("<Q", 2**62) + b"{" + bytes(99), "is damaged"),
    "long header": (struct.pack("<Q", 200_000_000) + b"{" + bytes(99), "is damaged"),
    "shape": (safetensors(entry("F32", [2**40], 8)), "is damaged"),
    "eight bits": (safetensors(entry("F8_E4M3", [8], 8)), "not weights"),
    "nested": (safetensors(entry("F64", [1], 8), "[" * 100_000), "is damaged"),
    "no model": (safetensors(entry("F64", [1], 8)), "is damaged"),
}


@pytest.mark.parametrize("name", CHECKPOINTS)
def test_checkpoints(name, here):
    content, words = CHECKPOINTS[name]
    (here / "net.pth.tar").write_bytes(content)
    with pytest.raises(MeAugmentError, match=words):
        read_checkpoint(here / "net.pth.tar")


YAML = {
    "code": '!!python/object/apply:os.mkdir ["pwned"]',
    "references": "a: &a [1, 1, 1]\n" + "".join(f"b{i}: &b{i} [*a, *a]\n" for i in range(9)),
    "itself": "a: &a [*a]",
    "digits": "per_driver: " + "9" * 20_000,
    "nested": "[" * 3000,
    "date": "a: 2020-99-99",
    "list": "[1]",
    "bytes": "\udcff",
}


@pytest.mark.parametrize("name", YAML)
@pytest.mark.parametrize("read", [Settings.read, read_column_map, read_pipeline])
def test_yaml(name, read, here):
    (here / "a.yaml").write_text(YAML[name], errors="surrogateescape")
    with pytest.raises(UsageError, match=r"a\.yaml") as caught:
        read(here / "a.yaml")
    assert len(str(caught.value)) < 500
