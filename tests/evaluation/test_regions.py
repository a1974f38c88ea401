"""The measuring instrument itself, against motion that is known."""

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import Performance
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement


@pytest.mark.parametrize("units", [{6: 0.5, 12: 0.7}, {1: 0.6, 2: 0.6}, {4: 0.7, 9: 0.7}, {15: 0.8, 17: 0.6}])
def test_known_motion_is_measured(people, units):
    person = people[4]
    performance = Performance(person, units)
    points = region_samples(person.landmarks)
    assert points.shape == (18, 49, 2)
    truth = person.true_displacement(points.reshape(-1, 2), units).reshape(points.shape)
    found = tracked_displacement(picture(performance.frame(0)), picture(performance.frame(1)), points)
    assert np.isfinite(found).mean() > 0.8
    truth[np.isnan(found)] = np.nan
    result = agreement(np.nanmean(found, 1), np.nanmean(truth, 1))
    assert result.correlation > 0.99
    assert 0.92 < result.gain < 1.05


def test_points_without_texture_or_outside_are_unknown():
    blank = np.full((60, 60), 128, np.uint8)
    points = np.array([[30, 30], [500, 500]], np.float32)
    assert np.isnan(tracked_displacement(blank, blank, points)).all()


def test_agreement_of_known_series():
    reference = np.array([1.0, -2.0, 3.0, np.nan])
    same = agreement(reference, reference)
    assert (same.correlation, same.gain, same.nrmse) == (pytest.approx(1), pytest.approx(1), 0)
    half = agreement(0.5 * reference, reference)
    assert (half.correlation, half.gain, half.nrmse) == (pytest.approx(1), pytest.approx(0.5), pytest.approx(0.5))
    assert agreement(np.zeros(4), reference).correlation == 0
    with pytest.raises(ValueError, match="no motion"):
        agreement(reference, np.zeros(4))
