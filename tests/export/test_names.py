"""Names of folds and pictures: unique, safe, and not to be mistaken by the loaders that read them."""

import io

import pandas as pd
from rows import clip, synthetic

from me_augment.export.names import fold_names, picture_names


def named(*clips):
    folds = fold_names([c for c in clips if not c.is_synthetic])
    return folds, [name.stem for name in picture_names(clips, folds).values()]


def test_a_subject_keeps_its_name():
    folds, stems = named(clip(person_id="casme2:sub01", name="sub01/EP02_01f"))
    assert folds == {"casme2:sub01": "sub01"}
    assert stems == ["sub01_EP02_01f"]


def test_one_name_for_two_persons_gets_the_corpus():
    folds, _ = named(
        clip(clip_id="a", person_id="casme2:sub01"),
        clip(clip_id="b", person_id="casme:sub01", corpus="casme"),
        clip(clip_id="c", person_id="casme2:sub02"),
    )
    assert folds == {
        "casme2:sub01": "casme2_sub01",
        "casme:sub01": "casme_sub01",
        "casme2:sub02": "sub02",
    }


def test_one_person_under_two_names_has_one_fold():
    folds, stems = named(
        clip(clip_id="a", person_id="samm:006", subject="006", corpus="samm-lv", name="006/006_1"),
        clip(clip_id="b", person_id="samm:006", subject="P6", corpus="samm", name="P6/006_1"),
        clip(clip_id="c", person_id="casme2:sub02"),
    )
    assert folds["samm:006"] == "P6"
    assert len(set(stems)) == 3
    assert all(stem.startswith("P6_006_1_") for stem in stems[:2])


def test_numbers_survive_pandas():
    rows = [
        clip(clip_id="a", person_id="samm:006", corpus="samm", name="006/006_1_2"),
        clip(clip_id="b", person_id="samm:007", corpus="samm", name="007/0401"),
    ]
    folds = fold_names(rows)
    names = list(picture_names(rows, folds).values())
    table = "sub,filename_o\n" + "".join(f"{name.sub},{name.video}\n" for name in names)
    read = pd.read_csv(io.StringIO(table))
    assert [f"{sub}_{video} .png" for sub, video in read.itertuples(index=False)] == [name.png for name in names]
    mixed = fold_names([*rows, clip(person_id="casme2:sub01")])
    assert sorted(mixed.values()) == ["006", "007", "sub01"]


def test_no_synthetic_name_begins_with_a_subject():
    people = [f"casme2:{name}" for name in ("s", "sy", "syn", "syn_0", "sub01")]
    clips = [clip(clip_id=f"clip-{p}", person_id=p) for p in people]
    clips += [synthetic(a, b, clip_id=f"syn-0{i}") for i, (a, b) in enumerate([(clips[0], clips[1])] * 3)]
    folds = fold_names(clips[:5])
    names = picture_names(clips, folds)
    for row in clips[5:]:
        assert names[row.clip_id].stem == f"syn_{row.clip_id.removeprefix('syn-')}"
        assert not any(names[row.clip_id].stem.startswith(fold) for fold in folds.values())


def test_names_stay_inside_the_folder_and_hold_no_blank():
    folds, stems = named(
        clip(clip_id="a", person_id="x:..", name="../../a b"),
        clip(clip_id="b", person_id="x:a/b", name="a/b/c d"),
        clip(clip_id="c", person_id="x:a b", name="n" * 500),
        clip(clip_id="d", person_id="x:王", name="王/视频"),
    )
    for name in (*folds.values(), *stems):
        assert name.isascii()
        assert not set(name) & set("/\\ ")
        assert not name.startswith(".")
        assert len(name) < 200
    assert len({name.casefold() for name in folds.values()}) == 4


def test_equal_videos_of_one_person_stay_apart_in_any_order():
    rows = [clip(clip_id=i, name=f"sub91/{video}") for i, video in (("a", "EP 1"), ("b", "EP_1"), ("c", "EP_2"))]
    folds = fold_names(rows)
    forward, backward = picture_names(rows, folds), picture_names(rows[::-1], folds)
    assert forward == backward
    assert len({name.png for name in forward.values()}) == 3
    assert forward["c"].png == "sub91_EP_2 .png"
