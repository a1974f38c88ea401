"""The demo: invented corpus → manifest → run → export → Dataset, each step through the code that users call."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from me_augment.corpora import read_corpus
from me_augment.dataset import MicroExpressionDataset
from me_augment.demo.corpus import NOTE, write_demo_corpus
from me_augment.errors import UsageError
from me_augment.export import export
from me_augment.face import create_detector
from me_augment.face.annotate import annotate
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.showing import Hidden
from me_augment.manifest.validate import require_sound
from me_augment.report.contact_sheet import write_contact_sheet
from me_augment.report.panels import panels_of
from me_augment.report.render import write_report
from me_augment.synthesis.prepare import Prepared, prepare
from me_augment.synthesis.sources import open_sources

_LICENCE = "Invented for the me-augment demo; faces derived from a public-domain portrait (NASA). Free to use."
_SHOWN = 4  # synthetic clips on the contact sheet
_SIDE = 240  # of its pictures, pixels
_PLAYED = 4  # synthetic clips in the report


@dataclass(frozen=True)
class DemoFolders:
    """Where the demo puts things, below one folder."""

    out: Path

    @property
    def corpus(self) -> Path:
        """The corpus as its "authors" ship it, and `truth.json` beside it."""
        return self.out / "corpus"

    @property
    def manifest(self) -> Path:
        """The manifest that ingest makes."""
        return self.out / "manifest"

    @property
    def run(self) -> Path:
        """The run with the synthetic clips."""
        return self.out / "run"

    @property
    def export(self) -> Path:
        """The LOSO tree for STSTNet, HTNet and relatives."""
        return self.out / "norm-uv-os"

    @property
    def sheet(self) -> Path:
        """The contact sheet."""
        return self.out / "contact-sheet.png"

    @property
    def report(self) -> Path:
        """The report of the run."""
        return self.run / "report.html"


def clear_for(out: Path, *, overwrite: bool = False) -> DemoFolders:
    """The folders below `out`, which is empty afterwards.

    Raises:
        UsageError: something is there that is not an earlier demo, or `overwrite` was not asked for.
    """
    folders = DemoFolders(out)
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return folders
    ours = {path.name for path in (folders.corpus, folders.manifest, folders.run, folders.export, folders.sheet)}
    note = folders.corpus / NOTE
    is_demo = note.is_file() and "me-augment demo" in note.read_text()
    if is_demo and {path.name for path in out.iterdir()} <= ours:
        if overwrite:
            shutil.rmtree(out)
            return folders
        raise UsageError(f"{out} holds an earlier demo: pass --overwrite to replace it, or name another --out.")
    raise UsageError(f"{out} exists and is not a demo: name another folder with --out.")


def make_corpus(folders: DemoFolders, people: int, clips: int) -> None:
    """Draw the corpus: `clips` of each of `people`."""
    write_demo_corpus(folders.corpus, people, clips)


def ingest(folders: DemoFolders) -> Manifest:
    """Read the corpus with the CASME II reader. Its terms are CASME II's; the demo's frames have their own."""
    manifest = read_corpus("casme2", folders.corpus / "CASME2", licence=_LICENCE).manifest
    return require_sound(annotate(manifest, create_detector())).write(folders.manifest)


def plan(folders: DemoFolders) -> Prepared:
    """Two clips per driver, strength varied a little."""
    return prepare(open_sources(folders.manifest, None, None), per_driver=2, strength=(0.9, 1.1))


def export_tree(folders: DemoFolders, progress: Callable[[int, int], None]) -> list[str]:
    """Write the LOSO tree; returns what can be said about it."""
    return export(Manifest.open(folders.run), "norm-uv-os", folders.export, progress=progress).lines()


def draw_sheet(folders: DemoFolders) -> None:
    """Some synthetic clips, each below its driver, with different emotions and faces."""
    run = Manifest.open(folders.run)
    hidden = Hidden(run.clips)
    shown: list[Clip] = []
    seen: Counter[str | None] = Counter()
    for clip in run.clips:
        if not clip.is_synthetic or clip.status != "ok" or not hidden.may_show(clip):
            continue
        if seen[clip.emotion] or seen[clip.person_id]:
            continue
        seen[clip.emotion] += 1
        seen[clip.person_id] += 1
        shown.append(clip)
        if len(shown) == _SHOWN:
            break
    write_contact_sheet(folders.sheet, panels_of(run, shown, side=_SIDE, most=2))


def report(folders: DemoFolders) -> None:
    """Write the report of the run."""
    write_report(Manifest.open(folders.run), folders.report, _PLAYED)


def describe_dataset(folders: DemoFolders) -> list[str]:
    """Open the Dataset for one fold and load one batch, as a training script would."""
    from torch.utils.data import DataLoader

    run = Manifest.open(folders.run)
    train = MicroExpressionDataset(run, fold="sub91", split="train", frames=8, size=112)
    test = MicroExpressionDataset(run, fold="sub91", split="test", frames=8, size=112)
    videos, labels, _ = next(iter(DataLoader(train, batch_size=4)))
    synthetic = sum(clip.is_synthetic for clip in train.clips)
    return [
        f"fold sub91: {len(train)} training clips ({synthetic} synthetic), {len(test)} test clips (0 synthetic)",
        f"one batch: video {tuple(videos.shape)} {videos.dtype}, labels {[train.classes[i] for i in labels]}",
    ]
