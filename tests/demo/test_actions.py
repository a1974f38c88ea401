"""The table of action units: sides, symmetry, and what it refuses."""

import numpy as np
import pytest

from me_augment.demo.actions import ACTION_UNITS, motion_field
from me_augment.demo.faces import mirror_landmarks


@pytest.fixture(scope="module")
def landmarks(people):
    return people[0].landmarks


@pytest.mark.parametrize("unit", sorted(ACTION_UNITS))
def test_the_mirrored_face_moves_as_in_a_mirror(landmarks, unit):
    points = landmarks + (1.5, -2.0)
    seen = motion_field({unit: 0.7}, mirror_landmarks(landmarks, 280), [279, 0] + [-1, 1] * points) * [-1, 1]
    np.testing.assert_allclose(seen, motion_field({unit: 0.7}, landmarks, points), atol=1e-9)
    face = np.stack(np.meshgrid(np.arange(40, 240, 4), np.arange(60, 290, 4)), -1)
    assert np.linalg.norm(motion_field({unit: 1}, landmarks, face), axis=-1).max() > 1


@pytest.mark.parametrize("unit", [1, 4, 12, 20])
def test_two_sides_make_the_whole(landmarks, unit):
    both = motion_field({("L", unit): 1.0, ("R", unit): 1.0}, landmarks, landmarks)
    np.testing.assert_allclose(both, motion_field({unit: 1.0}, landmarks, landmarks))


def test_left_is_the_subjects_own(landmarks):
    """Landmark 54 is the mouth's corner to the right in the picture: the subject's left."""
    moved = np.linalg.norm(motion_field({("L", 12): 1.0}, landmarks, landmarks), axis=1)
    assert moved[54] > 3
    assert moved[48] < 0.05 * moved[54]


def test_what_is_in_the_middle_has_no_side(landmarks):
    with pytest.raises(KeyError, match="17"):
        motion_field({("L", 17): 1.0}, landmarks, landmarks)
