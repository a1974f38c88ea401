"""Beginning with other models' weights: what fits is taken, the rest is named."""

import pytest
import torch
from fpb_golden import CHECKPOINT, tiny, weights

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.checkpoint import Provenance, read_checkpoint, take_over, write_checkpoint
from me_augment.generation.fpb_fomm.model import new_model

DETECTOR = "kp_detector.predictor.encoder.down_blocks.0.conv.weight"
DENSE = "generator.dense_motion_network.hourglass.encoder.down_blocks.0.conv.weight"
MASK = "generator.dense_motion_network.mask"


@pytest.fixture
def general(tmp_path):
    """A checkpoint of the general model: ten points, a detector that sees colours only, a spectral-norm adversary."""
    generator = torch.Generator().manual_seed(1)
    content = {name: dict(weights()[name]) for name in ("kp_detector", "generator", "discriminator")}

    def drawn(network, key, *shape):
        content[network][key] = torch.randn(shape, generator=generator)

    # 8 channels that the hourglass found, and what it was shown: 3 colours; 11 groups of heat and colours.
    drawn("kp_detector", "predictor.encoder.down_blocks.0.conv.weight", 16, 3, 3, 3)
    drawn("kp_detector", "kp.weight", 10, 11, 7, 7)
    drawn("kp_detector", "kp.bias", 10)
    drawn("kp_detector", "jacobian.weight", 40, 11, 7, 7)
    drawn("kp_detector", "jacobian.bias", 40)
    drawn("generator", "dense_motion_network.hourglass.encoder.down_blocks.0.conv.weight", 16, 44, 3, 3)
    drawn("generator", "dense_motion_network.mask.weight", 11, 8 + 44, 7, 7)
    drawn("generator", "dense_motion_network.mask.bias", 11)
    drawn("generator", "dense_motion_network.occlusion.weight", 1, 8 + 44, 7, 7)
    block = "discs.1.down_blocks.1.conv.weight"
    plain = content["discriminator"].pop(block)
    left, _, right = torch.linalg.svd(plain.flatten(1) * 3, full_matrices=False)
    content["discriminator"] |= {f"{block}_orig": plain * 3, f"{block}_u": left[:, 0], f"{block}_v": right[0]}
    path = tmp_path / "vox.pth.tar"
    torch.save(content, path)
    return path, content


def test_of_the_general_model_everything_that_fits(general):
    path, content = general
    model, discriminator = new_model(tiny(), 5)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    result = take_over(model, discriminator, path)
    after = model.state_dict()

    assert set(result.fresh) == {
        f"{DETECTOR}[:, 3:]", f"{MASK}.weight[1:]", f"{MASK}.bias[1:]",
        "kp_detector.kp.weight", "kp_detector.kp.bias", "kp_detector.jacobian.weight", "kp_detector.jacobian.bias",
    }  # fmt: skip
    theirs = content["kp_detector"]["predictor.encoder.down_blocks.0.conv.weight"]
    assert torch.equal(after[DETECTOR][:, :3], theirs)
    assert torch.equal(after[DETECTOR][:, 3:], before[DETECTOR][:, 3:])
    for key in ("kp_detector.kp.weight", "kp_detector.jacobian.weight", "kp_detector.jacobian.bias"):
        assert torch.equal(after[key], before[key])
    assert torch.equal(after["generator.final.weight"], content["generator"]["final.weight"])

    # The same picture in every group: what it added up to before, it adds up to now.
    theirs = content["generator"][DENSE.removeprefix("generator.")]
    assert torch.equal(after[DENSE][:, :4], theirs[:, :4])
    picture = torch.randn(1, 4, 9, 9, generator=torch.Generator().manual_seed(2))
    old = torch.conv2d(picture.repeat(1, 11, 1, 1), theirs)
    torch.testing.assert_close(torch.conv2d(picture.repeat(1, 19, 1, 1), after[DENSE]), old, rtol=1e-4, atol=1e-4)
    assert torch.equal(
        after[f"{MASK}.weight"][0, :12], content["generator"]["dense_motion_network.mask.weight"][0, :12]
    )
    assert torch.equal(after[f"{MASK}.weight"][1:], before[f"{MASK}.weight"][1:])

    # A spectral norm of one, as the adversary had it.
    block = discriminator.state_dict()["discs.1.down_blocks.1.conv.weight"]
    assert torch.linalg.matrix_norm(block.flatten(1), 2) == pytest.approx(1, abs=1e-4)
    assert result.provenance.training_subjects == ()


def test_a_head_of_another_size_is_not_mistaken_for_one_with_more_points(general, tmp_path):
    content = general[1]
    # 12 found + 44 shown: as many as 8 found and 12 groups would be.
    content["generator"]["dense_motion_network.occlusion.weight"] = torch.ones(1, 12 + 44, 7, 7)
    content["generator"]["dense_motion_network.mask.weight"] = torch.ones(11, 12 + 44, 7, 7)
    torch.save(content, tmp_path / "m.pth.tar")
    result = take_over(*new_model(tiny(), 5), tmp_path / "m.pth.tar")
    assert {f"{MASK}.weight", "generator.dense_motion_network.occlusion.weight"} <= set(result.fresh)


def test_every_tensor_is_named_once(general):
    for shape in (tiny(), tiny(MENDED)):
        model, discriminator = new_model(shape, 5)
        for path in (general[0], CHECKPOINT):
            result = take_over(model, discriminator, path)
            names = {name.partition("[")[0] for name in (*result.taken, *result.fresh)}
            every = {*model.state_dict(), *(f"discriminator.{key}" for key in discriminator.state_dict())}
            assert names == {key for key in every if not key.endswith(("num_batches_tracked", "down.weight"))}
            assert not set(result.taken) & set(result.fresh)


def test_a_general_checkpoint_makes_no_clips(general):
    with pytest.raises(MeAugmentError, match="--init"):
        read_checkpoint(general[0])


def test_a_reference_checkpoint_fits_whole():
    model, discriminator = new_model(tiny(), 5)
    result = take_over(model, discriminator, CHECKPOINT)
    assert result.fresh == ()
    stored = weights()
    assert torch.equal(model.generator.final.weight, stored["generator"]["final.weight"])
    assert result.provenance.training_subjects == ("casme2:*", "samm:*", "smic:*")
    assert take_over(model, discriminator, CHECKPOINT, saw=("casme2:sub01",)).provenance.corpora == ("casme2",)


def test_a_model_that_draws_changes_keeps_its_own_last_convolution():
    model, _ = new_model(tiny(MENDED), 5)
    result = take_over(model, None, CHECKPOINT)
    assert result.fresh == ("generator.final.weight", "generator.final.bias")
    assert not model.generator.final.weight.any()


def test_our_own_checkpoints_bring_who_trained_them(tmp_path):
    source, adversary = new_model(tiny(MENDED), 6)
    torch.nn.init.ones_(source.generator.final.weight)
    who = Provenance(training_subjects=("casme2:sub01",), corpora=("casme2",))
    write_checkpoint(tmp_path / "m.safetensors", source, adversary, who)
    model, discriminator = new_model(tiny(MENDED), 5)
    result = take_over(model, discriminator, tmp_path / "m.safetensors")
    assert (result.fresh, result.provenance) == ((), who)
    assert model.generator.final.weight.eq(1).all()
    with pytest.raises(UsageError, match="says itself who trained it"):
        take_over(model, discriminator, tmp_path / "m.safetensors", saw=())


def test_nothing_fits(tmp_path):
    empty = {"kp_detector": {"a": torch.ones(1)}, "generator": {"b": torch.ones(1)}}
    torch.save(empty, tmp_path / "m.pth.tar")
    with pytest.raises(MeAugmentError, match="nothing in"):
        take_over(*new_model(tiny(), 5), tmp_path / "m.pth.tar")
