"""Long videos and their intervals, read back by loaders written to the documented shapes of both corpora."""

import json
import re
import shutil
from dataclasses import replace

import cv2
import long_corpus
import numpy as np
import openpyxl
import pytest
import torch
from runs import hashes

from me_augment.corpora import read_corpus
from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.audit import audit
from me_augment.evaluation.spotting_files import read_intervals
from me_augment.export import export
from me_augment.flow.field import apex_flow

REAL = {"15": [(20, 31), (62, 95)], "16": [(27, 38), (69, 102)], "19": [(34, 45), (76, 109)]}
# megc2020.txt, auw_gcn.csv, megc2022.csv of the corpus below: what was read by eye once.
GOLDEN = "s15 0401 micro-expression 21.0 26.0 32.0"
GOLDEN_TABLES = {
    "megc2020.txt": [GOLDEN, "s15 0401 macro-expression 63.0 76.0 96.0"],
    "auw_gcn.csv": [
        "subject,video_name,start_frame,apex_frame,end_frame,type_idx,au",
        "casme_015,casme_015_0401,21,26,32,2,4+7",  # units without the sheet's sign, which would begin a formula
    ],
    "megc2022.csv": ["vid,pred_onset,pred_offset,type", "s15_0401,21,32,me"],
    "videos.csv": [
        "video,subject,origin,person_id,forbidden_subjects,frames,fps,recording",
        "s15_0401,s15,real,casme_sq:s15,casme_sq:s15,120,30,rawpic/s15/15_0401girlcrashing",
    ],
}
# One video's first interval in the sheets of both corpora.
GOLDEN_SHEETS = {
    "casme-sq": (0, (1, "anger1_1", 21, 26, 32, "4+7", "surprise", "micro-expression", "surprise")),
    "samm-lv": (10, ("015", "015_401_1", 0, 21, 26, 32, 12, "Micro - 1/2", "4+7", None)),
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return long_corpus.write(tmp_path_factory.mktemp("long"), synthetic=(("s15", "s16"),))


@pytest.fixture(scope="module")
def casme_sq(manifest, tmp_path_factory):
    out = tmp_path_factory.mktemp("casme") / "out"
    export(manifest, "spotting", out, shape="casme-sq")
    return out


@pytest.fixture(scope="module")
def samm_lv(manifest, tmp_path_factory):
    out = tmp_path_factory.mktemp("samm") / "out"
    export(manifest, "spotting", out, shape="samm-lv")
    return out


def test_an_interrupted_export_goes_on(manifest, casme_sq, tmp_path):
    def end(done, _):
        calls.append(done)
        if done == 2:
            raise KeyboardInterrupt

    calls, out = [], tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        export(manifest, "spotting", out, shape="casme-sq", progress=end)
    (tmp_path / ".out.partial/files/rawpic/.torn.tmp").write_bytes(b"half a picture")
    with pytest.raises(UsageError, match=r"begun with another shape \(casme-sq; now lists\)"):
        export(manifest, "spotting", out)
    export(manifest, "spotting", out, shape="casme-sq")
    assert hashes(out) == hashes(casme_sq)


@pytest.mark.parametrize("shape", ["casme-sq", "samm-lv"])
def test_our_own_readers_take_the_shapes(manifest, casme_sq, samm_lv, shape):
    """Every interval comes back, on the same frames, also of people and videos that the corpus has not."""
    read = read_corpus(shape, casme_sq if shape == "casme-sq" else samm_lv).manifest
    assert {clip.status for clip in read.clips} == {"ok"}
    spans = sorted((clip.onset_index, clip.offset_index, clip.expression) for clip in read.clips)
    wanted = [clip for clip in manifest.clips if clip.expression in ("micro", "macro")]
    assert spans == sorted((clip.onset_index, clip.offset_index, clip.expression) for clip in wanted)
    assert len({clip.person_id for clip in read.clips}) == 4  # three people, and the synthetic video by itself


def softnet_casme_sq(root):
    """As SOFTNet-type code reads CAS(ME)^2: three sheets by position, folders by code, minus one, offset 0 → apex."""
    book = openpyxl.load_workbook(root / "CAS(ME)^2code_final.xlsx")
    labels, rule1, rule2 = (list(sheet.values) for sheet in book.worksheets)
    number_of = {row[2]: row[0] for row in rule1}
    code_of = {row[1]: row[0] for row in rule2}
    videos = {}
    for folder in sorted((root / "rawpic").glob("s*/*")):
        files = sorted(folder.glob("*.jpg"), key=lambda file: int(re.findall(r"\d+", file.stem)[-1]))
        subject, code = re.match(r"(\d+)_(\d{4})", folder.name).groups()
        assert folder.parent.name == f"s{subject}"
        videos[subject, code] = (files, [])
    for participant, clip, onset, apex, offset, units, emotion, kind, _ in labels:
        assert not str(units or "").startswith(("=", "+", "-", "@"))
        assert emotion in ("negative", "positive", "surprise", "others")
        files, spans = videos[str(number_of[participant]), code_of[clip.rpartition("_")[0]]]
        spans.append((kind, onset - 1, apex - 1, (offset or apex) - 1))
        assert spans[-1][3] < len(files)
    return videos


def softnet_samm_lv(root):
    """As SOFTNet-type code reads SAMM Long Videos: ten rows skipped, columns by position, folders by file name."""
    rows = list(openpyxl.load_workbook(root / "SAMM_LongVideos_V2_Release.xlsx").worksheets[0].values)
    assert rows[9][:5] == ("Subject", "Filename", "Inducement Code", "Onset", "Apex")
    videos = {}
    for folder in sorted((root / "SAMM_longvideos").iterdir()):
        files = sorted(folder.glob("*.jpg"))
        assert files[0].name == f"{folder.name}_0001.jpg"
        videos[folder.name] = (files, [])
    for row in rows[10:]:
        subject, name, _, onset, apex, offset, duration, kind = row[:8]
        assert name.startswith(f"{subject}_")
        assert duration == offset - onset + 1
        assert kind in ("Macro", "Micro - 1/2")
        videos[name.rpartition("_")[0]][1].append((kind, onset - 1, apex - 1, offset - 1))
    return videos


def test_casme_sq_is_read(casme_sq):
    videos = softnet_casme_sq(casme_sq)
    assert sorted(videos) == [("15", "0401"), ("16", "0401"), ("19", "0401"), ("901", "9001")]
    for (subject, _), (files, spans) in videos.items():
        assert len(files) == long_corpus.FRAMES
        assert [(on, off) for _, on, _, off in spans] == REAL.get(subject, [(40, 52)])
    assert videos["15", "0401"][1][0][0] == "micro-expression"


def test_samm_lv_is_read(samm_lv):
    videos = softnet_samm_lv(samm_lv)
    assert sorted(videos) == ["015_401", "016_401", "019_401", "901_1"]
    assert [span[1:] for span in videos["901_1"][1]] == [(40, 46, 52)]
    assert videos["016_401"][1][1] == ("Macro", 69, 82, 102)


def test_frames_are_those_of_the_video(casme_sq):
    """A labelled span shows the motion, and stored pixels are within two grey levels."""
    files, (span, _) = softnet_casme_sq(casme_sq)["15", "0401"]
    made = long_corpus.frames(0, ((20, 25, 31), (62, 75, 95)))
    read = np.stack([cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files])
    assert np.abs(read.astype(int) - made).max() <= 2
    _, onset, apex, _ = span
    flow = apex_flow(read[onset], read[apex])
    assert flow[115:130, 70:90, 1].mean() > 2
    assert abs(flow[20:40, 70:90].mean()) < 0.2


def test_a_training_step(casme_sq):
    """Windows labelled by overlap, one step of a small network: it lowers the loss."""
    inputs, labels = [], []
    for files, spans in softnet_casme_sq(casme_sq).values():
        frames = [cv2.imread(str(file), cv2.IMREAD_GRAYSCALE) for file in files]
        for t in range(0, len(frames) - 6, 16):
            inputs.append(cv2.resize(apex_flow(frames[t], frames[t + 6]), (14, 14)))
            labels.append(float(any(on <= t + 6 and t <= off for _, on, _, off in spans)))
    x, y = torch.tensor(np.stack(inputs)).flatten(1), torch.tensor(labels)
    assert 0 < y.mean() < 1
    torch.manual_seed(0)
    net = torch.nn.Linear(x.shape[1], 1)
    steps = torch.optim.Adam(net.parameters(), 0.01)
    losses = []
    for _ in range(3):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(net(x)[:, 0], y)
        steps.zero_grad()
        loss.backward()
        steps.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0]


def test_lists(manifest, tmp_path):
    out = tmp_path / "out"
    summary = export(manifest, "spotting", out)
    assert (summary.real, summary.synthetic, summary.folds) == (6, 1, 3)
    assert not (out / "rawpic").exists()
    told = [set(read_intervals(out / name, predicted=True)) for name in ("megc2020.txt", "auw_gcn.csv", "megc2022.csv")]
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == 7
    assert {name: (out / name).read_text().splitlines()[:2] for name in GOLDEN_TABLES} == GOLDEN_TABLES


def test_golden_rows_of_the_sheets(casme_sq, samm_lv):
    for shape, file in (
        ("casme-sq", casme_sq / "CAS(ME)^2code_final.xlsx"),
        ("samm-lv", samm_lv / "SAMM_LongVideos_V2_Release.xlsx"),
    ):
        place, row = GOLDEN_SHEETS[shape]
        assert list(openpyxl.load_workbook(file).worksheets[0].values)[place] == row
    assert (samm_lv / "megc2020.txt").read_text().splitlines()[0] == "015 401 micro-expression 21 26 32"
    assert (samm_lv / "auw_gcn.csv").read_text().splitlines()[-1] == "samm_901,samm_901_1,41,47,53,2,4+7"


def test_folds_keep_contributors_apart(casme_sq, samm_lv):
    folds = json.loads((casme_sq / "folds.json").read_text())
    assert sorted(folds) == ["casme_sq:s15", "casme_sq:s16", "casme_sq:s19"]
    for person, fold in folds.items():
        assert ("s901_9001" in fold["train"]) == (person == "casme_sq:s19")
        assert fold["test"] == [f"{person[9:]}_0401"]
        assert not set(fold["test"]) & set(fold["train"])
    assert "901_1" in json.loads((samm_lv / "folds.json").read_text())["casme_sq:s19"]["train"]


@pytest.mark.parametrize(("shape", "made"), [("casme-sq", "s901_9001"), ("samm-lv", "901_1")])
def test_the_audit_finds_a_video_that_trains_with_its_driver_held_out(
    manifest, casme_sq, samm_lv, tmp_path, shape, made
):
    out = casme_sq if shape == "casme-sq" else samm_lv
    for against in ([], [manifest.folder]):
        report = audit(out, against)
        assert (report.leaks, report.missing, report.exit_code) == ([], [], 0)
        assert (report.counts["rows"], report.counts["of these in folds"]) == (4, 4)
    for name in ("folds.json", "videos.csv", "export.json"):
        shutil.copy(out / name, tmp_path)
    folds = json.loads((tmp_path / "folds.json").read_text())
    folds["casme_sq:s16"]["train"].append(made)
    (tmp_path / "folds.json").write_text(json.dumps(folds))
    (leak,) = audit(tmp_path, [manifest.folder]).leaks
    assert (leak.rule, leak.where) == ("R1", f"folds.json, casme_sq:s16, train, {made}")


def test_the_same_bytes_again(manifest, samm_lv, tmp_path):
    export(manifest, "spotting", tmp_path / "again", shape="samm-lv")
    for file in ("SAMM_LongVideos_V2_Release.xlsx", "megc2020.txt", "videos.csv", "README.md", "export.json"):
        assert (samm_lv / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
    assert "never tested on" in (samm_lv / "README.md").read_text()


def test_cut_clips_are_no_long_videos(corpus, tmp_path):
    corpus.real("casme2:sub01", "EP01")
    with pytest.raises(MeAugmentError, match="no long video is left"):
        export(corpus.manifest(), "spotting", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_video_that_hides_a_contributor_of_its_driver_is_left_out(tmp_path):
    """Its row names target and driver, and the driver's parent is somebody else's."""
    written = long_corpus.write(tmp_path, synthetic=(("s15", "s16"),))
    first = next(clip for clip in written.clips if clip.person_id == "casme_sq:s19")
    clips = [replace(clip, parents=(first.clip_id,)) if clip.is_synthetic else clip for clip in written.clips]
    summary = export(replace(written, clips=tuple(clips)), "spotting", tmp_path / "export")
    assert {row.reason for row in summary.skipped} == {
        "in its video: its forbidden_subjects lacks casme_sq:s19, who contributed to it"
    }
    assert "synthetic" not in (tmp_path / "export/videos.csv").read_text()
