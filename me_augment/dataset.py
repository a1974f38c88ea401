"""The torch Dataset over real and synthetic clips, with the rule that keeps a held-out person out of training."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch.utils.data import Dataset
from torch.utils.data._utils.collate import default_collate_fn_map

from me_augment.array_cache import ArrayCache
from me_augment.errors import UsageError
from me_augment.face.geometry import aligned_crop
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import held_out_mask, resolve_person, training_mask
from me_augment.manifest.ids import digest
from me_augment.manifest.labels import class_column, classes_among
from me_augment.manifest.sequence import Rows
from me_augment.manifest.store import usable_mask
from me_augment.transforms.sampling import tim_weights, uniform_positions
from me_augment.versions import source_digest
from me_augment.video.recording import content_of, open_recording

Frames = int | Literal["all", "onset-apex"] | str


class Sample(NamedTuple):
    """One item.

    Attributes:
        video: (T, C, H, W) float32 in [0, 1]; C is 3, gray repeated.
        label: index into `MicroExpressionDataset.classes`.
        row: the clip's manifest row. A batch holds a list of rows.
    """

    video: torch.Tensor
    label: int
    row: Clip


# Lets the DataLoader's own collate function put rows, which are no tensors, into a list.
default_collate_fn_map.setdefault(Clip, lambda batch, *, collate_fn_map=None: list(batch))


class MicroExpressionDataset(Dataset[Sample]):
    """Labelled clips of a manifest or of a run (real and synthetic together).

    Args:
        manifest_or_run: a Manifest, or the folder of one or of a finished run.
        fold: person held out, as person id (`casme2:sub01`) or subject (`sub01`). None holds nobody out.
        split: `train` or `test`. With a fold, `test` is the real clips of the person held out, and `train` every
            clip to which that person contributed nothing (neither seen, nor driver, nor ancestor, nor training the
            generator). Without a fold, `train` is everything and there is no `test`.
        labels: `megc3`, `casme2-5`, `samm-5`, `objective`, `verbatim` or `au`; clips without a class in the label set
            are left out.
        frames: `all`; `onset-apex` for those two; a number of frames spread evenly from onset to offset; or `tim:16`
            for 16 frames interpolated from all by the Temporal Interpolation Model (see `transforms.sampling`).
        size: side of the face-aligned crop in pixels, same crop for all frames; None keeps the stored frames, which
            a batch can only hold if they are equally large. Clips without landmarks are left out where a size is
            asked for.
        synthetic: False leaves synthetic clips out of training, for the comparison without them.
        transform: called with the video tensor (T, C, H, W), returns the tensor to give out.
        keep: folder in which each clip's cropped frames are kept, 8 or 16 bits as stored, under a hash of the clip's
            content (as the manifest records it, or its file's), frames, landmarks and size; later passes, other folds
            and other processes then decode nothing. Goes with `size`.
        keep_gb: gigabytes that the folder may hold; what was not used for longest goes first.

    Attributes:
        clips: the rows, in the order of the indices.
        classes: class names; a label is an index into them.

    Raises:
        UsageError: an argument that does not fit, or no clip left.
    """

    def __init__(
        self,
        manifest_or_run: Manifest | str | os.PathLike[str],
        fold: str | None = None,
        split: Literal["train", "test"] = "train",
        *,
        labels: str = "megc3",
        frames: Frames = "all",
        size: int | None = None,
        synthetic: bool = True,
        transform: Callable[[torch.Tensor], torch.Tensor] | None = None,
        keep: str | os.PathLike[str] | None = None,
        keep_gb: float = 10.0,
    ) -> None:
        if split not in ("train", "test"):
            raise UsageError(f"split is {split!r}; it is 'train' or 'test'.")
        if split == "test" and fold is None:
            raise UsageError("split='test' needs fold=, the person held out: without one there is no test set.")
        self._tim = _tim_count(frames)
        if not (frames in ("all", "onset-apex") or self._tim or (type(frames) is int and frames >= 1)):
            raise UsageError(f"frames is {frames!r}; it is 'all', 'onset-apex', 'tim:16' or a number of at least 1.")
        if keep is not None and size is None:
            raise UsageError("keep= keeps cropped frames: give size=, the side of the crop.")
        self._kept = None if keep is None else ArrayCache(Path(keep), round(keep_gb * 1e9))
        self._contents: dict[str, str | None] = {}
        self.manifest = manifest_or_run if isinstance(manifest_or_run, Manifest) else Manifest.open(manifest_or_run)
        self._frames, self._size, self._transform = frames, size, transform
        person = None if fold is None else resolve_person(self.manifest.clips, fold)
        table = self.manifest.clip_table
        labelled = class_column(labels, table)
        wanted = usable_mask(table) & pc.not_equal(table.column("expression"), "neutral").to_numpy()
        self.classes = classes_among(labels, labelled.filter(pa.array(wanted)))
        labelled = pc.index_in(labelled, pa.array(self.classes, pa.string()))
        wanted &= labelled.is_valid().to_numpy()
        if person is not None:
            belongs = training_mask if split == "train" else held_out_mask
            wanted &= belongs(table, person).to_numpy(zero_copy_only=False)
        if not synthetic:
            wanted &= ~table.column("is_synthetic").to_numpy()
        wanted = self._fitting(table, wanted)
        ids = table.column("clip_id").filter(pa.array(wanted)).combine_chunks()
        places = np.flatnonzero(wanted)[pc.sort_indices(ids).to_numpy()]
        rows = self.manifest.clips
        self.clips: Sequence[Clip] = rows.at(places) if isinstance(rows, Rows) else tuple(rows[i] for i in places)
        if not self.clips:
            raise UsageError(
                f"no clip is left: none of the {len(rows)} rows has frames, a class of {labels} "
                "and a place in this split."
            )
        self._labels = pc.fill_null(labelled, -1).to_numpy()[places]

    def _fitting(self, table: pa.Table, wanted: np.ndarray) -> np.ndarray:
        """Which rows can be read as asked; says how many cannot, since that changes what is compared."""
        needs = []
        if self._size is not None:
            needs.append(("have no landmarks to crop by", "landmarks"))
        if self._frames == "onset-apex":
            needs.append(("have no apex", "apex_index"))
        for what, column in needs:
            lacking = wanted & table.column(column).is_null().to_numpy()
            if lacking.any():
                warnings.warn(f"{lacking.sum()} clips {what} and are left out.", stacklevel=3)
                wanted = wanted & ~lacking
        return wanted

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Sample:
        clip = self.clips[index]
        tensor = _as_tensor(self._read(clip, self._positions(clip)))
        if self._tim:
            weights = torch.from_numpy(tim_weights(len(tensor), self._tim).astype(np.float32))
            tensor = torch.tensordot(weights, tensor, 1).clamp_(0, 1)
        if self._transform is not None:
            tensor = self._transform(tensor)
        return Sample(tensor, int(self._labels[index]), clip)

    def _read(self, clip: Clip, positions: list[int]) -> np.ndarray:
        """Frames at positions of the recording, cropped where a size was asked for, as stored."""
        assert clip.recording_id is not None
        assert clip.onset_index is not None
        key = None
        if self._kept is not None and (content := self._content(clip)) is not None:
            # The frames asked for and no others: of a whole clip two would be slow to read.
            places = [position - clip.onset_index for position in positions]
            key = digest(content, places, list(clip.landmarks or ()), self._size, source_digest())
            found = self._kept.find(key)
            if found is not None and len(found.get("frames", ())) == len(places):
                return found["frames"]
        video = open_recording(self.manifest, self.manifest.recording_of[clip.recording_id]).read(positions)
        if self._size is not None:
            points = np.asarray(clip.landmarks, np.float32).reshape(68, 2)
            video = np.stack([aligned_crop(frame, points, self._size) for frame in video])
        if self._kept is not None and key is not None:
            self._kept.keep(key, {"frames": video})
        return video

    def _content(self, clip: Clip) -> str | None:
        if clip.clip_id not in self._contents:
            self._contents[clip.clip_id] = content_of(self.manifest, clip)
        return self._contents[clip.clip_id]

    def _positions(self, clip: Clip) -> list[int]:
        first, last = clip.onset_index, clip.offset_index
        assert first is not None
        assert last is not None
        if self._frames == "all" or self._tim:
            return list(range(first, last + 1))
        if self._frames == "onset-apex":
            assert clip.apex_index is not None
            return [first, clip.apex_index]
        return uniform_positions(first, last, int(self._frames))


def _tim_count(frames: object) -> int:
    """The number in `tim:16`; 0 for anything else."""
    method, _, count = frames.partition(":") if isinstance(frames, str) else ("", "", "")
    return int(count) if method == "tim" and count.isascii() and count.isdigit() else 0


def _as_tensor(video: np.ndarray) -> torch.Tensor:
    """(T, H, W) or (T, H, W, 3), uint8 or uint16, as (T, 3, H, W) float32 in [0, 1]."""
    if video.ndim == 3:
        video = np.broadcast_to(video[..., None], (*video.shape, 3))
    # Turned as bytes and made floats then, a quarter is moved.
    planes = np.ascontiguousarray(video.transpose(0, 3, 1, 2))
    return torch.from_numpy(planes.astype(np.float32)).div_(np.iinfo(video.dtype).max)
