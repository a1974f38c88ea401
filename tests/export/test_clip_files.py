"""Whole clips in three formats: read by the packages they are for, trained on, and no fold with its own person."""

import csv
import io
import json
import os
import tarfile
from hashlib import sha256
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch

from me_augment.errors import UsageError
from me_augment.export import export
from me_augment.export.clip_files import clip_frames
from me_augment.export.table import csv_cell
from me_augment.manifest.folds import may_train
from me_augment.video import open_frames, synthetic_mark

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
FORMATS = ("webdataset", "videofolder", "kinetics")


def decoded(source):
    """(T, H, W, 3) uint8 of a video by PyAV: nothing of ours."""
    with av.open(source) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def step(samples):
    """One step of training on (frames (T, H, W, 3), label) pairs; gives the loss before and after."""
    torch.manual_seed(0)
    videos = torch.stack([torch.from_numpy(frames[::2].astype(np.float32) / 255) for frames, _ in samples])
    labels = torch.tensor([label for _, label in samples])
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(videos[0].numel(), 3))
    optimiser = torch.optim.SGD(model.parameters(), lr=1e-4)
    losses = []
    for _ in range(2):
        optimiser.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(videos), labels)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return losses


def load_webdataset(out, listed):
    """Key → (frames, class, row), through the shards that a list names."""
    import webdataset

    urls = [str(out / line) for line in (out / listed).read_text().split()]
    data = webdataset.WebDataset(urls, shardshuffle=False, empty_check=False).decode()
    found = {}
    for sample in data:
        frames = (
            decoded(io.BytesIO(sample["mkv"]))
            if "mkv" in sample
            else np.stack([as_rgb(sample[name]) for name in sorted(sample) if name.endswith("png")])
        )
        found[sample["__key__"]] = frames, sample["cls"], sample["json"]
    return found


def as_rgb(content):
    return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]


def load_videofolder(out, fold, split, cache):
    """Key → (frames, class, row), through the configuration of a fold."""
    from datasets import Video, load_dataset

    # Decoding by `datasets` itself takes the package torchcodec.
    data = load_dataset(str(out), fold, split=split, cache_dir=str(cache)).cast_column("video", Video(decode=False))
    return {Path(r["video"]["path"]).stem: (decoded(r["video"]["path"]), r["label_index"], r) for r in data}


def load_kinetics(out, listed):
    """Key → (frames, class), as mmaction2 reads its lists: blanks between, frames from 1 by a template."""
    found = {}
    template = json.loads((out / "export.json").read_text())["template"]
    for line in (out / listed).read_text().splitlines():
        path, *total, label = line.split()
        if total:
            files = [out / path / template.format(i) for i in range(1, int(total[0]) + 1)]
            frames = np.stack([cv2.imread(str(file))[..., ::-1] for file in files])
        else:
            frames = decoded(str(out / path))
        found[Path(path).stem] = frames, int(label)
    return found


@pytest.fixture
def load(tmp_path):
    def read(format, out, fold, part):
        if format == "webdataset":
            return load_webdataset(out, f"{fold}_{part}.txt")
        if format == "videofolder":
            return load_videofolder(out, fold, part, tmp_path / "hf")
        return load_kinetics(out, f"{fold}_{part}.txt")

    return read


TRAIN = {
    "sub01": {"sub02_EP02_04", "sub02_EP03_01", "sub03_EP01_01f", "syn_0000000000000006"},
    "sub02": {"sub01_EP01_01f", "sub03_EP01_01f", "syn_0000000000000005"},
    "sub03": {"sub01_EP01_01f", "sub02_EP02_04", "sub02_EP03_01", "syn_0000000000000004"},
}
TEST = {"sub01": {"sub01_EP01_01f"}, "sub02": {"sub02_EP02_04", "sub02_EP03_01"}, "sub03": {"sub03_EP01_01f"}}


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("webdataset", {}),
        ("webdataset", {"store": "frames"}),
        ("videofolder", {}),
        ("kinetics", {}),
        ("kinetics", {"store": "video"}),
    ],
)
def test_the_consumer_reads_the_frames_of_its_fold_and_trains(small, tmp_path, load, format, options):
    manifest = small.manifest()
    summary = export(manifest, format, tmp_path / "out", **options)
    assert (summary.real, summary.synthetic, summary.folds) == (4, 3, 3)
    rows = {row["clip_id"]: row for row in pq.read_table(tmp_path / "out" / "clips.parquet").to_pylist()}
    by_key = {Path(row["name"]).stem: manifest.clips[i] for i, row in enumerate(_in_order(manifest, rows))}
    for fold in ("sub01", "sub02", "sub03"):
        train = load(format, tmp_path / "out", f"fold_{fold}", "train")
        test = load(format, tmp_path / "out", f"fold_{fold}", "test")
        assert train.keys() == TRAIN[fold]
        assert test.keys() == TEST[fold]
        for key, (frames, label, *_) in (train | test).items():
            clip = by_key[key]
            stored = clip_frames(manifest, clip, None)
            if stored.ndim == 3:  # consumers read gray as three channels
                stored = np.repeat(stored[..., None], 3, axis=3)
            np.testing.assert_array_equal(frames, stored)
            assert label == ("negative", "positive", "surprise").index(clip.label_megc3)
        assert all(may_train(by_key[key], f"casme2:{fold}") for key in train)
        first, second = step([(frames, label) for frames, label, *_ in train.values()])
        assert second < first


def _in_order(manifest, rows):
    return [rows[clip.clip_id] for clip in manifest.clips]


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_bytes_twice(small, tmp_path, format):
    def content(out):
        return {p.relative_to(out): sha256(p.read_bytes()).hexdigest() for p in out.rglob("*") if p.is_file()}

    for name in ("a", "b"):
        export(small.manifest(), format, tmp_path / name)
    assert content(tmp_path / "a") == content(tmp_path / "b")


def test_golden_files_of_one_clip(small, tmp_path):
    for format in FORMATS:
        export(small.manifest(), format, tmp_path / format)
    with tarfile.open(tmp_path / "webdataset/shards/synthetic-without~sub01~sub02-000000.tar") as tar:
        members = {member.name: (member.mtime, member.uid, member.mode) for member in tar.getmembers()}
        key = "syn_0000000000000004"
        assert members == {f"{key}.{ending}": (0, 0, 0o644) for ending in ("mkv", "json", "cls")}
        assert tar.extractfile(f"{key}.cls").read() == b"0"
        assert json.load(tar.extractfile(f"{key}.json")) == {
            "apex": 1,
            "aus": None,
            "clip_id": "syn-0000000000000004",
            "corpus": "synthetic",
            "driver_person_id": "casme2:sub01",
            "emotion": "disgust",
            "forbidden_subjects": ["casme2:sub01", "casme2:sub02"],
            "fps": 200.0,
            "is_synthetic": True,
            "key": key,
            "label": "negative",
            "label_index": 0,
            "licence": "none",
            "n_frames": 3,
            "name": key,
            "person_id": "casme2:sub02",
            "subject": "syn",
            "target_person_id": "casme2:sub02",
        }
    assert (tmp_path / "videofolder/fold_sub02/test/metadata.csv").read_text() == (
        "file_name,clip_id,label,label_index,is_synthetic,person_id,forbidden_subjects,n_frames,fps,apex\n"
        "sub02_EP02_04.mkv,clip-0000000000000001,positive,1,False,casme2:sub02,casme2:sub02,3,200.0,1\n"
        "sub02_EP03_01.mkv,clip-0000000000000002,negative,0,False,casme2:sub02,casme2:sub02,3,200.0,1\n"
    )
    assert (tmp_path / "kinetics/fold_sub02_test.txt").read_text() == (
        "rawframes/sub02_EP02_04 3 1\nrawframes/sub02_EP03_01 3 0\n"
    )
    assert sorted(p.name for p in (tmp_path / "kinetics/rawframes/sub02_EP02_04").iterdir()) == [
        "img_00001.png",
        "img_00002.png",
        "img_00003.png",
    ]


@pytest.mark.parametrize("format", FORMATS)
def test_cropped_to_the_face(small, tmp_path, load, format):
    export(small.manifest(), format, tmp_path / "out", size=32)
    found = load(format, tmp_path / "out", "fold_sub01", "test")
    np.testing.assert_array_equal(found["sub01_EP01_01f"][0], clip_frames(small.manifest(), small.clips[0], 32))
    assert found["sub01_EP01_01f"][0].shape == (3, 32, 32, 3)


@pytest.mark.parametrize("format", FORMATS)
def test_a_clip_needs_neither_apex_nor_face_unless_it_is_cropped(small, tmp_path, format):
    small.change(small.clips[0], apex=None, apex_index=None, landmarks=None)
    assert export(small.manifest(), format, tmp_path / "whole").real == 4
    cropped = export(small.manifest(), format, tmp_path / "cropped", size=32)
    assert cropped.real == 3
    assert [clip.reason for clip in cropped.skipped] == ["it has no landmarks"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_clip_that_cannot_be_read_is_a_row_with_its_reason(small, tmp_path, format):
    (small.root / "casme2/sub02/EP02_04/img51.png").write_bytes(b"torn")
    made = next(clip for clip in small.clips if clip.recording_id.endswith(".mkv"))
    (small.folder / "run" / made.recording_id).write_bytes(b"torn")
    summary = export(small.manifest(), format, tmp_path / "out")
    assert {clip.clip_id for clip in summary.skipped} == {small.clips[1].clip_id, made.clip_id}
    assert not any(str(tmp_path) in clip.reason for clip in summary.skipped)
    assert len(pq.read_table(tmp_path / "out" / "clips.parquet")) == 5


def test_files_of_a_run_are_linked_and_those_of_a_corpus_never(small, tmp_path):
    export(small.manifest(), "videofolder", tmp_path / "out")
    made = next(clip for clip in small.clips if clip.recording_id.endswith(".mkv"))
    stored = small.folder / "run" / made.recording_id
    assert (tmp_path / "out/all/train/syn_0000000000000005.mkv").samefile(stored)
    assert (tmp_path / "out/fold_sub02/train/syn_0000000000000005.mkv").samefile(stored)
    assert all(path.stat().st_nlink == 1 for path in small.root.rglob("*.png"))


def test_untrusted_names_stay_names(corpus, tmp_path):
    first = corpus.real("casme2:sub01", "EP01")
    names = {"subject": "../../x", "person_id": "casme2:../../x", "name": "../../x/EP.01\nleft"}
    corpus.change(first, **names, emotion="=cmd()|x", forbidden_subjects=("casme2:../../x",))
    corpus.real("casme2:sub02", "EP02", "=1+1")
    corpus.real("casme2:sub03", "@EP", "positive", name="sub03/-EP.02.b")
    for format in FORMATS:
        export(corpus.manifest(), format, tmp_path / format, labels="verbatim")
    assert {path.name for path in tmp_path.iterdir()} == {"corpus", "run", *FORMATS}
    for shard in (tmp_path / "webdataset/shards").iterdir():
        with tarfile.open(shard) as tar:
            assert all(member.name.count(".") == 1 and "/" not in member.name for member in tar)
    with (tmp_path / "videofolder/clips.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())
    labels = pq.read_table(tmp_path / "videofolder/clips.parquet").column("label").to_pylist()
    assert "=cmd()|x" in labels  # verbatim where nothing computes


def test_shards_of_different_folds_never_share_a_name(corpus, tmp_path):
    """Fold names `a`, `b` and `a_b`: a name joined by underscores could mean either."""
    people = [corpus.real(f"casme2:{name}", "EP01") for name in ("a", "b", "a_b", "c")]
    corpus.synthetic(people[0], people[1])
    corpus.synthetic(people[2], people[2], target_person_id="casme2:a_b")
    export(corpus.manifest(), "webdataset", tmp_path / "out")
    names = {path.name for path in (tmp_path / "out/shards").iterdir()}
    assert {"synthetic-without~a~b-000000.tar", "synthetic-without~a_b-000000.tar"} <= names
    train = load_webdataset(tmp_path / "out", "fold_a_train.txt")
    assert {key for key in train if key.startswith("syn")} == {"syn_0000000000000005"}


@pytest.mark.parametrize("format", FORMATS)
def test_groups_of_persons_are_held_out_together(small, tmp_path, load, format):
    export(small.manifest(), format, tmp_path / "out", folds=2)
    record = json.loads((tmp_path / "out" / "export.json").read_text())["folds"]
    assert record["fold2"] == {
        "persons": ["casme2:sub01", "casme2:sub03"],
        "train_real": 2,
        "train_synthetic": 0,
        "test": 2,
    }
    assert load(format, tmp_path / "out", "fold2", "train").keys() == TEST["sub02"]
    assert load(format, tmp_path / "out", "fold2", "test").keys() == TEST["sub01"] | TEST["sub03"]
    assert "syn_0000000000000005" in load(format, tmp_path / "out", "fold1", "train")


@pytest.mark.parametrize("format", FORMATS)
def test_without_folds_one_person_is_enough(corpus, tmp_path, format):
    corpus.real("casme2:sub01", "EP01")
    summary = export(corpus.manifest(), format, tmp_path / "out", folds="none")
    assert (summary.real, summary.folds) == (1, 0)
    assert not list((tmp_path / "out").rglob("*fold*"))


def test_real_clips_that_bar_each_other_are_tested_apart(corpus, tmp_path):
    both = ("casme2:sub01", "casme2:sub02")
    for person in both:
        corpus.real(person, "EP01", forbidden_subjects=both)
    corpus.real("casme2:sub03", "EP01")
    export(corpus.manifest(), "webdataset", tmp_path / "out")
    for fold in ("sub01", "sub02"):
        assert load_webdataset(tmp_path / "out", f"fold_{fold}_test.txt").keys() == {f"{fold}_EP01"}
        assert load_webdataset(tmp_path / "out", f"fold_{fold}_train.txt").keys() == {"sub03_EP01"}


def test_large_shards_are_followed_by_others(small, tmp_path, monkeypatch):
    monkeypatch.setattr("me_augment.export.webdataset.SHARD_BYTES", 1)
    export(small.manifest(), "webdataset", tmp_path / "out")
    lines = (tmp_path / "out/fold_sub02_test.txt").read_text().split()
    assert [Path(line).name for line in lines] == [f"real-without~sub02-{i:06}.tar" for i in range(2)]
    assert load_webdataset(tmp_path / "out", "fold_sub02_test.txt").keys() == TEST["sub02"]


@pytest.mark.parametrize("format", FORMATS)
def test_without_folds_the_card_speaks_of_none(small, tmp_path, format):
    export(small.manifest(), format, tmp_path / "out", folds="none")
    text = (tmp_path / "out/README.md").read_text()
    assert "fold_" not in text
    assert "No folds were written" in text


@pytest.mark.parametrize("format", FORMATS)
def test_the_card_names_folds_as_they_are(small, tmp_path, format):
    export(small.manifest(), format, tmp_path / "out", folds=2)
    text = (tmp_path / "out/README.md").read_text()
    assert "`fold1` for one" in text
    assert "fold_" not in text
    assert (tmp_path / "out/fold1_train.txt").is_file()


def test_the_card_has_one_front_matter_with_a_configuration_for_each_fold(small, tmp_path):
    from huggingface_hub import DatasetCard

    export(small.manifest(), "videofolder", tmp_path / "out")
    data = DatasetCard((tmp_path / "out/README.md").read_text()).data.to_dict()
    configs = {config["config_name"]: config for config in data["configs"]}
    assert configs.keys() == {"all", "fold_sub01", "fold_sub02", "fold_sub03"}
    assert configs["all"]["default"]
    assert configs["fold_sub01"]["data_files"][1] == {"split": "test", "path": "fold_sub01/test/**"}
    assert (data["license"], data["size_categories"]) == ("other", ["n<1K"])
    assert "synthetic" in data["tags"]


@pytest.mark.parametrize(("format", "options"), [("kinetics", {}), ("videofolder", {"size": 64}), ("frames", {})])
def test_files_of_synthetic_clips_say_so_and_no_others(small, tmp_path, format, options):
    export(small.manifest(), format, tmp_path / "out", **options)
    table = pd.read_parquet(tmp_path / "out/clips.parquet")
    folder = tmp_path / "out" / ("all/train" if format == "videofolder" else "")
    told = {row.clip_id: synthetic_mark(folder / row.name_of_file) for row in
            table.rename(columns={"name": "name_of_file"}).itertuples()}  # fmt: skip
    # The frames export links files of clips as they are; those of the fixture were written without a mark.
    made = table[table["is_synthetic"] & (~table["linked"] if "linked" in table else True)]
    assert len(made)
    assert all(told[clip_id].endswith("generator warp 1") for clip_id in made["clip_id"])
    assert not any(told[clip_id] for clip_id in table[~table["is_synthetic"]]["clip_id"])


@pytest.mark.parametrize("format", FORMATS)
def test_the_card_names_the_terms(small, tmp_path, format):
    small.change(small.clips[0], licence="signed agreement, no redistribution")
    export(small.manifest(), format, tmp_path / "out")
    text = (tmp_path / "out/README.md").read_text()
    assert "signed agreement, no redistribution" in text
    assert "forbidden_subjects" in text


@pytest.mark.parametrize(
    ("format", "options", "message"),
    [
        ("videofolder", {"size": 4}, "--size is 4"),
        ("webdataset", {"store": "zip"}, "--store is 'zip'"),
        ("kinetics", {"store": "zip"}, "--store is 'zip'"),
        ("videofolder", {"store": "frames"}, "the format videofolder has no --store"),
        ("kinetics", {"flow": "dis"}, "the format kinetics has no --flow"),
        ("kinetics", {"labels": "mood"}, "no label set 'mood'"),
    ],
)
def test_what_does_not_fit_is_said_and_nothing_written(small, tmp_path, format, options, message):
    with pytest.raises(UsageError, match=message):
        export(small.manifest(), format, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_cells():
    assert [csv_cell(value) for value in ("=1", "+1", "-x", "@a", "a=1", -1.5, ("=a", "b"), None, True)] == [
        *("'=1", "'+1", "'-x", "'@a", "a=1", -1.5, "'=a;b", "", True)
    ]


def test_a_linked_clip_opens_as_ours(small, tmp_path):
    export(small.manifest(), "kinetics", tmp_path / "out", store="video")
    source = open_frames(tmp_path / "out/videos/syn_0000000000000005.mkv")
    assert (len(source), source.fps) == (3, 200)
    assert {p.name for p in (tmp_path / "out/slowfast/fold_sub01").iterdir()} == {"train.csv", "test.csv"}
