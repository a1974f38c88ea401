"""Names that try to become something else, in a manifest that is otherwise sound."""

from dataclasses import replace

from rows import synthetic

from me_augment.manifest import Manifest

WORDS = (
    '<img src=x onerror="window.hacked=1">',
    "</script><script>window.hacked=1</script>",
    "{{7*7}}{% raw %}${7*7}",
    "\u202egnp.evil",
    "\"'><svg onload=window.hacked=1>",
    "javascript:window.hacked=1//\u2028\u2029<!--",
)


def hostile_manifest(manifest, folder):
    """The manifest's clips under such names, and a rejected synthetic one, written to a folder."""
    clips = [
        replace(clip, name=f"{n} {word}", emotion=word, au_verbatim=word, licence=word, person_id=f"casme2:{word}")
        for n, (clip, word) in enumerate(zip(manifest.clips, WORDS, strict=False))
    ]
    bad = synthetic(
        *clips[:2],
        **{"clip_id": f"syn {WORDS[1]}", "name": WORDS[0], "recording_id": None},
        **{"status": "rejected", "reason": WORDS[1], "generator": WORDS[4]},
        **{"transforms": (WORDS[1],), "forbidden_subjects": WORDS},
    )
    about = {"corpus": WORDS[1], "roots": manifest.roots, "licence": WORDS[0], "recordings": manifest.recordings}
    return Manifest(clips=(*clips, bad), **about).write(folder)
