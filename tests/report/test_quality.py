"""Distributions of quality figures."""

import pytest
from rows import clip, synthetic

from me_augment.evaluation.gates import Gates
from me_augment.manifest import Clip
from me_augment.manifest.columns import to_table
from me_augment.report.quality import by_emotion, distributions


def made(*correlations):
    rows = [
        synthetic(clip(), clip(), clip_id=f"s{n}", quality_correlation=value, quality_gain=1.0, quality_identity=0.0,
                  emotion="fear" if n % 2 else "joy", status="ok" if value is None or value > 0.8 else "rejected")
        for n, value in enumerate(correlations)
    ]  # fmt: skip
    return to_table(Clip, rows)


def test_every_clip_is_in_one_bar_and_gates_say_how_many_are_beyond():
    by_name = {one.name: one for one in distributions(made(0.7, 0.9, 0.95, None, 0.99), Gates())}
    assert set(by_name) == {"correlation", "gain", "identity"}
    one = by_name["correlation"]
    assert sum(one.bins) == one.clips == 4
    assert one.beyond == 1
    assert [(gate.value, gate.is_lowest) for gate in one.limits] == [(0.8, True)]
    assert one.low < 0.7 < 0.99 < one.high
    assert one.p50 == pytest.approx(0.925)
    assert (one.is_beyond(0.75), one.is_beyond(0.8)) == (True, False)
    # All clips have a gain of 1: both of its gates are far off, and the axis still has a length.
    assert by_name["gain"].low < 1 < by_name["gain"].high
    assert by_name["identity"].low == 0


def test_a_gate_far_off_does_not_squeeze_the_bars():
    (one, *_) = distributions(made(0.991, 0.992, 0.993), Gates())
    assert one.low > 0.98


def test_without_gates_nothing_is_beyond():
    assert all(one.limits == () and one.beyond == 0 for one in distributions(made(0.1, 0.9), None))


def test_emotions_have_medians_and_rejections():
    fear, joy = by_emotion(made(0.7, 0.9, None, 0.95))
    assert (fear.name, fear.clips, fear.rejected, fear.correlation) == ("fear", 2, 0, pytest.approx(0.925))
    assert (joy.clips, joy.rejected, joy.correlation, joy.nrmse) == (2, 1, pytest.approx(0.7), None)
    assert by_emotion(made()) == ()
    (nameless,) = by_emotion(to_table(Clip, [synthetic(clip(), clip(), emotion=None)]))
    assert nameless.name == "(none)"
