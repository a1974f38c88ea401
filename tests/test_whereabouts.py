"""A folder named by mistake: what is said of it, by all that open manifests, runs and frames."""

import pytest

from me_augment.errors import UsageError
from me_augment.manifest import Manifest
from me_augment.synthesis.extend import extend
from me_augment.synthesis.inputs import read_settings
from me_augment.synthesis.run import changed_packages
from me_augment.synthesis.status import status
from me_augment.video import open_frames


@pytest.mark.parametrize("opens", [read_settings, changed_packages, status, extend])
def test_a_folder_that_is_no_run(opens, tmp_path):
    with pytest.raises(UsageError, match="nowhere does not exist: name the folder of a run"):
        opens(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"is not a run: it holds no \S+\. Make one with"):
        opens(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file is a file: name the folder of a run"):
        opens(tmp_path / "file")


def test_manifests_and_runs_inside_are_named(tmp_path):
    for path in ("demo/manifest/manifest.json", "demo/a run/plan.parquet", "demo/corpus/x.txt"):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("")
    with pytest.raises(
        UsageError, match=r"demo is not a manifest but holds some: name '.*/demo/a run' or \S*/manifest"
    ):
        Manifest.open(tmp_path / "demo")
    with pytest.raises(UsageError, match=r"demo is not a run but holds one: name '.*/demo/a run'"):
        status(tmp_path / "demo")
    with pytest.raises(UsageError, match="nowhere does not exist: name the folder of a manifest"):
        Manifest.open(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"it holds no manifest.json. Make one with `me-augment ingest`"):
        Manifest.open(tmp_path / "demo" / "corpus")


def test_frames_below_are_named(tmp_path):
    for path in ("me.jpg", "CASME2/sheet.xlsx", "CASME2/sub02/EP01/img1.jpg", "CASME2/sub01/EP03/img7.JPG"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    with pytest.raises(UsageError, match=r"give a folder of frames such as .*CASME2/sub01/EP03$"):
        open_frames(tmp_path)


def test_a_folder_of_unnumbered_pictures_is_not_sent_to_itself(tmp_path):
    (tmp_path / "me.jpg").write_text("")
    with pytest.raises(UsageError, match=r"give a folder of frames such as img1\.jpg$"):
        open_frames(tmp_path)
