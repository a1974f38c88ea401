"""Several manifests as one: roots and recordings that share a name are kept apart, clips that are the same are not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from me_augment.manifest.ids import content_id
from me_augment.manifest.rows import Clip, Recording
from me_augment.manifest.store import Manifest
from me_augment.words import count

# Corpora that show the same events, from elsewhere or in a longer recording.
SAME_EVENTS = (
    ("samm", "samm-lv"),
    ("smic-hs", "smic-vis", "smic-nir", "smic-e-hs", "smic-e-vis", "smic-e-nir"),
)
_SHOWN = 3


def merged(manifests: Sequence[Manifest]) -> Manifest:
    """The rows of all manifests, in their order.

    A root whose key is taken by another folder gets a number (`casme2-2`), and so does a recording's id that is taken
    by one below another root. Of clips with one id (the same person, span and frame content) the first stays, and a
    recording that held nothing but others of them goes. A run's own clips get a root called like its folder.

    Args:
        manifests: at least one.
    """
    if len(manifests) == 1:
        return manifests[0]
    roots: dict[str, Path] = {"": Path()}
    recordings: dict[str, Recording] = {}
    clips: dict[str, Clip] = {}
    for manifest in manifests:
        new_key = _add_roots(roots, manifest)
        used = {clip.recording_id for clip in manifest.clips}
        wanted = {clip.recording_id for clip in manifest.clips if clip.clip_id not in clips}
        new_id = {}
        for recording in manifest.recordings:
            if recording.recording_id in used and recording.recording_id not in wanted:
                continue
            moved = replace(recording, root=new_key[recording.root])
            if recordings.get(moved.recording_id, moved) != moved:  # the same path below another root
                moved = replace(moved, recording_id=content_id("rec", moved.corpus, moved.root, moved.path))
                new_id[recording.recording_id] = moved.recording_id
            recordings.setdefault(moved.recording_id, moved)
        for clip in manifest.clips:
            place = clip.recording_id and new_id.get(clip.recording_id, clip.recording_id)
            clips.setdefault(clip.clip_id, replace(clip, recording_id=place))
    return Manifest(
        corpus="+".join(dict.fromkeys(name for manifest in manifests for name in manifest.corpus.split("+"))),
        roots=roots,
        licence=" ".join(dict.fromkeys(manifest.licence for manifest in manifests)),
        recordings=tuple(recordings.values()),
        clips=tuple(clips.values()),
        provenance=_provenance(manifests),
    )


def doubled(manifests: Sequence[Manifest]) -> list[str]:
    """What a person should know who merges these manifests: clips that several have, and events that several show."""
    seen: dict[str, Clip] = {}
    same: list[str] = []
    unlike: list[str] = []
    alike: list[str] = []
    names: set[tuple[str, str]] = set()
    for manifest in manifests:
        new: dict[str, Clip] = {}
        for clip in manifest.clips:
            first = seen.get(clip.clip_id)
            if first is None:
                new[clip.clip_id] = clip
            else:
                same.append(clip.name)
                if replace(clip, recording_id=first.recording_id) != first:
                    unlike.append(clip.name)
        real = [clip for clip in new.values() if not clip.is_synthetic]
        alike += [clip.name for clip in real if (clip.corpus, clip.name) in names]
        names |= {(clip.corpus, clip.name) for clip in real}
        seen |= new
    notes = []
    if same:
        notes.append(f"{count(len(same), 'clip')} in several of the manifests, kept once: {_some(same)}.")
    if unlike:
        notes.append(f"{len(unlike)} of these with other labels in the later one, which is not kept: {_some(unlike)}.")
    if alike:
        notes.append(
            f"{count(len(alike), 'clip')} with the name of another one of their corpus and other frames or labels, "
            f"such as raw and cropped ones of one event: {_some(alike)}."
        )
    there = {clip.corpus for clip in seen.values()}
    views = ([name for name in group if name in there] for group in SAME_EVENTS)
    return [
        *notes,
        *(f"{' and '.join(found)} show the same events: count each once." for found in views if len(found) > 1),
    ]


def _add_roots(roots: dict[str, Path], manifest: Manifest) -> dict[str, str]:
    """Add a manifest's roots; its keys → the new ones."""
    new_key = {}
    for key, path in manifest.roots.items():
        folder = path.resolve()
        name = key
        if not key:
            if not any(recording.root == "" for recording in manifest.recordings):
                continue
            folder = Path(manifest.folder or ".").resolve()
            name = folder.name or "run"
        free, number = name, 2
        while free in roots and roots[free] != folder:
            free, number = f"{name}-{number}", number + 1
        new_key[key] = free
        roots[free] = folder
    return new_key


def _provenance(manifests: Iterable[Manifest]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for manifest in manifests:
        for key, text in manifest.provenance.items():
            # Those of a merged manifest, and what is about all of it, are named already.
            name = key if "+" in manifest.corpus else f"{manifest.corpus} {key}"
            if text not in joined.get(name, "").split("; "):
                joined[name] = f"{joined[name]}; {text}" if name in joined else text
    return joined


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
