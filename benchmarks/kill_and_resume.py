"""Kills `me-augment synthesize` at random moments, resumes it, and compares every file with an undisturbed run.

    python benchmarks/kill_and_resume.py MANIFEST [--kills 10] [--seed 0]

MANIFEST is any manifest, such as demo-out/manifest. Each kill (SIGKILL) hits a run of its own at a moment drawn
between its start and the time that the undisturbed run took; the last run is killed again and again.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path


def main() -> None:
    """Print one line per kill; exit 1 if any file differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "undisturbed"
        started = time.monotonic()
        synthesize(arguments.manifest, whole).wait()
        length = time.monotonic() - started
        expected = hashes(whole)
        print(f"undisturbed: {len(expected)} files in {length:.1f} s")
        differing = 0
        for kill in range(arguments.kills):
            folder = Path(scratch) / "killed"
            moment = rng.uniform(0, length)
            state = killed(arguments.manifest, folder, moment)
            differing += verdict(f"killed after {moment:5.1f} s ({state})", arguments.manifest, folder, expected)
            if kill < arguments.kills - 1:
                shutil.rmtree(folder, ignore_errors=True)
        again = Path(scratch) / "again"
        for _ in range(arguments.kills):
            state = killed(arguments.manifest, again, rng.uniform(0, length / 3))
        differing += verdict(f"killed {arguments.kills} times in a row ({state})", arguments.manifest, again, expected)
    sys.exit(1 if differing else 0)


def killed(manifest: Path, folder: Path, moment: float) -> str:
    """Start a run, kill it, and say what is complete."""
    child = synthesize(manifest, folder)
    time.sleep(moment)
    child.kill()
    child.wait()
    done = len(list((folder / "completions").glob("*.json"))) if folder.exists() else 0
    return f"{done} shards complete"


def verdict(what: str, manifest: Path, folder: Path, expected: dict[str, str]) -> int:
    """Resume to the end and compare; returns the number of files that differ."""
    code = synthesize(manifest, folder).wait()
    found = hashes(folder)
    wrong = sorted(name for name in {*expected, *found} if expected.get(name) != found.get(name))
    print(f"{what}: resumed (exit {code}), {len(found)} files, {len(wrong)} differ {wrong[:3] or ''}", flush=True)
    return len(wrong)


def synthesize(manifest: Path, folder: Path) -> subprocess.Popen[bytes]:
    """The command that users type."""
    command = [sys.executable, "-c", "from me_augment.cli import main; main()", "synthesize", str(manifest)]
    options = ["--out", str(folder), "--per-driver", "2", "--strength", "0.9:1.1"]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def hashes(folder: Path) -> dict[str, str]:
    """Path below the folder → SHA-256, for every file, hidden ones included."""
    return {
        str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


if __name__ == "__main__":
    main()
