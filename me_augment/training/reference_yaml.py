"""The reference implementation's YAML files, translated into settings of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from me_augment.errors import UsageError

# Key of theirs → place among ours. "" is read by nobody here: where data lies, what pictures of it look like, and what
# belongs to their animation.
_PLACES = {
    "model_params.common_params.num_kp": "= 18",
    "model_params.common_params.num_channels": "= 3",
    "model_params.common_params.estimate_jacobian": "= True",
    "model_params.kp_detector_params.temperature": "shape.temperature",
    "model_params.kp_detector_params.block_expansion": "shape.detector.expansion",
    "model_params.kp_detector_params.max_features": "shape.detector.most",
    "model_params.kp_detector_params.num_blocks": "shape.detector.blocks",
    "model_params.kp_detector_params.scale_factor": "shape.scale",
    "model_params.kp_detector_params.single_jacobian_map": "shape.single_jacobian_map",
    "model_params.generator_params.block_expansion": "shape.generator.expansion",
    "model_params.generator_params.max_features": "shape.generator.most",
    "model_params.generator_params.num_down_blocks": "shape.generator.blocks",
    "model_params.generator_params.num_bottleneck_blocks": "shape.bottleneck_blocks",
    "model_params.generator_params.estimate_occlusion_map": "= True",
    "model_params.generator_params.dense_motion_params.block_expansion": "shape.dense_motion.expansion",
    "model_params.generator_params.dense_motion_params.max_features": "shape.dense_motion.most",
    "model_params.generator_params.dense_motion_params.num_blocks": "shape.dense_motion.blocks",
    "model_params.generator_params.dense_motion_params.scale_factor": "shape.scale",
    "model_params.generator_params.dense_motion_params.kp_variance": "= 0.01",
    "model_params.discriminator_params.scales": "shape.discriminator_scales",
    "model_params.discriminator_params.block_expansion": "shape.discriminator.expansion",
    "model_params.discriminator_params.max_features": "shape.discriminator.most",
    "model_params.discriminator_params.num_blocks": "shape.discriminator.blocks",
    "model_params.discriminator_params.use_kp": "= False",
    "model_params.discriminator_params.sn": "= False",
    "train_params.num_epochs": "epochs.number",
    "train_params.num_repeats": "epochs.repeats",
    "train_params.checkpoint_freq": "epochs.checkpoint",
    "train_params.epoch_milestones": "milestones",
    "train_params.lr_generator": "lr_generator",
    "train_params.lr_discriminator": "lr_discriminator",
    "train_params.lr_kp_detector": "lr_kp_detector",
    "train_params.batch_size": "batch_size",
    "train_params.scales": "scales",
    "train_params.transform_params.sigma_affine": "sigma_affine",
    "train_params.transform_params.sigma_tps": "sigma_tps",
    "train_params.transform_params.points_tps": "points_tps",
    "train_params.loss_weights.generator_gan": "weights.generator_gan",
    "train_params.loss_weights.discriminator_gan": "weights.discriminator_gan",
    "train_params.loss_weights.feature_matching": "weights.feature_matching",
    "train_params.loss_weights.perceptual": "weights.perceptual",
    "train_params.loss_weights.equivariance_value": "weights.equivariance_value",
    "train_params.loss_weights.equivariance_jacobian": "weights.equivariance_jacobian",
    "dataset_params.augmentation_params.flip_param.horizontal_flip": "mirror",
    "dataset_params.augmentation_params.flip_param.time_flip": "time_flip",
    "dataset_params.augmentation_params.jitter_param.hue": "hue",
    "dataset_params.frame_shape": "= [256, 256, 3]",
    "dataset_params.root_dir": "",
    "dataset_params.keypoint_folder": "",
    "dataset_params.id_sampling": "",
    "dataset_params.pairs_list": "",
}
_UNREAD = ("animate_params.", "visualizer_params.", "reconstruction_params.")
_MUST_HAVE = ("epochs.number", "epochs.repeats", "epochs.checkpoint")


def is_reference(found: Mapping[str, Any]) -> bool:
    """Whether a YAML file is one of the reference's."""
    return "model_params" in found or "train_params" in found


def from_reference(found: Mapping[str, Any], *, compat: bool) -> dict[str, Any]:
    """Its settings, nested as ours.

    Args:
        found: what the file holds.
        compat: the model is to compute as the reference does; for another the equivariance of values is left out,
            since it reaches no weight.

    Raises:
        UsageError: a key that is unknown, or a value that only the reference's own code can serve.
    """
    result: dict[str, Any] = {}
    seen: dict[str, Any] = {}
    for key, value in _leaves(found, ""):
        place = _PLACES.get(key)
        if place is None and not key.startswith(_UNREAD):
            raise UsageError(f"{key} is no setting of the reference that is known here.")
        if not place:
            continue
        if place.startswith("= "):
            if str(value) != place[2:]:
                raise UsageError(f"{key} is {value}; it can only be {place[2:]} here.")
            continue
        value = _AS_FLOATS.get(place, _as_it_is)(value)
        if seen.setdefault(place, value) != value:
            raise UsageError(f"{key} is {value} and elsewhere {seen[place]}; both must be the same here.")
    if not set(_MUST_HAVE) <= seen.keys():
        raise UsageError("train_params must have num_epochs, num_repeats and checkpoint_freq.")
    if "milestones" in seen:
        seen["milestones"] = [epoch / seen["epochs.number"] for epoch in seen["milestones"]]
    if not compat:
        seen["weights.equivariance_value"] = 0.0
    for place, value in (seen | {"steps": None}).items():
        *parents, name = place.split(".")
        inner = result
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[name] = value
    return result


def _as_it_is(value: Any) -> Any:
    return value


def _learning_rate(value: Any) -> Any:
    """PyYAML reads 2.0e-4 as a number and 2e-4 as text."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return value


_AS_FLOATS: dict[str, Callable[[Any], Any]] = {
    f"lr_{name}": _learning_rate for name in ("generator", "discriminator", "kp_detector")
}


def _leaves(found: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(found, Mapping):
        yield path, found
        return
    for key, value in found.items():
        yield from _leaves(value, f"{path}.{key}" if path else str(key))
