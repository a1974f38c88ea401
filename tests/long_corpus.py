"""Invented long videos: a cloudy face at rest whose mouth moves in known frames."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
import rows

from me_augment.manifest import Manifest
from me_augment.video import write_lossless, write_png_folder

SIDE, FRAMES, FPS = 160, 120, 30


def landmarks():
    """68 points of an upright face of 160 x 160 pixels."""

    def ring(x, y, radius, count):
        angle = 2 * np.pi * np.arange(count) / count
        return np.column_stack([160 * x + radius * np.cos(angle), 160 * y + radius * np.sin(angle)])

    parts = [ring(0.5, 0.5, 75, 17), ring(0.5, 0.35, 40, 10), ring(0.5, 0.5, 10, 9)]
    parts += [ring(0.32, 0.38, 7, 6), ring(0.68, 0.38, 7, 6), ring(0.5, 0.76, 15, 12), ring(0.5, 0.76, 8, 8)]
    return tuple(float(value) for value in np.vstack(parts).ravel())


def frames(seed, events, count=FRAMES, size=3.0):
    """(count, 160, 160) uint8: the mouth goes down and comes back in each (onset, apex, offset)."""
    rng = np.random.default_rng(seed)
    cloud = cv2.GaussianBlur(rng.standard_normal((SIDE, SIDE)).astype(np.float32), (0, 0), 2.5)
    still = np.clip(128 + 40 * cloud / cloud.std(), 0, 255).astype(np.float32)
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    bump = np.exp(-(((x - 80) / 25) ** 2 + ((y - 122) / 18) ** 2) / 2)
    made = []
    for t in range(count):
        level = sum(
            (t - on) / (apex - on) if on <= t <= apex else (off - t) / (off - apex) if apex < t <= off else 0
            for on, apex, off in events
        )
        frame = cv2.remap(still, x, y - size * np.float32(level) * bump, cv2.INTER_LINEAR)
        made.append(np.clip(np.rint(frame + rng.standard_normal(frame.shape)), 0, 255).astype(np.uint8))
    return np.stack(made)


def write(folder, people=("s15", "s16", "s19"), synthetic=()):
    """A manifest with one long video per person: a micro- and a macro-expression in each.

    Args:
        folder: where `corpus` and `run` are made.
        people: subjects.
        synthetic: (target, driver) of synthetic videos, as subjects.
    """
    recordings, clips = [], []
    for place, subject in enumerate(people):
        shift = 7 * place
        micro, macro = (20 + shift, 25 + shift, 31 + shift), (62 + shift, 75 + shift, 95 + shift)
        path = f"rawpic/{subject}/{subject[1:]}_0401girlcrashing"
        write_png_folder(folder / "corpus" / path, frames(place, (micro, macro)), "img{n}.png")
        recordings.append(_recording(path, subject, root="corpus", storage="frames", frame_pattern="img{n}.png"))
        clips += [_clip(path, subject, "micro", micro), _clip(path, subject, "macro", macro)]
    (folder / "run").mkdir(exist_ok=True)
    for place, (target, driver) in enumerate(synthetic):
        micro = (40, 46, 52)
        path = f"shards/shard-{place:05d}/syn-{place:016x}.mkv"
        (folder / "run" / path).parent.mkdir(parents=True)
        write_lossless(folder / "run" / path, frames(50 + place, (micro,)), Fraction(FPS))
        recordings.append(_recording(path, target, root="", storage="video", first_number=0, last_number=FRAMES - 1))
        made = {
            "is_synthetic": True,
            "corpus": "synthetic",
            "generator": "warp",
            "seed": 1,
            "target_clip_id": clips[2 * people.index(target)].clip_id,
            "target_person_id": f"casme_sq:{target}",
            "driver_clip_id": clips[2 * people.index(driver)].clip_id,
            "driver_person_id": f"casme_sq:{driver}",
            "forbidden_subjects": tuple(sorted({f"casme_sq:{target}", f"casme_sq:{driver}"})),
        }
        clips.append(_clip(path, target, "micro", micro, **made))
    manifest = Manifest(
        corpus="casme_sq",
        roots={"": folder / "run", "corpus": folder / "corpus"},
        licence="none",
        recordings=tuple(recordings),
        clips=tuple(clips),
    )
    manifest.write_tables(folder / "run")
    return Manifest.open(folder / "run")


def _recording(path, subject, **fields):
    return rows.recording(
        **{
            "recording_id": path,
            "corpus": "casme_sq",
            "path": path,
            "first_number": 1,
            "last_number": FRAMES,
            "n_frames": FRAMES,
            "fps_num": FPS,
            "height": SIDE,
            "width": SIDE,
            "gray": True,
            "subject": subject,
            "person_id": f"casme_sq:{subject}",
            "frame_pattern": None,
            **fields,
        }
    )


def _clip(path, subject, kind, span, **fields):
    on, apex, off = span
    return rows.clip(
        **{
            "clip_id": f"clip-{path}-{kind}",
            "name": f"{path} {kind}",
            "corpus": "casme_sq",
            "recording_id": path,
            "subject": subject,
            "person_id": f"casme_sq:{subject}",
            "onset": on + 1,
            "apex": apex + 1,
            "offset": off + 1,
            "onset_index": on,
            "apex_index": apex,
            "offset_index": off,
            "expression": kind,
            "landmarks": landmarks(),
            "au_verbatim": "+4+7",
            "forbidden_subjects": (f"casme_sq:{subject}",),
            **fields,
        }
    )
