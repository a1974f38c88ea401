"""Settings: YAML and back, the reference's files, refusals that name the key."""

import pytest
import yaml
from fpb_golden import DATA, tiny

from me_augment.errors import UsageError
from me_augment.generation.fpb_fomm.architecture import Architecture
from me_augment.training.presets import CONVENTIONS, PRESETS, preset
from me_augment.training.settings import read_settings


@pytest.mark.parametrize("conventions", CONVENTIONS)
@pytest.mark.parametrize("size", PRESETS)
def test_yaml_and_back(tmp_path, size, conventions):
    settings = preset(size, conventions)
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(settings.to_dict()))
    other = preset("tiny" if size != "tiny" else "compact", conventions)
    if settings.epochs is None:
        assert read_settings(file, other) == settings
    assert read_settings(file, settings) == settings


def test_the_reference_file_gives_the_reference_architecture():
    settings = read_settings(DATA / "tiny_config.yaml", preset("published", "reference"))
    assert settings.shape == tiny()
    assert settings.milestones == (0.6, 0.9)
    resolved = settings.resolved(clips=20)
    assert resolved.steps == 100 * (20 * 50 // 9)
    assert resolved.checkpoint_every == 50 * (20 * 50 // 9)
    last = resolved.steps - 1
    assert [resolved.factor_at(step) for step in (0, 60 * 111 - 1, 60 * 111, last)] == pytest.approx([1, 1, 0.1, 0.01])
    assert settings.weights == preset("published", "reference").weights


def test_the_published_configuration_is_the_default():
    assert preset("published", "reference").shape == Architecture()


def test_a_reference_file_for_a_mended_model_loses_the_dead_loss():
    settings = read_settings(DATA / "tiny_config.yaml", preset("published", "mended"))
    assert settings.weights.equivariance_value == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("speed: 3", "speed is no setting"),
        ("shape: {detector: {depth: 3}}", "shape.detector.depth is no setting"),
        ("batch_size: 2.5", "batch_size is 2.5; it must be a whole number"),
        ("amp: 1", "amp is 1; it must be true or false"),
        ("shape: {conventions: {prior: wide}}", "shape.conventions.prior is 'wide'"),
        ("batch_size: 1", "compares two"),
        ("weights: {equivariance_value: 10}", "reaches no weight"),
        ("scales: [1.0, 0.0]", "give factors above 0"),
        ("weights: {motion: -1.0}", "weights.motion is -1.0; a weight is not below 0"),
        (
            "weights: {perceptual: [0.0], generator_gan: 0.0, feature_matching: [0.0, 0.0, 0.0, 0.0], "
            "reconstruction: 0.0, motion: 0.0}",
            "no loss is left",
        ),
        ("steps: 0", "at least 1"),
        ("seed: -1", "seed is -1"),
        ("seed: 99999999999999999999", "seed is 99999999999999999999"),
        ("lr_generator: -1", "lr_generator is -1"),
        ("lr_discriminator: .nan", "lr_discriminator is nan"),
        ("milestones: [.nan]", "milestones is"),
        ("milestones: [2.0]", "milestones is"),
        ("sigma_tps: -0.1", "sigma_tps is -0.1"),
        ("weights: {reconstruction: .nan}", "weights.reconstruction is nan"),
        ("epochs: {number: 0, repeats: 1, checkpoint: 1}", "epochs.number is 0"),
        ("epochs: {number: all, repeats: 1, checkpoint: 1}", "epochs.number is 'all'"),
        # What a checkpoint could not be read back from.
        ("shape: {scale: 0}", "scaled by 0"),
        ("shape: {scale: .nan}", "scaled by nan"),
        ("shape: {temperature: 0}", "temperature 0"),
        ("shape: {detector: {blocks: 0}}", "in 0 levels"),
        ("shape: {discriminator_scales: []}", "no scales"),
        ("shape: {bottleneck_blocks: -1}", "-1 residual blocks"),
        ("shape: {size: 0}", "0 pixels wide"),
        ("[1]", "not a mapping"),
        ("a: [", "cannot be read as YAML"),
        ("train_params: {num_epochs: 3, lr_decay: 2}", "train_params.lr_decay is no setting of the reference"),
        ("model_params: {common_params: {num_kp: 10}}", "num_kp is 10; it can only be 18"),
        ("train_params: {num_epochs: 3}", "must have num_epochs, num_repeats"),
    ],
)
def test_refusals(tmp_path, text, words):
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=words.replace("(", r"\(")):
        read_settings(file, preset("compact", "mended"))


def test_measured_losses_need_a_mended_model(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_text("weights: {motion: 1.0}")
    with pytest.raises(UsageError, match="--conventions mended"):
        read_settings(file, preset("tiny", "reference"))


def test_unknown_presets():
    with pytest.raises(UsageError, match="published, compact, tiny"):
        preset("huge", "mended")
    with pytest.raises(UsageError, match="mended or reference"):
        preset("tiny", "old")
