"""`me-augment evaluate recognition` as a user types it."""

import json

import pytest

from me_augment.cli import main


def run(capsys, *arguments):
    main(["evaluate", "recognition", *map(str, arguments)])
    return capsys.readouterr().out


def test_additions_are_compared_and_written(tiny_manifest, tmp_path, capsys):
    out = run(capsys, tiny_manifest.folder, "--with", "mirror", "--with", "photometric", "--out", tmp_path / "r")
    assert "trained on" in out
    for arm in ("real", "+ mirrored", "+ photometric"):
        assert f"\n{arm} " in out
    figures = json.loads((tmp_path / "r/figures.json").read_text())
    assert [arm["trained_on"] for arm in figures["arms"]] == ["real", "+ mirrored", "+ photometric"]
    assert figures["arms"][0]["clips"] == 6
    assert (tmp_path / "r/predictions-real-100.txt").read_text().startswith("casme2 sub91\n")
    again = json.loads(run(capsys, tiny_manifest.folder, "--with", "mirror", "--with", "photometric", "--json"))
    assert again == figures


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give either SOURCE"),
        (("SOURCE", "--flow-tree", "x"), "give either SOURCE"),
        (("--flow-tree", "x", "--with", "mirror"), "holds its own additions"),
        (("SOURCE", "--model", "svm"), "there is no recogniser 'svm'"),
        (("SOURCE", "--labels", "seven"), "there is no label set 'seven'"),
        (("SOURCE", "--with-synthetic", "SOURCE"), "has no synthetic clip"),
    ],
)
def test_wrong_use_is_one_sentence(tiny_manifest, capsys, arguments, says):
    with pytest.raises(SystemExit) as ended:
        run(capsys, *(tiny_manifest.folder if word == "SOURCE" else word for word in arguments))
    assert ended.value.code == 2
    assert says in capsys.readouterr().err
