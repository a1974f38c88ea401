"""Recordings in one file: containers and GIF."""

import pickle
import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from me_augment.video import VideoError, container, open_frames, write_lossless
from me_augment.video.container import VideoFrames


def clip(count: int = 6, shape: tuple[int, ...] = (24, 32, 3), dtype: type = np.uint8) -> np.ndarray:
    generator = np.random.default_rng(count)
    return generator.integers(0, np.iinfo(dtype).max + 1, (count, *shape)).astype(dtype)


def smooth_clip(count: int = 6) -> np.ndarray:
    rows, columns = np.mgrid[:48, :64]
    ramps = [np.stack([rows * 3, columns * 2, rows + columns + 4 * index], -1) + 30 for index in range(count)]
    return np.stack(ramps).astype(np.uint8)


def write_other(
    path: Path,
    frames: Sequence[np.ndarray],
    codec: str,
    pixel_format: str,
    array_format: str = "rgb24",
    turned: int = 0,
) -> None:
    """Write a file as other programs would, without this room's writer."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(30000, 1001))
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pixel_format
        if turned:
            stream.set_display_rotation(turned)
        for index, array in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(array, format=array_format)
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize("name", ["a.mp4", "a.MOV", "a.avi", "a.mkv"])
def test_lossy_video_is_read_closely(tmp_path: Path, name: str) -> None:
    frames = smooth_clip()
    write_other(tmp_path / name, frames, "mpeg4" if name == "a.avi" else "libx264", "yuv420p")
    source = open_frames(tmp_path / name)
    assert (source.storage, source.pattern) == ("video", None)
    assert (len(source), list(source.numbers)) == (6, [0, 1, 2, 3, 4, 5])
    assert (source.height, source.width, source.gray, source.bit_depth) == (48, 64, False, 8)
    assert source.fps == Fraction(30000, 1001)
    read = source.read([5, 0])
    assert read.dtype == np.uint8
    assert np.abs(read.astype(int) - frames[[5, 0]]).mean() < 4


@pytest.mark.parametrize(
    ("codec", "pixel_format", "array_format"),
    [
        ("rawvideo", "bgr24", "bgr24"),
        ("rawvideo", "gray", "gray"),
        ("utvideo", "gbrp", "gbrp"),
        ("png", "rgb24", "rgb24"),
    ],
)
def test_lossless_avi_of_others_is_exact(tmp_path: Path, codec: str, pixel_format: str, array_format: str) -> None:
    frames = clip(shape=(23, 31) if pixel_format == "gray" else (23, 31, 3))
    write_other(tmp_path / "a.avi", frames, codec, pixel_format, array_format)
    source = open_frames(tmp_path / "a.avi")
    assert source.gray == (pixel_format == "gray")
    expected = frames[..., ::-1] if array_format == "bgr24" else frames
    np.testing.assert_array_equal(source.read(range(len(frames))), expected)


@pytest.mark.parametrize("pixel_format", ["gray10le", "gray12le", "gbrp10le"])
def test_deep_samples_keep_every_bit(tmp_path: Path, pixel_format: str) -> None:
    bits = int(pixel_format[-4:-2])
    shape = (24, 32) if pixel_format.startswith("gray") else (24, 32, 3)
    frames = clip(shape=shape, dtype=np.uint16) >> (16 - bits)
    write_other(tmp_path / "a.mkv", frames, "ffv1", pixel_format, pixel_format)
    source = open_frames(tmp_path / "a.mkv")
    assert (source.gray, source.bit_depth) == (len(shape) == 2, 16)
    np.testing.assert_array_equal(source.read(range(len(frames))) >> (16 - bits), frames)


@pytest.mark.parametrize(("turned", "turns"), [(90, 1), (-90, 3), (180, 2)])
def test_phone_video_stands_upright(tmp_path: Path, turned: int, turns: int) -> None:
    frames = np.zeros((2, 32, 64, 3), np.uint8)
    frames[:, :16, :16] = 255
    write_other(tmp_path / "a.mp4", frames, "libx264", "yuv420p", turned=turned)
    source = open_frames(tmp_path / "a.mp4")
    expected = np.rot90(frames[0], turns)
    assert (source.height, source.width) == expected.shape[:2]
    assert np.abs(source.read([0])[0].astype(int) - expected).mean() < 4


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [5, 5, 0, 3], [2], [4, 1], []])
def test_frames_beyond_the_cache_are_decoded_again(tmp_path: Path, order: list[int]) -> None:
    frames = clip()
    passes = []

    def decode():
        passes.append(1)
        return iter(frames)

    source = VideoFrames(tmp_path / "a.mkv", None, decode, cache_bytes=2 * frames[0].nbytes)
    assert len(source) == 6
    np.testing.assert_array_equal(source.read(order), frames[order])
    np.testing.assert_array_equal(source.read(order[::-1]), frames[order[::-1]])


def test_reading_a_long_file_in_order_decodes_it_once(tmp_path: Path) -> None:
    frames = clip(20)
    passes = []

    def decode():
        passes.append(1)
        return iter(frames)

    source = VideoFrames(tmp_path / "a.mkv", None, decode, cache_bytes=0)
    for position in range(len(source)):
        np.testing.assert_array_equal(source.read([position])[0], frames[position])
    assert len(passes) == 3  # the first frame, the count, the reading


def test_source_travels_to_another_process(tmp_path: Path) -> None:
    write_lossless(tmp_path / "a.mkv", clip(), Fraction(200))
    source = open_frames(tmp_path / "a.mkv")
    source.read([3])
    data = pickle.dumps(source)
    assert len(data) < 10_000
    np.testing.assert_array_equal(pickle.loads(data).read(range(6)), clip())


def test_digest_is_of_bytes_and_span(tmp_path: Path) -> None:
    write_lossless(tmp_path / "a.mkv", clip(), Fraction(200))
    (tmp_path / "sub").mkdir()
    shutil.copyfile(tmp_path / "a.mkv", tmp_path / "sub" / "b.mkv")
    first, second = open_frames(tmp_path / "a.mkv"), open_frames(tmp_path / "sub" / "b.mkv")
    assert first.content_digest(1, 4) == second.content_digest(1, 4)
    assert first.content_digest(1, 4) != first.content_digest(1, 5)
    with pytest.raises(VideoError, match="no span"):
        first.content_digest(0, 7)
    with pytest.raises(VideoError, match="holds 6 frames"):
        first.read([6])


@pytest.mark.parametrize("name", ["a.mp4", "a.avi", "a.mkv", "a.gif"])
def test_file_that_is_no_video_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"this is not a film" * 100)
    with pytest.raises(VideoError, match=name):
        open_frames(tmp_path / name)


def test_truncated_mp4_is_named(tmp_path: Path) -> None:
    write_other(tmp_path / "a.mp4", smooth_clip(), "libx264", "yuv420p")
    data = (tmp_path / "a.mp4").read_bytes()
    (tmp_path / "a.mp4").write_bytes(data[: len(data) // 2])
    with pytest.raises(VideoError, match=r"a\.mp4"):
        len(open_frames(tmp_path / "a.mp4"))


def test_sound_alone_is_no_recording(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(VideoError, match="no video stream"):
        open_frames(tmp_path / "a.mkv")


def test_damage_to_a_lossless_clip_never_passes(tmp_path: Path) -> None:
    frames = clip()
    write_lossless(tmp_path / "a.mkv", frames, Fraction(200))
    data = (tmp_path / "a.mkv").read_bytes()
    damaged = tmp_path / "b.mkv"
    refused = 0
    for offset in range(1500, len(data), len(data) // 40):
        damaged.write_bytes(data[:offset] + bytes([data[offset] ^ 0x10]) + data[offset + 1 :])
        try:
            read = open_frames(damaged).read(range(6))
        except VideoError:
            refused += 1
        else:  # the bit lay in the index or in padding
            np.testing.assert_array_equal(read, frames)
    assert refused > 30
    for stop in range(1500, len(data) - 500, len(data) // 20):
        damaged.write_bytes(data[:stop])
        with pytest.raises(VideoError, match=r"b\.mkv"):
            len(open_frames(damaged))


def test_gif_frames_are_composed_and_timed(tmp_path: Path) -> None:
    pictures = []
    for index in range(4):  # few colours, so that GIF keeps them; most of each picture repeats the one before
        array = np.full((20, 30, 3), (10, 200, 90), np.uint8)
        array[5:9, 3 * index : 3 * index + 4] = (250, 0, 40 * index)
        pictures.append(array)
    images = [Image.fromarray(array) for array in pictures]
    durations = [40, 100, 20, 80]
    images[0].save(tmp_path / "a.gif", save_all=True, append_images=images[1:], duration=durations)
    source = open_frames(tmp_path / "a.gif")
    assert (source.storage, source.gray, source.bit_depth) == ("video", False, 8)
    assert source.fps == Fraction(1000 * 4, 240)
    assert len(source) == 4
    np.testing.assert_array_equal(source.read(range(4)), np.stack(pictures))


def test_gif_without_durations_has_no_rate(tmp_path: Path) -> None:
    Image.fromarray(clip(1)[0]).save(tmp_path / "a.gif")
    source = open_frames(tmp_path / "a.gif")
    assert (source.fps, len(source)) == (None, 1)


def test_truncated_gif_is_named(tmp_path: Path) -> None:
    images = [Image.fromarray(array) for array in clip()]
    images[0].save(tmp_path / "a.gif", save_all=True, append_images=images[1:], duration=40)
    data = (tmp_path / "a.gif").read_bytes()
    for stop in range(1, len(data), len(data) // 50):
        (tmp_path / "a.gif").write_bytes(data[:stop])
        with pytest.raises(VideoError, match=r"a\.gif"):
            open_frames(tmp_path / "a.gif")


def test_few_frames_of_our_own_clip_are_read_without_decoding_the_others(tmp_path, monkeypatch):
    frames = np.random.default_rng(0).integers(0, 256, (12, 20, 30, 3), np.uint8)
    write_lossless(tmp_path / "c.mkv", frames, Fraction(100))
    decoded, plain = [], container._pixels
    monkeypatch.setattr(container, "_pixels", lambda frame: decoded.append(1) or plain(frame))
    source = open_frames(tmp_path / "c.mkv")
    np.testing.assert_array_equal(source.read([7, 0, 7, 2]), frames[[7, 0, 7, 2]])
    assert len(source) == 12
    assert len(decoded) == 3
    np.testing.assert_array_equal(source.read(range(12)), frames)  # a second time: all, and they are kept
    assert len(decoded) == 15
    source.read(range(12))
    assert len(decoded) == 15
    with pytest.raises(VideoError, match="12 frames"):
        open_frames(tmp_path / "c.mkv").read([12])


def test_damage_in_a_frame_that_is_not_asked_for_is_found_too(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (6, 64, 64, 3), np.uint8)
    file = tmp_path / "c.mkv"
    write_lossless(file, frames, Fraction(100))
    content = bytearray(file.read_bytes())
    content[len(content) * 3 // 4] ^= 0xFF
    file.write_bytes(content)
    with pytest.raises(VideoError, match="damaged at frame"):
        open_frames(file).read([0, 1])
