"""Films of clips and curves of their motion."""

import base64
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from me_augment.manifest.showing import Hidden
from me_augment.report.chosen import Chosen, choose
from me_augment.report.look import Look
from me_augment.report.panels import VIEWS
from me_augment.report.players import COLUMNS, SIDE, data_uri, draw_players, phases_of, tiled


def picture(uri):
    head, data = uri.split(",")
    assert head == "data:image/webp;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))


def look(positions, apex):
    return Look(np.zeros((len(positions), 4, 4, 3), np.uint8), positions, 0, apex, len(positions) - 1, None)


def test_phases_are_even_on_both_sides_of_the_apex():
    assert phases_of(look((0, 1, 2, 6, 10), 2)).tolist() == [0, 0.5, 1, 1.5, 2]
    assert phases_of(look((0, 1, 2), 0)).tolist() == [0, 1, 2]
    assert phases_of(look((0,), 0)).tolist() == [0]


def test_tiles_lie_in_rows():
    frames = np.arange(11, dtype=np.uint8)[:, None, None, None] * np.ones((1, 2, 2, 3), np.uint8)
    sheet = tiled(frames)
    assert sheet.shape == (4, 2 * COLUMNS, 3)
    for index in range(11):
        row, column = divmod(index, COLUMNS)
        assert (sheet[2 * row : 2 * row + 2, 2 * column : 2 * column + 2] == index).all()
    assert tiled(frames[:3]).shape == (2, 6, 3)


def test_driver_and_clip_are_drawn_in_every_view(drawn):
    assert len(drawn.players) == 3
    assert drawn.missing == ()
    for player in drawn.players:
        assert [screen.role for screen in player.screens] == ["driver", "synthetic"]
        assert picture(player.target).shape == (SIDE, SIDE, 3)
        frames = len(player.milliseconds)
        for screen in player.screens:
            assert set(screen.strips) == set(VIEWS)
            assert len(screen.at) == frames
            assert screen.at == tuple(range(frames))  # the tempo is the driver's
            sheets = [picture(screen.strips[view]) for view in VIEWS]
            assert len({sheet.shape for sheet in sheets}) == 1
            assert all(
                np.abs(sheet[:SIDE, :SIDE].astype(int) - grey).mean() < 3
                for sheet, grey in zip(sheets[1:], (128, 255), strict=True)
            )
        assert player.rate == 200
        assert player.milliseconds[0] == pytest.approx(5)


def test_the_motion_found_is_the_motion_wanted(drawn):
    for player in drawn.players:
        assert len(player.curves) == 18
        found, wanted = (np.array([getattr(curve, name) for curve in player.curves]) for name in ("found", "wanted"))
        assert found.shape == wanted.shape == (18, len(player.milliseconds))
        assert not found[:, 0].any()
        assert wanted.max() > 0.5
        assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.9
        assert player.highest == pytest.approx(max(found.max(), wanted.max()))


def test_the_budget_is_kept(run, drawn):
    hidden = Hidden(run.clips)
    budget = drawn.players[0].bytes + drawn.players[1].bytes // 2
    told = []
    less = draw_players(run, choose(run, hidden, 3), hidden, budget, lambda: told.append(1))
    assert len(less.players) == 1
    assert less.cut
    assert not drawn.cut
    assert len(told) == 2
    assert less.players[0] == drawn.players[0]


def test_a_clip_without_frames_is_told_of(run, tmp_path):
    elsewhere = replace(run, roots={**run.roots, "casme2": Path(tmp_path)})
    hidden = Hidden(run.clips)
    real = next(clip for clip in run.clips if not clip.is_synthetic)
    found = draw_players(elsewhere, [Chosen("x", real)], hidden, 10**8)
    assert found.players == ()
    assert found.missing[0][0] == real.name
    assert "does not exist" in found.missing[0][1]


def test_a_run_without_its_corpus_still_shows_what_it_made(run, tmp_path):
    made = next(clip for clip in run.clips if clip.is_synthetic)
    elsewhere = replace(run, roots={**run.roots, "casme2": Path(tmp_path)})
    found = draw_players(elsewhere, [Chosen("x", made)], Hidden(run.clips), 10**8)
    (player,) = found.players
    assert [screen.role for screen in player.screens] == ["synthetic"]
    assert player.target is None
    assert len(player.curves) == 18
    assert [what for what, _ in found.missing] == [f"the driver of {made.name}", f"the target of {made.name}"]
    assert not found.with_driver


def test_a_real_clip_stands_alone(tiny_manifest):
    hidden = Hidden(tiny_manifest.clips)
    (player,) = draw_players(tiny_manifest, [Chosen("x", tiny_manifest.clips[0])], hidden, 10**8).players
    assert [screen.role for screen in player.screens] == ["real"]
    assert player.target is None
    assert player.curves[0].wanted == ()
    bare = replace(tiny_manifest.clips[0], landmarks=None)
    (player,) = draw_players(tiny_manifest, [Chosen("x", bare)], hidden, 10**8).players
    assert player.curves == ()


def test_pictures_are_the_same_each_time(portrait):
    assert data_uri(portrait[:96, :96]) == data_uri(portrait[:96, :96])
    assert np.abs(picture(data_uri(portrait)).astype(int) - portrait).mean() < 4
