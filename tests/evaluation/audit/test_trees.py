"""Each kind of leak is planted in a clean tree of flow pictures and has to be named, by rule and file."""

import shutil

import cv2
import numpy as np
import pytest
from audit_scene import PEOPLE, Scene, picture

from me_augment.errors import UsageError
from me_augment.evaluation.audit import audit
from me_augment.video import synthetic_comment
from me_augment.video.provenance import commented


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def found(report):
    return {(leak.rule, leak.where) for leak in report.leaks}


def test_a_clean_tree_passes_and_says_what_could_not_be_seen(scene):
    run, export = scene.run(), scene.export()
    alone, beside = audit(export), audit(export, [run])
    for report in (alone, beside, audit(export / "norm_u_v_os")):
        assert report.leaks == []
        assert report.exit_code == 0
        assert report.counts == {
            "folds": 5,
            "places in them": 10 * 5 + 3 + 2 + 2,
            "different clips": 13,
            "rows": 13,
            "of these in folds": 13,
        }
    assert [alone.verdict(f"R{n}") for n in range(1, 10)] == [
        *("clean", "in part", "in part", "clean", "clean", "clean", "not checkable", "not checkable", "in part")
    ]
    assert [beside.verdict(f"R{n}") for n in (2, 3, 7)] == ["clean"] * 3


PLANTS = {
    "driver, by name": (lambda s: s.put("syn-plain", "sub01/u_train/1/syn_plain.png"), "R1", None),
    "target": (lambda s: s.put("syn-plain", "sub02/u_train/0/syn_plain .png"), "R1", None),
    "own clip": (lambda s: s.put("clip-sub03-EP01", "sub03/u_train/0/sub03_EP01 .png"), "R1", None),
    "own clip, other name": (lambda s: s.put("clip-sub03-EP01", "sub03/u_train/0/sub04_EP09.png"), "R6", None),
    "own clip, as a TIFF": (lambda s: s.put("clip-sub03-EP01", "sub03/u_train/0/sub04_EP09.tif"), "R6", None),
    "own clip, no ending": (lambda s: s.put("clip-sub03-EP01", "sub03/u_train/0/sub04_EP09"), "R6", None),
    "own clip, hidden": (lambda s: s.put("clip-sub03-EP01", "sub03/u_train/0/.sub04_EP09.png"), "R6", None),
    "synthetic tested": (lambda s: s.put("syn-plain", "sub04/u_test/0/syn_plain .png"), "R5", None),
    "tested twice": (lambda s: s.put("clip-sub03-EP01", "sub04/u_test/0/sub03_EP01 .png"), "R5", "sub04/u_test"),
    "tested twice, other name": (lambda s: s.put("clip-sub03-EP01", "sub04/u_test/0/new.png"), "R5", "sub04/u_test"),
    "ancestor": (lambda s: s.put("syn-child", "sub01/u_train/0/syn_child .png"), "R9", None),
    "generator": (lambda s: s.put("syn-net", "sub04/u_train/0/syn_net .png"), "R2", None),
}


@pytest.mark.parametrize("kind", PLANTS)
def test_a_clip_in_the_wrong_folder(scene, kind):
    plant, rule, where = PLANTS[kind]
    run, export = scene.run(), scene.export()
    before = set(export.rglob("*"))
    plant(scene)
    (planted,) = {path for path in set(export.rglob("*")) - before if path.is_file()}
    report = audit(export, [run])
    assert report.exit_code == 1
    assert (rule, str(planted.relative_to(export / "norm_u_v_os"))) in found(report)
    if where:
        assert {leak.where.startswith(where) for leak in report.leaks if leak.rule == rule} == {True}


def test_a_tree_of_others_calls_people_by_its_folders(scene):
    """A clip that begins with the fold's name is of the person held out, though no test clip has its bytes."""
    export = scene.export()
    for path in export.glob("clips.*"):
        path.unlink()
    cv2.imwrite(str(export / "norm_u_v_os/sub03/u_train/0/sub03_EP09.png"), picture(99))
    assert ("R1", "sub03/u_train/0/sub03_EP09.png") in found(audit(export))


def test_another_tree_is_not_passed_over(scene):
    """HTNet reads a copy of the tree below `datasets`; a link to it is no other."""
    export = scene.export()
    (export / "datasets").mkdir()
    copied = export / "datasets/three_norm_u_v_os"
    copied.symlink_to(export / "norm_u_v_os")
    assert audit(export).exit_code == 0
    copied.unlink()
    shutil.copytree(export / "norm_u_v_os", copied)
    report = audit(export)
    assert report.exit_code == 2
    assert f"{copied} is another tree of folds" in report.missing[0]
    assert audit(export / "norm_u_v_os").exit_code == 0


def test_a_hidden_fold_is_a_fold(scene):
    """Loaders take whatever `os.listdir` names."""
    export = scene.export()
    shutil.copytree(export / "norm_u_v_os/sub03", export / "norm_u_v_os/.sub03")
    assert any(rule == "R5" for rule, _ in found(audit(export)))


def test_what_is_no_picture_is_no_clip(scene):
    export = scene.export()
    (export / "norm_u_v_os/sub01/u_train/0/Thumbs.db").write_bytes(b"thumbs")
    (export / "norm_u_v_os/sub01/u_train/0/._sub02_EP01 .png").write_bytes(b"a Mac's")
    assert audit(export).counts["places in them"] == 57


@pytest.mark.parametrize("with_table", [True, False])
def test_a_fold_whose_test_clips_are_gone_still_holds_its_person_out(scene, with_table):
    run, export = scene.run(), scene.export()
    scene.put("clip-sub03-EP01", "sub03/u_train/0/sub03_EP01 .png")
    shutil.rmtree(export / "norm_u_v_os/sub03/u_test")
    for path in () if with_table else export.glob("clips.*"):
        path.unlink()
    report = audit(export, [run])
    assert found(report) == {("R1", "sub03/u_train/0/sub03_EP01 .png")}
    assert "sub03: a fold of which no test clip was found" in report.open["R5"]


def test_whoever_chose_the_gates(scene):
    scene.config = "gates: {correlation: 0.9}\ngates_chosen_on: ['casme2:sub05']\n"
    for clip in [clip for clip in scene.clips if clip.is_synthetic]:
        scene.change(clip.clip_id, forbidden_subjects=tuple(sorted({*clip.forbidden_subjects, PEOPLE[4]})))
    run, export = scene.run(), scene.export()
    assert audit(export, [run]).leaks == []
    scene.put("syn-plain", "sub05/u_train/0/syn_plain .png")
    report = audit(export, [run])
    assert found(report) == {("R3", "sub05/u_train/0/syn_plain .png")}
    assert "casme2:sub05 is held out and was looked at" in report.leaks[0].detail


def test_a_pool_that_has_another_picture_than_the_folds(scene):
    """HTNet reads the pool, whatever the picture of that name in the fold shows."""
    export = scene.export()
    (export / "pool").rename(export / "STSNet_whole_norm_u_v_os")
    report = audit(export)
    assert (report.leaks, report.counts["places in them"]) == ([], 57)
    path = export / "STSNet_whole_norm_u_v_os/sub04_EP01 .png"
    path.unlink()
    path.write_bytes(next((export / "norm_u_v_os/sub03/u_test/0").iterdir()).read_bytes())
    report = audit(export)
    place = "sub03/u_train/0/sub04_EP01 .png"
    assert ("R6", f"STSNet_whole_norm_u_v_os/{path.name}, in place of {place}") in found(report)
    assert all("STSNet_whole_norm_u_v_os/sub04" in f"{leak.where} {leak.detail}" for leak in report.leaks)


def test_a_clip_of_a_name_that_ends_like_a_further_picture_is_a_clip(tmp_path):
    people = ("a", "a_1", "b")
    for person in people:
        for other in people:
            part = tmp_path / "norm_u_v_os" / person / ("u_test" if person == other else "u_train") / "0"
            pool = tmp_path / "STSNet_whole_norm_u_v_os"
            for folder in (part, pool):
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / f"{other} .png"), picture(people.index(other)))
    report = audit(tmp_path)
    assert (report.leaks, report.counts["places in them"]) == ([], 9)


WAYS = {
    "u turned round": lambda p: np.dstack([p[..., 0], p[..., 1], 255 - p[..., 2]]),
    "mirror image": lambda p: np.dstack([p[..., 0], p[..., 1], 255 - p[..., 2]])[:, ::-1],
    "flipped": lambda p: p[:, ::-1],
    "the same picture": lambda p: np.clip(p.astype(int) + np.indices((28, 28)).sum(0)[..., None] % 2, 0, 255),
}


@pytest.mark.parametrize("table", [True, False])
@pytest.mark.parametrize("what", WAYS)
def test_a_derivative_of_a_test_picture(tmp_path, what, table):
    scene = Scene(tmp_path)
    scene.clips = [clip for clip in scene.clips if table or not clip.is_synthetic]
    run, export = scene.run(), scene.export(table)
    tested = cv2.imread(str(export / "norm_u_v_os/sub03/u_test/0/sub03_EP02 .png"))
    planted = "sub03/u_train/0/sub04_EP07.png"
    cv2.imwrite(str(export / "norm_u_v_os" / planted), WAYS[what](tested).astype(np.uint8))
    for against in ([run], []):
        report = audit(export, against)
        assert found(report) == {("R9", planted)}
        assert what in report.leaks[0].detail
        assert "sub03_EP02" in report.leaks[0].detail


def test_a_derivative_that_trains_other_folds_is_none(scene):
    export = scene.export()
    tested = cv2.imread(str(export / "norm_u_v_os/sub03/u_test/0/sub03_EP02 .png"))
    cv2.imwrite(str(export / "norm_u_v_os/sub04/u_train/0/sub03_EP02_m.png"), WAYS["mirror image"](tested))
    report = audit(export)
    assert (report.leaks, report.missing) == ([], [])


def test_one_person_under_two_names(scene):
    """SAMM's people are SAMM Long Videos' too."""
    scene.real("casme2:sub06", "EP01", person_id="casme2:sub05", subject="sub06")
    export = scene.export()
    tree = export / "norm_u_v_os"
    (tree / "sub06/u_train/0").mkdir(parents=True)
    (tree / "sub06/u_test/0").mkdir(parents=True)
    for path in (tree / "sub05/u_test/0").iterdir():
        (tree / "sub06" / ("u_test" if "sub06" in path.name else "u_train") / "0" / path.name).hardlink_to(path)
    (tree / "sub05/u_test/0/sub06_EP01 .png").unlink()
    report = audit(export)
    assert ("R6", "sub06/u_train/0/sub05_EP01 .png") in found(report)
    assert {leak.rule for leak in report.leaks} == {"R6"}


def test_clips_of_one_recording_on_both_sides(scene):
    scene.real("casme2:sub05", "EP03", recording_id="rec-sub04-EP01")
    run, export = scene.run(), scene.export()
    report = audit(export, [run])
    assert ("R7", "sub05/u_train/0/sub04_EP01 .png") in found(report)
    assert ("R7", "sub04/u_train/0/sub05_EP03 .png") in found(report)
    assert audit(export).verdict("R7") == "not checkable"


FORGOTTEN = {
    "driver": ("syn-plain", PEOPLE[0], "R1"),
    "target": ("syn-plain", PEOPLE[1], "R1"),
    "trainer": ("syn-net", PEOPLE[3], "R2"),
    "ancestor": ("syn-child", PEOPLE[0], "R9"),
}


@pytest.mark.parametrize("who", FORGOTTEN)
def test_a_table_that_forgets_someone(scene, who):
    clip_id, person, rule = FORGOTTEN[who]
    run, export = scene.run(), scene.export()
    rows = [scene.row(clip) for clip in scene.clips]
    for row in rows:
        if row["clip_id"] == clip_id:
            row["forbidden_subjects"].remove(person)
            name = row["name"]
    scene.table(rows)
    report = audit(export, [run])
    assert (rule, f"clips.parquet, {name}") in found(report)
    assert person in "".join(leak.detail for leak in report.leaks)


def test_a_table_that_calls_the_synthetic_real_or_another_person(scene):
    run, export = scene.run(), scene.export()
    rows = [scene.row(clip) for clip in scene.clips]
    rows[0]["person_id"] = "casme2:sub02"
    rows[-1]["is_synthetic"] = False
    scene.table(rows)
    report = audit(export, [run])
    assert ("R5", f"clips.parquet, {rows[-1]['name']}") in found(report)
    assert ("R6", f"clips.parquet, {rows[0]['name']}") in found(report)


def test_names_alone_tell_real_clips_but_not_who_made_synthetic_ones(tmp_path):
    scene = Scene(tmp_path)
    export = scene.export(table=False)
    report = audit(export)
    assert (report.leaks, report.exit_code) == ([], 2)
    assert "synthetic, and nobody says who had a part in them" in report.missing[0]
    assert {report.verdict(rule) for rule in ("R1", "R2", "R3")} == {"not checkable"}
    told = audit(export, [scene.run()])
    assert (told.exit_code, told.verdict("R1"), told.verdict("R2")) == (0, "clean", "clean")


def test_a_real_tree_of_others_is_judged_by_its_folds(tmp_path):
    scene = Scene(tmp_path)
    scene.clips = [clip for clip in scene.clips if not clip.is_synthetic]
    export = scene.export(table=False)
    for number, path in enumerate(sorted(export.glob("norm_u_v_os/*/u_t*/0/*"))):
        path.rename(path.with_name(f"{number}.png"))  # names that tell nothing: the bytes do
    report = audit(export)
    assert (report.leaks, report.exit_code) == ([], 0)
    assert [report.verdict(f"R{n}") for n in (1, 2, 3, 5, 7)] == [
        *("not checkable", "not checkable", "not checkable", "in part", "not checkable")
    ]
    assert "all clips are told by name or fold alone" in report.open["R1"][0]
    assert "table" not in str([*report.looked.values(), *report.open.values()])
    test = next(export.glob("norm_u_v_os/sub03/u_test/0/*"))
    (export / "norm_u_v_os/sub03/u_train/0/other.png").hardlink_to(test)
    assert ("R6", "sub03/u_train/0/other.png") in found(audit(export))
    (export / "norm_u_v_os/sub03/u_train/0/other.png").unlink()
    cv2.imwrite(
        str(export / "norm_u_v_os/sub03/u_train/0/other.png"), np.random.default_rng(0).integers(0, 256, (28, 28, 3))
    )
    report = audit(export)
    assert (report.leaks, report.exit_code) == ([], 2)
    assert "sub03/u_train/0/other.png: nobody says what these" in report.missing[0]


def test_clips_that_stand_still_look_alike_and_are_no_leak(scene):
    export = scene.export()
    for name in ("sub03_EP01 .png", "sub04_EP01 .png"):
        for path in [*export.glob(f"norm_u_v_os/*/u_t*/0/{name}")]:
            path.unlink()
            cv2.imwrite(str(path), np.zeros((28, 28, 3), np.uint8))
    report = audit(export)
    assert (report.leaks, report.exit_code) == ([], 0)


def test_pictures_stretched_by_something_else_are_told(scene):
    export = scene.export()
    for path in export.glob("norm_u_v_os/*/u_t*/0/sub03_EP01 .png"):
        halved = cv2.imread(str(path)) // 2
        path.unlink()
        cv2.imwrite(str(path), halved)
    np.save(export / "train_mean.npy", np.zeros(3))
    report = audit(export)
    assert report.verdict("R4") == "in part"
    assert "1 pictures do not reach" in report.open["R4"][0]
    assert "train_mean.npy" in report.open["R4"][1]


def test_what_is_nothing_is_refused(tmp_path):
    with pytest.raises(UsageError, match="does not exist: give a manifest, a run, a norm_u_v_os tree or an export"):
        audit(tmp_path / "nowhere")
    with pytest.raises(UsageError, match="holds nothing that could be audited"):
        audit(tmp_path)


def test_a_file_that_says_it_is_synthetic_is_tested_nowhere(scene):
    export = scene.export(table=False)
    before = audit(export).leaks
    place = "sub04/u_test/0/sub04_EP77.png"
    marked = commented(cv2.imencode(".png", picture(99))[1].tobytes(), synthetic_comment("warp 2"))
    (export / "norm_u_v_os" / place).write_bytes(marked)
    (leak,) = [leak for leak in audit(export).leaks if leak not in before]
    assert (leak.rule, leak.where) == ("R5", place)
    assert "its file says that it is synthetic" in leak.detail
