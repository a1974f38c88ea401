"""A small invented run and the folds made of it, clean, for tests that plant leaks."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rows

from me_augment.manifest.folds import may_test, may_train

PEOPLE = tuple(f"casme2:sub{i:02d}" for i in range(1, 6))
GATES = "gates: {reliability: 0.3, correlation: 0.8}\n"


def picture(seed):
    """A flow picture: u, v and strain of smooth noise, each stretched, (28, 28, 3) as cv2 writes it."""
    noise = np.random.default_rng([7, seed]).standard_normal((28, 28, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    low, high = smooth.min(axis=(0, 1)), smooth.max(axis=(0, 1))
    return np.rint(255 * (smooth - low) / (high - low)).astype(np.uint8)


class Scene:
    """Five people with two clips each; a clip of one on another, one made of that, and one by a trained generator."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.recordings, self.clips = [], []
        for person in PEOPLE:
            for video in ("EP01", "EP02"):
                self.real(person, video)
        first, second = (self.clip(f"clip-{person[-5:]}-EP01") for person in PEOPLE[:2])
        plain = self.synthetic("syn-plain", first, second)
        self.synthetic("syn-child", plain, self.clip("clip-sub03-EP01"), forbid=(*PEOPLE[:3],))
        trained = {"generator_training_subjects": ("casme2:sub04",), "forbid": (PEOPLE[0], PEOPLE[1], PEOPLE[3])}
        self.synthetic("syn-net", first, second, **trained)
        self.config = GATES

    def clip(self, clip_id):
        return next(clip for clip in self.clips if clip.clip_id == clip_id)

    def change(self, clip_id, **fields):
        old = self.clip(clip_id)
        self.clips[self.clips.index(old)] = replace(old, **fields)

    def real(self, person, video, **fields):
        corpus, subject = person.split(":")
        name = f"{subject}-{video}"
        recording = fields.pop("recording_id", f"rec-{name}")
        if recording == f"rec-{name}":
            self.recordings.append(
                rows.recording(recording_id=recording, path=f"{subject}/{video}", subject=subject, person_id=person)
            )
        sha = f"{len(self.clips) + 1:064x}"
        given = {"clip_id": f"clip-{name}", "name": f"{subject}/{video}", "corpus": corpus, "content_sha256": sha}
        self.clips.append(rows.clip(**({"person_id": person, "recording_id": recording} | given | fields)))

    def synthetic(self, clip_id, driver, target, forbid=None, **fields):
        made = rows.synthetic(driver, target, clip_id=clip_id, parents=(driver.clip_id, target.clip_id), **fields)
        self.recordings.append(rows.recording(recording_id=f"rec-{clip_id}", root="", path=f"{clip_id}.mkv"))
        made = replace(made, recording_id=f"rec-{clip_id}", content_sha256=None)
        self.clips.append(made if forbid is None else replace(made, forbidden_subjects=tuple(sorted(set(forbid)))))
        return self.clips[-1]

    def run(self):
        """Write the run; gives its folder."""
        out = self.folder / "run"
        rows.manifest(recordings=tuple(self.recordings), clips=tuple(self.clips)).write(out)
        if self.config:
            (out / "config.yaml").write_text(self.config)
        return out

    def name(self, clip):
        return f"syn_{clip.clip_id[4:]} .png" if clip.is_synthetic else f"{clip.name.replace('/', '_')} .png"

    def export(self, table=True):
        """Write the tree, clean by the rows, and its table; gives the folder."""
        out = self.folder / "export"
        (out / "pool").mkdir(parents=True)
        for number, clip in enumerate(self.clips):
            assert cv2.imwrite(str(out / "pool" / self.name(clip)), picture(number))
        for person in sorted({clip.person_id for clip in self.clips if not clip.is_synthetic}):
            for part, belongs in (("u_train", may_train), ("u_test", may_test)):
                for clip in self.clips:
                    if belongs(clip, person):
                        self.put(clip.clip_id, f"{person[-5:]}/{part}/0/{self.name(clip)}")
        if table:
            self.table([self.row(clip) for clip in self.clips])
        return out

    def put(self, clip_id, place):
        """Link a clip's picture into the tree."""
        out = self.folder / "export"
        target = out / "norm_u_v_os" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.hardlink_to(out / "pool" / self.name(self.clip(clip_id)))

    def row(self, clip):
        """Of the export's table."""
        return {
            "name": self.name(clip),
            "clip_id": clip.clip_id,
            "is_synthetic": clip.is_synthetic,
            "subject": "syn" if clip.is_synthetic else clip.subject,
            "person_id": clip.person_id,
            "corpus": clip.corpus,
            "driver_person_id": clip.driver_person_id,
            "target_person_id": clip.target_person_id,
            "forbidden_subjects": list(clip.forbidden_subjects),
        }

    def table(self, listed):
        pq.write_table(pa.Table.from_pylist(listed), self.folder / "export" / "clips.parquet")
