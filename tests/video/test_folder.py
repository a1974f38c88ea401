"""Image folders and single pictures."""

import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from me_augment.errors import UsageError
from me_augment.video import VideoError, open_frames, write_png_folder


def picture(seed: int, shape: tuple[int, ...] = (13, 17, 3), dtype: type = np.uint8) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def save(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)


def test_frames_come_by_number_with_holes_and_other_files_left_out(tmp_path: Path) -> None:
    numbers = [10, 2, 1, 46, 100]
    for number in numbers:
        save(tmp_path / f"img{number}.png", picture(number))
    (tmp_path / "Thumbs.db").write_bytes(b"thumbs")
    (tmp_path / "readme 1.txt").write_text("hello")
    (tmp_path / "img7.png").mkdir()
    source = open_frames(tmp_path)
    assert source.storage == "frames"
    assert source.pattern == "img{n}.png"
    assert list(source.numbers) == [1, 2, 10, 46, 100]
    assert (len(source), source.height, source.width) == (5, 13, 17)
    assert (source.gray, source.bit_depth, source.fps) == (False, 8, None)
    expected = np.stack([picture(number) for number in (100, 1, 2, 1)])
    np.testing.assert_array_equal(source.read([4, 0, 1, 0]), expected)
    assert source.read([]).shape == (0, 13, 17, 3)


def test_padded_and_unpadded_names_are_one_sequence(tmp_path: Path) -> None:
    for number, name in enumerate(["img1.png", "img002.png", "img03.PNG", "img10.png"]):
        save(tmp_path / name, picture(number))
    source = open_frames(tmp_path)
    assert list(source.numbers) == [1, 2, 3, 10]
    np.testing.assert_array_equal(source.read(range(4)), np.stack([picture(index) for index in range(4)]))


def test_non_ascii_paths(tmp_path: Path) -> None:
    folder = tmp_path / "人物 é 1"
    save(folder / "图1.bmp", picture(1))
    np.testing.assert_array_equal(open_frames(folder).read([0])[0], picture(1))


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".jpg"])
def test_one_stored_channel_is_gray(tmp_path: Path, suffix: str) -> None:
    save(tmp_path / f"a1{suffix}", picture(1, (8, 9)))
    source = open_frames(tmp_path)
    assert source.gray
    assert source.read([0]).shape == (1, 8, 9)
    if suffix != ".jpg":
        np.testing.assert_array_equal(source.read([0])[0], picture(1, (8, 9)))


def test_colour_file_with_gray_content_stays_colour(tmp_path: Path) -> None:
    save(tmp_path / "a1.png", np.repeat(picture(1, (8, 9, 1)), 3, axis=2))
    assert not open_frames(tmp_path).gray


@pytest.mark.parametrize("shape", [(8, 9), (8, 9, 3), (8, 9, 4)])
def test_sixteen_bit_png_survives(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = picture(1, shape, np.uint16)
    stored = array if array.ndim == 2 else array[..., [2, 1, 0, 3][: shape[2]]]
    (tmp_path / "a1.png").write_bytes(cv2.imencode(".png", stored)[1].tobytes())
    source = open_frames(tmp_path)
    assert (source.gray, source.bit_depth) == (len(shape) == 2, 16)
    np.testing.assert_array_equal(source.read([0])[0], array[..., :3] if array.ndim == 3 else array)


def test_alpha_is_dropped_and_palettes_become_rgb(tmp_path: Path) -> None:
    rgba = picture(1, (8, 9, 4))
    save(tmp_path / "rgba" / "a1.png", rgba)
    np.testing.assert_array_equal(open_frames(tmp_path / "rgba").read([0])[0], rgba[..., :3])
    flat = Image.fromarray(picture(2) // 64 * 64)
    (tmp_path / "p").mkdir()
    flat.quantize(200).save(tmp_path / "p" / "a1.png")
    expected = np.asarray(Image.open(tmp_path / "p" / "a1.png").convert("RGB"))
    np.testing.assert_array_equal(open_frames(tmp_path / "p").read([0])[0], expected)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_turns_a_single_picture_but_no_sequence(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = tmp_path / "face1.jpg"
    Image.fromarray(picture(1)).save(file, exif=exif)
    single = open_frames(file)
    assert (single.storage, tuple(single.numbers), single.pattern) == ("image", (0,), None)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(file)))
    np.testing.assert_array_equal(single.read([0])[0], upright)
    assert (single.height, single.width) == upright.shape[:2]
    np.testing.assert_array_equal(open_frames(tmp_path).read([0])[0], np.asarray(Image.open(file)))


@pytest.mark.parametrize("odd", [picture(2, (13, 18, 3)), picture(2, (13, 17)), picture(2, (13, 17, 3), np.uint16)])
def test_a_frame_unlike_the_first_is_named(tmp_path: Path, odd: np.ndarray) -> None:
    save(tmp_path / "img1.png", picture(1))
    (tmp_path / "img2.png").write_bytes(cv2.imencode(".png", odd)[1].tobytes())
    with pytest.raises(VideoError, match=r"img2\.png is .* while img1\.png is 17x13 8-bit colour"):
        open_frames(tmp_path).read([0, 1])


@pytest.mark.parametrize("name", ["img2.jpg", "img2.png", "img2.bmp"])
def test_truncated_image_is_named(tmp_path: Path, name: str) -> None:
    save(tmp_path / "good" / name, picture(2, (64, 64, 3)))
    data = (tmp_path / "good" / name).read_bytes()
    for part in (0, 10, len(data) // 3, len(data) // 2, len(data) * 9 // 10, len(data) - 20):
        (tmp_path / name).write_bytes(data[:part])
        with pytest.raises(VideoError, match=name):
            open_frames(tmp_path / name)


def test_flipped_bit_in_png_is_found(tmp_path: Path) -> None:
    save(tmp_path / "img1.png", picture(1))
    data = bytearray((tmp_path / "img1.png").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "img1.png").write_bytes(data)
    with pytest.raises(VideoError, match=r"img1\.png is damaged"):
        open_frames(tmp_path)


def test_text_named_as_image_and_broken_link_are_named(tmp_path: Path) -> None:
    save(tmp_path / "img1.png", picture(1))
    (tmp_path / "img2.png").write_text("not an image")
    (tmp_path / "img3.png").symlink_to(tmp_path / "gone.png")
    source = open_frames(tmp_path)
    assert len(source) == 3
    for position, name in ((1, "img2.png"), (2, "img3.png")):
        with pytest.raises(VideoError, match=name):
            source.read([position])
    with pytest.raises(VideoError, match=r"img3\.png"):
        source.content_digest(0, 3)


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no numbered image"):
        open_frames(tmp_path)
    with pytest.raises(UsageError, match="does not exist"):
        open_frames(tmp_path / "gone")
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match="no known kind"):
        open_frames(tmp_path / "notes.txt")
    save(tmp_path / "face.png", picture(1))
    with pytest.raises(UsageError, match="leave it out"):
        open_frames(tmp_path / "face.png", "img{n}.png")


@pytest.mark.parametrize("position", [-1, 2])
def test_position_outside_is_refused(tmp_path: Path, position: int) -> None:
    write_png_folder(tmp_path / "f", [picture(1), picture(2)])
    with pytest.raises(VideoError, match="holds 2 frames"):
        open_frames(tmp_path / "f").read([position])


def test_digest_is_of_numbers_and_content_only(tmp_path: Path) -> None:
    write_png_folder(tmp_path / "a", [picture(index) for index in range(4)])
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    for file in (tmp_path / "b").iterdir():
        os.utime(file, (0, 0))
    first, second = open_frames(tmp_path / "a"), open_frames(tmp_path / "b")
    assert first.content_digest(0, 4) == second.content_digest(0, 4)
    spans = {first.content_digest(start, stop) for start, stop in ((0, 4), (0, 3), (1, 4), (2, 3))}
    assert len(spans) == 4
    (tmp_path / "b" / "img4.png").rename(tmp_path / "b" / "img5.png")
    assert open_frames(tmp_path / "b").content_digest(0, 4) != first.content_digest(0, 4)
    assert open_frames(tmp_path / "b").content_digest(0, 3) == first.content_digest(0, 3)
    for start, stop in ((0, 5), (-1, 2), (2, 2)):
        with pytest.raises(VideoError, match="no span"):
            first.content_digest(start, stop)


@pytest.mark.parametrize("shape", [(7, 5), (7, 5, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_png_folder_reads_back(tmp_path: Path, shape: tuple[int, ...], dtype: type) -> None:
    frames = np.stack([picture(index, shape, dtype) for index in range(12)])
    count = write_png_folder(tmp_path / "sub" / "clip", iter(frames), "reg_img{n}.png", first_number=95)
    source = open_frames(tmp_path / "sub" / "clip")
    assert count == len(source) == 12
    assert (list(source.numbers), source.pattern) == (list(range(95, 107)), "reg_img{n}.png")
    np.testing.assert_array_equal(source.read(range(12)), frames)
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["clip"]


@pytest.mark.parametrize("names", ["img.png", "img2{n}.png", "img{n}_2.png", "img{n}.jpg", "a/{n}.png", ".{n}.png"])
def test_png_names_that_would_not_read_back(tmp_path: Path, names: str) -> None:
    with pytest.raises(UsageError, match="no pattern for PNG frames"):
        write_png_folder(tmp_path / "f", [picture(1)], names)


def test_png_folder_is_whole_or_absent(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match="frame 1 is"):
        write_png_folder(tmp_path / "f", [picture(1), picture(2, (3, 3, 3))])
    with pytest.raises(VideoError, match="no frame"):
        write_png_folder(tmp_path / "f", [])
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "f").mkdir()
    assert write_png_folder(tmp_path / "f", [picture(1)]) == 1
    with pytest.raises(VideoError, match="already holds files"):
        write_png_folder(tmp_path / "f", [picture(1)])
    assert len(open_frames(tmp_path / "f")) == 1
