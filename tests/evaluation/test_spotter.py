"""The baseline spotter on invented long videos: it finds what moves, and learns from nobody it may not."""

import json
from dataclasses import replace

import long_corpus
import pytest

from me_augment.cli import main
from me_augment.errors import UsageError
from me_augment.evaluation.spotter import compare_with, count_videos
from me_augment.evaluation.spotting_files import read_intervals


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return long_corpus.write(tmp_path_factory.mktemp("long"), synthetic=(("s15", "s16"), ("s19", "s16")))


def test_with_and_without(manifest):
    measured = []
    alone, both = compare_with(manifest, manifest, lambda: measured.append(1))
    assert len(measured) == count_videos(manifest, manifest) == 5
    assert (alone.name, alone.folds, alone.real, alone.synthetic) == ("real", 3, 2.0, 0.0)
    # The fold of s15 may learn from the second synthetic video, that of s19 from the first, that of s16 from none.
    assert (both.real, both.synthetic) == (2.0, pytest.approx(2 / 3))
    for result in (alone, both):
        scores = result.found.scores
        assert (scores["micro"].true, scores["macro"].true) == (3, 3)
        assert scores["overall"].f1 > 0.5
        assert all(one.video.startswith(("15_", "16_", "19_")) for one in result.predicted)


def test_nobody_learns_from_a_video_whose_ancestor_shows_the_person_held_out(manifest):
    """The rows of the first synthetic video forget s19, of whom a clip is among its ancestors."""
    (first, *_) = [clip for clip in manifest.clips if clip.subject == "s19" and not clip.is_synthetic]
    clips = [
        replace(clip, parents=(first.clip_id,)) if clip.is_synthetic and clip.subject == "s15" else clip
        for clip in manifest.clips
    ]
    _, both = compare_with(manifest, replace(manifest, clips=tuple(clips)))
    assert both.synthetic == pytest.approx(1 / 3)  # s15 from the second


def test_command(manifest, tmp_path, capsys):
    main(["evaluate", "spotter", str(manifest.folder), "--json", "--out", str(tmp_path / "out")])
    told = json.loads(capsys.readouterr().out)["real"]
    assert (told["folds"], told["micro"]["true"]) == (3, 3)
    lines = (tmp_path / "out" / "real.csv").read_text().splitlines()
    assert lines[0] == "vid,pred_onset,pred_offset,type"
    assert len(lines) == 1 + told["overall"]["predicted"]


def test_truth_is_that_of_the_manifest(manifest):
    truth = [one for one in read_intervals(manifest.folder, predicted=False) if one.video == "15_0401girlcrashing"]
    assert [(one.onset, one.offset, one.kind) for one in truth] == [(21, 32, "micro"), (63, 96, "macro")]


def test_one_person_is_too_few(manifest):
    alone = replace(manifest, clips=tuple(clip for clip in manifest.clips if clip.subject == "s15"))
    with pytest.raises(UsageError, match="fewer than two people"):
        compare_with(alone)


def test_a_run_without_videos(manifest):
    without = replace(manifest, clips=tuple(clip for clip in manifest.clips if not clip.is_synthetic))
    with pytest.raises(UsageError, match="holds no synthetic long video"):
        compare_with(manifest, without)
