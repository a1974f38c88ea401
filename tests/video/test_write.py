"""Lossless clips and previews."""

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from me_augment.errors import UsageError
from me_augment.video import PREVIEW_COMMENT, VideoError, open_frames, write_lossless, write_preview
from me_augment.video.encode import saving

RATE = Fraction(200)


def clip(shape: tuple[int, ...] = (24, 32, 3), dtype: type = np.uint8, count: int = 4) -> np.ndarray:
    generator = np.random.default_rng(3)
    return generator.integers(0, np.iinfo(dtype).max + 1, (count, *shape)).astype(dtype)


@pytest.mark.parametrize("size", [(24, 32), (23, 31), (1, 1), (1, 9), (9, 1), (2, 3)])
@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_sample_comes_back(tmp_path: Path, size: tuple[int, int], channels: tuple[int, ...], dtype: type) -> None:
    frames = clip((*size, *channels), dtype)
    assert write_lossless(tmp_path / "a.mkv", iter(frames), RATE) == 4
    source = open_frames(tmp_path / "a.mkv")
    assert (len(source), source.gray, source.bit_depth) == (4, not channels, 8 * frames.itemsize)
    read = source.read(range(4))
    assert read.dtype == dtype
    np.testing.assert_array_equal(read, frames)


def test_every_value_comes_back(tmp_path: Path) -> None:
    ramp = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    colour = np.stack([ramp, ramp[::-1], ramp.T], axis=-1)
    for index, frame in enumerate((ramp, colour, ramp.astype(np.uint8), (colour >> 8).astype(np.uint8))):
        write_lossless(tmp_path / f"{index}.mkv", [frame], RATE)
        np.testing.assert_array_equal(open_frames(tmp_path / f"{index}.mkv").read([0])[0], frame)


def test_views_and_mirrored_frames(tmp_path: Path) -> None:
    wide = clip((24, 64, 3))
    write_lossless(tmp_path / "a.mkv", wide[:, ::-1, ::-2], RATE)
    np.testing.assert_array_equal(open_frames(tmp_path / "a.mkv").read(range(4)), wide[:, ::-1, ::-2])


@pytest.mark.parametrize("rate", ["200", "30000/1001", "25", "240000/1001", "1000/7", "2000", "1/3"])
def test_rate_is_kept_as_the_fraction_it_is(tmp_path: Path, rate: str) -> None:
    write_lossless(tmp_path / "a.mkv", clip(count=25), Fraction(rate))
    source = open_frames(tmp_path / "a.mkv")
    assert source.fps == Fraction(rate)
    assert len(source) == 25
    with av.open(str(tmp_path / "a.mkv")) as container:
        assert container.streams.video[0].average_rate == pytest.approx(Fraction(rate), rel=1e-5)


def test_the_file_is_ffv1_in_matroska_with_the_tags_given(tmp_path: Path) -> None:
    write_lossless(tmp_path / "a.mkv", clip(), RATE, {"title": "s01 happiness", "comment": "synthetic"})
    with av.open(str(tmp_path / "a.mkv")) as container:
        stream = container.streams.video[0]
        assert "matroska" in container.format.name
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("ffv1", "bgr0")
        tags = {key.lower(): value for key, value in container.metadata.items()}
        assert (tags["title"], tags["comment"]) == ("s01 happiness", "synthetic")
        assert all(packet.is_keyframe for packet in container.demux(stream) if packet.size)


def test_same_input_gives_same_bytes(tmp_path: Path) -> None:
    first, second, third = tmp_path / "a.mkv", tmp_path / "b.mkv", tmp_path / "c.mkv"
    write_lossless(first, clip(), RATE, {"title": "x"})
    time.sleep(1.1)  # into the next second of the clock
    write_lossless(second, clip(), RATE, {"title": "x"})
    program = (
        "import numpy as np; from fractions import Fraction; from me_augment.video import write_lossless; "
        "g = np.random.default_rng(3); f = g.integers(0, 256, (4, 24, 32, 3)).astype(np.uint8); "
        f"write_lossless({str(third)!r}, f, Fraction(200), dict(title='x'))"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert first.read_bytes() == second.read_bytes() == third.read_bytes()
    write_lossless(second, clip(), RATE, {"title": "y"})
    assert first.read_bytes() != second.read_bytes()


def test_frames_that_differ_are_refused_and_nothing_is_left(tmp_path: Path) -> None:
    good = clip()
    for odd in (clip((24, 30, 3))[0], clip((24, 32))[0], clip(dtype=np.uint16)[0]):
        with pytest.raises(VideoError, match=r"a\.mkv cannot be written: frame 1 is"):
            write_lossless(tmp_path / "a.mkv", [good[0], odd], RATE)
    for odd in (np.zeros((4, 4), float), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4), np.uint8)):
        with pytest.raises(VideoError, match="takes frames of"):
            write_lossless(tmp_path / "a.mkv", [odd], RATE)
    with pytest.raises(VideoError, match="no frame"):
        write_lossless(tmp_path / "a.mkv", [], RATE)
    assert list(tmp_path.iterdir()) == []


def test_failure_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    write_lossless(tmp_path / "a.mkv", clip(), RATE)
    before = (tmp_path / "a.mkv").read_bytes()

    def failing() -> Iterator[np.ndarray]:
        yield from clip()
        raise OSError("the source went away")

    with pytest.raises(OSError, match="the source went away"):
        write_lossless(tmp_path / "a.mkv", failing(), RATE)
    assert (tmp_path / "a.mkv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.mkv"]


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.gif", "a.webp"])
def test_full_disk_is_one_clear_error(tmp_path: Path, name: str) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        write = write_lossless if name == "a.mkv" else write_preview
        with pytest.raises(VideoError, match=rf"{name} could not be written"):
            write(tmp_path / name, clip((240, 320, 3)), RATE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert list(tmp_path.iterdir()) == []


def test_too_little_memory_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(MemoryError), saving(tmp_path / "a.mkv"):
        av.error.err_check(-errno.ENOMEM)


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(-25), Fraction(2**40)])
def test_impossible_rates(tmp_path: Path, rate: Fraction) -> None:
    with pytest.raises(VideoError, match="frames per second"):
        write_lossless(tmp_path / "a.mkv", clip(), rate)


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.mkv"):
        write_lossless(tmp_path / "a.avi", clip(), RATE)
    with pytest.raises(UsageError, match=r"\.gif, \.webp, \.mp4"):
        write_preview(tmp_path / "a.mkv", clip(), RATE)


def test_written_files_obey_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        write_lossless(tmp_path / "new" / "a.mkv", clip(), RATE)
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "a.mkv").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["a.gif", "a.mp4"])
@pytest.mark.parametrize(("channels", "dtype"), [((), np.uint8), ((3,), np.uint8), ((3,), np.uint16)])
def test_preview_shows_the_clip_and_says_what_it_is(
    tmp_path: Path, name: str, channels: tuple[int, ...], dtype: type
) -> None:
    levels = np.array([20, 90, 160, 230], np.uint16) * (257 if dtype == np.uint16 else 1)
    frames = np.broadcast_to(levels.reshape(4, 1, 1, *(1 for _ in channels)), (4, 23, 31, *channels))
    assert write_preview(tmp_path / name, frames.astype(dtype), Fraction(25), "synthetic smile") == 4
    source = open_frames(tmp_path / name)
    assert (len(source), source.fps) == (4, 25)
    shown = source.read(range(4))[:, :23, :31].astype(int)
    assert np.abs(shown.mean(axis=(1, 2, 3)) - [20, 90, 160, 230]).max() < 4
    if name == "a.gif":
        with Image.open(tmp_path / name) as image:
            assert image.info["comment"].decode() == f"{PREVIEW_COMMENT}; synthetic smile"
    else:
        with av.open(str(tmp_path / name)) as container:
            assert container.metadata["comment"] == f"{PREVIEW_COMMENT}; synthetic smile"


def test_a_webp_preview_plays_at_the_rate_and_shows_the_clip(tmp_path: Path) -> None:
    levels = np.array([20, 90, 160, 230], np.uint8)
    frames = np.broadcast_to(levels.reshape(4, 1, 1, 1), (4, 23, 31, 3))
    assert write_preview(tmp_path / "a.webp", frames, Fraction(25)) == 4
    with Image.open(tmp_path / "a.webp") as image:
        assert (image.n_frames, image.info["loop"]) == (4, 0)
        for index, level in enumerate(levels):
            image.seek(index)
            assert abs(np.asarray(image.convert("L"), int) - level).max() < 5
            assert image.info["duration"] == 40
    write_preview(tmp_path / "b.webp", frames, Fraction(25))
    assert (tmp_path / "a.webp").read_bytes() == (tmp_path / "b.webp").read_bytes()


def test_preview_of_one_frame_and_of_a_fast_clip(tmp_path: Path) -> None:
    assert write_preview(tmp_path / "one.gif", clip(count=1), RATE) == 1
    assert write_preview(tmp_path / "fast.gif", clip(count=8), RATE) == 8
    assert open_frames(tmp_path / "fast.gif").fps == 50
    assert write_preview(tmp_path / "odd.gif", clip(count=30), Fraction(30)) == 30
    assert open_frames(tmp_path / "odd.gif").fps == 30


def test_empty_preview_is_refused(tmp_path: Path) -> None:
    for name in ("a.gif", "a.mp4"):
        with pytest.raises(VideoError, match="no frame"):
            write_preview(tmp_path / name, [], RATE)
    assert list(tmp_path.iterdir()) == []


def test_a_gif_does_not_flicker_where_nothing_moves(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    still = np.clip(np.linspace(40, 210, 64)[:, None, None] + rng.normal(0, 12, (64, 64, 3)), 0, 255)
    frames = np.repeat(still[None], 6, axis=0).astype(np.uint8)
    for t in range(6):
        frames[t, 4:10, 4 + 8 * t : 10 + 8 * t] = (250, 30, 30)
    write_preview(tmp_path / "a.gif", frames, Fraction(25))
    source = open_frames(tmp_path / "a.gif")
    shown = source.read(range(len(source)))[:, 16:].astype(int)
    assert np.abs(np.diff(shown, axis=0)).max() == 0
