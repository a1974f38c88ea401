"""Moving contact sheets."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from me_augment.report.animation import animation, rate_of
from me_augment.report.look import Look
from me_augment.report.panels import VIEWS, Film, Panel

RED = (200, 30, 30)
SIDE = 64


def film(levels, fps=100, positions=None, role="real"):
    """Even frames of these grey levels; the apex is in the middle."""
    frames = np.broadcast_to(np.array(levels, np.uint8)[:, None, None, None], (len(levels), SIDE, SIDE, 3))
    positions = tuple(positions or range(len(levels)))
    rate = None if fps is None else Fraction(fps)
    return Film(role, Look(frames.copy(), positions, 0, len(levels) // 2, len(levels) - 1, rate), True)


def panel(*films, face=None, synthetic=False):
    return Panel("title", "about", films, face, synthetic)


def levels_of(frames, x=12 + SIDE // 2, bottom=12 + 24 + SIDE // 2):
    return [int(frame[-bottom, x, 0]) for frame in frames]


def place_of_dot(frame):
    """Column of the red dot, from the left of the film."""
    return float(np.argwhere((frame == RED).all(axis=2))[:, 1].mean()) - 12


def test_a_film_is_slowed_down_and_rests_at_its_end():
    shown = panel(film([10, 20, 30, 40, 50]))
    assert rate_of([shown], 4) == 25
    frames = list(animation([shown], "plain", 4))
    levels = levels_of(frames)
    assert levels[:5] == [10, 20, 30, 40, 50]
    assert levels[5:] == [50] * (len(levels) - 5)
    assert len(levels) - 5 == pytest.approx(0.6 * 25, abs=1)
    slower = levels_of(animation([shown], "plain", 8))
    assert slower[::2][:5] == [10, 20, 30, 40, 50]


def test_the_rate_shows_every_frame_where_a_player_can():
    assert rate_of([panel(film([1, 2], fps=200))], 4) == 50
    assert rate_of([panel(film([1, 2], fps=1000))], 4) == 50
    assert rate_of([panel(film([1, 2], fps=30)), panel(film([1, 2], fps=None))], 4) == 25
    assert rate_of([panel(film([1, 2], fps=160))], 4) == 40


def test_the_dot_goes_from_onset_to_offset_and_is_at_the_apex_when_the_film_is():
    frames = list(animation([panel(film([0] * 9))], "plain", 4))
    places = [place_of_dot(frame) for frame in frames[:9]]
    assert places == sorted(places)
    assert places[0] < 8
    assert places[4] == pytest.approx(SIDE / 2, abs=1)
    assert places[8] > SIDE - 8


def test_films_of_other_lengths_and_rates_begin_together():
    slow, quick = film([10, 20, 30], fps=25), film([10, 20, 30], fps=100)
    frames = list(animation([panel(slow, quick)], "plain", 1))
    left, right = levels_of(frames), levels_of(frames, x=12 + SIDE + SIDE // 2)
    assert left[0] == right[0] == 10
    assert right[1] == 30 or right[2] == 30
    assert left[2:4].count(30) < 2
    assert left[-1] == right[-1] == 30


def test_frames_that_were_left_out_keep_their_time():
    levels = levels_of(animation([panel(film([10, 20, 30], fps=25, positions=(0, 2, 10)))], "plain", 1))
    assert [levels.index(level) for level in (10, 20, 30)] == [0, 2, 7]


def test_the_target_stands_still_between_driver_and_clip():
    face = np.full((SIDE, SIDE, 3), 77, np.uint8)
    shown = panel(film([10, 20, 30], role="driver"), film([40, 50, 60]), face=face, synthetic=True)
    frames = list(animation([shown], "plain", 4))
    for index in range(3):
        assert [levels_of(frames, 12 + SIDE * column + SIDE // 2)[index] for column in range(3)] == [
            *(10 * (index + 1), 77, 10 * (index + 4))
        ]


def test_only_what_is_synthetic_is_marked_visibly():
    shown = panel(film([100] * 3, role="driver"), film([100] * 3), synthetic=True)
    plain, marked = (next(animation([shown], "plain", 4, watermark=mark)) for mark in (False, True))
    changed = np.argwhere(plain != marked)
    assert changed[:, 1].min() >= 12 + SIDE
    assert np.array_equal(
        next(animation([replace(shown, synthetic=False)], "plain", 4, watermark=True)),
        plain,
    )


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_the_same_size_and_a_single_frame_is_a_film(view):
    frames = list(animation([panel(film([50, 60, 50])), panel(film([50]))], view, 4))
    assert len({frame.shape for frame in frames}) == 1


def test_an_hour_is_shown_in_half_a_minute():
    long = film([1, 2, 3], fps=25, positions=(0, 45_000, 90_000))
    assert len(list(animation([panel(long)], "plain", 4))) <= 31 * 25
