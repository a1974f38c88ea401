"""Likeness: VGG-19 weights as users have them, and structure where they have none."""

import pytest
import torch
from fpb_golden import numbers, picture
from safetensors.torch import save_file

from me_augment.errors import UsageError
from me_augment.training.perceptual import Structure, Vgg19, read_vgg19


def stored():
    return {key[4:]: torch.from_numpy(value) for key, value in numbers().items() if key.startswith("vgg.")}


def test_both_forms_of_file_and_of_keys(tmp_path):
    frames = picture("driving_images_u8")
    wanted = Vgg19(stored())(frames[:1], frames[1:2])
    torch.save({f"features.{k}": v for k, v in stored().items()} | {"classifier.0.bias": torch.zeros(3)},
               tmp_path / "a.pth")  # fmt: skip
    save_file(stored(), tmp_path / "b.safetensors")
    for name in ("a.pth", "b.safetensors"):
        assert read_vgg19(tmp_path / name)(frames[:1], frames[1:2]) == wanted
    assert len(wanted) == 5


def test_bad_files(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read_vgg19(tmp_path / "none.pth")
    (tmp_path / "junk.pth").write_bytes(b"junk")
    with pytest.raises(UsageError, match="cannot be read as weights"):
        read_vgg19(tmp_path / "junk.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(UsageError, match="cannot be read as weights"):
        read_vgg19(tmp_path / "list.pth")
    torch.save({k: v for k, v in stored().items() if k != "28.bias"}, tmp_path / "short.pth")
    with pytest.raises(UsageError, match=r"features\.28\.bias is missing"):
        read_vgg19(tmp_path / "short.pth")
    torch.save(stored() | {"2.weight": torch.zeros(4, 7, 3, 3)}, tmp_path / "shape.pth")
    with pytest.raises(UsageError, match=r"features\.2\.weight has the shape \(4, 7, 3, 3\)"):
        read_vgg19(tmp_path / "shape.pth")
    torch.save(stored() | {"0.bias": torch.full((4,), torch.nan)}, tmp_path / "nan.pth")
    with pytest.raises(UsageError, match="not finite"):
        read_vgg19(tmp_path / "nan.pth")


def test_structure_sees_a_faint_shift_of_faint_detail():
    generator = torch.Generator().manual_seed(0)
    skin = 0.5 + 0.02 * torch.rand(1, 3, 64, 64, generator=generator)
    moved = skin.roll(1, dims=-1)
    brighter = skin + (moved - skin).abs().mean()
    structure = Structure()
    assert sum(structure(skin, skin)) == 0
    colours = [structure(other, skin)[0] for other in (moved, brighter)]
    torch.testing.assert_close(*colours)  # to the eye of an L1 both are as far away
    assert sum(structure(moved, skin)[1:]) > 20 * sum(structure(brighter, skin)[1:])
