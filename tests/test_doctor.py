"""The examination of the installation, well and ill."""

import importlib.util
from importlib import metadata

import pytest

from me_augment import doctor


def test_this_installation_is_well():
    found = list(doctor.examine())
    assert [f for f in found if f.level == "problem"] == []
    subjects = {f.subject for f in found}
    assert {"python", "torch", "device", "sub-pixel remap", "landmarks: dlib", "FFV1 8-bit colour"} <= subjects


def test_two_opencv_wheels_are_noticed(monkeypatch):
    class Wheel:
        def __init__(self, name):
            self.metadata = {"Name": name}

    wheels = [Wheel("opencv-python"), Wheel("opencv-python-headless"), Wheel("numpy")]
    monkeypatch.setattr(metadata, "distributions", lambda: wheels)
    problem = next(f for f in doctor._opencv() if f.level == "problem")
    assert "opencv-python, opencv-python-headless" in problem.text
    assert problem.fix.startswith("pip uninstall -y opencv-python opencv-python-headless")


def test_a_missing_landmark_model_is_a_problem_with_a_fix(monkeypatch, tmp_path):
    from me_augment.errors import MeAugmentError
    from me_augment.face import dlib_backend

    def missing():
        raise MeAugmentError("the model is missing")

    monkeypatch.setattr(dlib_backend, "model_file", missing)
    problem = next(doctor._landmarks())
    assert problem.level == "problem"
    assert "face-recognition-models" in problem.fix


def test_backends_that_are_not_here_are_no_problem_and_say_how_to_get_them(monkeypatch):
    from me_augment.errors import MeAugmentError
    from me_augment.face import face_alignment_backend, mediapipe_backend

    def missing(*_, **__):
        raise MeAugmentError("run `pip install something`.")

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(face_alignment_backend, "FaceAlignmentDetector", missing)
    monkeypatch.setattr(mediapipe_backend, "MediapipeDetector", missing)
    found = list(doctor._optional_landmarks())
    assert [f.subject for f in found] == ["landmarks: face-alignment", "landmarks: mediapipe"]
    assert all(f.level == "ok" and "not needed" in f.text and "pip install something" in f.text for f in found)


def test_the_doctor_downloads_no_weights(monkeypatch, tmp_path):
    from me_augment.face import face_alignment_backend

    def never(*_, **__):
        raise AssertionError("the network was asked for")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if name == "face_alignment" else None)
    monkeypatch.setattr(face_alignment_backend, "FaceAlignmentDetector", never)
    note = next(doctor._optional_landmarks())
    assert note.level == "note"
    assert str(tmp_path) in note.text
    assert "--landmark-weights" in note.fix


def test_a_codec_that_changes_pixels_is_a_problem(monkeypatch):
    import numpy as np

    from me_augment import video

    class Lossy:
        def read(self, positions):
            return np.zeros(1)

    monkeypatch.setattr(video, "open_frames", lambda path: Lossy())
    assert {f.level for f in doctor._round_trip()} == {"problem"}


def test_a_check_that_breaks_is_reported_and_the_rest_goes_on(monkeypatch):
    def broken():
        raise RuntimeError("boom")
        yield

    monkeypatch.setattr(doctor, "_opencv", broken)
    found = list(doctor.examine())
    assert any(f.level == "problem" and "boom" in f.text for f in found)
    assert found[-1].subject == "generator: warp"


@pytest.mark.parametrize("package", ["albumentations", "kornia"])
def test_a_missing_package_is_named(monkeypatch, package):
    real = metadata.version

    def version(name):
        if name == package:
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    problem = next(f for f in doctor._versions() if f.level == "problem")
    assert (problem.subject, problem.fix) == (package, f"pip install {package}")
