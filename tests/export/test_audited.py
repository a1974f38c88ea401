"""What the toolkit itself exports passes its own audit, and a file put into the wrong folder does not."""

import pytest

from me_augment.evaluation.audit import audit
from me_augment.export import FORMATS, export


def test_a_tree_of_flow_pictures(small, tmp_path):
    manifest = small.manifest()
    manifest.write_tables(small.folder / "run")
    export(manifest, "norm-uv-os", tmp_path / "export")
    for against in ([], [small.folder / "run"]):
        report = audit(tmp_path / "export", against)
        assert (report.leaks, report.missing) == ([], [])
        assert report.verdict("R4") == "clean"
    # The driver of the first synthetic clip is sub01, its target sub02.
    first = next(clip for clip in manifest.clips if clip.is_synthetic)
    (place,) = (tmp_path / "export/norm_u_v_os/sub03/u_train").rglob(f"syn_{first.clip_id[4:]} .png")
    for person in ("sub01", "sub02"):
        wrong = tmp_path / "export/norm_u_v_os" / person / "u_train" / place.parent.name / place.name
        wrong.parent.mkdir(exist_ok=True)
        wrong.hardlink_to(place)
        (leak,) = audit(tmp_path / "export").leaks
        assert (leak.rule, leak.where) == ("R1", str(wrong.relative_to(tmp_path / "export/norm_u_v_os")))
        wrong.unlink()


@pytest.mark.parametrize("folds", ["loso", 2])
@pytest.mark.parametrize("format", [name for name in FORMATS if name != "spotting"])
def test_the_folds_of_every_format(small, tmp_path, format, folds):
    small.manifest().write_tables(small.folder / "run")
    summary = export(small.manifest(), format, tmp_path / "export", folds=folds)
    report = audit(tmp_path / "export", [small.folder / "run"])
    assert (report.leaks, report.missing) == ([], [])
    assert report.counts["folds"] == summary.folds == (3 if folds == "loso" else 2)
