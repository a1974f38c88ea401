"""The learned generator behind the protocol, with weights that were never trained and with those of the numbers."""

import numpy as np
import pytest
from conftest import picture
from evaluation_scene import drawn_clip
from fpb_golden import DATA, tiny

from me_augment.demo.faces import Performance
from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.regions import agreement, region_samples, tracked_displacement
from me_augment.generation import GeneratorChoice, Rendition, create_generator
from me_augment.generation.action_units import draw_profile, perform, read_specification
from me_augment.generation.canonical_face import CanonicalFace
from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.checkpoint import Provenance, write_checkpoint
from me_augment.generation.fpb_fomm.model import new_model

UNITS = {12: 0.8, 4: 0.5}
REFERENCE_FILE = DATA / "tiny_checkpoint.pth.tar"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    model, _ = new_model(tiny(MENDED), seed=0)
    path = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    write_checkpoint(path, model, None, Provenance(training_subjects=("casme2:sub07",), fold="casme2:sub01"))
    return path


@pytest.fixture(scope="module")
def driver(people):
    return drawn_clip(people[0], UNITS), people[0].landmarks.astype(np.float32)


@pytest.fixture(scope="module")
def target(people):
    return picture(Performance(people[3], {}).frame(0)), people[3].landmarks.astype(np.float32)


def make(checkpoint, driver, target, rendition=Rendition(), **options):  # noqa: B008 - it is frozen
    generator = create_generator(GeneratorChoice(name="fpb-fomm", checkpoint=checkpoint, device="cpu", **options))
    animation = generator.animate(generator.observe(*driver), *target, rendition)
    return list(animation), animation.peak_displacement_px


def moved(frames, landmarks):
    points = region_samples(landmarks)
    return np.stack([np.nanmean(tracked_displacement(frames[0], frame, points), axis=1) for frame in frames[1:]])


def true(person, frames=9):
    points = region_samples(person.landmarks)
    amplitudes = np.sin(np.pi * np.arange(1, frames) / (frames - 1)) ** 2
    found = [
        person.true_displacement(points.reshape(-1, 2), {unit: a * s for unit, s in UNITS.items()}) for a in amplitudes
    ]
    return np.stack([values.reshape(points.shape).mean(1) for values in found])


def test_it_says_who_trained_it_and_which_weights_it_has(checkpoint):
    generator = create_generator(GeneratorChoice(name="fpb-fomm", checkpoint=checkpoint))
    assert generator.training_subjects == ("casme2:sub07",)
    reference = create_generator(GeneratorChoice(name="fpb-fomm", checkpoint=REFERENCE_FILE))
    assert reference.training_subjects == ("casme2:*", "samm:*", "smic:*")
    assert reference.version != generator.version


def test_key_points_carry_the_expression_before_anything_is_learned(checkpoint, driver, target, people):
    frames, peak = make(checkpoint, driver, target)
    np.testing.assert_array_equal(frames[0], target[0])
    found = agreement(moved(frames, target[1]), true(people[3]))
    assert found.correlation > 0.95
    assert found.gain == pytest.approx(1, abs=0.15)
    assert 2 < peak < 6
    # Hair and background are the target's own, whatever the driver's head does.
    edge = np.stack(frames)[:, :20]
    assert (edge == edge[0]).all()


def test_strength_times_and_mirror(checkpoint, driver, target, people):
    plain, _ = make(checkpoint, driver, target)
    half, _ = make(checkpoint, driver, target, Rendition(strength=0.5))
    assert agreement(moved(half, target[1])[3], moved(plain, target[1])[3]).gain == pytest.approx(0.5, abs=0.05)
    short, _ = make(checkpoint, driver, target, Rendition(times=(0, 4)))
    assert len(short) == 2
    np.testing.assert_allclose(short[1].astype(float), plain[4], atol=2)


def test_the_head_moves_where_it_is_to(checkpoint, driver, target):
    frames, _ = make(checkpoint, driver, target, Rendition(keep_head_motion=True))
    hair = np.stack(np.meshgrid(np.arange(80, 200, 12), np.arange(30, 60, 10)), axis=-1).astype(np.float32)
    found = np.nanmedian(tracked_displacement(frames[0], frames[8], hair).reshape(-1, 2), axis=0)
    scale = np.linalg.norm(target[1][36] - target[1][45]) / np.linalg.norm(driver[1][36] - driver[1][45])
    np.testing.assert_allclose(found, np.array([2, -1.2]) * scale, atol=0.3)


@pytest.mark.parametrize("form", ["gray", "gray16", "colour16"])
def test_frames_have_the_targets_form(checkpoint, driver, target, form):
    face = target[0][..., 1] if form.startswith("gray") else target[0]
    face = face.astype(np.uint16) * 257 if form.endswith("16") else face
    frames, _ = make(checkpoint, (driver[0][:3], driver[1]), (face, target[1]))
    assert all(frame.shape == face.shape and frame.dtype == face.dtype for frame in frames)
    assert (frames[2] != face).any()


def test_the_square_as_drawn(driver, target):
    drawn, _ = make(REFERENCE_FILE, driver, target, driving="filmed", paste_back=False)
    assert {frame.shape for frame in drawn} == {(256, 256, 3)}
    again, _ = make(REFERENCE_FILE, driver, target, driving="filmed", paste_back=False)
    np.testing.assert_array_equal(drawn, again)
    with pytest.raises(UsageError, match="leave out --keep-head-motion or --no-paste-back"):
        make(REFERENCE_FILE, driver, target, Rendition(keep_head_motion=True), paste_back=False)


def test_a_still_driver_gives_the_target_back(checkpoint, driver, target):
    still = ([driver[0][0]] * 3, driver[1])
    for weights, driving in ((checkpoint, "cleaned"), (checkpoint, "filmed"), (REFERENCE_FILE, "filmed")):
        frames, peak = make(weights, still, target, driving=driving)
        assert peak < 0.02
        for frame in frames:
            assert np.abs(frame.astype(int) - target[0]).max() <= 1


def test_action_units_are_performed(checkpoint, target):
    generator = create_generator(GeneratorChoice(name="fpb-fomm", checkpoint=checkpoint))
    motion = perform(
        read_specification("12D"), draw_profile(0, 25), seed=0, face=CanonicalFace.like(target[1]), patterns=None
    )
    animation = generator.animate(motion, *target)
    frames = list(animation)
    assert len(frames) == len(motion)
    assert animation.peak_displacement_px > 1
    filmed = create_generator(GeneratorChoice(name="fpb-fomm", checkpoint=checkpoint, driving="filmed"))
    with pytest.raises(UsageError, match="never filmed"):
        filmed.animate(motion, *target)


def test_landmarks_of_no_face_are_refused(checkpoint, driver, target):
    with pytest.raises(MeAugmentError, match="eyes are less than"):
        make(checkpoint, driver, (target[0], np.zeros((68, 2), np.float32)))
