"""New durations and frame rates: onset, apex and offset stay exact, and a micro-expression stays one."""

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.errors import UsageError
from me_augment.synthesis.timeline import timeline

FACTORS = st.floats(0.25, 4.0).map(lambda f: round(f, 4))
RATES = st.sampled_from([Fraction(4), Fraction(25), Fraction(30000, 1001), Fraction(100), Fraction(200), Fraction(999)])


@st.composite
def spans(draw):
    n = draw(st.integers(2, 130))
    return n, draw(st.none() | st.integers(0, n - 1))


@given(spans(), FACTORS, FACTORS, st.none() | RATES, st.none() | RATES, st.booleans())
def test_onset_apex_and_offset_are_met_exactly(span, rise, fall, fps, rate, micro):
    n, apex = span
    line = timeline(n, apex, tempo_onset=rise, tempo_offset=fall, fps=fps, rate=rate, micro=micro)
    times = line.times or tuple(map(float, range(n)))
    assert len(times) == line.n_frames >= 2
    assert (times[0], times[-1]) == (0, n - 1)
    assert all(a < b for a, b in pairwise(times))
    if apex is None:
        assert line.apex is None
    else:
        assert times[line.apex] == apex
        if 0 < apex < n - 1:
            assert 0 < line.apex < line.n_frames - 1


@given(spans(), RATES, FACTORS, FACTORS, st.none() | RATES)
def test_a_micro_expression_stays_within_the_limits_that_its_driver_keeps(span, fps, rise, fall, rate):
    n, apex = span
    line = timeline(n, apex, tempo_onset=rise, tempo_offset=fall, fps=fps, rate=rate, micro=True)
    new = rate or fps
    if Fraction(1, 25) <= (n - 1) / fps <= Fraction(1, 2):
        assert Fraction(1, 25) <= (line.n_frames - 1) / new <= Fraction(1, 2)
    if apex and apex / fps <= Fraction(13, 50):
        assert line.apex / new <= Fraction(13, 50)


@given(spans(), FACTORS, FACTORS, st.none() | RATES, st.none() | RATES, st.booleans())
def test_the_factors_told_are_those_of_the_frames(span, rise, fall, fps, rate, micro):
    n, apex = span
    line = timeline(n, apex, tempo_onset=rise, tempo_offset=fall, fps=fps, rate=rate, micro=micro)
    density = 1.0 if fps is None or rate is None else float(rate / fps)
    assert line.n_frames - 1 == pytest.approx(line.tempo * (n - 1) * density)
    if apex is not None:
        if apex:
            assert line.apex == pytest.approx(line.tempo_onset * apex * density)
        if apex < n - 1:
            assert line.n_frames - 1 - line.apex == pytest.approx(line.tempo_offset * (n - 1 - apex) * density)


@given(spans(), st.none() | RATES, st.booleans())
def test_without_a_wish_the_drivers_frames_are_shown(span, fps, micro):
    line = timeline(*span, fps=fps, rate=fps, micro=micro)
    assert (line.times, line.n_frames, line.apex) == (None, *span)
    assert (line.tempo, line.tempo_onset, line.tempo_offset) == (1, 1, 1)


@given(spans(), FACTORS, FACTORS)
def test_free_of_limits_the_duration_is_the_nearest_to_what_was_asked(span, rise, fall):
    n, apex = span
    line = timeline(n, apex, tempo_onset=rise, tempo_offset=fall)
    first, second = (apex, n - 1 - apex) if apex is not None else (0, n - 1)
    asked = rise * first + fall * second if apex is not None else (rise + fall) / 2 * second
    phases = (first > 0) + (second > 0)
    assert abs(line.n_frames - 1 - asked) <= 0.5 + 1e-9 or line.n_frames - 1 == phases


def test_examples():
    half = timeline(81, 40, fps=Fraction(200), rate=Fraction(100), micro=True)
    assert (half.n_frames, half.apex, half.tempo) == (41, 20, 1.0)
    assert half.times == tuple(range(0, 81, 2))
    slow = timeline(5, 2, tempo_onset=2.0)
    assert slow.times == (0, 0.5, 1, 1.5, 2, 3, 4)
    assert (slow.apex, slow.tempo_onset, slow.tempo_offset, slow.tempo) == (4, 2, 1, 1.5)
    # 0.4 s of which 0.2 s rise: twice as slow would take 0.8 s; 0.26 s and 0.4 s give way in proportion to 0.5 s.
    held = timeline(81, 40, tempo_onset=2.0, tempo_offset=2.0, fps=Fraction(200), micro=True)
    assert held.n_frames == 101
    assert held.apex / 200 == pytest.approx(0.5 * 0.26 / 0.66, abs=0.003)
    assert timeline(81, 40, tempo_onset=2.0, tempo_offset=2.0, fps=Fraction(200)).n_frames == 161
    assert timeline(81, 40, tempo_onset=2.0, tempo_offset=2.0, micro=True).n_frames == 161
    # 25 frames a second and a single interval each: it cannot become shorter.
    assert timeline(3, 1, tempo_onset=0.25, tempo_offset=0.25, fps=Fraction(25), micro=True).times is None


@pytest.mark.parametrize("factor", [0.0, -1.0, 5.0, float("nan")])
def test_senseless_factors_are_refused(factor):
    with pytest.raises(UsageError, match="tempo is"):
        timeline(5, 2, tempo_onset=factor)
