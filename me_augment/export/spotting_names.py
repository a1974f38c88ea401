"""What long videos are called where loaders of CAS(ME)^2 and SAMM Long Videos are to read them, and which are long."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from me_augment.flow.choose import Skipped, forgets
from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.lineage import Lineage

# Stimuli of CAS(ME)^2: code of the video, name in the label sheet (naming rule 2).
_STIMULI = {
    "0101": "disgust1",
    "0102": "disgust2",
    "0401": "anger1",
    "0402": "anger2",
    "0502": "happy1",
    "0503": "happy2",
    "0505": "happy3",
    "0507": "happy4",
    "0508": "happy5",
}
# Numbers of subjects that no corpus has: loaders take their order, digits and leading zeros for granted.
_FIRST_SUBJECT, _FIRST_SYNTHETIC, _FIRST_VIDEO = 501, 901, 9001


@dataclass(frozen=True)
class Named:
    """A long video under the names that an export gives it.

    Attributes:
        recording, rows: of the manifest; the rows are all that it says of the recording.
        subject: digits; `s` and these in CAS(ME)^2's shape.
        video: code of four digits there, a number in SAMM Long Videos' shape.
        stimulus: name of the code in CAS(ME)^2's sheet.
    """

    recording: Recording
    rows: tuple[Clip, ...]
    subject: str
    video: str
    stimulus: str

    @property
    def expressions(self) -> list[Clip]:
        """What a spotter is to find, in order."""
        found = [row for row in self.rows if row.expression != "neutral" and row.onset_index is not None]
        return sorted(found, key=lambda row: (row.onset_index or 0, row.offset_index or 0, row.clip_id))

    @property
    def is_synthetic(self) -> bool:
        """Whether it was made."""
        return any(row.is_synthetic for row in self.rows)


def named_videos(manifest: Manifest) -> tuple[list[Named], tuple[Skipped, ...]]:
    """The long videos of a manifest under names that loaders of both corpora can read, and what was left out."""
    rows = defaultdict(list)
    skipped = []
    for clip in manifest.clips:
        if clip.status != "ok" or clip.recording_id is None:
            skipped.append(Skipped(clip.clip_id, clip.name, clip.reason or "it has no frames"))
        else:
            rows[clip.recording_id].append(clip)
    long = []
    lineage = Lineage(manifest.clip_table)
    for recording_id in sorted(rows, key=lambda key: (manifest.recording_of[key].path, key)):
        recording, clips = manifest.recording_of[recording_id], rows[recording_id]
        skipped += [
            Skipped(clip.clip_id, clip.name, "its onset frame is not known")
            for clip in clips
            if clip.expression != "neutral" and clip.onset_index is None
        ]
        if forgotten := next(filter(None, (forgets(clip, lineage) for clip in clips)), None):
            skipped += [Skipped(clip.clip_id, clip.name, f"in its video: {forgotten}") for clip in clips]
        elif all(row.expression == "neutral" for row in clips) and not any(map(_is_video, clips)):
            skipped += [Skipped(clip.clip_id, clip.name, "a face without an event") for clip in clips]
        elif _covered(clips, recording.n_frames) == recording.n_frames:
            skipped += [Skipped(c.clip_id, c.name, "its recording shows nothing but the expression") for c in clips]
        else:
            long.append((recording, tuple(clips)))
    return _named(long), tuple(skipped)


def _is_video(row: Clip) -> bool:
    return any(issue.code == "long-video" for issue in row.issues)


def _covered(clips: Iterable[Clip], count: int) -> int:
    """Frames of a recording that belong to an expression."""
    inside = np.zeros(count, bool)
    for clip in clips:
        if clip.expression != "neutral" and clip.onset_index is not None:
            inside[clip.onset_index : (clip.onset_index if clip.offset_index is None else clip.offset_index) + 1] = True
    return int(inside.sum())


def _named(long: Sequence[tuple[Recording, tuple[Clip, ...]]]) -> list[Named]:
    """Real subjects keep a number that is theirs alone; others, and every synthetic video, get one nobody has."""
    real = sorted({(r.person_id, r.subject) for r, clips in long if not clips[0].is_synthetic})
    wanted = {person: match[1] for person, subject in real if (match := re.fullmatch(r"s?(\d{1,3})", subject))}
    shared = Counter(int(number) for number in wanted.values())
    numbers: dict[str, str] = {}
    for person, _ in real:
        number = wanted.get(person)
        if number is not None and shared[int(number)] == 1 and int(number) < _FIRST_SUBJECT:
            numbers[person] = number
    for free, person in enumerate(person for person, _ in real if person not in numbers):
        numbers[person] = str(_FIRST_SUBJECT + free)
    counted: Counter[str] = Counter()
    named = []
    for place, (recording, clips) in enumerate(one for one in long if one[1][0].is_synthetic):
        named.append(Named(recording, clips, str(_FIRST_SYNTHETIC + place), str(_FIRST_VIDEO), "synthetic1"))
    for recording, clips in (one for one in long if not one[1][0].is_synthetic):
        subject = numbers[recording.person_id]
        known = re.match(r"\d+_(\d{4})", recording.path.rsplit("/", 1)[-1])
        if known and known[1] in _STIMULI:
            code, stimulus = known[1], _STIMULI[known[1]]
        else:
            code, stimulus = str(_FIRST_VIDEO + counted[subject]), f"video{counted[subject] + 1}"
            counted[subject] += 1
        named.append(Named(recording, clips, subject, code, stimulus))
    return sorted(named, key=lambda one: (int(one.subject), one.video, one.recording.path))


def title(video: Named) -> str:
    return re.sub(r"\d+$", "", video.stimulus)


def samm_name(video: Named) -> str:
    """`901_1`: the subject in three digits, and the video by a number of few."""
    return f"{int(video.subject):03d}_{int(video.video) % _FIRST_VIDEO + (int(video.video) == _FIRST_VIDEO)}"
