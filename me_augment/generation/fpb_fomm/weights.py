"""Files with weights as they lie: opened as data only, told apart by their content, and checked tensor by tensor."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, Literal

import torch
from torch import Tensor, nn

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.architecture import COLOURS, KEY_POINTS
from me_augment.generation.fpb_fomm.blocks import Shrink

NETWORKS = ("kp_detector", "generator", "discriminator")
# Of the safetensors header: the one entry that is ours.
HEADER_KEY = "me-augment"
_SHOWN = 3
_DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_SHRINK = "down.weight"


@dataclass(frozen=True)
class Stored:
    """What a file holds.

    Attributes:
        path: the file.
        layout: `own`; `reference`, as the reference implementation saves a model; `first-order-motion`, the same file
            of the general model (Siarohin et al., NeurIPS 2019), whose networks have other inputs.
        networks: network → key → tensor on the CPU, floating-point ones float32 and finite; the counters of batch
            normalisation, which nothing reads, are left out.
        header: text that our own layout carries; None in the others.
        sha256: of the file, hexadecimal.
    """

    path: Path
    layout: Literal["own", "reference", "first-order-motion"]
    networks: Mapping[str, Mapping[str, Tensor]]
    header: str | None
    sha256: str


def open_weights(path: Path, *, header_only: bool = False) -> Stored:
    """Read a file with weights; nothing in it is executed.

    Args:
        path: the file.
        header_only: of a file in our layout read the header alone; `networks` is then empty.

    Raises:
        UsageError: there is no such file, or it is something else.
        MeAugmentError: it is damaged, or a weight is no finite number.
    """
    if path.is_dir():
        there = sorted(path.glob("*.safetensors"))
        example = f", such as {there[0]}" if there else ""
        raise UsageError(f"{path} is a folder, and one checkpoint is wanted: name a file in it{example}.")
    if not path.is_file():
        raise UsageError(f"{path} is not a file: give a checkpoint, .safetensors or .pth.tar.")
    with path.open("rb") as handle:
        start = handle.read(9)
        handle.seek(0)
        sha256 = hashlib.file_digest(handle, "sha256").hexdigest()
    if start[8:] == b"{":
        header, networks = _safetensors(path, header_only)
        return Stored(path, "own", networks, header, sha256)
    if start[:2] not in (b"PK", b"\x80\x02"):
        raise UsageError(
            f"{path} is no checkpoint: it is neither a .safetensors file nor one that torch saved (.pth.tar). If it "
            "was downloaded, it may be a web page or an archive around the file."
        )
    networks = _torch_file(path)
    first = networks["kp_detector"].get("predictor.encoder.down_blocks.0.conv.weight")
    points = networks["kp_detector"].get("kp.weight")
    plain = first is not None and first.ndim == 4 and first.shape[1] == COLOURS
    plain = plain or (points is not None and points.ndim == 4 and points.shape[0] != KEY_POINTS)
    return Stored(path, "first-order-motion" if plain else "reference", networks, None, sha256)


def _safetensors(path: Path, header_only: bool) -> tuple[str, dict[str, dict[str, Tensor]]]:
    from safetensors import SafetensorError, safe_open

    networks: dict[str, dict[str, Tensor]] = {}
    try:
        with safe_open(path, framework="pt") as file:
            header = (file.metadata() or {}).get(HEADER_KEY)
            if header is None:
                raise MeAugmentError(
                    f"{path} holds tensors but was not written by me-augment: give a checkpoint made with "
                    "`me-augment train` or `me-augment checkpoint convert`."
                )
            for name in () if header_only else file.keys():
                network, _, key = name.partition(".")
                networks.setdefault(network, {})[key] = file.get_tensor(name)
    except (SafetensorError, OSError, ValueError) as error:
        raise MeAugmentError(f"{path} is damaged ({error}): copy it, or make it, again.") from error
    return header, _sound(networks, path)


def _torch_file(path: Path) -> dict[str, dict[str, Tensor]]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged pickles raise whatever they like
        if "weights_only" in str(error) or "Weights only" in str(error):
            raise MeAugmentError(
                f"{path} holds Python objects besides tensors; these could run code and are never loaded. Ask its "
                "authors for the plain weights."
            ) from error
        reason = shorten(str(error).partition(". ")[0] or type(error).__name__, 120, placeholder=" …")
        raise MeAugmentError(
            f"{path} is damaged, or an archive that torch did not write ({reason}): copy it again."
        ) from error
    found = content if isinstance(content, dict) else {}
    networks = {name: found[name] for name in NETWORKS if isinstance(found.get(name), dict)}
    lacking = [name for name in ("kp_detector", "generator") if name not in networks]
    if lacking:
        has = ", ".join(sorted(str(key) for key in found)[:6]) or "no dictionary"
        raise MeAugmentError(
            f"{path} is no first-order-motion checkpoint: it lacks {' and '.join(lacking)}; it holds {has}."
        )
    return _sound(networks, path)


def _sound(networks: Mapping[str, Mapping[Any, Any]], path: Path) -> dict[str, dict[str, Tensor]]:
    sound: dict[str, dict[str, Tensor]] = {}
    for network, tensors in networks.items():
        sound[network] = {}
        for key, value in tensors.items():
            name = f"{network}.{key}"
            plain = isinstance(value, Tensor) and value.layout == torch.strided and value.device.type == "cpu"
            if not isinstance(key, str) or not plain:
                raise MeAugmentError(f"{path} is no checkpoint of this model: {name} is no tensor with values.")
            if key.endswith("num_batches_tracked"):
                continue
            if value.dtype not in _DTYPES:
                raise MeAugmentError(f"{path} is no checkpoint of this model: {name} holds {value.dtype}, not weights.")
            # A view of few stored numbers may claim any size, and a copy would take it.
            if value.numel() * value.element_size() > value.untyped_storage().nbytes():
                raise MeAugmentError(f"{path} is no checkpoint of this model: {name} is larger than what is stored.")
            if not bool(torch.isfinite(value).all()):
                raise MeAugmentError(
                    f"{path}: {name} holds values that are not finite (NaN or infinity): the training that wrote it "
                    "had failed. Use an earlier checkpoint."
                )
            sound[network][key] = value.detach().to(torch.float32).contiguous()
    return sound


def fill(module: nn.Module, tensors: Mapping[str, Tensor], network: str, path: Path) -> None:
    """Give a module, which may be on the meta device, exactly the weights of a file.

    Raises:
        MeAugmentError: some are missing, unknown or of another shape, or a constant is not ours; names the first.
    """
    wanted = {key: value for key, value in module.state_dict().items() if not key.endswith("num_batches_tracked")}
    # Where nothing is shrunken the reference has no such tensor, and we one of a single 1.
    constants = {key: _constant(value) for key, value in wanted.items() if key.endswith(_SHRINK)}
    missing = [key for key in wanted if key not in tensors and key not in constants]
    unknown = [key for key in tensors if key not in wanted]
    misshapen = [key for key in wanted if key in tensors and tensors[key].shape != wanted[key].shape]
    complaints = [
        f"{len(keys)} {what} ({', '.join(show(key) for key in keys[:_SHOWN])}{', …' if len(keys) > _SHOWN else ''})"
        for keys, what, show in (
            (missing, "missing", str),
            (unknown, "unexpected", str),
            (misshapen, "misshapen", lambda key: f"{key} {_by(tensors[key])} instead of {_by(wanted[key])}"),
        )
        if keys
    ]
    if complaints:
        raise MeAugmentError(f"{path} does not fit, keys of {network}: {'; '.join(complaints)}.")
    for key, ours in constants.items():
        if key in tensors and not torch.allclose(tensors[key], ours, rtol=0, atol=1e-5):
            raise MeAugmentError(
                f"{path}: {network}.{key} is not the Gaussian that pictures are blurred with before they are "
                "shrunken; weights of such a model would give other numbers here."
            )
    counters = {key: torch.zeros((), dtype=torch.long) for key in module.state_dict() if key not in wanted}
    module.load_state_dict({**tensors, **constants, **counters}, assign=True)


def _constant(like: Tensor) -> Tensor:
    return Shrink(like.shape[0], 1 / ((like.shape[-1] - 1) // 4 + 1)).weight


def _by(tensor: Tensor) -> str:
    return " x ".join(map(str, tensor.shape)) or "scalar"
