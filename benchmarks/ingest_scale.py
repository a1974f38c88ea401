"""How long a large corpus takes to ingest and how much memory, beside what one would write with pandas and os.walk.

    python benchmarks/ingest_scale.py [--clips 7500] [--frames 200] [--keep FOLDER]

A tree in the layout of CASME II is made of tiny pictures (hard links to a few), with its label sheet. Two programs read
it, each in a process of its own: `me-augment ingest --no-landmarks`, which looks up every frame number, decodes the
labelled frames and hashes all frames from onset to offset; and a plain one that walks the tree into a pandas table,
joins the sheet and hashes the same frames. Time, time per clip and peak memory of both are printed for a quarter of the
frames and for all: memory that stays is memory that does not grow with the corpus.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SUBJECT_CLIPS = 30
_LINKS = 20_000  # file systems limit the links to one file


def main() -> None:
    """Print a line per program and size, then ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=7500)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--keep", type=Path, help="Make the trees here, and leave them.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        base = arguments.keep or Path(scratch)
        seconds, peaks = {}, {}
        for frames in (arguments.frames // 4, arguments.frames):
            root = base / f"corpus-{frames}"
            if not root.exists():
                make_tree(root, arguments.clips, frames)
            print(f"{arguments.clips} clips, {arguments.clips * frames:,} frames")
            for what in ("ingest", "plain"):
                key = (what, frames)
                seconds[key], peaks[key] = measured(what, root, Path(scratch) / f"{what}-{frames}")
                print(
                    f"{what:>8}: {seconds[key]:6.1f} s, {1000 * seconds[key] / arguments.clips:5.1f} ms a clip, "
                    f"peak {peaks[key]:5.0f} MB",
                    flush=True,
                )
    few, many = arguments.frames // 4, arguments.frames
    for what in ("ingest", "plain"):
        print(f"{what}: {peaks[what, many] / peaks[what, few]:.2f} times the memory for four times the frames")
    print(
        f"ingest takes {seconds['ingest', many] / seconds['plain', many]:.2f} times as long as the plain program and "
        f"{peaks['ingest', many] / peaks['plain', many]:.2f} times its memory"
    )


def make_tree(root: Path, clips: int, frames: int) -> None:
    """Write the corpus."""
    import numpy as np
    import openpyxl
    from PIL import Image

    root.mkdir(parents=True)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")
    head = ["Subject", "Filename", "OnsetFrame", "ApexFrame", "OffsetFrame", "Action Units", "Estimated Emotion"]
    sheet.append(head)
    made, picture = 0, root / "picture.jpg"
    for clip in range(clips):
        subject, name = clip // SUBJECT_CLIPS + 1, f"EP{clip % SUBJECT_CLIPS:02d}_01"
        first = 1 + 37 * clip % 900
        folder = root / "CASME2_RAW_selected" / f"sub{subject:02d}" / name
        folder.mkdir(parents=True)
        for number in range(first, first + frames):
            if made % _LINKS == 0:
                picture.unlink(missing_ok=True)
                Image.fromarray(np.full((8, 8, 3), made // _LINKS, np.uint8)).save(picture)
            os.link(picture, folder / f"img{number}.jpg")
            made += 1
        sheet.append([subject, name, first + 1, first + frames // 2, first + frames - 2, "4+L10", "disgust"])
    picture.unlink()
    book.save(root / "CASME2-coding-20190701.xlsx")


def measured(what: str, root: Path, out: Path) -> tuple[float, float]:
    """Seconds and megabytes of a program that reads the corpus, in a process of its own."""
    code = f"import sys; from ingest_scale import {what}, peak; {what}(sys.argv[1], sys.argv[2]); print(peak())"
    here = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(here.parent), str(here)))}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, str(root), str(out)], env=environment, check=True, stdout=subprocess.PIPE
    )
    return time.perf_counter() - started, float(done.stdout.split()[-1])


def peak() -> float:
    """Most memory that this process held, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ingest(root: str, out: str) -> None:
    """The command."""
    from me_augment.cli.ingest import command

    command(["casme2", root, "--out", out, "--no-landmarks"], standalone_mode=False)


def plain(root: str, out: str) -> None:
    """What one would write: every file of the tree in one table, joined with the sheet."""
    import pandas as pd

    rows = []
    for folder, _, names in os.walk(Path(root) / "CASME2_RAW_selected"):
        for name in names:
            if found := re.search(r"(\d+)\.jpg$", name):
                subject, clip = Path(folder).parts[-2:]
                rows.append((subject, clip, int(found[1]), f"{folder}/{name}"))
    files = pd.DataFrame(rows, columns=["subject", "clip", "number", "path"]).sort_values(["subject", "clip", "number"])
    labels = pd.read_excel(Path(root) / "CASME2-coding-20190701.xlsx")
    labels["subject"] = labels.Subject.map("sub{:02d}".format)
    made = []
    for (subject, clip), group in files.groupby(["subject", "clip"]):
        row = labels[(labels.subject == subject) & (labels.Filename == clip)].iloc[0]
        group = group.reset_index(drop=True)
        span = group[(group.number >= row.OnsetFrame) & (group.number <= row.OffsetFrame)]
        digest = hashlib.sha256()
        for path in span.path:
            digest.update(Path(path).read_bytes())
        made.append((subject, clip, span.index[0], span.index[-1], digest.hexdigest()))
    pd.DataFrame(made, columns=["subject", "clip", "onset", "offset", "sha256"]).to_parquet(f"{out}.parquet")


if __name__ == "__main__":
    main()
