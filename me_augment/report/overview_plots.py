"""Pictures of what is in a manifest: bars of its counts, and how long its clips are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from me_augment.evaluation.plots import names_as_they_are
from me_augment.manifest import Manifest
from me_augment.report.overview import Overview
from me_augment.words import plain

_BLUE = "#33618d"
_MOST_BARS = 40
# Title of the counts → file.
_BARS = {
    "emotion": "emotions.png",
    "megc3": "megc3.png",
    "person": "people.png",
    "action unit": "action-units.png",
}


@names_as_they_are()
def write_overview_plots(folder: Path, overview: Overview, manifest: Manifest) -> list[Path]:
    """Draw what there is to draw into a folder, which is made; returns the PNG files written."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {file: _bars(title, overview.counts[title]) for title, file in _BARS.items() if overview.counts[title]}
    if overview.lengths:
        drawn["lengths.png"] = _lengths(manifest)
    for name, figure in drawn.items():
        # Without the version of matplotlib, so that the same manifest gives the same bytes.
        figure.savefig(folder / name, dpi=110, metadata={"Software": None})
    return [folder / name for name in drawn]


def _bars(title: str, counts: Mapping[str, int]) -> Figure:
    shown = list(counts.items())[:_MOST_BARS]
    figure = Figure(figsize=(6.4, 0.28 * len(shown) + 1.2), layout="constrained")
    axis = figure.subplots()
    axis.barh(range(len(shown)), [count for _, count in shown], color=_BLUE)
    axis.set_yticks(range(len(shown)), [plain(value) for value, _ in shown], fontsize=8)
    axis.invert_yaxis()
    axis.set_xlabel("clips")
    more = f", the first {_MOST_BARS} of {len(counts)}" if len(counts) > _MOST_BARS else ""
    axis.set_title(f"{title}{more}", fontsize=10)
    return figure


def _lengths(manifest: Manifest) -> Figure:
    by_corpus: dict[str, list[int]] = {}
    for clip in manifest.clips:
        if clip.n_frames and clip.expression != "neutral":
            by_corpus.setdefault(clip.corpus, []).append(clip.n_frames)
    figure = Figure(figsize=(6.4, 2.2 * len(by_corpus) + 0.6), layout="constrained")
    for axis, (corpus, frames) in zip(
        figure.subplots(len(by_corpus), squeeze=False).ravel(), sorted(by_corpus.items()), strict=True
    ):
        axis.hist(frames, bins=min(40, max(5, len(frames) // 4)), color=_BLUE)
        axis.set_title(f"{corpus} ({len(frames)} clips)", fontsize=10)
        axis.set_xlabel("frames from onset to offset")
        axis.yaxis.get_major_locator().set_params(integer=True)
    return figure
