"""Figures of a run from its rows, grouped, with the gates of the run."""

import pytest
import rows

from me_augment.evaluation.gates import Gates
from me_augment.evaluation.generation import as_json, notes, quality_of, run_figures, table
from me_augment.evaluation.plots import write_plots

FIGURES = {
    "reliability": 0.9, "correlation": 0.98, "gain": 1.0, "nrmse": 0.2, "spill": 0.03, "head": 0.001,
    "head_ratio": None, "flicker": 0.1, "identity": 0.001, "fold": 0.8, "lost": 0.01,
}  # fmt: skip


def made(number, driver, target, strength=1.0, status="ok", reason=None, **figures):
    quality = {f"quality_{name}": value for name, value in {**FIGURES, **figures}.items()}
    return rows.synthetic(
        driver,
        target,
        clip_id=f"syn-{number}",
        strength=strength,
        status=status,
        reason=reason,
        peak_displacement_iod=0.02,
        **quality,
    )


@pytest.fixture
def clips():
    happy = rows.clip(clip_id="a", emotion="happiness", person_id="casme2:sub91")
    sad = rows.clip(clip_id="b", emotion="sadness", person_id="casme2:sub92")
    return (
        happy,
        sad,
        made(1, happy, sad, strength=0.5, gain=1.1),
        made(2, happy, sad, strength=1.0, gain=1.1, correlation=0.9),
        made(3, happy, sad, strength=1.5, gain=1.1, correlation=None),
        made(4, sad, happy, strength=2.0, gain=1.1, spill=0.5, status="rejected", reason="quality: spill"),
        rows.synthetic(sad, happy, clip_id="syn-5", recording_id=None, status="failed", reason="no face"),
    )


def test_groups_count_and_measure_their_own_clips(clips):
    figures = run_figures(clips, Gates())
    overall = figures.overall
    assert (overall.made, overall.rejected, overall.failed) == (3, 1, 1)
    assert overall.rejected_by == {"spill": 0.25}
    assert overall.figures["correlation"].clips == 3
    assert overall.figures["correlation"].mean == pytest.approx((0.98 + 0.9 + 0.98) / 3)
    assert "head_ratio" not in overall.figures
    assert set(figures.groups["emotion"]) == {"happiness", "sadness"}
    assert figures.groups["emotion"]["happiness"].made == 3
    assert figures.groups["target"]["casme2:sub91"].rejected_by == {"spill": 1.0}
    assert figures.groups["driver"]["casme2:sub91"].figures["spill"].p50 == pytest.approx(0.03)
    assert list(figures.groups["generator"]) == ["warp 1"]


def test_strength_found_is_fitted_to_strength_asked_for(clips):
    line = run_figures(clips, Gates()).strength
    assert (line.slope, line.intercept) == (pytest.approx(1.1), pytest.approx(0, abs=1e-9))
    assert run_figures(clips[:3], Gates()).strength is None


def test_gates_can_be_judged_anew(clips):
    assert run_figures(clips, Gates.parse(["off"])).overall.rejected_by == {}
    assert run_figures(clips, Gates.parse(["gain_high=1.05"])).overall.rejected_by["gain_high"] == 1


def test_a_run_without_clips_has_empty_figures():
    figures = run_figures((rows.clip(),), Gates())
    assert (figures.overall.made, figures.overall.figures, figures.groups["emotion"]) == (0, {}, {})
    assert len(table(figures)) > 1
    assert notes(figures) == []


def test_a_clip_that_was_not_measured_has_no_quality(clips):
    assert quality_of(clips[0]) is None
    assert quality_of(clips[-1]) is None
    assert quality_of(clips[2]).gain == 1.1


def test_the_table_names_every_group(clips):
    figures = run_figures(clips, Gates())
    named = {row[0].strip() for row in table(figures)}
    assert {"all", "by emotion", "happiness", "sadness", "casme2:sub92", "warp 1"} <= named
    beyond, strength = notes(figures)
    assert "spill 25.0%" in beyond
    assert "1.100 x strength" in strength
    assert as_json(run_figures(clips, Gates()))["groups"]["overall"]["all"]["made"] == 3


def test_plots_are_drawn_and_the_same_each_time(clips, tmp_path):
    figures = run_figures(clips, Gates())
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        names = [file.name for file in write_plots(tmp_path / name, clips, figures)]
        assert names == ["histograms.png", "strength.png", "correlation-by-emotion.png"]
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert write_plots(tmp_path, clips[:2], run_figures(clips[:2], Gates())) == []
