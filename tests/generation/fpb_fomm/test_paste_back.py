"""Drawn faces put back into their picture."""

import numpy as np
import pytest
from fpb_golden import tiny

from me_augment.errors import MeAugmentError
from me_augment.face.geometry import apply_affine
from me_augment.generation.fpb_fomm.architecture import MENDED, REFERENCE
from me_augment.generation.fpb_fomm.crop import face_crop
from me_augment.generation.fpb_fomm.paste_back import PasteBack

SIZE = 256
STILL = np.zeros((64, 64, 2), np.float32)
DRAWN = np.random.default_rng(0).random((SIZE, SIZE, 3), dtype=np.float32) * 0.5


@pytest.fixture(scope="module", params=["rgb8", "gray8", "gray16"])
def target(request, portrait):
    picture = portrait if request.param == "rgb8" else portrait[..., 1]
    return picture.astype(np.uint16) * 257 if request.param == "gray16" else picture


@pytest.fixture(scope="module")
def matrix(detector, portrait):
    return face_crop(detector.detect(portrait), tiny(MENDED))


def test_the_crop_holds_the_face(detector, portrait, matrix):
    inside = apply_affine(matrix, detector.detect(portrait))
    assert inside.min() > 0
    assert inside.max() < SIZE - 1


def test_the_reference_sees_the_box_of_its_detector(detector, portrait):
    matrix = face_crop(detector.detect(portrait), tiny(REFERENCE))
    corners = (np.array([[0, 0], [SIZE - 1, SIZE - 1]]) - matrix[:, 2]) / matrix[0, 0]
    # dlib's frontal detector: of the astronaut.
    np.testing.assert_allclose(corners, [[179, 83], [266, 170]], atol=1)


def test_without_change_the_picture_comes_back(target, matrix):
    paste = PasteBack(target, matrix, SIZE, None, False, DRAWN)
    np.testing.assert_array_equal(paste(DRAWN, STILL), target)
    assert paste.peak_displacement_px == 0


def test_what_is_painted_is_added_inside_only(target, matrix):
    paste = PasteBack(target, matrix, SIZE, None, False, DRAWN)
    top = np.iinfo(target.dtype).max
    change = (paste(DRAWN + np.float32(0.1), STILL).astype(float) - target) / top
    place = apply_affine(matrix, np.stack(np.meshgrid(np.arange(512), np.arange(512)), -1).astype(float))
    deep = ((place > 0.1 * SIZE) & (place < 0.9 * SIZE)).all(-1)
    outside = ((place < 0) | (place > SIZE - 1)).any(-1)
    dull = (target < 0.85 * top).reshape(512, 512, -1).all(-1)  # brighter ones are clipped
    np.testing.assert_allclose(change[deep & dull], 0.1, atol=1.5 / min(top, 255) / 1.4)
    assert not change[outside].any()


def test_colour_stays_where_the_network_knows_gray(portrait, matrix):
    paste = PasteBack(portrait, matrix, SIZE, None, True, DRAWN)
    red = DRAWN + np.array([0.2, 0, 0], np.float32)
    change = paste(red, STILL).astype(int) - portrait
    moved = change[(change > 0).all(-1) & (portrait < 235).all(-1)]
    assert len(moved) > 1000
    assert np.abs(moved - moved[:, :1]).max() <= 1  # dither aside, all channels alike


def test_shifts_move_the_pictures_own_pixels(portrait, matrix):
    ramp = np.repeat(np.linspace(20, 220, 512).astype(np.float32)[None], 512, 0)
    target = np.rint(ramp * 257).astype(np.uint16)
    flat = np.full((SIZE, SIZE, 3), 0.5, np.float32)
    paste = PasteBack(target, matrix, SIZE, None, False, flat)
    frame = paste(flat, STILL + np.array([2.0, 0.0], np.float32))
    scale = np.sqrt(np.linalg.det(matrix[:, :2]))
    moved = (frame.astype(float) - target) / (257 * 200 / 511)
    place = apply_affine(matrix, np.stack(np.meshgrid(np.arange(512), np.arange(512)), -1).astype(float))
    deep = ((place > 0.1 * SIZE) & (place < 0.9 * SIZE)).all(-1)
    direction = np.linalg.inv(matrix[:, :2])[0, 0]
    np.testing.assert_allclose(moved[deep].mean(), 2 * direction, rtol=0.01)
    assert paste.peak_displacement_px == pytest.approx(2 / scale, rel=0.01)


def test_a_face_beyond_the_border_is_a_sentence(target, matrix):
    beyond = matrix.copy()
    beyond[:, 2] += 1000
    with pytest.raises(MeAugmentError, match="outside its picture"):
        PasteBack(target, beyond, SIZE, None, False, DRAWN)
