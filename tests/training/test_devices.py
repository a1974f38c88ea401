"""Several processes do what one would with all their pairs."""

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import torch

from me_augment.training.clips import read_clip
from me_augment.training.devices import Place

SCRIPT = Path(__file__).with_name("one_step.py")


def torchrun(*script):
    """Run a script in two processes, which meet at a port that is free now; fixed ones may be somebody's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", str(port)]
    done = subprocess.run([*command, *script], env=environment(), capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    return done


def environment():
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}


def test_two_processes_average_their_gradients(cache, tmp_path):
    spec = importlib.util.spec_from_file_location("one_step", SCRIPT)
    one_step = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(one_step)
    clips = [read_clip(folder, folder.name, "casme2:sub91") for folder in sorted(cache[0].iterdir())]
    wanted = one_step.gradients(Place(torch.device("cpu")), clips)
    torchrun(str(SCRIPT), str(cache[0]), str(tmp_path / "grads.pt"))
    found = torch.load(tmp_path / "grads.pt", weights_only=True)
    assert found.keys() == wanted.keys()
    for name, gradient in wanted.items():
        assert (found[name] - gradient).abs().max() <= 1e-9 * max(gradient.abs().max(), 1e-6), name


def test_the_command_under_torchrun(tiny_manifest, cache, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "cache").symlink_to(cache[0])
    script = tmp_path / "train.py"
    script.write_text("import sys; from me_augment.cli import main; main(['train', *sys.argv[1:]])")
    arguments = [str(tiny_manifest.folder), "--out", str(out), "--preset", "tiny", "--steps", "5", "--device", "cpu"]
    done = torchrun(str(script), *arguments, "--batch-size", "4")
    assert done.stdout.count("checkpoint.safetensors") == 1  # one process speaks
    assert (out / "checkpoint.safetensors").is_file()
