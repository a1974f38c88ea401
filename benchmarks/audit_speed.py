"""Measures the leakage audit on a tree of the composite database's size, beside a loop that hashes every file.

    python benchmarks/audit_speed.py [--pictures 442] [--folds 68]

The pictures are noise, linked into one fold per person as `me-augment export` does; a second tree holds copies in
place of links, as trees that are passed around do. Both lie in a temporary folder and go away with it.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from me_augment.evaluation.audit import audit


def main() -> None:
    """Print seconds of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=442)
    parser.add_argument("--folds", type=int, default=68)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        linked, copied = Path(folder, "linked"), Path(folder, "copied")
        files = _write(linked, arguments.pictures, arguments.folds)
        shutil.copytree(linked, copied)
        for name, tree in (("hard links", linked), ("copies", copied)):
            print(f"{files} files, {name}")
            _hash_all(tree)  # so that both find the files in memory
            started = time.perf_counter()
            different = _hash_all(tree)
            hashed = time.perf_counter()
            report = audit(tree)
            done = time.perf_counter()
            assert report.exit_code == 0, report.lines()
            assert report.counts["places in them"] == files, report.counts
            print(f"  a loop that hashes every file  {hashed - started:6.2f} s ({different} different)")
            print(f"  me-augment audit               {done - hashed:6.2f} s, all rules")
            _plant(tree)
            started = time.perf_counter()
            found = {leak.where for leak in audit(tree).leaks}
            print(f"  with one planted mirror copy   {time.perf_counter() - started:6.2f} s, found: {', '.join(found)}")


def _write(tree: Path, pictures: int, folds: int) -> int:
    rng = np.random.default_rng(0)
    (tree.parent / "pool").mkdir()
    files = 0
    for index in range(pictures):
        picture = rng.integers(0, 256, (28, 28, 3), np.uint8)
        picture[0, 0], picture[0, 1] = 0, 255
        name = f"s{index % folds:02d}_{index}.png"
        cv2.imwrite(str(tree.parent / "pool" / name), picture)
    for fold in range(folds):
        for index in range(pictures):
            name = f"s{index % folds:02d}_{index}.png"
            part = "u_test" if index % folds == fold else "u_train"
            target = tree / f"s{fold:02d}" / part / str(index % 3) / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(tree.parent / "pool" / name)
            files += 1
    return files


def _hash_all(tree: Path) -> int:
    return len({hashlib.sha256(path.read_bytes()).digest() for path in tree.rglob("*.png")})


def _plant(tree: Path) -> None:
    tested = next((tree / "s00" / "u_test").rglob("*.png"))
    picture = np.asarray(cv2.imread(str(tested)))[:, ::-1].copy()
    picture[..., 2] = 255 - picture[..., 2]
    cv2.imwrite(str(next((tree / "s00" / "u_train").iterdir()) / "s01_planted.png"), picture)


if __name__ == "__main__":
    main()
