"""Pictures of a run's quality: histograms with their gates, strength asked for and found, correlation by emotion."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from me_augment.evaluation.gates import Gates, figure_of
from me_augment.evaluation.generation import FIGURES, RunFigures, achieved, quality_of
from me_augment.manifest import Clip
from me_augment.words import plain

_BLUE, _RED = "#33618d", "#b3392f"


@contextmanager
def names_as_they_are() -> Iterator[None]:
    """Texts of figures made in it are never formulas (`$…$`), and characters that the font lacks are boxes."""
    with matplotlib.rc_context({"text.parse_math": False}), warnings.catch_warnings():
        # Emotions may be written in any script; the tables have the words.
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


@names_as_they_are()
def write_plots(folder: Path, clips: Sequence[Clip], figures: RunFigures) -> list[Path]:
    """Draw what there is to draw into an existing folder; returns the PNG files written."""
    measured = [clip for clip in clips if clip.is_synthetic and quality_of(clip) is not None]
    drawn = {
        "histograms.png": _histograms(measured, figures.gates),
        "strength.png": _strength(measured, figures),
        "correlation-by-emotion.png": _by_emotion(measured, figures.gates),
    }
    written = []
    for name, figure in drawn.items():
        if figure is not None:
            # Without the version of matplotlib, so that the same run gives the same bytes.
            figure.savefig(folder / name, dpi=110, metadata={"Software": None})
            written.append(folder / name)
    return written


def _histograms(clips: Sequence[Clip], gates: Gates) -> Figure | None:
    shown = [name for name in FIGURES if any(getattr(clip, f"quality_{name}") is not None for clip in clips)]
    if not shown:
        return None
    columns = 4
    rows = -(-len(shown) // columns)
    figure = Figure(figsize=(3.2 * columns, 2.4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis, name in zip(axes, shown, strict=False):
        values = [v for clip in clips if (v := getattr(clip, f"quality_{name}")) is not None]
        axis.hist(values, bins=min(30, max(5, len(values) // 4)), color=_BLUE)
        for gate, limit in vars(gates).items():
            if figure_of(gate) == name and limit is not None:
                axis.axvline(limit, color=_RED, linestyle="--")
        axis.set_title(f"{name.replace('_', ' ')} ({len(values)})", fontsize=10)
        axis.tick_params(labelsize=8)
        axis.yaxis.get_major_locator().set_params(integer=True)
    for axis in axes[len(shown) :]:
        axis.set_visible(False)
    figure.supylabel("clips", fontsize=10)
    return figure


def _strength(clips: Sequence[Clip], figures: RunFigures) -> Figure | None:
    pairs = np.array(achieved(clips))
    if not len(pairs):
        return None
    figure = Figure(figsize=(4.8, 4.4), layout="constrained")
    axis = figure.subplots()
    axis.plot(*pairs.T, "o", color=_BLUE, markersize=4, alpha=0.7)
    ends = np.array([pairs[:, 0].min(), pairs[:, 0].max()])
    axis.plot(ends, ends, color="0.6", linestyle=":", label="as asked")
    if figures.strength is not None:
        line = figures.strength
        axis.plot(ends, line.slope * ends + line.intercept, color=_RED, label=f"slope {line.slope:.3f}")
    axis.set_xlabel("strength asked for")
    axis.set_ylabel("strength found (gain x strength)")
    axis.legend(frameon=False)
    return figure


def _by_emotion(clips: Sequence[Clip], gates: Gates) -> Figure | None:
    groups: dict[str, list[float]] = {}
    for clip in clips:
        if clip.quality_correlation is not None:
            groups.setdefault(str(clip.emotion), []).append(clip.quality_correlation)
    if not groups:
        return None
    names = sorted(groups)
    figure = Figure(figsize=(6.0, 0.5 * len(names) + 1.4), layout="constrained")
    axis = figure.subplots()
    axis.boxplot([groups[name] for name in names], orientation="horizontal", widths=0.6)
    axis.set_yticks(range(1, len(names) + 1), [f"{plain(name)} ({len(groups[name])})" for name in names])
    if gates.correlation is not None:
        axis.axvline(gates.correlation, color=_RED, linestyle="--")
    axis.set_xlabel("correlation with the driver's motion")
    return figure
