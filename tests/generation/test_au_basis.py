"""The estimated patterns are those that were drawn, also where units act together, and say whose they are."""

from pathlib import Path

import numpy as np
import pytest
from conftest import picture

from me_augment.demo.actions import motion_field
from me_augment.demo.faces import Performance, base_face
from me_augment.errors import UsageError
from me_augment.generation.action_units import apex_fields, read_specification
from me_augment.generation.au_basis import Basis, Sample, UnitCount, estimate_basis, sample_of
from me_augment.generation.canonical_face import PIXELS, SHAPE, CanonicalFace
from me_augment.generation.motion import DriverMotion, measure_motion

FACE = CanonicalFace()


def correlation(a, b):
    return float((a * b).sum() / np.sqrt((a**2).sum() * (b**2).sum()))


def sample(units, strengths, person="p", sides=(1, 1)):
    """A sample drawn from patterns that are the table's, turned by a quarter: nothing that the prior knows."""
    field = np.zeros((*SHAPE, 2), np.float32)
    for unit, strength in zip(read_specification(units), strengths, strict=True):
        field += strength * turned(unit.number, sides)
    return Sample((person,), read_specification(units), field[::2, ::2] / PIXELS)


def turned(number, sides=(1, 1)):
    """The table's pattern with up turned into out, which keeps it symmetric; the sides are the right and the left."""
    (right,) = apex_fields(read_specification(f"R{number}E"))
    right = right[..., ::-1] * (1, 0.3)
    return (sides[0] * right + sides[1] * right[:, ::-1] * (-1, 1)).astype(np.float32)


def test_units_are_told_apart_that_act_together():
    samples = [
        *(sample("6C+12C", (0.35, 0.35), f"p{i}") for i in range(3)),
        *(sample("12C", (0.35,), f"p{i}") for i in range(3)),
        *(sample("6B", (0.15,), f"p{i}") for i in range(3)),
    ]
    basis = estimate_basis(samples, source="s", licence="none")
    assert set(basis.patterns) == {6, 12}
    for number, pattern in basis.patterns.items():
        truth = turned(number) / PIXELS
        assert correlation(pattern, truth) > 0.97
        assert correlation(apex_fields(read_specification(f"{number}E"))[0], truth) < 0.8
        assert (pattern * truth).sum() / (truth**2).sum() == pytest.approx(1, abs=0.15)
    assert basis.counts == {6: UnitCount(6, 3), 12: UnitCount(6, 3)}


def test_of_units_that_never_act_apart_each_gets_its_own_place():
    """Nothing in the clips says which of the two moves what: the table's places decide, not its directions."""
    basis = estimate_basis([sample("4C+15C", (0.35, 0.35)) for _ in range(4)], source="s", licence="none")
    for number in (4, 15):
        assert correlation(basis.patterns[number], turned(number) / PIXELS) > 0.95


def test_a_clip_without_intensity_has_an_amplitude_of_its_own():
    strengths = (0.1, 0.15, 0.2)
    plain = [sample("2", (a,), "p") for a in strengths] + [sample("15", (a,), "p") for a in strengths]
    basis = estimate_basis(plain, source="s", licence="none")
    # Their mean is that of a unit without intensity: B.
    for number in (2, 15):
        truth = turned(number) / PIXELS
        assert (basis.patterns[number] * truth).sum() / (truth**2).sum() == pytest.approx(1, abs=0.2)


def test_a_one_sided_clip_speaks_for_its_side():
    left, right = sample("L12C", (0.35,), sides=(0, 1)), sample("R12C", (0.35,), sides=(1, 0))
    samples = [left, right, left]
    pattern = estimate_basis(samples, source="s", licence="none").patterns[12]
    assert correlation(pattern, turned(12)) > 0.97
    mirrored = pattern[:, ::-1] * (-1, 1)
    np.testing.assert_allclose(pattern, mirrored, atol=1e-6)


def test_drawn_motion_is_found_again_through_the_measurement(people):
    """Real rendering and measuring, two units that act together and apart; the demo's own table is the truth."""
    base = base_face()
    grid = np.stack(np.meshgrid(np.arange(base.image.shape[1]), np.arange(base.image.shape[0])), axis=-1)
    samples = []
    for units in ({6: 0.6, 12: 0.7}, {12: 0.7}, {1: 0.8}):
        for person in (people[0], people[3]):
            performance = Performance(person, units)
            frames = [picture(performance.frame(level)) for level in (0, 0.5, 1)]
            motion = measure_motion(frames, person.landmarks.astype(np.float32))
            acting = read_specification("+".join(map(str, units)))
            samples.append(sample_of(motion, 2, acting, [person.name]))
    basis = estimate_basis(samples, source="s", licence="none", min_clips=2)
    assert basis.person_ids == ("sub91", "sub94")
    for number, least in ((1, 0.97), (6, 0.9), (12, 0.97)):
        field = motion_field({number: 1.0}, base.landmarks.astype(np.float64), grid)[None].astype(np.float32)
        drawn = DriverMotion(base.landmarks, np.zeros(2), 1.0, field, np.zeros((1, 2, 3)))
        truth = sample_of(drawn, 0, (), ()).field
        assert correlation(basis.patterns[number][::2, ::2], truth) > least


def test_a_basis_is_written_and_read(tmp_path):
    samples = [sample("12B", (0.15,), f"casme2:sub{i}") for i in (3, 1, 2)]
    basis = estimate_basis(samples, source="abc", licence="none", made_by={"x": "1"})
    basis.write(tmp_path / "sub" / "basis.npz")
    again = Basis.read(tmp_path / "sub" / "basis.npz")
    np.testing.assert_array_equal(again.patterns[12], basis.patterns[12])
    assert again.patterns[12].dtype == np.float32
    assert (again.counts, again.source, again.made_by) == (basis.counts, "abc", {"x": "1"})
    assert again.person_ids == ("casme2:sub1", "casme2:sub2", "casme2:sub3")
    basis.write(tmp_path / "other.npz")
    assert (tmp_path / "other.npz").read_bytes() == (tmp_path / "sub" / "basis.npz").read_bytes()
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["basis.npz"]


def test_what_is_no_basis_is_said(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        Basis.read(tmp_path / "no.npz")
    for name, content in (("junk.npz", b"junk"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UsageError, match="no action-unit basis"):
            Basis.read(tmp_path / name)
    np.savez(Path(tmp_path / "other.npz"), patterns=np.zeros(3))
    with pytest.raises(UsageError, match="no action-unit basis"):
        Basis.read(tmp_path / "other.npz")


def test_rare_units_get_no_pattern_and_too_few_clips_are_refused():
    samples = [*(sample("12B", (0.15,)) for _ in range(3)), sample("4B", (0.15,))]
    assert set(estimate_basis(samples, source="s", licence="none").patterns) == {12}
    assert set(estimate_basis(samples, source="s", licence="none", min_clips=1).patterns) == {4, 12}
    with pytest.raises(UsageError, match="4 clips or more"):
        estimate_basis(samples, source="s", licence="none", min_clips=4)
    with pytest.raises(UsageError, match="3 clips or more"):
        estimate_basis([], source="s", licence="none")


def test_patterns_follow_an_opened_mouth_and_leave_eyes_alone():
    (lips_part,) = apex_fields(read_specification("25E"))
    basis = Basis({25: lips_part / PIXELS}, {25: UnitCount(3, 3)}, (), "s", "none")
    opened = CanonicalFace(0.2)
    closed, moved = basis.on(FACE)[25], basis.on(opened)[25]
    low = [face.pixel_landmarks[57].round().astype(int) for face in (FACE, opened)]
    values = [field[y, x] for field, (x, y) in zip((closed, moved), low, strict=True)]
    np.testing.assert_allclose(values[0], values[1], atol=0.003)
    x, y = FACE.pixel_landmarks[36:42].mean(0).round().astype(int)
    brows = Basis({1: np.full_like(lips_part, 0.01)}, {1: UnitCount(3, 3)}, (), "s", "none").on(FACE)[1]
    assert np.abs(brows[y, x]).max() < 0.1 * np.abs(brows).max()
    assert np.abs(closed[y, x]).max() < 0.01 * np.abs(closed).max()
