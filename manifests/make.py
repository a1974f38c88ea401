"""Rewrites this folder: the column tables in README.md, and the example manifest.

python manifests/make.py
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.au import parse_aus
from me_augment.manifest.describe import schema_markdown
from me_augment.manifest.ids import content_id
from me_augment.manifest.validate import require_sound

HERE = Path(__file__).parent
BEGIN, END = "<!-- columns: written by make.py -->\n", "<!-- end of columns -->\n"
LICENCE = "Invented; free to use. There are no frames behind these rows."


def readme() -> str:
    """README.md with the column tables as the schema has them."""
    text = (HERE / "README.md").read_text()
    before, rest = text.split(BEGIN)
    return before + BEGIN + "\n" + schema_markdown() + "\n" + END + rest.split(END)[1]


def example() -> Manifest:
    """Two invented clips of two people, and one that was made from them."""
    recordings, clips = [], []
    for subject, emotion, label, aus in (
        ("sub91", "happiness", "positive", "6+12"),
        ("sub92", "repression", "negative", "15+17"),
    ):
        person, path = f"casme2:{subject}", f"Cropped/{subject}/EP01_01"
        recordings.append(
            Recording(
                recording_id=content_id("rec", "casme2", "casme2", path), corpus="casme2", root="casme2", path=path,
                storage="frames", frame_pattern="reg_img{n}.jpg", first_number=31, last_number=60, n_frames=30,
                fps_num=200, fps_den=1, height=340, width=280, gray=False, bit_depth=8, subject=subject,
                person_id=person,
            )
        )  # fmt: skip
        clips.append(
            Clip(
                clip_id=content_id("clip", "casme2", person, path), name=f"{subject}/EP01_01", corpus="casme2",
                recording_id=recordings[-1].recording_id, subject=subject, person_id=person, onset=31, apex=44,
                offset=60, onset_index=0, apex_index=13, offset_index=29, expression="micro", emotion=emotion,
                label_megc3=label, label_casme2_5=emotion, au_verbatim=aus, aus=parse_aus(aus).units,
                licence=LICENCE, forbidden_subjects=(person,),
            )
        )  # fmt: skip
    driver, target = clips
    made = content_id("syn", driver.clip_id, target.clip_id)
    recordings.append(
        Recording(
            recording_id=content_id("rec", made), corpus="synthetic", root="", path=f"shards/shard-00000/{made}.mkv",
            storage="video", first_number=0, last_number=29, n_frames=30, fps_num=200, fps_den=1, height=340, width=280,
            gray=False, bit_depth=8, subject="sub92", person_id=target.person_id,
        )
    )  # fmt: skip
    clips.append(
        Clip(
            clip_id=made, name="sub91/EP01_01 on sub92", corpus="synthetic", recording_id=recordings[-1].recording_id,
            subject="sub92", person_id=target.person_id, onset=0, apex=13, offset=29, onset_index=0, apex_index=13,
            offset_index=29, expression="micro", emotion=driver.emotion, label_megc3=driver.label_megc3,
            label_casme2_5=driver.label_casme2_5, au_verbatim=driver.au_verbatim, aus=driver.aus, licence=LICENCE,
            is_synthetic=True, driver_clip_id=driver.clip_id, target_clip_id=target.clip_id,
            driver_person_id=driver.person_id, target_person_id=target.person_id,
            parents=tuple(sorted((driver.clip_id, target.clip_id))), generator="warp", generator_version="1",
            forbidden_subjects=(driver.person_id, target.person_id), seed=1, strength=1.0, time_scale=1.0,
            tempo_onset=1.0, tempo_offset=1.0, asymmetry=0.0, eyes=0.0, shading=0.0, peak_displacement_px=1.75,
        )
    )  # fmt: skip
    return require_sound(
        Manifest("run", {"": Path(), "casme2": Path("/data/CASME2")}, LICENCE, tuple(recordings), tuple(clips))
    )


if __name__ == "__main__":
    (HERE / "README.md").write_text(readme())
    shutil.rmtree(HERE / "example", ignore_errors=True)
    example().write(HERE / "example")
    print(f"wrote {HERE}", file=sys.stderr)
