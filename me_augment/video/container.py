"""Recordings stored in one file: random access over sequential decoding, and the decoding of containers."""

import hashlib
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from me_augment.video.checks import VideoError, check_positions, check_size, check_span, frames_to_fill
from me_augment.video.encode import CONVERSION
from me_augment.video.ffv1 import is_own_clip, slices_intact, tagged_rate

CACHE_BYTES = 512 * 1024 * 1024
"""Decoded frames of a recording are kept in memory up to this many bytes; longer ones are decoded again."""
# FFmpeg goes by content, and would follow a playlist or a session description under any name to other files and hosts.
_CONTAINERS = {"format_whitelist": "avi,matroska,webm,mov,mp4,asf,mpeg,mpegts"}


class VideoFrames:
    """A recording in one file, its frames counted by decoding them (container headers are often wrong).

    `decode` starts a pass over all frames; `pick`, for files whose frames stand alone, decodes
    some and gives None in place of others.
    Not for use by several threads at once.
    """

    storage = "video"
    pattern: str | None = None

    def __init__(
        self,
        path: Path,
        fps: Fraction | None,
        decode: Callable[[], Iterator[np.ndarray]],
        cache_bytes: int = CACHE_BYTES,
        pick: Callable[[Container[int]], Iterator[np.ndarray | None]] | None = None,
    ) -> None:
        """Decode the first frame for size, channels and depth; raises VideoError where there is none."""
        self.path = path
        self.fps = fps
        self._decode = decode
        self._cache_bytes = cache_bytes
        self._pick = pick
        self._picked: int | None = None  # frames counted by `pick`
        self._count: int | None = None
        self._cache: list[np.ndarray] | None = None
        self._ahead: Iterator[np.ndarray] = iter(())
        self._ahead_position = 0
        first = next(decode(), None)
        if first is None:
            raise VideoError(f"{path} holds no picture that decodes; restore it from the corpus")
        self._last = first
        self._shape, self._dtype = first.shape, first.dtype
        self.height, self.width = first.shape[:2]
        self.gray = first.ndim == 2
        self.bit_depth = 8 * first.itemsize

    def __getstate__(self) -> dict[str, Any]:
        # Sent to a worker process, a source is its file, not the frames or the decoder of this process.
        return {**self.__dict__, "_cache": None, "_count": None, "_ahead": iter(()), "_ahead_position": 0}

    @property
    def numbers(self) -> Sequence[int]:
        """Frame numbers, which in a file are the positions 0..n-1."""
        return range(len(self))

    def __len__(self) -> int:
        return self._passed() if self._picked is None else self._picked

    def _passed(self) -> int:
        """Decode everything once, keeping the frames where there is room; their number."""
        if self._count is None:
            kept: list[np.ndarray] | None = []
            count = 0
            for frame in self._whole_pass():
                count += 1
                if kept is not None and count * frame.nbytes <= self._cache_bytes:
                    kept.append(frame)
                else:
                    kept = None
            self._count, self._cache = count, kept
        return self._count

    def read(self, positions: Sequence[int]) -> np.ndarray:
        """Read frames, in the order asked: (T, H, W) gray or (T, H, W, 3) RGB, uint8 or uint16.

        Raises VideoError for a position outside the recording and for a file that is damaged.
        """
        if self._pick is not None and self._picked is None and self._count is None:
            return self._read_once(self._pick, positions)
        check_positions(positions, self._passed(), self.path)
        frames = frames_to_fill(len(positions), self._shape, self._dtype, self.path)
        if self._cache is not None:
            for slot, position in enumerate(positions):
                frames[slot] = self._cache[position]
            return frames
        for slot in sorted(range(len(positions)), key=lambda slot: positions[slot]):
            frames[slot] = self._decoded(positions[slot])
        return frames

    def _read_once(
        self, pick: Callable[[Container[int]], Iterator[np.ndarray | None]], positions: Sequence[int]
    ) -> np.ndarray:
        # Whoever reads a second time is likely to go on, and gets all frames decoded and kept.
        slots: dict[int, list[int]] = {}
        for slot, position in enumerate(positions):
            slots.setdefault(position, []).append(slot)
        frames = frames_to_fill(len(positions), self._shape, self._dtype, self.path)
        count = 0
        for count, decoded in enumerate(pick(slots.keys() - {0}), 1):
            frame = self._last if count == 1 else decoded  # the first was decoded when the file was opened
            if frame is None:
                continue
            self._require_alike(frame, count - 1)
            for slot in slots.get(count - 1, ()):
                frames[slot] = frame
        self._picked = count
        check_positions(positions, count, self.path)
        return frames

    def content_digest(self, start: int, stop: int) -> str:
        """SHA-256 (hex) over the file's bytes and the span start..stop-1; no path or time enters it.

        Raises VideoError for a span outside the recording or a file that cannot be read.
        """
        check_span(start, stop, len(self), self.path)
        try:
            with self.path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise VideoError(f"{self.path} could not be read: {error.strerror}; restore it and run again") from error
        return hashlib.sha256(f"{self.storage}\n{content} {start} {stop}\n".encode()).hexdigest()

    def _decoded(self, position: int) -> np.ndarray:
        # Continue the running pass where it can reach the position, so that reading a long file in order
        # decodes it once.
        if not 0 < self._ahead_position <= position + 1:
            self._ahead, self._ahead_position = self._whole_pass(), 0
        while self._ahead_position <= position:
            following = next(self._ahead, None)
            if following is None:
                raise VideoError(f"{self.path} became shorter while it was read; run again once it is complete")
            self._last = following
            self._ahead_position += 1
        return self._last

    def _whole_pass(self) -> Iterator[np.ndarray]:
        for index, frame in enumerate(self._decode()):
            self._require_alike(frame, index)
            yield frame

    def _require_alike(self, frame: np.ndarray, index: int) -> None:
        if frame.shape != self._shape or frame.dtype != self._dtype:
            raise VideoError(
                f"{self.path} changes size or type at frame {index}, "
                f"from {self._shape} to {frame.shape}; split it into recordings of one size"
            )


def open_container(path: Path) -> VideoFrames:
    """Open the first video stream of a file FFmpeg reads; raises VideoError where it does not decode."""
    try:
        with path.open("rb") as file, av.open(file, "r", options=_CONTAINERS) as container:
            if not container.streams.video:
                raise VideoError(f"{path} holds no video stream; give a recording with pictures")
            stream = container.streams.video[0]
            fps = tagged_rate(container.metadata, stream.average_rate or None)
            # Ours have frames that stand alone, each with checksums.
            own = is_own_clip(container.metadata) and stream.codec_context.name == "ffv1"
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, error) from error
    decoder = _Decoder(path)
    return VideoFrames(path, fps, decoder, pick=decoder.pick if own else None)


@dataclass(frozen=True)
class _Decoder:
    """Passes over the frames of a container; a class and not a closure, so that a source can be pickled."""

    path: Path

    def __call__(self) -> Iterator[np.ndarray]:
        for frame in self.pick(None):
            assert frame is not None
            yield frame

    def pick(self, wanted: Container[int] | None) -> Iterator[np.ndarray | None]:
        """Every frame, or None in place of one that is not wanted (of a clip of ours, whose frames stand alone).

        All checksums are looked at, also of frames that are not decoded.
        """
        try:
            # A Python file rather than a name: FFmpeg reads "take:2.mkv" as a protocol.
            with self.path.open("rb") as file, av.open(file, "r", options=_CONTAINERS) as container:
                yield from self._frames(container, wanted)
        except (av.FFmpegError, OSError) as error:
            raise _unreadable(self.path, error) from error

    def _frames(
        self, container: "av.container.InputContainer", wanted: Container[int] | None
    ) -> Iterator[np.ndarray | None]:
        stream = container.streams.video[0]
        check_size(stream.codec_context.width, stream.codec_context.height, self.path)
        own = is_own_clip(container.metadata) and stream.codec_context.name == "ffv1"
        count = 0
        for packet in container.demux(stream):
            if own and packet.size and not slices_intact(bytes(packet)):
                raise VideoError(f"{self.path} is damaged at frame {count} (checksum); generate or restore it again")
            if wanted is not None and packet.size and count not in wanted:
                count += 1
                yield None
                continue
            for frame in packet.decode():
                if frame.is_corrupt:
                    raise VideoError(f"{self.path} is damaged at frame {count}; restore it from the corpus")
                count += 1
                check_size(frame.width, frame.height, self.path)
                yield _pixels(frame)
        rate = tagged_rate(container.metadata, stream.average_rate)
        # The header of a clip of ours is exact to a millisecond, so a copy that lost its end shows.
        if own and rate and container.duration and container.duration / av.time_base - count / rate > 0.0015:
            raise VideoError(f"{self.path} ends after {count} frames, before its length; generate or restore it again")


def _pixels(frame: "av.VideoFrame") -> np.ndarray:
    """(H, W) for gray formats, else (H, W, 3) RGB; samples above 8 bits become uint16 of full range."""
    deep = max(component.bits for component in frame.format.components) > 8
    if frame.format.name.startswith("gray"):
        target = "gray16le" if deep else "gray"
    else:
        target = "rgb48le" if deep else "rgb24"
    array = frame.to_ndarray(format=target, interpolation=CONVERSION, threads=1)
    # Phones store portrait video lying down and say so; the angle is counter-clockwise.
    return np.array(np.rot90(array, round(frame.rotation / 90) % 4), order="C")


def _unreadable(path: Path, error: Exception) -> VideoError:
    reason = getattr(error, "strerror", None) or str(error)
    return VideoError(f"{path} could not be decoded as video ({reason}); restore it or convert it with ffmpeg")
