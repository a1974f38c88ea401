"""Faces and clips that several tests share; made once per session, since drawing and detecting take time."""

import os

import cv2
import numpy as np
import pytest

# Two test processes share two cores: more threads in each only get in each other's way.
cv2.setNumThreads(1)
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def people():
    """The demo's six subjects."""
    from me_augment.demo.faces import subjects

    return subjects()


@pytest.fixture(scope="session")
def portrait():
    """A real face, (512, 512, 3) uint8 RGB, public domain."""
    import skimage.data

    return skimage.data.astronaut()


@pytest.fixture(scope="session")
def detector():
    """The default landmark detector."""
    from me_augment.face import create_detector

    return create_detector()


def picture(frame):
    """A rendered float frame as a camera would store it, without noise."""
    return np.clip(np.rint(frame), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def remembered_motion(tmp_path_factory):
    """Runs of this process find drivers measured that any test has measured, as with `--cache`: that changes no byte,
    as tests/synthesis/test_run.py shows, and two thirds of a small run's time."""
    from me_augment.generation.motion_cache import MotionCache
    from me_augment.synthesis import inputs

    mine = tmp_path_factory.getbasetemp()
    folder = (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "motion"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs.open_clip_maker, "__defaults__", (MotionCache(folder, 2**31),))
        yield


@pytest.fixture(scope="session")
def tiny_manifest(tmp_path_factory, people, remembered_motion):
    """A manifest of four short clips of two people, annotated with landmarks, on disk."""
    from me_augment.corpora import read_corpus
    from me_augment.demo.corpus import write_clips
    from me_augment.face import create_detector
    from me_augment.face.annotate import annotate

    folder = tmp_path_factory.mktemp("tiny")
    write_clips(folder / "CASME2", people[:3], clips_per_subject=2, max_frames=5)
    manifest = annotate(read_corpus("casme2", folder / "CASME2").manifest, create_detector())
    return manifest.write(folder / "manifest")


@pytest.fixture(scope="session")
def small_run(tiny_manifest, tmp_path_factory):
    """The folder of a finished run of six clips; who changes it takes a copy."""
    from runs import small_plan

    from me_augment.synthesis.run import begin, execute

    folder = tmp_path_factory.mktemp("small") / "run"
    begin(small_plan(tiny_manifest), folder)
    assert execute(folder).finished
    return folder
