"""Measures the report of a large run: seconds to write it, bytes, and how soon a browser shows its list.

    python benchmarks/report_scale.py demo-out/run [--rows 10000] [--clips 24]

The run is invented from a small real one: its synthetic rows are repeated under other ids, with quality figures drawn
anew and one in twenty rejected, and their recordings point at the small run's frames, so that clips can be played.
Everything lies in a temporary folder and goes away with it. The browser is a Chromium that is installed, driven by
playwright; without one its lines are missing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.ids import content_id
from me_augment.report.clip_table import clip_table
from me_augment.report.gather import gather
from me_augment.report.render import write_report
from me_augment.staging import link


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--rows", type=int, default=10_000, help="synthetic clips")
    parser.add_argument("--clips", type=int, default=24, help="of them to be played")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = enlarged(Manifest.open(arguments.run), arguments.rows, Path(folder) / "run")
        manifest = Manifest.open(run)
        print(f"{len(manifest.clips)} rows, {arguments.clips} clips to play; {os.cpu_count()} cores")
        started = time.perf_counter()
        gather(manifest)
        counted = time.perf_counter()
        table = clip_table(manifest.clip_table, ())
        packed = time.perf_counter()
        print(
            f"rows counted in {counted - started:.2f} s, packed in {packed - counted:.2f} s: {len(table.data):,} bytes"
        )
        started, used = time.perf_counter(), time.process_time()
        written = write_report(manifest, run / "report.html", arguments.clips)
        took, used = time.perf_counter() - started, time.process_time() - used
        print(f"report in {took:.1f} s ({used:.1f} s of processor): {written.bytes:,} bytes, {written.players} players")
        look(run / "report.html")


def enlarged(small: Manifest, count: int, folder: Path) -> Path:
    """A run of `count` synthetic rows; the small run's settings, plan and records lie beside them."""
    assert small.folder is not None
    folder.mkdir()
    for name in ("config.yaml", "environment.json", "plan.parquet", "progress.jsonl", "inputs"):
        copy = shutil.copytree if (small.folder / name).is_dir() else shutil.copyfile
        copy(small.folder / name, folder / name)
    shards = small.folder / "shards"
    shutil.copytree(shards, folder / "shards", copy_function=lambda old, new: link(Path(old), Path(new)))
    real = [clip for clip in small.clips if not clip.is_synthetic]
    made = [clip for clip in small.clips if clip.is_synthetic and clip.recording_id]
    rng = np.random.default_rng(0)
    clips: list[Clip] = []
    recordings: list[Recording] = []
    for number in range(count):
        pattern = made[number % len(made)]
        recording = small.recording_of[pattern.recording_id or ""]
        recordings.append(replace(recording, recording_id=content_id("rec", number)))
        correlation = float(rng.beta(60, 1.5))
        rejected = number % 20 == 0
        clips.append(
            replace(
                pattern,
                clip_id=content_id("syn", number),
                name=f"{pattern.name} {number:06}",
                recording_id=recordings[-1].recording_id,
                seed=int(rng.integers(1 << 53)),
                strength=float(rng.uniform(0.8, 1.2)),
                quality_correlation=0.7 * correlation if rejected else correlation,
                quality_gain=float(rng.normal(1, 0.05)),
                quality_nrmse=float(rng.beta(3, 30)),
                quality_identity=float(rng.beta(2, 500)),
                quality_flicker=float(rng.gamma(4, 0.02)),
                quality_spill=float(rng.beta(2, 60)),
                status="rejected" if rejected else "ok",
                reason=f"quality: correlation {0.7 * correlation:.3g} is below 0.8" if rejected else None,
            )
        )
    others = [recording for recording in small.recordings if recording.corpus != "synthetic"]
    Manifest(
        corpus="run",
        roots=small.roots,
        licence=small.licence,
        recordings=tuple(others + recordings),
        clips=tuple(real + clips),
    ).write_tables(folder)
    return folder


def look(file: Path) -> None:
    """Open the page in a browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("playwright is not installed: no browser asked")
        return
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    with sync_playwright() as playwright:
        if not path and not Path(playwright.chromium.executable_path).is_file():
            print("no Chromium is installed: no browser asked")
            return
        browser = playwright.chromium.launch(executable_path=path or None, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: None if request.url.startswith("data:") else asked.append(request.url))
        started = time.perf_counter()
        page.goto(file.as_uri(), wait_until="domcontentloaded")
        print(f"page there after {time.perf_counter() - started:.2f} s")
        started = time.perf_counter()
        page.locator("#table").scroll_into_view_if_needed()
        page.wait_for_selector("html[data-rows]")
        print(f"list shown {time.perf_counter() - started:.2f} s after it was scrolled to: {page.inner_text('#count')}")
        started = time.perf_counter()
        page.get_by_label("Status").select_option(index=2)
        page.locator("th[data-column=quality_correlation] button").click()
        print(f"filtered and sorted in {time.perf_counter() - started:.2f} s: {page.inner_text('#count')}")
        print(f"requests beside the page itself: {len(asked) - 1}")
        browser.close()


if __name__ == "__main__":
    main()
