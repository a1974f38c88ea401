"""`me-augment train` as a user meets it."""

import shutil
from dataclasses import replace

import pytest
import torch
from fpb_golden import DATA, numbers

from me_augment.cli import main, train
from me_augment.generation.fpb_fomm.checkpoint import Provenance, read_checkpoint, write_checkpoint
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.manifest.persons import Persons
from me_augment.training.clips import prepare_clips
from me_augment.training.presets import CONVENTIONS, PRESETS, preset


@pytest.fixture
def cli(capsys):
    """Run a command; gives (exit code, stdout, stderr)."""

    def call(*arguments):
        try:
            main(["train", *(str(argument) for argument in arguments)])
            code = 0
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def prepared(tiny_manifest, tmp_path_factory):
    """A cache with every clip, for the tiny preset."""
    folder = tmp_path_factory.mktemp("prepared") / "cache"
    prepare_clips(tiny_manifest, tiny_manifest.clips, preset("tiny", "mended").shape, folder, gray=False)
    return folder


@pytest.fixture
def out(prepared, tmp_path):
    shutil.copytree(prepared, tmp_path / "out" / "cache")
    return tmp_path / "out"


def test_the_options_are_the_presets():
    assert train._PRESETS == PRESETS
    assert train._CONVENTIONS == CONVENTIONS


def test_dry_run_counts_and_writes_nothing(cli, tiny_manifest, tmp_path):
    code, said, _ = cli(tiny_manifest.folder, "--out", tmp_path / "out", "--dry-run", "--fold", "sub91")
    assert code == 0
    assert "train    4 clips  casme2:sub92 2  casme2:sub93 2" in said
    assert "validate 0 clips" in said
    assert "parameters: key points 14,288,994, generator 45,685,959, discriminator 2,758,849" in said
    assert not (tmp_path / "out").exists()


def test_a_fold_is_recorded_and_a_training_goes_on_from_another(cli, tiny_manifest, out, prepared, tmp_path):
    common = ("--preset", "tiny", "--steps", 4, "--device", "cpu")
    code, said, warned = cli(tiny_manifest.folder, "--out", out, "--fold", "sub91", *common)
    assert code == 0, warned
    assert "4 steps" in said
    assert "nobody judged it" in said
    assert "no weights of VGG-19 were given (--vgg)" in warned
    found = read_checkpoint(out / "checkpoint.safetensors").provenance
    assert found.fold == "casme2:sub91"
    assert found.training_subjects == ("casme2:sub92", "casme2:sub93")
    assert found.corpora == ("casme2",)

    other = tmp_path / "other"
    shutil.copytree(prepared, other / "cache")
    begun = ("--init", out / "checkpoint.safetensors", "--exclude-subjects", "sub92,sub93")
    code, said, warned = cli(tiny_manifest.folder, "--out", other, *begun, *common)
    assert code == 0, warned
    assert "0 begun anew" in warned
    second = read_checkpoint(other / "checkpoint.safetensors").provenance
    assert second.training_subjects == ("casme2:sub91", "casme2:sub92", "casme2:sub93")
    assert second.steps == 8
    code, _, warned = cli(tiny_manifest.folder, "--out", tmp_path / "third", *begun[:2], "--fold", "sub92", *common)
    assert code == 2
    assert "was trained with casme2:sub92, whom --fold holds out" in warned
    assert not (tmp_path / "third").exists()
    code, _, warned = cli(tiny_manifest.folder, "--out", other, "--exclude-subjects", "sub92,sub93", *common)
    assert code == 2
    assert "--init (sha256)" in warned


def test_folds_share_prepared_clips(cli, tiny_manifest, prepared, tmp_path, monkeypatch):
    from me_augment.training import clips

    monkeypatch.setattr(clips, "measure_motion", None)  # a call would fail
    common = ("--preset", "tiny", "--steps", 1, "--device", "cpu", "--cache", prepared)
    for fold in ("sub91", "sub92"):
        out = tmp_path / fold
        code, _, warned = cli(tiny_manifest.folder, "--out", out, "--fold", fold, *common)
        assert code == 0, warned
        assert not (out / "cache").exists()


def test_figures_are_printed_where_somebody_judges(cli, tiny_manifest, out):
    code, said, _ = cli(tiny_manifest.folder, "--out", out, "--preset", "tiny", "--steps", 2, "--device", "cpu")
    assert code == 0
    for words in (
        "source as it is",
        "at the start",
        "trained",
        "correlation",
        "where the face moves it is",
    ):
        assert words in said


def test_a_person_map_hides_nobody_from_whom_a_checkpoint_learned(cli, tiny_manifest, out, tmp_path):
    """A checkpoint knows people by the ids that they had: sub93 here, who turned out to be sub91."""
    network = tmp_path / "net.safetensors"
    learned_from = Provenance(training_subjects=("casme2:sub93",))
    write_checkpoint(network, *new_model(preset("tiny", "mended").shape, 0), learned_from)
    one = Persons({"casme2:sub93": "casme2:sub91"}, tmp_path / "map.csv").applied(tiny_manifest)
    folder = one.write(tmp_path / "mapped").folder
    common = (folder, "--out", out, "--preset", "tiny", "--device", "cpu", "--init", network)
    for dry in ((), ("--dry-run",)):
        code, _, warned = cli(*common, "--fold", "sub91", *dry)
        assert code == 2
        assert "was trained with casme2:sub91, whom --fold holds out" in warned
    code, _, warned = cli(*common, "--exclude-subjects", "sub91", "--steps", 1)
    assert code == 0, warned
    assert "training on 2 clips of 1 person, nobody judges it: 1 step of" in warned
    now = read_checkpoint(out / "checkpoint.safetensors").provenance.training_subjects
    assert now == ("casme2:sub91", "casme2:sub92", "casme2:sub93")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--device", "cuda:99"), "cuda:99 was asked for"),
        (("--init", "none.safetensors", "--preset", "tiny"), "none.safetensors is not a file"),
        (("--init-saw", "nobody"), "goes with --init"),
        (("--steps", "0"), "steps is 0"),
        (("--exclude-subjects", "bob"), "no subject 'bob'"),
        (("--vgg", "none.pth", "--preset", "tiny"), "none.pth does not exist"),
        (("--config", "none.yaml"), "none.yaml cannot be read"),
    ],
)
def test_wrong_use_is_one_sentence(cli, tiny_manifest, tmp_path, arguments, words):
    code, _, warned = cli(tiny_manifest.folder, "--out", tmp_path / "out", *arguments)
    assert code == 2
    assert words in warned.strip().splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_the_perceptual_loss_of_a_file(cli, tiny_manifest, out, tmp_path):
    weights = {key[4:]: torch.from_numpy(value) for key, value in numbers().items() if key.startswith("vgg.")}
    torch.save(weights, tmp_path / "vgg.pth")
    common = (tiny_manifest.folder, "--out", out, "--preset", "tiny", "--device", "cpu", "--vgg", tmp_path / "vgg.pth")
    code, _, warned = cli(*common)
    assert code == 2
    assert "4 at the smallest of the scales, too small for VGG-19" in warned
    config = tmp_path / "config.yaml"
    config.write_text("{steps: 2, scales: [1.0, 0.5]}")
    code, _, warned = cli(*common, "--config", config)
    assert code == 0, warned
    assert "no weights of VGG-19" not in warned


def test_faces_are_not_trained_from(cli, tiny_manifest, tmp_path):
    faces = tuple(replace(clip, expression="neutral") for clip in tiny_manifest.clips)
    folder = replace(tiny_manifest, clips=faces).write(tmp_path / "faces").folder
    code, _, warned = cli(folder, "--out", tmp_path / "out")
    assert code == 2
    assert "faces only" in warned
    empty = replace(tiny_manifest, clips=(), recordings=()).write(tmp_path / "empty").folder
    assert "none has frames and a face" in cli(empty, "--out", tmp_path / "out")[2]


def test_a_reference_checkpoint_is_begun_with(cli, tiny_manifest, tmp_path):
    """It does not say who trained it: all of three corpora, unless the user knows better."""
    common = (tiny_manifest.folder, "--out", tmp_path / "out", "--config", DATA / "tiny_config.yaml", "--fold", "sub91")
    init = ("--conventions", "reference", "--init", DATA / "tiny_checkpoint.pth.tar", "--device", "cpu")
    for dry in ((), ("--dry-run",)):
        code, _, warned = cli(*common, *init, *dry)
        assert code == 2
        assert "say --init-saw" in warned
    code, said, warned = cli(*common, *init, "--init-saw", "nobody", "--dry-run")
    assert code == 0
    assert "pictures: 256 x 256" in said
    assert "0 begun anew" in said
