"""`me-augment synthesize` with learned generators, as a user meets it."""

import pytest
from fpb_golden import CHECKPOINT, tiny

from me_augment.cli import main
from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.checkpoint import Provenance, write_checkpoint
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.manifest import Manifest
from me_augment.manifest.folds import may_train


@pytest.fixture
def cli(capsys, tiny_manifest, tmp_path):
    def call(*arguments):
        try:
            main(["synthesize", str(tiny_manifest.folder), "--out", str(tmp_path / "r"), *map(str, arguments)])
            code = 0
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture
def folds(tmp_path):
    folder = tmp_path / "folds"
    folder.mkdir()
    for seed, person in enumerate(("casme2:sub91", "casme2:sub92")):
        model, _ = new_model(tiny(MENDED, size=128), seed)
        who = Provenance(training_subjects=("casme2:sub93",), fold=person)
        write_checkpoint(folder / f"without-{person[-5:]}.safetensors", model, None, who)
    return folder


NET = ("--generator", "fpb-fomm", "--device", "cpu")


def test_folds(cli, folds, tmp_path):
    code, out, err = cli(*NET, "--checkpoint", folds, "--dry-run")
    assert code == 0
    assert "(without-sub91.safetensors): 4 clips, for the fold of casme2:sub91" in out
    assert "warning: no checkpoint holds out casme2:sub93" in err
    assert not (tmp_path / "r").exists()
    files = sorted(folds.iterdir())
    code, out, _ = cli(*NET, *(part for file in files for part in ("--checkpoint", file)), "--gate", "off")
    assert code == 0
    assert "8 clips made" in out
    made = [clip for clip in Manifest.open(tmp_path / "r").clips if clip.is_synthetic]
    assert len({clip.generator_version for clip in made}) == 2
    for clip in made:
        contributors = {clip.driver_person_id, clip.target_person_id, "casme2:sub93"}
        for person in ("casme2:sub91", "casme2:sub92", "casme2:sub93"):
            assert may_train(clip, person) == (person not in contributors)


def test_a_published_checkpoint_is_warned_of(cli):
    err = cli(*NET, "--checkpoint", CHECKPOINT, "--dry-run")[2]
    assert "warning: everyone in the manifest trained tiny_checkpoint.pth.tar" in err


def test_mistakes(cli, folds, tmp_path):
    one = folds / "without-sub91.safetensors"
    for arguments, words in (
        (NET, "needs --checkpoint FILE"),
        (("--checkpoint", one), "the generator warp has no checkpoint"),
        (("--no-paste-back",), "the generator warp has no checkpoint"),
        ((*NET, "--checkpoint", tmp_path / "nowhere.safetensors"), "is not a file"),
        ((*NET, "--checkpoint", one, "--driving", "filmed", "--mirror", "0.5"), "leave out --mirror"),
        (("--generator", "fpb-fomm", "--device", "tpu", "--checkpoint", one), "tpu"),
    ):
        code, _, err = cli(*arguments)
        assert code == 2
        message = err.strip().splitlines()[-1]
        assert message.startswith("Error: ")
        assert words in message
    assert not (tmp_path / "r").exists()
