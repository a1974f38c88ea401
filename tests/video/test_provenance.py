"""What files say of themselves, in every format that has room for it."""

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image

import me_augment
from me_augment.video import open_frames, synthetic_comment, synthetic_mark, write_lossless, write_png_folder
from me_augment.video.preview import PREVIEW_SUFFIXES, write_preview
from me_augment.video.provenance import PREVIEW_COMMENT, commented

MARK = f"synthetic micro-expression, me-augment {me_augment.__version__}, generator warp 2"


def frames(count: int = 3) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, 16, 20, 3)).astype(np.uint8)


def test_the_comment_names_tool_version_and_generator() -> None:
    assert synthetic_comment("warp 2") == MARK
    assert synthetic_comment() == MARK.removesuffix(", generator warp 2")
    hostile = synthetic_comment("a\n;\x00" + "b" * 70_000)
    assert "\n" not in hostile
    assert len(hostile) < 300


@pytest.mark.parametrize("suffix", [".mkv", *PREVIEW_SUFFIXES])
def test_a_clip_is_marked_and_found_to_be(tmp_path: Path, suffix: str) -> None:
    marked, unmarked = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    if suffix == ".mkv":
        write_lossless(marked, frames(), Fraction(25), {"comment": MARK})
        write_lossless(unmarked, frames(), Fraction(25))
    else:
        write_preview(marked, frames(), Fraction(25), MARK)
        write_preview(unmarked, frames(), Fraction(25))
        assert synthetic_mark(marked).startswith(PREVIEW_COMMENT)
    assert synthetic_mark(marked).endswith(MARK)
    assert synthetic_mark(unmarked) is None


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_an_encoded_picture_takes_a_comment_and_shows_the_same(tmp_path: Path, suffix: str) -> None:
    plain = cv2.imencode(suffix, frames()[0])[1].tobytes()
    marked = commented(plain, MARK)
    assert 0 < len(marked) - len(plain) < 120
    for name, data in (("a", marked), ("b", plain)):
        (tmp_path / f"{name}{suffix}").write_bytes(data)
    first, second = (open_frames(tmp_path / f"{name}{suffix}").read([0]) for name in "ab")
    np.testing.assert_array_equal(first, second)
    with Image.open(tmp_path / f"a{suffix}") as image:
        image.load()  # checks the chunk's sum
        np.testing.assert_array_equal(np.asarray(image), first[0])
    assert synthetic_mark(tmp_path / f"a{suffix}") == MARK
    assert synthetic_mark(tmp_path / f"b{suffix}") is None


def test_other_bytes_stay_as_they_are() -> None:
    assert commented(b"BM picture", MARK) == b"BM picture"


def test_a_folder_of_frames_is_marked_in_each_file(tmp_path: Path) -> None:
    write_png_folder(tmp_path / "a", frames(), comment=MARK)
    write_png_folder(tmp_path / "b", frames())
    assert {synthetic_mark(file) for file in (tmp_path / "a").iterdir()} == {MARK}
    assert synthetic_mark(tmp_path / "a") == MARK
    assert synthetic_mark(tmp_path / "b") is None
    np.testing.assert_array_equal(open_frames(tmp_path / "a").read(range(3)), frames())


def test_damaged_and_foreign_files_bear_no_mark(tmp_path: Path) -> None:
    for name in ("a.png", "a.gif", "a.webp", "a.jpg", "a.mkv", "a.txt"):
        (tmp_path / name).write_bytes(b"synthetic me-augment")
        assert synthetic_mark(tmp_path / name) is None
    assert synthetic_mark(tmp_path / "nowhere.png") is None
    (tmp_path / "empty").mkdir()
    assert synthetic_mark(tmp_path / "empty") is None


def test_somebody_elses_comment_is_no_mark(tmp_path: Path) -> None:
    write_lossless(tmp_path / "a.mkv", frames(), Fraction(25), {"comment": "not synthetic at all"})
    assert synthetic_mark(tmp_path / "a.mkv") is None
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert container.metadata["COMMENT"] == "not synthetic at all"
