"""`me-augment audit`: the findings in words or JSON, and the exit code that says clean, leak or not auditable."""

import json

import pytest
from audit_scene import Scene

from me_augment.cli import main


@pytest.fixture
def cli(capsys):
    """Run the command; gives (exit code, stdout, stderr)."""

    def call(*arguments):
        try:
            main(["audit", *map(str, arguments)])
            code = 0
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_clean_leaking_and_unknown(cli, tmp_path):
    scene = Scene(tmp_path)
    run, export = scene.run(), scene.export()
    code, out, err = cli(export, "--against", run)
    assert (code, err) == (0, "")
    assert "No leak found." in out
    assert "R8 not checkable" in out
    scene.put("syn-plain", "sub01/u_train/0/syn_plain .png")
    code, out, err = cli(export, "--against", run)
    assert code == 1
    assert "LEAK R1 sub01/u_train/0/syn_plain .png: casme2:sub01 is held out" in out
    assert err == f"Error: {export} leaks: 1 finding against R1.\n"
    (export / "clips.parquet").unlink()
    for path in export.glob("norm_u_v_os/sub01/u_train/0/syn*"):
        path.unlink()
    code, out, err = cli(export)
    assert code == 2
    assert "cannot be judged" in err
    assert "Traceback" not in err


def test_json_names_every_leak(cli, tmp_path):
    scene = Scene(tmp_path)
    scene.change("syn-plain", forbidden_subjects=())
    code, out, _ = cli(scene.run(), "--json")
    found = json.loads(out)
    assert (code, found["exit_code"]) == (1, 1)
    assert found["rules"]["R1"]["verdict"] == "leak"
    assert {"rule": "R1", "where": "clips.parquet, syn-plain"}.items() <= found["leaks"][0].items()


def test_what_cannot_be_opened(cli, tmp_path):
    assert cli(tmp_path)[0] == 2
    assert "holds nothing that could be audited" in cli(tmp_path)[2]
    assert "does not exist" in cli(tmp_path / "nowhere")[2]
