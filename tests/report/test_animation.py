"""Moving contact sheets."""

from dataclasses import replace
from fractions import Fraction
from itertools import groupby

import numpy as np
import pytest

from me_augment.report.animation import animation, pace, rate_of, slowness
from me_augment.report.look import Look
from me_augment.report.panels import GAP, VIEWS, Film, Panel, legend

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


def levels_of(frames, x=12 + SIDE // 2, y=12 + 24 + 20 + 20 + SIDE // 2):
    """Grey of a film, below title, about and caption, in each frame."""
    return [int(frame[y, x, 0]) for frame in frames]


def changes_of(levels):
    """(level, frames that it is seen) in turn."""
    return [(level, len(list(same))) for level, same in groupby(levels)]


def place_of_dot(frame):
    """Column of the red dot, from the left of the film."""
    return float(np.argwhere((frame == RED).all(axis=2))[:, 1].mean()) - 12


def test_a_film_is_slowed_down_and_rests_at_its_end():
    shown = panel(film([10, 20, 30, 40, 50]))
    assert rate_of([shown], 4) == 25
    frames = list(animation([shown], "plain", 4))
    hold = 0.6 * 25
    seen = changes_of(levels_of(frames))
    assert [level for level, _ in seen] == [10, 20, 30, 40, 50]
    assert [count for _, count in seen] == [pytest.approx(n, abs=1) for n in (hold + 1, 1, hold + 1, 1, hold + 1)]
    slower = changes_of(levels_of(animation([shown], "plain", 40)))
    assert [count for _, count in slower] == [pytest.approx(n, abs=2) for n in (hold + 5, 10, hold + 10, 10, hold + 5)]


def test_nothing_rests_where_no_apex_is_known():
    without = replace(film([10, 20, 30, 40, 50]), apex_known=False)
    seen = changes_of(levels_of(animation([panel(without)], "plain", 4)))
    assert [count for _, count in seen][1:-1] == [1, 1, 1]


def test_how_slow_is_chosen_and_said():
    blink, second = panel(film([0] * 11, fps=200)), panel(film([0] * 51, fps=50))
    assert slowness([blink]) == 50
    assert slowness([second]) == 5
    assert slowness([blink, second]) == 5
    assert slowness([blink], 7) == 7
    assert pace([blink], 50) == "50 times slower than filmed"
    assert pace([second], 1) == "as fast as filmed"
    assert "frame rate is unknown, 25 a second" in pace([panel(film([0] * 3, fps=None))], 2)
    assert slowness([panel(film([0]))], 3) == 3
    assert slowness([panel(film([0]))]) == 1
    assert pace([panel(film([0], fps=None))], 1) == "as single pictures"


def test_an_hour_goes_faster_than_life_and_so_does_everything_beside_it():
    hour = panel(film([1, 2, 3], fps=25, positions=(0, 45_000, 90_000)))
    slow = slowness([hour, panel(film([0] * 3))], 4)
    assert slow == pytest.approx(1 / 120)
    assert pace([hour], slow) == "120 times faster than filmed"
    assert len(list(animation([hour], "plain", slow))) <= 33 * 25


def test_the_rate_shows_every_frame_where_a_player_can():
    assert rate_of([panel(film([1, 2], fps=200))], 4) == 50
    assert rate_of([panel(film([1, 2], fps=1000))], 4) == 50
    assert rate_of([panel(film([1, 2], fps=30)), panel(film([1, 2], fps=None))], 4) == 25
    assert rate_of([panel(film([1, 2], fps=160))], 4) == 40


def test_the_dot_goes_from_onset_to_offset_and_is_at_the_apex_when_the_film_is():
    frames = list(animation([panel(film([0] * 9))], "plain", 4))
    places = [place_of_dot(frame) for frame in frames]
    assert places == sorted(places)
    assert places[0] < 8
    assert places[len(places) // 2] == pytest.approx(SIDE / 2, abs=1)
    assert places[-1] > SIDE - 8


def test_films_of_other_lengths_and_rates_begin_together():
    slow, quick = (film([10, 20, 30, 40, 50], fps=fps) for fps in (5, 20))
    frames = list(animation([panel(slow, quick)], "plain", 1))
    left, right = levels_of(frames), levels_of(frames, x=12 + SIDE + SIDE // 2)
    assert left[0] == right[0] == 10
    assert right.index(20) < left.index(20)
    assert right.index(50) < left.index(50)
    assert left[-1] == right[-1] == 50


def test_frames_that_were_left_out_keep_their_time():
    levels = levels_of(animation([panel(film([10, 20, 30], fps=25, positions=(0, 20, 100)))], "plain", 1))
    assert [levels.index(level) for level in (20, 30)] == [pytest.approx(at, abs=1) for at in (15 + 10, 30 + 60)]


def test_the_target_stands_still_between_driver_and_clip():
    face = np.full((SIDE, SIDE, 3), 77, np.uint8)
    shown = panel(film([10, 20, 30], role="driver"), film([40, 50, 60]), face=face, synthetic=True)
    frames = list(animation([shown], "plain", 4))
    columns = [levels_of(frames, 12 + SIDE * column + SIDE // 2) for column in range(3)]
    assert sorted(set(zip(*columns, strict=True))) == [(10, 77, 40), (20, 77, 50), (30, 77, 60)]


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


@pytest.mark.parametrize("view", VIEWS)
def test_below_them_stands_what_their_colours_mean(view):
    shown = [panel(film([50, 60, 50]))]
    first = next(animation(shown, view, 4))
    lines = legend(shown, first.shape[1] - 2 * GAP, view)
    assert (len(lines) > 0) == (view != "plain")
    end = len(first) - GAP
    np.testing.assert_array_equal(first[end - len(lines) : end, GAP:-GAP], lines)
    assert bool((np.ptp(lines.astype(int), axis=2) > 200).any()) == (view == "flow")  # the wheel
