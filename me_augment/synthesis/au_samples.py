"""The real clips of a manifest as samples for an action-unit basis: which can be used, and what they show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from me_augment.errors import MeAugmentError
from me_augment.generation.action_unit_table import ACTIONS
from me_augment.generation.au_basis import Sample, sample_of
from me_augment.generation.motion import measure_motion
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.au import ActionUnit, format_aus
from me_augment.synthesis.plan import Unusable, usable
from me_augment.threads import one_thread
from me_augment.video.recording import open_recording

# The motion between onset and apex is measured over this many frames: enough to free it of noise.
_FRAMES = 10


def usable_for_basis(manifest: Manifest) -> tuple[list[Clip], list[Unusable]]:
    """The real micro-expressions whose motion between onset and apex can be ascribed to known action units.

    A clip with any unit that is doubtful, merely held or not in the table is left out whole, since its motion would be
    ascribed to the others.
    """
    drivers, unusable = usable(manifest.clips, drivers=True)
    good = []
    for clip in drivers:
        reason = _why_not(clip)
        if reason is None:
            good.append(clip)
        else:
            unusable.append(Unusable(clip.clip_id, clip.name, reason))
    return good, unusable


def read_samples(manifest: Manifest, clips: Sequence[Clip]) -> Iterator[Sample | Unusable]:
    """Measure the clips, one by one, in their order; a clip that cannot be read or measured comes as `Unusable`."""
    for clip in clips:
        try:
            with one_thread():
                yield _sample(manifest, clip)
        except (MeAugmentError, np.linalg.LinAlgError) as error:
            yield Unusable(clip.clip_id, clip.name, str(error))


def _why_not(clip: Clip) -> str | None:
    if clip.expression != "micro":
        return f"its expression is {clip.expression!r}"
    if clip.apex_index is None:
        return "its apex frame is not known"
    if clip.apex_index <= (clip.onset_index or 0):
        return "its apex does not lie after its onset"
    if not _acting(clip):
        return "it names no action unit"
    for unit in _acting(clip):
        if unit.kind != "AU" or unit.number not in ACTIONS or unit.status != "active" or unit.group is not None:
            return f"what {format_aus([unit])} in {clip.au_verbatim!r} moves is not known"
    return None


def _acting(clip: Clip) -> tuple[ActionUnit, ...]:
    return tuple(unit for unit in clip.aus if unit.status != "reference")


def _sample(manifest: Manifest, clip: Clip) -> Sample:
    assert clip.recording_id is not None
    assert clip.onset_index is not None
    assert clip.apex_index is not None
    places = np.linspace(clip.onset_index, clip.apex_index, min(_FRAMES, clip.apex_index - clip.onset_index + 1))
    frames = open_recording(manifest, manifest.recording_of[clip.recording_id]).read(
        [int(place) for place in np.rint(places)]
    )
    motion = measure_motion(list(frames), np.asarray(clip.landmarks, np.float32).reshape(68, 2))
    return sample_of(motion, len(motion) - 1, _acting(clip), clip.forbidden_subjects)
