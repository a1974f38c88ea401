"""The real clips that a run draws on: drivers and targets, from one manifest or two, seen as one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from me_augment.errors import UsageError
from me_augment.face.annotate import annotate
from me_augment.face.detector import LandmarkDetector
from me_augment.manifest import Manifest
from me_augment.manifest.merge import merged
from me_augment.manifest.store import merge_rows


@dataclass(frozen=True)
class Sources:
    """Where drivers and targets come from.

    Attributes:
        drivers, targets: their manifests; the same object where the corpus drives itself.
        merged: the real rows of both, with the roots to find their frames.
    """

    drivers: Manifest
    targets: Manifest
    merged: Manifest

    @property
    def namesakes(self) -> list[str]:
        """Subjects of the drivers and of other targets that bear one name: perhaps one person under two ids."""
        mine = {clip.subject: clip.person_id for clip in self.drivers.clips}
        return sorted({c.subject for c in self.targets.clips if c.subject in mine and mine[c.subject] != c.person_id})


def open_sources(
    manifest: Path, targets: Path | None, detector: LandmarkDetector | None, root: Path | None = None
) -> Sources:
    """Open the drivers' manifest and, if given, the targets' manifest or folder of face images.

    Args:
        manifest: folder of a manifest.
        targets: folder of a manifest, or of face images, whose landmarks are then found here.
        detector: needed for a folder of images only; None uses the default backend.
        root: where the drivers' corpus lies now, if it moved.

    Raises:
        UsageError: a corpus folder is not there, and as `Manifest.open`.
    """
    drivers = Manifest.open(manifest, root)
    drivers.require_roots()
    if targets is None:
        return Sources(drivers, drivers, _real_rows(drivers))
    if not is_folder_of_images(targets):
        faces = Manifest.open(targets)
        faces.require_roots()
    else:
        from me_augment.corpora import read_corpus
        from me_augment.face import create_detector

        faces = annotate(read_corpus("faces", targets).manifest, detector or create_detector())
    return Sources(drivers, faces, _with_faces(_real_rows(drivers), _real_rows(faces)))


def is_folder_of_images(targets: Path | None) -> bool:
    """Whether targets are images whose faces have yet to be found, and not a manifest."""
    return targets is not None and not (targets / "manifest.json").is_file()


def _real_rows(manifest: Manifest) -> Manifest:
    clips = tuple(clip for clip in manifest.clips if not clip.is_synthetic)
    used = {clip.recording_id for clip in clips}
    recordings = tuple(
        r for r in manifest.recordings if r.recording_id in used or not (r.corpus == "synthetic" and r.root == "")
    )
    roots = {
        key: path.resolve() if key else Path(manifest.folder or ".").resolve() for key, path in manifest.roots.items()
    }
    if "" in roots and any(r.root == "" for r in recordings):
        raise UsageError(f"{manifest.folder} holds recordings of its own that are not synthetic; ingest them first.")
    return replace(manifest, clips=clips, recordings=recordings, roots={k: p for k, p in roots.items() if k})


def _with_faces(first: Manifest, second: Manifest) -> Manifest:
    """Both manifests' rows; those that only the second has become faces without labels.

    Its clips are there to be looked at, not to be learnt from: a run must not change the test set.
    """
    faces = tuple(replace(clip, expression="neutral", protocols=()) for clip in second.clips)
    both = merged([first, replace(second, clips=faces)])
    return replace(
        both,
        corpus=first.corpus,
        provenance=first.provenance,
        folder=first.folder,
        roots={key: path for key, path in both.roots.items() if key},
        clips=merge_rows(both.clips),
    )
