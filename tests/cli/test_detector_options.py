"""The landmark options of ingest, animate and synthesize: one vocabulary, refused where they would do nothing."""

import cv2
import pytest
from click.testing import CliRunner

from me_augment.cli import detector_options, group
from me_augment.errors import UsageError
from me_augment.face import detector as detector_module
from me_augment.face import pose
from me_augment.manifest import Manifest


def run(*arguments):
    """Run a command; errors come out as they are raised."""
    return CliRunner().invoke(group, [str(a) for a in arguments], catch_exceptions=False, standalone_mode=False)


@pytest.fixture
def faces(portrait, tmp_path):
    (tmp_path / "faces").mkdir()
    cv2.imwrite(str(tmp_path / "faces" / "her.png"), portrait[..., ::-1])
    return tmp_path / "faces"


def test_the_command_line_knows_the_backends():
    assert detector_options.BACKENDS == detector_module.BACKENDS


def test_ingest_records_the_backend_and_warns_of_a_turned_head(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(pose, "YAW_LIMIT", 1.0)  # she looks about 2 degrees aside
    result = run(
        "ingest", "faces", faces, "--out", tmp_path / "m", "--landmarks-backend", "dlib", "--landmarks-device", "cpu"
    )
    assert "turned far in 1 clip," in result.stderr
    manifest = Manifest.open(tmp_path / "m")
    assert manifest.provenance["landmarks"].startswith("dlib-")
    assert [issue.code for issue in manifest.clips[0].issues] == ["pose"]


def test_a_backend_that_cannot_work_is_refused_before_the_corpus_is_read(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="runs on the CPU"):
        run("ingest", "faces", tmp_path / "empty", "--out", tmp_path / "m", "--landmarks-device", "cuda")


def test_animate_warns_of_a_turned_head(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(pose, "YAW_LIMIT", 1.0)
    picture = faces / "her.png"
    result = run("animate", "--driver", picture, "--target", picture, "--out", tmp_path / "a.mkv")
    assert f"warning: {picture}: the head is turned by +2 degrees of yaw" in result.stderr


def test_animate_takes_the_options(faces, tmp_path):
    picture = faces / "her.png"
    with pytest.raises(UsageError, match="brings its model"):
        run("animate", "--driver", picture, "--target", picture, "--out", tmp_path / "a.mkv", "--landmark-weights", "x")


def test_synthesize_refuses_landmark_options_that_nothing_would_use(tiny_manifest, tmp_path):
    with pytest.raises(UsageError, match="me-augment ingest"):
        run("synthesize", tiny_manifest.folder, "--out", tmp_path / "r", "--landmarks-backend", "mediapipe")


def test_synthesize_finds_the_faces_of_a_folder_with_the_named_backend(tiny_manifest, faces, tmp_path):
    command = ("synthesize", tiny_manifest.folder, "--targets", faces, "--out", tmp_path / "r", "--dry-run")
    assert "her" in run(*command, "--landmarks-device", "cpu").stdout
    with pytest.raises(UsageError, match="brings its model"):
        run(*command, "--landmark-weights", tmp_path)
