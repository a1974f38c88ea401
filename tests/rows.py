"""Small manifest rows for tests; every field can be given."""

from pathlib import Path

from me_augment.manifest import Clip, Manifest, Recording


def recording(**fields):
    return Recording(
        **{
            "recording_id": "rec-1",
            "corpus": "casme2",
            "root": "casme2",
            "path": "Cropped/sub91/EP01_01",
            "storage": "frames",
            "frame_pattern": "reg_img{n}.jpg",
            "first_number": 10,
            "last_number": 19,
            "n_frames": 10,
            "fps_num": 200,
            "fps_den": 1,
            "height": 48,
            "width": 64,
            "gray": False,
            "bit_depth": 8,
            "subject": "sub91",
            "person_id": "casme2:sub91",
            **fields,
        }
    )


def clip(**fields):
    person = fields.get("person_id", "casme2:sub91")
    return Clip(
        **{
            "clip_id": "clip-1",
            "name": "sub91/EP01_01",
            "corpus": "casme2",
            "recording_id": "rec-1",
            "subject": person.split(":")[1],
            "person_id": person,
            "onset": 10,
            "apex": 14,
            "offset": 19,
            "onset_index": 0,
            "apex_index": 4,
            "offset_index": 9,
            "expression": "micro",
            "emotion": "surprise",
            "label_megc3": "surprise",
            "licence": "none",
            "content_sha256": "0" * 64,
            "forbidden_subjects": (person,),
            **fields,
        }
    )


def synthetic(driver, target, **fields):
    """A synthetic row of the two, as the tool would fill it in."""
    return clip(
        **{
            "clip_id": f"syn-{driver.clip_id}-{target.clip_id}",
            "name": f"{driver.name} on {target.subject}",
            "corpus": "synthetic",
            "person_id": target.person_id,
            "is_synthetic": True,
            "driver_clip_id": driver.clip_id,
            "target_clip_id": target.clip_id,
            "driver_person_id": driver.person_id,
            "target_person_id": target.person_id,
            "generator": "warp",
            "generator_version": "1",
            "seed": 1,
            "strength": 1.0,
            "emotion": driver.emotion,
            "label_megc3": driver.label_megc3,
            "forbidden_subjects": tuple(sorted({driver.person_id, target.person_id})),
            **fields,
        }
    )


def manifest(**fields):
    return Manifest(
        **{
            "corpus": "casme2",
            "roots": {"": Path(), "casme2": Path("/nowhere/CASME2")},
            "licence": "none",
            "recordings": (recording(),),
            "clips": (clip(),),
            **fields,
        }
    )
