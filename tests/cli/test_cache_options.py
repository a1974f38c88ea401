"""Commands that measure flow share what one of them measured, and `export` takes up what was ended or starts anew."""

import pytest
from runs import hashes

from me_augment.export import export
from me_augment.flow import cache as module


def test_what_one_command_measured_the_others_find(cli, tiny_manifest, tmp_path, monkeypatch):
    kept = ("--cache", tmp_path / "cache")
    alone = ("export", tiny_manifest.folder, "--format", "arrays", "--out", tmp_path / "alone")
    assert cli(*alone)[0] == 0
    assert cli("flow", tiny_manifest.folder, "--out", tmp_path / "flow", *kept)[0] == 0

    def never(*_):
        raise AssertionError("measured again")

    monkeypatch.setattr(module, "apex_flow", never)
    assert cli(*alone[:-1], tmp_path / "found", *kept)[0] == 0
    assert hashes(tmp_path / "found") == hashes(tmp_path / "alone")
    assert cli("evaluate", "recognition", tiny_manifest.folder, *kept)[0] == 0
    code, _, err = cli("export", tiny_manifest.folder, "--format", "kinetics", "--out", tmp_path / "k", *kept)
    assert (code, "the format kinetics has no --cache" in err) == (2, True)


def test_an_export_of_other_settings_is_started_anew_when_told_so(cli, tiny_manifest, tmp_path):
    def end(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(tiny_manifest, "arrays", tmp_path / "x", size=14, progress=end)
    command = ("export", tiny_manifest.folder, "--format", "arrays", "--out", tmp_path / "x")
    code, _, err = cli(*command)
    assert code == 2
    assert "begun with another size (14; now 28): go on with that, or start anew with --overwrite." in err
    assert cli(*command, "--overwrite")[0] == 0
    assert not (tmp_path / ".x.partial").exists()
