"""A training run: it learns, it goes on bit for bit where it stopped, it refuses what would change it."""

import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from runs import hashes

from me_augment.cli import main
from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.checkpoint import Provenance, read_checkpoint
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.training.clips import TrainingClip
from me_augment.training.devices import Place
from me_augment.training.loop import Trainer
from me_augment.training.presets import preset
from me_augment.training.run import RunFolder, begin, run
from me_augment.training.settings import changed
from me_augment.training.state import read_state

SETTINGS = replace(
    preset("tiny", "mended"), steps=12, checkpoint_every=3, validate_every=4, log_every=2, scales=(1.0, 0.5)
)
HERE = Place(torch.device("cpu"))
PROVENANCE = Provenance(training_subjects=("casme2:sub91",))
IDENTITY = {"the clips (fingerprint)": "1"}


def trained(out, parts, settings=SETTINGS, stop=None):
    """Begin or go on; `stop` breaks off after so many steps of this session."""
    folder = RunFolder(out)
    begin(folder, settings, IDENTITY)
    taken = 0

    def advance(_):
        nonlocal taken
        taken += 1
        if taken == stop:
            raise KeyboardInterrupt

    networks = new_model(settings.shape, settings.seed)
    return run(
        folder, settings, networks, *parts, PROVENANCE, place=HERE, state=read_state(folder.states), advance=advance
    )


@pytest.fixture(scope="module")
def undisturbed(cache, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "out"
    return out, trained(out, cache[1])


def rows(path):
    with path.open() as file:
        return list(csv.DictReader(file))


def test_what_a_run_leaves(undisturbed, cache):
    out, ended = undisturbed
    names = {path.name for path in out.iterdir()}
    assert names == {
        "config.yaml", "run.json", "checkpoint.safetensors", "best.safetensors", "log.csv", "validation.csv", "state",
        "samples",
    }  # fmt: skip
    assert [path.name for path in sorted((out / "state").iterdir())] == ["00000009.pt", "00000012.pt"]
    assert [path.name for path in sorted((out / "samples").iterdir())] == [f"{n:08d}.png" for n in (4, 8, 12)]
    assert [int(row["step"]) for row in rows(out / "log.csv")] == [2, 4, 6, 8, 10, 12]
    assert {"perceptual", "motion", "temporal", "reconstruction", "disc_gan"} < rows(out / "log.csv")[0].keys()
    assert [row["step"] for row in rows(out / "validation.csv")] == ["copy", "0", "4", "8", "12"]
    checkpoint = read_checkpoint(ended.checkpoint)
    assert checkpoint.shape == SETTINGS.shape
    assert checkpoint.provenance.steps == 12
    assert checkpoint.provenance.training_subjects == ("casme2:sub91",)
    assert ended.best_step in (4, 8, 12)


def test_it_learns(cache, tmp_path):
    settings = replace(
        SETTINGS, steps=60, checkpoint_every=60, validate_every=60, lr_generator=2e-3, lr_kp_detector=2e-3
    )
    ended = trained(tmp_path / "out", cache[1], settings)
    assert ended.trained.moving_l1 < ended.untrained.moving_l1
    assert ended.trained.correlation > ended.untrained.correlation


@pytest.mark.parametrize(
    "changes",
    [
        {"weights": {"identity": 1.0, "temporal": 0.0, "region": 0.0}, "shape": {"conventions": {"output": "direct"}}},
        {"weights": {"generator_gan": 0.0, "discriminator_gan": 0.0, "feature_matching": [0.0, 0.0]}, "ema": 0.0},
        {
            "weights": {"perceptual": [0.0], "equivariance_jacobian": 0.0, "amplitude": 0.0},
            "clip": 0.1,
            "batch_size": 3,
        },
    ],
)
def test_every_term_can_be_left_out(cache, tmp_path, changes):
    settings = changed(SETTINGS, {"steps": 2, "checkpoint_every": 2, **changes})
    trained(tmp_path / "out", cache[1], settings)
    assert [int(row["step"]) for row in rows(tmp_path / "out" / "log.csv")] == [2]


def test_a_model_that_computes_as_the_reference_trains_as_it(tmp_path):
    """Its losses, and none besides, on its pictures of 256 x 256."""
    rng = np.random.default_rng(0)
    fields, points = np.zeros((3, 64, 64, 2), np.float32), np.zeros((3, 18, 2), np.float32)
    points += rng.uniform(60, 200, (18, 2))
    frames = np.stack([cv2.GaussianBlur(rng.integers(0, 256, (256, 256, 3), np.uint8), (0, 0), 3) for _ in range(3)])
    subject = TrainingClip("a", "p:a", frames, points, fields, fields, np.ones((64, 64), np.float32), np.arange(3.0))
    settings = replace(preset("tiny", "reference"), steps=2, checkpoint_every=2, validate_every=2, log_every=2)
    ended = trained(tmp_path / "out", ([subject], [subject]), settings)
    assert list(rows(tmp_path / "out" / "log.csv")[0]) == [
        "step", "seconds", "learning_rate", "perceptual", "gen_gan", "feature_matching", "equivariance_value",
        "equivariance_jacobian", "disc_gan", "gradient",
    ]  # fmt: skip
    assert read_checkpoint(ended.checkpoint).shape.conventions.compat


@pytest.mark.parametrize("stops", [[1], [3, 1, 4], [5, 5]])
def test_a_run_that_was_broken_off_ends_in_the_same_files(undisturbed, cache, tmp_path, stops):
    out = tmp_path / "out"
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            trained(out, cache[1], stop=stop)
    trained(out, cache[1])
    wanted, found = hashes(undisturbed[0]), hashes(out)
    assert wanted.keys() == found.keys()
    changing = {"log.csv"} | {name for name in wanted if name.startswith("state")}  # seconds; archives with their name
    assert {name for name in wanted if wanted[name] != found[name]} <= changing
    without_seconds = [[{**row, "seconds": 0} for row in rows(folder / "log.csv")] for folder in (undisturbed[0], out)]
    assert without_seconds[0] == without_seconds[1]
    for before, after in zip(tensors(undisturbed[0]), tensors(out), strict=True):
        assert torch.equal(before, after)


def tensors(out):
    """All tensors of the last state, optimisers' too."""

    def inside(value):
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, dict):
            for inner in value.values():
                yield from inside(inner)

    return list(inside(read_state(out / "state")))


def test_a_complete_run_says_the_same_again(undisturbed, cache):
    out, ended = undisturbed
    before = hashes(out)
    assert trained(out, cache[1]) == ended
    assert hashes(out) == before


def test_changed_settings_are_refused(undisturbed, cache):
    out, _ = undisturbed
    with pytest.raises(UsageError, match=r"started with lr_generator = 0\.0002, now it is 0\.001: give the old value"):
        begin(RunFolder(out), replace(SETTINGS, lr_generator=1e-3), IDENTITY)
    with pytest.raises(UsageError, match=r"shape\.size = 32, now it is 64"):
        begin(RunFolder(out), replace(SETTINGS, shape=replace(SETTINGS.shape, size=64)), IDENTITY)
    with pytest.raises(UsageError, match=r"the clips \(fingerprint\) = 1, now it is 2"):
        begin(RunFolder(out), SETTINGS, {"the clips (fingerprint)": "2"})


def test_a_foreign_folder_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match="is no training run"):
        begin(RunFolder(tmp_path), SETTINGS, IDENTITY)


def test_losses_that_are_no_numbers_end_the_run_and_keep_the_last_model(cache, tmp_path):
    out = tmp_path / "out"
    wild = replace(SETTINGS, lr_generator=1e30, checkpoint_every=1, validate_every=100)
    with pytest.raises(MeAugmentError, match=r"step \d+: \w+ is (nan|inf).*an earlier step is in .*checkpoint"):
        trained(out, cache[1], wild)
    assert (out / "checkpoint.safetensors").is_file()


def test_too_little_memory_is_a_sentence(cache, tmp_path, monkeypatch):
    def step(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Trainer, "step", step)
    with pytest.raises(MeAugmentError, match="smaller --batch-size, such as 1"):
        trained(tmp_path / "out", cache[1])


def test_killed_again_and_again(tiny_manifest, cache, tmp_path):
    """SIGKILL at whatever moment; the weights end up as if nothing had happened."""
    config = tmp_path / "config.yaml"
    config.write_text("{steps: 30, checkpoint_every: 2, validate_every: 5, log_every: 3}")
    arguments = ["train", str(tiny_manifest.folder), "--preset", "tiny", "--config", str(config), "--device", "cpu"]
    command = [sys.executable, "-c", "import sys; from me_augment.cli import main; main(sys.argv[1:])", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    calm, killed = tmp_path / "calm", tmp_path / "killed"
    for out in (calm, killed):
        shutil.copytree(cache[0], out / "cache")
    with one_thread_of_torch():
        main([*arguments, "--out", str(calm)])
    for wanted, delay in ((4, 0.0), (12, 0.05), (20, 0.13)):
        process = subprocess.Popen([*command, "--out", str(killed)], env=environment, stderr=subprocess.DEVNULL)
        while process.poll() is None and not (killed / "state" / f"{wanted:08d}.pt").exists():
            time.sleep(0.01)
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert read_state(killed / "state")["step"] < 30
    with one_thread_of_torch():
        main([*arguments, "--out", str(killed)])
    for name in ("checkpoint.safetensors", "best.safetensors", "validation.csv"):
        assert (calm / name).read_bytes() == (killed / name).read_bytes()


@contextmanager
def one_thread_of_torch():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
