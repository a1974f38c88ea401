"""The face-alignment backend: geometry and decoding without its network, the network where the package is installed."""

import cv2
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from me_augment.errors import MeAugmentError, UsageError
from me_augment.face.face_alignment_backend import WEIGHTS_NAME, decode, locate
from me_augment.face.face_box import FaceBox
from me_augment.face.geometry import MIRRORED


def test_peaks_of_gaussians_are_decoded_to_a_hundredth_of_a_pixel():
    rng = np.random.default_rng(0)
    true = rng.uniform(8, 56, (68, 2))
    x, y = np.meshgrid(np.arange(64), np.arange(64))
    heatmaps = np.exp(-0.5 * ((x - true[:, :1, None]) ** 2 + (y - true[:, 1:, None]) ** 2) / 1.5**2)
    np.testing.assert_allclose(decode(heatmaps), true, atol=0.01)


def test_a_peak_at_the_border_and_a_flat_map_are_finite():
    heatmaps = np.zeros((2, 64, 64))
    heatmaps[0, 0, 63] = 1.0
    peaks = decode(heatmaps)
    np.testing.assert_array_equal(peaks[0], (63, 0))
    assert np.isfinite(peaks).all()


def test_crop_mirroring_and_heatmaps_lead_back_to_the_pixel():
    # Instead of the trained network one that finds the only bright spot; in the mirrored view it must find it again.
    scene = np.zeros((300, 400, 3), np.float32)
    spot = (211.3, 140.6)
    x, y = np.meshgrid(np.arange(400), np.arange(300))
    scene[:] = 255 * np.exp(-0.5 * ((x - spot[0]) ** 2 + (y - spot[1]) ** 2) / 6**2)[..., None]
    shown = []

    def finds_the_spot(pictures):
        shown.append(pictures)
        blocks = gaussian_filter(pictures[:, 0], (0, 2, 2)).reshape(2, 64, 4, 64, 4).mean((2, 4))
        return np.repeat(blocks[:, None], 68, axis=1)

    points = locate(np.rint(scene).astype(np.uint8), FaceBox(120, 80, 180, 180), finds_the_spot)
    assert points.shape == (68, 2)
    assert points.dtype == np.float32
    np.testing.assert_allclose(points, [spot] * 68, atol=0.1)
    pictures = shown[0]
    assert pictures.shape == (2, 3, 256, 256)
    assert pictures.max() <= 1
    np.testing.assert_array_equal(pictures[1], pictures[0, :, :, ::-1])


def test_mirrored_heatmaps_are_given_their_own_names():
    # A network whose channel i peaks at column 10 + i / 2 of the picture, and of the mirrored one where it belongs.
    columns = 10 + np.arange(68) / 2
    x = np.arange(64)
    direct = np.exp(-0.5 * ((x - columns[:, None]) / 1.5) ** 2)
    mirrored = np.exp(-0.5 * ((x - (63 - columns[list(MIRRORED)])[:, None]) / 1.5) ** 2)
    maps = np.stack([direct, mirrored])[:, :, None, :] * np.exp(-0.5 * ((x - 30) / 1.5) ** 2)[:, None]
    points = locate(np.zeros((64, 64, 3), np.uint8), FaceBox(0, 0, 64, 64), lambda _: maps)
    steps = np.diff(points[:, 0])
    np.testing.assert_allclose(steps, steps[0], rtol=1e-3)
    assert steps[0] > 0


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Random weights of the real network: what it finds means nothing, but it runs."""
    models = pytest.importorskip("face_alignment.models")
    import torch

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("fan") / WEIGHTS_NAME
    torch.save(models.FAN(4).state_dict(), path)
    return path


def test_the_network_runs_with_weights_from_a_file_or_folder(untrained, portrait):
    from me_augment.face import create_detector

    found = create_detector("face-alignment", weights=untrained).detect(portrait)
    again = create_detector("face-alignment", device="cpu", weights=untrained.parent).detect(portrait[..., 0])
    assert found.shape == again.shape == (68, 2)
    assert np.isfinite(found).all()
    crop = cv2.boundingRect(found)
    assert crop[2] < 250  # inside the square around her face, not all over the picture


def test_weights_of_something_else_are_refused(untrained, tmp_path):
    import torch

    from me_augment.face import create_detector

    other = tmp_path / "other.pth"
    torch.save({"weight": torch.zeros(3)}, other)
    with pytest.raises(MeAugmentError, match=r"other.pth does not hold the weights of 2DFAN-4"):
        create_detector("face-alignment", weights=other)
    other.write_bytes(b"no weights at all")
    with pytest.raises(MeAugmentError, match=r"other.pth does not hold the weights of 2DFAN-4"):
        create_detector("face-alignment", weights=other)
    with pytest.raises(UsageError, match=WEIGHTS_NAME):
        create_detector("face-alignment", weights=tmp_path)


def test_missing_weights_are_one_sentence_with_the_way_out(monkeypatch, tmp_path):
    utils = pytest.importorskip("face_alignment.utils")
    from urllib.error import URLError

    from me_augment.face import create_detector

    def no_network(*_, **__):
        raise URLError("unreachable")

    monkeypatch.setattr(utils, "download_url_to_file", no_network)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(MeAugmentError) as caught:
        create_detector("face-alignment")
    text = str(caught.value)
    assert WEIGHTS_NAME in text
    assert str(tmp_path / "hub" / "checkpoints") in text
    assert "--landmark-weights" in text


@pytest.mark.parametrize("device", ["cuda:77", "gpu", "mps"])
def test_devices_that_are_not_there_are_refused(device, untrained):
    from me_augment.face import create_detector

    with pytest.raises(UsageError, match=f"'{device}'"):
        create_detector("face-alignment", device=device, weights=untrained)


def test_a_missing_package_is_one_sentence():
    import importlib.util

    from me_augment.face import create_detector

    if importlib.util.find_spec("face_alignment") is not None:
        pytest.skip("face-alignment is installed")
    with pytest.raises(MeAugmentError, match="pip install --no-deps face-alignment"):
        create_detector("face-alignment")
