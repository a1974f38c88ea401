"""A small invented corpus: textured frames that move by a known amount, and landmarks put on them by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
import rows

from me_augment.face.geometry import alignment
from me_augment.manifest import Manifest
from me_augment.video import write_lossless, write_png_folder

SIDE, MARGIN = 160, 16


def landmarks():
    """68 points whose aligned crop of 128 pixels is the frame without its margin."""

    def ring(x, y, radius, count):
        angle = 2 * np.pi * np.arange(count) / count
        return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])

    def place(x, y):
        return 128 * x - 0.5 + MARGIN, 128 * y - 0.5 + MARGIN

    brows_and_nose = ring(*place(0.5, 0.5), 20, 19)
    points = np.vstack(
        [
            ring(*place(0.5, 0.5), 60, 17),
            brows_and_nose,
            ring(*place(0.30, 0.36), 6, 6),
            ring(*place(0.70, 0.36), 6, 6),
            ring(*place(0.50, 0.78), 12, 12),
            ring(*place(0.50, 0.78), 6, 8),
        ]
    )
    assert np.allclose(alignment(points, 128), [[1, 0, -MARGIN], [0, 1, -MARGIN]])
    return tuple(float(value) for value in points.ravel())


def texture(seed, gray=False):
    """A cloudy picture (160, 160, 3) or (160, 160), uint8."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((SIDE, SIDE) if gray else (SIDE, SIDE, 3)).astype(np.float32)
    cloud = cv2.GaussianBlur(noise, (0, 0), 2.5)
    return np.clip(128 + 40 * cloud / cloud.std(), 0, 255).astype(np.uint8)


def moved(image, u, v):
    """What was at (x, y) is at (x + u, y + v)."""
    matrix = np.array([[1, 0, u], [0, 1, v]], float)
    return cv2.warpAffine(image, matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)


class Corpus:
    """Grows row by row; `manifest()` is what is there so far."""

    def __init__(self, folder):
        self.folder, self.root = folder, folder / "corpus"
        self.root.mkdir()
        (folder / "run").mkdir()
        self.recordings, self.clips = [], []
        self.points = landmarks()

    def real(self, person, video, label="negative", motion=(2.0, -1.0), gray=False, **fields):
        """A clip of three frames, onset, apex, offset, in a folder of the corpus."""
        corpus, subject = person.split(":")
        path = f"{corpus}/{subject}/{video}"
        frames = self._frames(path, motion, gray)
        write_png_folder(self.root / path, frames, first_number=50)
        return self._add(person, video, path, 50, gray, label, {"corpus": corpus, **fields})

    def synthetic(self, driver, target, motion=(1.0, 1.0), storage="frames", **fields):
        """A clip made of two others, in the run's own folder."""
        clip_id = f"syn-{len(self.clips):016x}"
        suffix = ".mkv" if storage == "video" else ""
        path = f"shards/shard-00000/{clip_id}{suffix}"
        file = self.folder / "run" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        frames = self._frames(clip_id, motion, False)
        if storage == "video":
            write_lossless(file, frames, Fraction(200))
        else:
            write_png_folder(file, frames, first_number=0)
        self.recordings.append(self._recording("", path, storage, 0, False, target.subject, target.person_id))
        row = rows.synthetic(
            driver,
            target,
            clip_id=clip_id,
            recording_id=path,
            subject=target.subject,
            landmarks=self.points,
            **self._span(0),
            **fields,
        )
        self.clips.append(row)
        return row

    def manifest(self, **fields):
        """The rows as a run's manifest."""
        return Manifest(
            **{
                "corpus": "run",
                "roots": {"": self.folder / "run", "corpus": self.root},
                "licence": "none",
                "recordings": tuple(self.recordings),
                "clips": tuple(self.clips),
                "folder": self.folder / "run",
                **fields,
            }
        )

    def change(self, clip, **fields):
        """Replace fields of a clip that was added."""
        self.clips[self.clips.index(clip)] = replace(clip, **fields)

    def _add(self, person, video, path, first, gray, label, fields):
        subject = person.split(":")[1]
        self.recordings.append(self._recording("corpus", path, "frames", first, gray, subject, person))
        row = rows.clip(
            **{
                "clip_id": f"clip-{len(self.clips):016x}",
                "name": f"{subject}/{video}",
                "person_id": person,
                "recording_id": path,
                "emotion": {"negative": "disgust", "positive": "happiness"}.get(label, label),
                "label_megc3": label,
                "landmarks": self.points,
                **self._span(first),
                **fields,
            }
        )
        self.clips.append(row)
        return row

    def _frames(self, name, motion, gray):
        onset = texture(list(name.encode()), gray)
        return [onset, moved(onset, *motion), onset]

    def _span(self, first):
        return {
            "onset": first,
            "apex": first + 1,
            "offset": first + 2,
            "onset_index": 0,
            "apex_index": 1,
            "offset_index": 2,
        }

    def _recording(self, root, path, storage, first, gray, subject, person):
        return rows.recording(
            recording_id=path,
            root=root,
            path=path,
            storage=storage,
            frame_pattern="img{n}.png" if storage == "frames" else None,
            first_number=first,
            last_number=first + 2,
            n_frames=3,
            height=SIDE,
            width=SIDE,
            gray=gray,
            subject=subject,
            person_id=person,
        )


@pytest.fixture
def corpus(tmp_path):
    """An empty corpus."""
    return Corpus(tmp_path)


@pytest.fixture(scope="session")
def five_persons(tmp_path_factory):
    """A corpus with one real clip of each of five persons; for tests that only read its frames."""
    grown = Corpus(tmp_path_factory.mktemp("five"))
    for i in range(1, 6):
        grown.real(f"casme2:sub{i:02d}", "EP01", label=("negative", "positive", "surprise")[i % 3])
    return grown


@pytest.fixture(scope="session")
def with_others(tmp_path_factory):
    """Three persons' clips, synthetic ones of each, and some without a class of MEGC2019; for tests that export.

    Each synthetic clip is of one person alone, so that it trains in folds of groups, too.
    """
    grown = Corpus(tmp_path_factory.mktemp("others"))
    one = grown.real("casme2:sub01", "EP01_01f", "negative")
    two = grown.real("casme2:sub02", "EP02_04", "positive", motion=(-1.5, 0.5))
    three = grown.real("casme2:sub03", "EP01_01f", "surprise", motion=(0.5, 2.0))
    other = grown.real("casme2:sub03", "EP05_02", None, motion=(1.0, -2.0), emotion="others")
    for clip, motion in ((one, (2.0, 2.0)), (two, (3.0, 0.0)), (three, (0.0, -3.0)), (other, (-2.0, 2.0))):
        grown.synthetic(clip, clip, motion)
    grown.manifest().write_tables(grown.folder / "run")
    return grown


@pytest.fixture
def small(corpus):
    """Three persons, four real clips of three classes, and three synthetic ones."""
    one = corpus.real("casme2:sub01", "EP01_01f", "negative")
    two = corpus.real("casme2:sub02", "EP02_04", "positive", motion=(-1.5, 0.5))
    corpus.real("casme2:sub02", "EP03_01", "negative")
    three = corpus.real("casme2:sub03", "EP01_01f", "surprise", gray=True)
    corpus.synthetic(one, two)
    corpus.synthetic(one, three, storage="video")
    corpus.synthetic(three, two, motion=(3.0, 0.0))
    return corpus


@pytest.fixture
def out(tmp_path):
    """Where an export goes: its parent is not there yet."""
    return tmp_path / "exports" / "tree"
