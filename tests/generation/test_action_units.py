"""Action units as motion: what is asked for moves, on the side that is asked for, as far and as fast as it should."""

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from conftest import picture
from hypothesis import given, settings
from hypothesis import strategies as st

from me_augment.demo.faces import Performance
from me_augment.errors import UsageError
from me_augment.evaluation.regions import tracked_displacement
from me_augment.face.geometry import MIRRORED
from me_augment.generation import Rendition, create_generator
from me_augment.generation.action_unit_table import ACTIONS, AMPLITUDE, SIDED
from me_augment.generation.action_units import (
    Profile,
    apex_fields,
    draw_profile,
    perform,
    read_specification,
)
from me_augment.generation.canonical_face import LANDMARKS, PIXELS, CanonicalFace
from me_augment.generation.resample import look_up
from me_augment.manifest.au import format_aus

ONE = Profile(1, 2)
ALL = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 24, 25, 26)


def at_landmarks(specification, face=None, seed=0):
    """Apex displacement (68, 2), canonical pixels."""
    face = face or CanonicalFace()
    field = np.sum(apex_fields(read_specification(specification), face=face, seed=seed), axis=0)
    x, y = (np.ascontiguousarray(face.pixel_landmarks[None, :, i]) for i in (0, 1))
    return look_up(field, x, y)[0]


def test_every_unit_asked_for_is_there():
    assert tuple(ACTIONS) == ALL


@pytest.mark.parametrize("text", ["12B+6A", "L12C", "4+7+9", "R14E", "A2", "AU12,AU25", "4B/C", "L12B+R12A"])
def test_a_specification_becomes_its_units_and_back(text):
    units = read_specification(text)
    assert read_specification(format_aus(units)) == units


def test_every_unit_side_and_intensity_goes_there_and_back():
    for number in ALL:
        for side in ("", *("LRA" if number in SIDED else "")):
            for level in ("", *AMPLITUDE):
                (unit,) = read_specification(f"{side}{number}{level}")
                assert (unit.number, unit.side or "", unit.intensity or "") == (number, side, level)
                assert format_aus([unit]) == f"{side}{number}{level}"


@given(
    st.dictionaries(
        st.sampled_from(ALL),
        st.tuples(st.sampled_from(["", "L", "R", "A"]), st.sampled_from(["", *AMPLITUDE])),
        min_size=1,
    )
)
@settings(max_examples=60, deadline=None)
def test_any_specification_goes_there_and_back(asked):
    tokens = [f"{side if number in SIDED else ''}{number}{level}" for number, (side, level) in asked.items()]
    units = read_specification("+".join(tokens))
    assert [unit.number for unit in units] == list(asked)
    assert format_aus(units) == "+".join(tokens)
    assert read_specification(format_aus(units)) == units


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("smile", "smile"),
        ("", "no list"),
        ("12+", "no list"),
        ("12+x", "'x'"),
        ("45", "no motion for 45"),
        ("M55", "M55"),
        ("12?", "leaves open"),
        ("1 or 2", "leaves open"),
        ("L26", "side L"),
        ("T12", "side T"),
        ("12+L12", "twice"),
        ("12+12B", "twice"),
    ],
)
def test_what_cannot_be_performed_is_said(text, word):
    with pytest.raises(UsageError, match=word):
        read_specification(text)


def test_the_face_is_symmetric_and_normal():
    np.testing.assert_allclose(LANDMARKS[MIRRORED] * (-1, 1), LANDMARKS, atol=1e-12)
    assert np.hypot(*(LANDMARKS[42:48].mean(0) - LANDMARKS[36:42].mean(0))) == pytest.approx(1)


# Unit → landmarks and the direction (x, y) in which FACS has them move; right half of the subject where it matters.
DIRECTIONS = {
    1: ((20, 21), (0, -1)),
    2: ((17, 18), (0, -1)),
    4: ((20, 21), (1, 1)),
    5: ((37, 38), (0, -1)),
    6: ((40, 41), (0, -1)),
    7: ((40, 41), (0, -1)),
    9: ((31, 32), (0, -1)),
    10: ((49, 50), (0, -1)),
    12: ((48,), (-1, -1)),
    14: ((48,), (-1, 0)),
    15: ((48,), (0, 1)),
    17: ((57, 58), (0, -1)),
    20: ((48,), (-1, 0)),
    23: ((48,), (1, 0)),
    24: ((57,), (0, -1)),
    25: ((57,), (0, 1)),
    26: ((7, 8, 9), (0, 1)),
}


@pytest.mark.parametrize("number", ALL)
def test_each_unit_moves_its_landmarks_its_way(number):
    landmarks, direction = DIRECTIONS[number]
    moved = at_landmarks(f"{number}E")
    along = moved[list(landmarks)].mean(0) @ direction / np.hypot(*direction)
    assert along > 0.015 * PIXELS
    # Both sides alike.
    np.testing.assert_allclose(moved[MIRRORED] * (-1, 1), moved, atol=0.05)


@pytest.mark.parametrize("number", sorted(SIDED))
def test_a_side_moves_alone_and_left_is_the_subjects(number):
    left, right, both = (at_landmarks(f"{side}{number}E") for side in ("L", "R", ""))
    np.testing.assert_allclose(left + right, both, atol=0.02)
    lateral = np.abs(LANDMARKS[:, 0]) > 0.2
    on_right_of_image = LANDMARKS[:, 0] > 0
    lengths = np.hypot(*left.T)
    assert lengths[lateral & on_right_of_image].max() > 4 * lengths[lateral & ~on_right_of_image].max()


def test_an_asymmetric_unit_has_a_stronger_side_that_the_seed_draws():
    stronger = set()
    for seed in range(8):
        moved = np.hypot(*at_landmarks("A12C", seed=seed).T)
        assert max(moved[48], moved[54]) == pytest.approx(np.hypot(*at_landmarks("12C")[48]), rel=0.02)
        assert min(moved[48], moved[54]) < 0.7 * max(moved[48], moved[54])
        stronger.add(moved[48] > moved[54])
    assert stronger == {True, False}


@pytest.mark.parametrize("number", ALL)
def test_intensity_is_an_order_and_micro_levels_are_small(number):
    peaks = [np.abs(apex_fields(read_specification(f"{number}{level}"))[0]).max() for level in "ABCDE"]
    assert all(weak < strong for weak, strong in pairwise(peaks))
    lengths = [np.hypot(*np.moveaxis(apex_fields(read_specification(f"{number}{i}"))[0], -1, 0)).max() for i in "AB"]
    assert lengths[0] < 1.0
    assert 0.3 < lengths[1] <= 2.1


def test_without_intensity_it_is_b():
    np.testing.assert_array_equal(at_landmarks("12"), at_landmarks("12B"))
    assert (
        np.hypot(*at_landmarks("12B")[48]) < np.hypot(*at_landmarks("12B/C")[48]) < np.hypot(*at_landmarks("12C")[48])
    )


def test_no_unit_nor_pair_folds_the_face():
    """Neighbouring samples stay in order: the displacement shrinks no distance by 90 % or more."""
    for numbers in [*((n,) for n in ALL), *combinations(ALL, 2)]:
        field = np.sum(apex_fields(read_specification("+".join(f"{n}C" for n in numbers))), axis=0)
        assert np.diff(field[..., 0], axis=1).min() > -0.9, numbers
        assert np.diff(field[..., 1], axis=0).min() > -0.9, numbers


def test_the_upper_lip_stays_when_the_lower_falls():
    field = apex_fields(read_specification("25E"))[0]
    column, line = CanonicalFace().pixel_landmarks[[62, 66]].mean(0).round().astype(int)
    above, below = field[line - 3, column, 1], field[line + 3, column, 1]
    assert above < 0
    assert below > 2
    jump = field[line - 3 : line + 4, column, 1]
    assert (np.diff(jump) > 0.3).any()


def test_lids_move_and_eyeballs_do_not():
    face = CanonicalFace()
    centre = face.pixel_landmarks[42:48].mean(0).round().astype(int)
    for number in (5, 6, 7):
        moved = at_landmarks(f"{number}E")
        field = apex_fields(read_specification(f"{number}E"))[0][centre[1], centre[0]]
        assert np.hypot(*field) < 0.15 * np.hypot(*moved[36:48].T).max()
    assert at_landmarks("5E")[[37, 38], 1].max() < -2
    assert np.abs(at_landmarks("5E")[[40, 41]]).max() < 1.5


def test_units_in_company_are_not_a_plain_sum_where_facs_says_so():
    assert at_landmarks("1D+4D")[21, 1] < 0  # the inner brow goes up although 4 alone lowers it
    assert at_landmarks("1D+4D")[21, 0] > 1  # and they come together
    together, alone, cheek = (np.abs(at_landmarks(s)[41, 1]) for s in ("6C+12C", "12C", "6C"))
    assert together < alone + cheek
    assert at_landmarks("25C+26C")[57, 1] > at_landmarks("25C")[57, 1] + at_landmarks("26C")[57, 1] + 0.5


def test_a_profile_is_a_micro_expressions():
    profiles = [draw_profile(seed) for seed in range(300)]
    totals = np.array([p.offset / p.fps for p in profiles], float)
    onsets = np.array([p.apex / p.fps for p in profiles], float)
    assert totals.min() >= 0.165
    assert totals.max() < 0.5
    assert 0.29 < totals.mean() < 0.34
    assert onsets.min() >= 0.06
    assert onsets.max() <= 0.262
    assert 0.35 < (onsets / totals).mean() < 0.5
    assert len(set(totals)) > 40


@pytest.mark.parametrize("fps", [12, 25, 30, Fraction(30000, 1001), 60, 100, 200, 1000])
def test_any_frame_rate_has_an_apex_within(fps):
    for seed in range(30):
        profile = draw_profile(seed, Fraction(fps))
        assert 0 < profile.apex < profile.offset
        assert profile.offset / fps <= 0.5
    with pytest.raises(UsageError, match="frames per second"):
        draw_profile(0, Fraction(5))


def test_rest_rise_apex_fall_rest():
    motion = perform(read_specification("12C+6B+4A"), Profile(14, 36), seed=5)
    assert len(motion) == 37
    assert not motion.residual[0].any()
    assert not motion.residual[-1].any()
    size = np.sqrt((motion.residual**2).sum((1, 2, 3)))
    assert size.argmax() == 14
    assert (np.diff(size[:15]) >= 0).all()
    assert (np.diff(size[14:]) <= 0).all()
    np.testing.assert_allclose(
        motion.residual[14], np.sum(apex_fields(read_specification("12C+6B+4A"), seed=5), axis=0), atol=1e-5
    )
    steps = np.diff(size)
    assert np.abs(steps[[0, 13, 14, -1]]).max() < 0.3 * np.abs(steps).max()


def test_the_same_seed_gives_the_same_motion_and_another_another():
    units = read_specification("1B+2C")
    first, again, other = (perform(units, draw_profile(s), seed=s) for s in (7, 7, 8))
    np.testing.assert_array_equal(first.residual, again.residual)
    assert first.residual.shape != other.residual.shape or (first.residual != other.residual).any()


def test_patterns_of_ones_own_take_the_tables_place():
    pattern = np.zeros_like(apex_fields(read_specification("12E"))[0])
    pattern[..., 1] = -0.01
    (both,) = apex_fields(read_specification("12E"), patterns={12: pattern})
    np.testing.assert_allclose(both, PIXELS * pattern, rtol=1e-6)
    (left,) = apex_fields(read_specification("L12E"), patterns={12: pattern})
    assert not left[:, :100].any()
    np.testing.assert_allclose(left[:, 200:], PIXELS * pattern[:, 200:], rtol=1e-6)
    np.testing.assert_array_equal(
        apex_fields(read_specification("4C"), patterns={12: pattern})[0], apex_fields(read_specification("4C"))[0]
    )


@pytest.fixture(scope="module")
def target(people):
    return picture(Performance(people[3], {}).frame(0)), people[3].landmarks.astype(np.float32)


class TestOnAFace:
    """Carried to another face by the generator that carries measured motion, and tracked there."""

    def tracked(self, target, specification, strength=1.0):
        image, landmarks = target
        motion = perform(read_specification(specification), ONE, face=CanonicalFace.like(landmarks))
        frames = list(create_generator("warp").animate(motion, image, landmarks, Rendition(strength=strength)))
        assert len(frames) == 3
        np.testing.assert_array_equal(frames[0], image)
        np.testing.assert_array_equal(frames[2], image)
        spots = landmarks[:, None] + np.array([[-4, -4], [4, -4], [0, 0], [-4, 4], [4, 4]], np.float32)
        return np.nanmean(tracked_displacement(frames[0], frames[1], spots), axis=1)

    def test_the_brow_of_the_asked_side_rises(self, target):
        left, right = self.tracked(target, "L2C"), self.tracked(target, "R2C")
        assert left[[25, 26], 1].mean() < -0.8
        assert np.abs(left[[17, 18], 1]).max() < 0.2
        assert right[[17, 18], 1].mean() < -0.8
        assert np.abs(right[[25, 26], 1]).max() < 0.2

    def test_a_smile_lifts_the_corners_up_and_out(self, target):
        moved = self.tracked(target, "12C")
        assert moved[48, 0] < -0.8
        assert moved[54, 0] > 0.8
        assert moved[[48, 54], 1].max() < -0.8

    def test_strength_and_intensity_go_up_together(self, target):
        weak, strong, scaled = self.tracked(target, "4B"), self.tracked(target, "4C"), self.tracked(target, "4B", 2.0)
        brows = [19, 20, 21, 22, 23, 24]
        assert 0 < weak[brows, 1].mean() < scaled[brows, 1].mean() < strong[brows, 1].mean()


def test_an_open_mouth_asks_for_an_open_canonical_face(people):
    closed = LANDMARKS * 80 + 100
    assert CanonicalFace.like(closed).gap == 0
    opened = closed.copy()
    opened[[55, 56, 57, 58, 59, 65, 66, 67], 1] += 12
    assert CanonicalFace.like(opened).gap == pytest.approx(0.15, abs=0.01)
    assert CanonicalFace.like(people[0].landmarks).gap > 0.1  # the portrait smiles
