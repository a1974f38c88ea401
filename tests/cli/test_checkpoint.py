"""`me-augment checkpoint`: inspecting and converting, as a user meets them."""

import json

import pytest
import torch
from fpb_golden import CHECKPOINT, tiny

from me_augment.cli import main
from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.checkpoint import Provenance, read_checkpoint, write_checkpoint
from me_augment.generation.fpb_fomm.model import new_model


@pytest.fixture
def cli(capsys):
    def call(*arguments):
        try:
            main([str(argument) for argument in ("checkpoint", *arguments)])
            code = 0
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


def test_inspect(cli):
    code, out, _ = cli("inspect", CHECKPOINT)
    assert code == 0
    found = read_checkpoint(CHECKPOINT)
    assert found.fingerprint in out
    assert "casme2:*, samm:*, smic:*" in out
    assert "expansion 8, most 32, blocks 5" in out
    facts = json.loads(cli("inspect", CHECKPOINT, "--json", "--saw", "nobody")[1])
    assert facts["provenance"]["training_subjects"] == []
    assert facts["architecture"]["conventions"]["compat"] is True
    assert facts["parameters"]["kp_detector"] == sum(p.numel() for p in found.model.kp_detector.parameters())


def test_there_and_back(cli, tmp_path):
    own, back = tmp_path / "own.safetensors", tmp_path / "back.pth.tar"
    assert cli("convert", CHECKPOINT, "--out", own, "--saw", "casme2:sub01, samm:*")[0] == 0
    assert read_checkpoint(own).provenance.training_subjects == ("casme2:sub01", "samm:*")
    code, _, err = cli("convert", own, "--out", back)
    assert code == 0
    assert "--saw casme2:sub01,samm:*" in err
    first, last = (read_checkpoint(path).model.state_dict() for path in (CHECKPOINT, back))
    assert all(torch.equal(first[key], last[key]) for key in first)


def test_mistakes(cli, tmp_path):
    mended = tmp_path / "mended.safetensors"
    write_checkpoint(mended, *new_model(tiny(MENDED), 0), Provenance(training_subjects=()))
    (tmp_path / "page.pth.tar").write_text("<html>")
    for arguments, code, words in (
        (("inspect", tmp_path / "nowhere.pth.tar"), 2, "is not a file"),
        (("inspect", tmp_path / "page.pth.tar"), 2, "web page"),
        (("inspect", CHECKPOINT, "--saw", "sub01"), 2, "person id"),
        (("convert", CHECKPOINT, "--out", tmp_path / "m.bin"), 2, ".safetensors or .pth.tar"),
        (("convert", CHECKPOINT, "--out", mended), 2, "exists"),
        (("convert", mended, "--out", tmp_path / "m.pth.tar"), 2, "keep it as"),
        (("convert", mended, "--out", tmp_path / "m.safetensors", "--saw", "nobody"), 2, "says itself"),
    ):
        found, _, err = cli(*arguments)
        assert found == code
        assert err.strip().splitlines()[-1].startswith("Error: ")
        assert words in err
    assert sorted(file.name for file in tmp_path.iterdir()) == ["mended.safetensors", "page.pth.tar"]
