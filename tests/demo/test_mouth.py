"""Lips that part: the lower one goes where it should, the teeth stay."""

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.faces import FRAME_SHAPE, Performance
from me_augment.evaluation.regions import tracked_displacement


@pytest.fixture(scope="module", params=[0, 1], ids=["as photographed", "mirrored"])
def person(request, people):
    return people[request.param]


def test_lip_and_chin_go_where_the_truth_says(person):
    units = {26: 0.8}
    performance = Performance(person, units)
    lip, chin = person.landmarks[57], person.landmarks[[57, 8]].mean(0)
    points = np.concatenate([at + [[dx, 4] for dx in range(-8, 9, 4)] for at in (lip, chin)]).astype(np.float32)
    found = tracked_displacement(picture(performance.frame(0)), picture(performance.frame(1)), points)
    true = person.true_displacement(points, units)
    assert true[:5, 1].min() > 3
    assert np.isfinite(found).mean() >= 0.6
    assert np.nanmedian(np.linalg.norm(found - true, axis=1)) < 0.25


@pytest.mark.parametrize("units", [{25: 1.0}, {26: 0.6}, {25: 0.5, 26: 0.5}])
def test_teeth_and_upper_lip_keep_their_pixels(person, units):
    performance = Performance(person, units)
    change = np.abs(performance.frame(1) - performance.frame(0)).max(-1)
    y, x = np.mgrid[: FRAME_SHAPE[0], : FRAME_SHAPE[1]]
    base = person.base_position(np.stack([x, y], -1))
    mouth = person.mouth
    above = base[..., 1] < np.interp(base[..., 0], mouth.x, mouth.edge) - 1
    assert change[above].max() < 1
    assert change[~above].max() > 30
    np.testing.assert_array_equal(person.true_displacement(person.landmarks[[51, 62]], units), 0)


def test_it_gets_dark_where_the_lip_was(person):
    performance = Performance(person, {26: 1.0})
    shut, open_ = performance.frame(0).mean(-1), performance.frame(1).mean(-1)
    mouth = person.mouth
    gap = np.abs(person.rest[..., 0] - (mouth.x[0] + mouth.x[-1]) / 2) < 6
    edge = np.interp(person.rest[..., 0], mouth.x, mouth.edge)
    gap &= (person.rest[..., 1] > edge + 1.5) & (person.rest[..., 1] < edge + 4)
    assert gap.sum() > 15
    assert open_[gap].mean() < 0.65 * shut[gap].mean()


def test_amplitude_is_the_share_of_the_way(person):
    """Half an opening at full amplitude is the full one at half amplitude."""
    np.testing.assert_allclose(
        Performance(person, {25: 0.5}).frame(1), Performance(person, {25: 1.0}).frame(0.5), atol=1e-4
    )
