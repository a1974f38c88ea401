"""The model run as fast as it goes: what depends on the target or the driver alone is computed once, the rest by folded
copies of the networks, in batches that the device can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.nn import functional

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.architecture import COLOURS, KEY_POINTS
from me_augment.generation.fpb_fomm.expression_generation import Encoded, ExpressionGenerator
from me_augment.generation.fpb_fomm.folding import FastHourglass, Workspace, copied, fast_generator, left_out
from me_augment.generation.fpb_fomm.model import Model
from me_augment.generation.fpb_fomm.motion_prediction import (
    KeyPoints,
    Motion,
    gaussians,
    key_point_motions,
    relative,
)
from me_augment.generation.fpb_fomm.region_focusing import region_maps, region_mask

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# On a CPU one frame is drawn at a time, which keeps its features in the cache; the hourglasses, whose weights are far
# larger than their features, read these once for several frames.
_CPU_DRAWN, _CPU_MOVED = 1, 16
# On a GPU: at most so many frames at once, and what one of 256 x 256 is reckoned to take while it is drawn.
_GPU_MOST, _GPU_BYTES = 64, 120e6
# What a narrow precision may change in any pixel of a target that does not move.
_NARROW_ERROR = 2 / 255
_MOTIONS = KEY_POINTS + 1

_T = TypeVar("_T")


class EncodedTarget(NamedTuple):
    """A target, ready to be moved; on the device of the renderer that made it.

    Attributes:
        encoded: its features, shrunken picture and, for residual output, still drawing.
        key_points: (1, 18).
    """

    encoded: Encoded
    key_points: KeyPoints


class Drawn(NamedTuple):
    """Some frames, on the CPU.

    Attributes:
        pictures: (b, 3, H, W) float32 in [0, 1].
        deformation: (b, h, w, 2), where each place is found in the target, normalised (x, y).
    """

    pictures: Tensor
    deformation: Tensor


def choose_device(text: str) -> torch.device:
    """`auto` (a GPU where there is one), `cpu`, `cuda` or `cuda:N`.

    Raises:
        UsageError: anything else, or a GPU that this machine has not got.
    """
    if text == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if text == "cpu":
        return torch.device("cpu")
    kind, colon, number = text.partition(":")
    if kind != "cuda" or bool(colon) != number.isdecimal():
        raise UsageError(f"{text!r} is no device: name auto, cpu, cuda or cuda:N.")
    if not torch.cuda.is_available():
        raise UsageError(f"{text} was asked for, but torch {torch.__version__} finds no GPU here: use --device cpu.")
    if number and int(number) >= torch.cuda.device_count():
        raise UsageError(f"{text} was asked for, but the last GPU here is cuda:{torch.cuda.device_count() - 1}.")
    return torch.device(text)


class Renderer:
    """Draws targets with a driver's motion; gives what the model's own modules give, up to rounding.

    Not for use by several threads at once. The model given is copied as it is now, and may go on being trained.

    Args:
        model: on any device.
        device: see `choose_device`.
        precision: of the drawing's convolutions; the target is encoded and motion found in float32 whatever it is.
            `bf16` and `fp16` need a GPU (on a CPU one gains a tenth and the other is ten times slower), and what they
            change is measured on every target.
        compiled: draw by `torch.compile` (on a GPU with CUDA graphs), which takes minutes at the first frame and on a
            CPU gains nothing. What is special to GPUs, here and in the choice of batches, was never run on one.
        batch: frames at once; None leaves it to the device.

    Raises:
        UsageError: no such device, or a precision that it is not good for.
    """

    def __init__(
        self,
        model: Model,
        *,
        device: str = "cpu",
        precision: str = "fp32",
        compiled: bool = False,
        batch: int | None = None,
    ) -> None:
        self.device = choose_device(device)
        on_cpu = self.device.type == "cpu"
        if on_cpu and precision != "fp32":
            raise UsageError(f"{precision} gains nothing on a CPU: use --precision fp32, or a GPU.")
        self.shape = model.shape
        self.precision = precision
        self._drawn, self._moved = _batches_for(self.device, self.shape.size, batch)
        detector, dense, generator = model.kp_detector, model.generator.dense_motion_network, model.generator
        with torch.no_grad():
            # Each motion's channels begin with its heat map, which is 0 everywhere while the points stay.
            warped = torch.arange(_MOTIONS * (COLOURS + 1)).view(_MOTIONS, -1)[:, 1:].flatten()
            self._blend = FastHourglass(dense.hourglass, [dense.mask, dense.occlusion])
            self._blend_still = FastHourglass(dense.hourglass, [dense.mask, dense.occlusion], warped).share(self._blend)
            predictor = FastHourglass(detector.predictor, [detector.kp, detector.jacobian])
            self._detector = copied(
                detector, {detector.predictor: predictor} | left_out(detector.kp, detector.jacobian)
            )
            self._generator = fast_generator(generator, Workspace() if on_cpu else None, _DTYPES[precision])
            self._exact = None if precision == "fp32" else fast_generator(generator, None, torch.float32)
        for module in filter(None, (self._blend, self._blend_still, self._detector, self._generator, self._exact)):
            module.to(self.device).eval().requires_grad_(False)
        self._decode: Callable[[Encoded, Motion], Tensor] = self._generator.decode
        if compiled:
            mode = "default" if on_cpu else "reduce-overhead"
            self._decode = torch.compile(self._generator.decode, mode=mode, dynamic=False)

    @property
    def batch(self) -> int:
        """Frames drawn at once; fewer than at first after memory ran out."""
        return self._drawn.size

    def encode(self, picture: Tensor, points: Tensor) -> EncodedTarget:
        """All that is needed of a target.

        Args:
            picture: (1, 3, H, W) RGB in [0, 1].
            points: (1, 18, 2) or (18, 2) pixels.

        Raises:
            MeAugmentError: see `frames`; or the precision is too narrow for this target.
        """
        points = points.reshape(1, KEY_POINTS, 2)

        def work(part: slice) -> EncodedTarget:
            there = picture.to(self.device).contiguous(memory_format=torch.channels_last)
            return EncodedTarget(self._generator.encode(there), self._detect(there, points, self._maps(there, points)))

        (target,) = self._in_batches(1, _Batch(1), work)
        _check(target.encoded.features, target.key_points.jacobian)
        exact = self._exact
        if exact is not None:
            features = target.encoded.features
            (error,) = self._in_batches(1, _Batch(1), lambda _: drawing_error(exact, self._generator, features))
            if not error <= _NARROW_ERROR:
                raise MeAugmentError(
                    f"{self.precision} changes what this checkpoint draws by {255 * error:.1f} of 255 levels, more "
                    f"than {255 * _NARROW_ERROR:.0f}: use --precision {'fp16 or ' * (self.precision == 'bf16')}fp32."
                )
        return target

    def key_points(self, frames: Tensor, points: Tensor) -> KeyPoints:
        """Key points of a driver's frames, (B, 18), on the CPU.

        Args:
            frames: (B, 3, H, W) RGB in [0, 1]; they go to the device batch by batch.
            points: (B, 18, 2) pixels, or (1, 18, 2) or (18, 2) where they stay: one focus mask then serves all.
        """
        points = points.reshape(-1, KEY_POINTS, 2)
        if len(points) not in (1, len(frames)):
            raise ValueError(f"{len(points)} sets of points for {len(frames)} frames")
        maps = self._maps(frames, points) if len(points) == 1 else None

        def work(part: slice) -> KeyPoints:
            there = frames[part].to(self.device)
            if maps is not None:
                return self._detect(there, points, maps)
            return self._detect(there, points[part], self._maps(there, points[part]))

        found = list(self._in_batches(len(frames), self._moved, work))
        _check(*(one.jacobian for one in found))
        return KeyPoints(*(torch.cat(values).cpu() for values in zip(*found, strict=True)))

    def frames(
        self, target: EncodedTarget, driving: KeyPoints, onset: KeyPoints, carry: Tensor | float = 1.0
    ) -> Iterator[Drawn]:
        """The target doing what the driver did since onset.

        Args:
            target: of `encode`.
            driving: (B, 18) of the driver's frames.
            onset: (1, 18) of the driver's first.
            carry: what becomes of a displacement on the way to the target's face, see `relative`.

        Yields:
            The frames in order; b is as the device likes it.

        Raises:
            MeAugmentError: no memory for even one frame, or values that are not numbers.
        """
        driving, onset = (KeyPoints(*(value.to(self.device) for value in given)) for given in (driving, onset))
        carry = carry.to(self.device) if isinstance(carry, Tensor) else float(carry)
        moved = relative(target.key_points, driving, onset, carry)
        still = torch.equal(driving.value, onset.value.expand_as(driving.value))

        def move(part: slice) -> Motion:
            return self._motion(target, KeyPoints(moved.value[part], moved.jacobian[part]), still)

        for motion in self._in_batches(len(driving.value), self._moved, move):

            def draw(part: slice, motion: Motion = motion) -> Drawn:
                here = Motion(motion.deformation[part], motion.occlusion[part])
                return Drawn(self._draw(target.encoded, here), here.deformation.cpu())

            for drawn in self._in_batches(len(motion.deformation), self._drawn, draw):
                _check(drawn.pictures)
                yield Drawn(*(values.clone() for values in drawn))  # what inference mode makes cannot be written to

    def _maps(self, picture: Tensor, points: Tensor) -> Tensor:
        height, width = picture.shape[-2:]
        step = self._detector.down.step
        return region_maps(
            points.to(self.device), (height, width), (-(-height // step), -(-width // step)),
            compat=self.shape.conventions.compat,
        )  # fmt: skip

    def _detect(self, picture: Tensor, points: Tensor, maps: Tensor) -> KeyPoints:
        detector, batch = self._detector, len(picture)
        small = detector.down(picture)
        if detector.prior is not None:
            maps = detector.prior(small, maps.to(small.dtype).expand(batch, -1, -1, -1))
        mask = region_mask(maps).float().expand(batch, -1, -1, -1)
        seen = torch.cat([small, mask], dim=1).contiguous(memory_format=torch.channels_last)
        logits, local = detector.predictor(seen).split([KEY_POINTS, 4 * detector.maps], dim=1)
        attention = torch.softmax(logits.flatten(2) / self.shape.temperature, dim=2)
        local = local.reshape(batch, detector.maps, 4, -1)
        # Not a matrix product: its sums of thousands are less exact.
        jacobian = (attention[:, :, None] * local).sum(-1).view(batch, KEY_POINTS, 2, 2)
        value = detector.value(points.to(picture), picture)
        return KeyPoints(value.expand(batch, -1, -1), jacobian)

    def _motion(self, target: EncodedTarget, driving: KeyPoints, still: bool) -> Motion:
        small = target.encoded.small
        (height, width), batch = small.shape[-2:], len(driving.value)
        sparse = key_point_motions(target.key_points, driving, height, width)
        warped = functional.grid_sample(
            small.expand(batch, -1, -1, -1), sparse.flatten(1, 2), align_corners=self.shape.conventions.align_corners
        )
        warped = warped.view(batch, COLOURS, _MOTIONS, height, width).transpose(1, 2)
        if still:
            found = self._blend_still(_folded_channels(warped))
        else:
            heat = gaussians(driving.value, height, width) - gaussians(target.key_points.value, height, width)
            heat = functional.pad(heat, (0, 0, 0, 0, 1, 0))  # none of the background's
            found = self._blend(_folded_channels(torch.cat([heat[:, :, None], warped], dim=2)))
        logits, occlusion = found.split([_MOTIONS, 1], dim=1)
        weights = self._generator.dense_motion_network.weights(logits, driving.value)
        deformation = (weights[..., None] * sparse).sum(1)
        return Motion(deformation, torch.sigmoid(occlusion))

    def _draw(self, target: Encoded, motion: Motion) -> Tensor:
        batch = len(motion.deformation)
        picture, features = (values.expand(batch, -1, -1, -1) for values in (target.picture, target.features))
        return self._decode(target._replace(picture=picture, features=features), motion).float().cpu()

    def _in_batches(self, count: int, batch: _Batch, work: Callable[[slice], _T]) -> Iterator[_T]:
        """What `work` makes of each part of `count` items; of smaller parts when memory runs out."""
        start = 0
        while start < count:
            part = slice(start, min(start + batch.size, count))
            try:
                with torch.inference_mode(), _full_float32(self.device):
                    made = work(part)
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise
                batch.size = (part.stop - part.start) // 2
                made = None
            if made is None:
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()
                if not batch.size:
                    raise MeAugmentError(self._no_memory())
                continue
            yield made
            start = part.stop

    def _no_memory(self) -> str:
        size = self.shape.size
        way_out = (
            "free some or use a machine with more" if self.device.type == "cpu"
            else "free some of it, or use --precision bf16 or --device cpu"
        )  # fmt: skip
        return (
            f"the memory of {self.device} is too small for one frame of {size} x {size} pixels in {self.precision}: "
            f"{way_out}."
        )


def drawing_error(exact: ExpressionGenerator, narrow: ExpressionGenerator, features: Tensor) -> float:
    """The largest difference, of a range of 1, that another precision makes to a target drawn without motion."""
    one, other = exact.draw(features), narrow.draw(features)
    if exact.shape.conventions.output == "direct":
        one, other = torch.sigmoid(one), torch.sigmoid(other)
    return float((one - other).abs().max())


class _Batch:
    """How many frames are worked on at once."""

    def __init__(self, size: int) -> None:
        self.size = size


def _batches_for(device: torch.device, size: int, wanted: int | None) -> tuple[_Batch, _Batch]:
    """For drawing, and for what comes before it."""
    if wanted is not None:
        if wanted < 1:
            raise UsageError(f"the batch is {wanted}; it must be at least 1.")
        return _Batch(wanted), _Batch(wanted)
    if device.type == "cpu":
        return _Batch(_CPU_DRAWN), _Batch(_CPU_MOVED)
    free, _ = torch.cuda.mem_get_info(device)
    both = _Batch(min(_GPU_MOST, max(1, int(free / 2 / (_GPU_BYTES * (size / 256) ** 2)))))
    return both, both


def _folded_channels(values: Tensor) -> Tensor:
    """(B, motions, channels, h, w) → (B, motions * channels, h, w)."""
    return values.flatten(1, 2).contiguous(memory_format=torch.channels_last)


def _check(*values: Tensor) -> None:
    if not all(bool(torch.isfinite(one).all()) for one in values):
        raise MeAugmentError(
            "the checkpoint gives values that are not numbers: it is damaged, or its training diverged. Use another "
            "one, or an earlier one of the same training."
        )


def _is_out_of_memory(error: RuntimeError) -> bool:
    # torch has no class of its own for the CPU's.
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


@contextmanager
def _full_float32(device: torch.device) -> Iterator[None]:
    """Without the 19-bit products that GPUs offer for float32."""
    if device.type != "cuda":
        yield
        return
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, matmul.allow_tf32
    cudnn.allow_tf32 = matmul.allow_tf32 = False
    try:
        yield
    finally:
        cudnn.allow_tf32, matmul.allow_tf32 = before
