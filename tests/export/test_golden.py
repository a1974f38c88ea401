"""One clip in every format of whole frames, as it was when somebody looked: pixels, paths and rows, literally."""

import hashlib
import io
import tarfile

import av
import cv2
import numpy as np
import openpyxl
import pytest

from me_augment.export import export

# SHA-256 of the clip's three frames as (3, 160, 160, 3) RGB bytes: whole numbers in, no loss on the way.
PIXELS = "cbf0d0a50cee300552d56204dd2c95353f7c29ba92d4a9f739a3d9e95ebf486e"


def drawn(name, motion, gray):
    """Three frames, a pattern of whole numbers that moves by whole pixels."""
    y, x = np.mgrid[:160, :160]
    return [
        np.stack([(3 * (x - step) + 5 * y + 7 * channel * (x // 8)) % 256 for channel in range(3)], axis=-1).astype(
            np.uint8
        )
        for step in (0, 2, 1)
    ]


@pytest.fixture
def manifest(corpus, monkeypatch):
    """Three people; the second performs what the first did, in a video."""
    monkeypatch.setattr(corpus, "_frames", drawn)
    first = corpus.real("casme2:sub01", "EP02_01f", "positive", au_verbatim="6+12", objective_class=1)
    second = corpus.real("casme2:sub02", "EP03_02", "surprise")
    corpus.real("casme2:sub03", "EP01_01", "negative")
    corpus.synthetic(first, second, storage="video", emotion="happiness", label_megc3="positive", au_verbatim="6+12")
    return corpus.manifest()


def pictures(out, pattern):
    files = sorted(out.glob(pattern))
    assert len(files) == 3
    return [cv2.imread(str(file))[..., ::-1] for file in files]


def video(source):
    with av.open(source) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def same(frames):
    assert np.stack(frames).shape == (3, 160, 160, 3)
    assert hashlib.sha256(np.ascontiguousarray(frames).tobytes()).hexdigest() == PIXELS


def line(file, word):
    """The one line of a table that has the word."""
    (found,) = (line for line in file.read_text().splitlines() if word in line)
    return found


def sheet_row(file, clip):
    """The one row of a sheet whose second cell names the clip, and the header over it."""
    rows = list(openpyxl.load_workbook(file).active.iter_rows(values_only=True))
    (header,) = (row for row in rows if row[1] == "Filename")
    (found,) = (row for row in rows if row[1] == clip)
    return dict(zip(header, found, strict=True))


KEY = "syn_0000000000000003"
ROW = (
    "syn-0000000000000003,positive,1,True,synthetic,syn,casme2:sub02,casme2:sub01,casme2:sub02,"
    "casme2:sub01;casme2:sub02,3,1,200.0,happiness,6+12,none"
)
"""Of clips.csv in every format, behind the name."""


def test_frames_as_casme2(manifest, out):
    export(manifest, "frames", out, images="png", labels="megc3")
    same(pictures(out, "CASME2_RAW_selected/sub502/EP99_01/img[123].png"))
    assert sheet_row(out / "CASME2-coding-20190701.xlsx", "EP99_01") == {
        **{"Subject": "502", "Filename": "EP99_01", "OnsetFrame": 1, "ApexFrame": 2, "OffsetFrame": 3, None: None},
        **{"Action Units": "6+12", "Estimated Emotion": "happiness", "Objective Classes": None},
    }
    assert line(out / "combined_3class_gt.csv", "sub502") == "casme2,sub502,EP99_01,1"
    assert line(out / "provenance.csv", "sub502") == (
        "sub502,EP99_01,CASME2_RAW_selected/sub502/EP99_01,True,casme2:sub02,sub02,sub01,sub01;sub02"
    )
    assert line(out / "clips.csv", "syn-") == f"CASME2_RAW_selected/sub502/EP99_01,{ROW},sub502,EP99_01,1,2,3,False"
    assert line(out / "folds/sub03/combined_3class_gt.csv", "502") == "casme2,sub502,EP99_01,1"


def test_frames_as_samm(manifest, out):
    export(manifest, "frames", out, images="png", shape="samm", labels="megc3")
    same(pictures(out, "SAMM/601/601_1_1/601_0000[123].png"))
    assert sheet_row(out / "SAMM_Micro_FACS_Codes_v2.xlsx", "601_1_1") == {
        **{"Subject": "601", "Filename": "601_1_1", "Inducement Code": None, "Onset Frame": 1, "Apex Frame": 2},
        **{"Offset Frame": 3, "Duration": 3, "Micro": "Micro - 1/2", "Action Units": "6+12"},
        **{"Estimated Emotion": "Happiness", "Objective Classes": None, "Notes": None},
    }
    assert line(out / "combined_3class_gt.csv", "601") == "samm,601,601_1_1,1"
    assert line(out / "provenance.csv", "601_1_1") == ("601,601_1_1,SAMM/601/601_1_1,True,casme2:sub02,102,101,101;102")
    assert line(out / "clips.csv", "syn-") == f"SAMM/601/601_1_1,{ROW},601,601_1_1,1,2,3,False"


def test_frames_as_smic(manifest, out):
    export(manifest, "frames", out, shape="smic")
    folder = "SMIC_all_raw/HS/s601/micro/positive/s601_po_01"
    same(pictures(out, f"{folder}/image00000[123].bmp"))
    same(pictures(out, f"folds/sub03/{folder}/image00000[123].bmp"))
    assert line(out / "combined_3class_gt.csv", "601") == "smic,s601,s601_po_01,1"
    assert line(out / "provenance.csv", "s601") == f"s601,s601_po_01,{folder},True,casme2:sub02,s102,s101,s101;s102"
    assert line(out / "clips.csv", "syn-") == f"{folder},{ROW},s601,s601_po_01,1,2,3,False"


def test_webdataset(manifest, out):
    export(manifest, "webdataset", out)
    shard = "shards/synthetic-without~sub01~sub02-000000.tar"
    with tarfile.open(out / shard) as tar:
        assert tar.getnames() == [f"{KEY}.mkv", f"{KEY}.json", f"{KEY}.cls"]
        same(video(io.BytesIO(tar.extractfile(f"{KEY}.mkv").read())))
        assert tar.extractfile(f"{KEY}.cls").read() == b"1"
    assert (out / "fold_sub03_train.txt").read_text().splitlines() == [
        *("shards/real-without~sub01-000000.tar", "shards/real-without~sub02-000000.tar", shard),
    ]
    assert line(out / "clips.csv", "syn-") == f"{KEY},{ROW}"


def test_videofolder(manifest, out):
    export(manifest, "videofolder", out)
    same(video(str(out / f"fold_sub03/train/{KEY}.mkv")))
    assert line(out / "fold_sub03/train/metadata.csv", KEY) == (
        f"{KEY}.mkv,syn-0000000000000003,positive,1,True,casme2:sub02,casme2:sub01;casme2:sub02,3,200.0,1"
    )
    assert line(out / "fold_sub03_train.txt", KEY) == f"{KEY}.mkv"
    assert line(out / "clips.csv", "syn-") == f"{KEY}.mkv,{ROW}"


@pytest.mark.parametrize("store", ["frames", "video"])
def test_kinetics(manifest, out, store):
    export(manifest, "kinetics", out, store=store)
    if store == "frames":
        same(pictures(out, f"rawframes/{KEY}/img_0000[123].png"))
        name, listed = f"rawframes/{KEY}", f"rawframes/{KEY} 3 1"
    else:
        same(video(str(out / f"videos/{KEY}.mkv")))
        name, listed = f"videos/{KEY}.mkv", f"videos/{KEY}.mkv 1"
        assert line(out / "slowfast/fold_sub03/train.csv", KEY) == listed
    assert line(out / "fold_sub03_train.txt", KEY) == listed
    assert line(out / "clips.csv", "syn-") == f"{name},{ROW}"
    assert (out / "classes.txt").read_text() == "negative\npositive\nsurprise\n"
