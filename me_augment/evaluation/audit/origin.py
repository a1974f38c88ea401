"""Where the clips of a manifest or run come from: everyone who had a part in each, by rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from me_augment.corpora.registry import CORPORA
from me_augment.errors import MeAugmentError
from me_augment.evaluation.audit.listing import Known
from me_augment.evaluation.gates import Gates
from me_augment.generation.au_basis import Basis
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.lineage import Lineage
from me_augment.yaml_file import read_yaml


@dataclass(frozen=True)
class Thresholds:
    """What a run says of its quality gates.

    Attributes:
        looked_at: persons whose clips were looked at when they were chosen.
        undeclared: limits that are not the defaults, while nobody is said to have been looked at.
    """

    looked_at: tuple[str, ...] = ()
    undeclared: bool = False


class Origin:
    """What a manifest, and those below its `inputs`, say of its clips.

    Args:
        manifest: that was opened.
        others: further manifests that may hold ancestors.

    Attributes:
        manifest: see above.
        lineage: of all clips.
        thresholds: of the run; None for what is none.
        basis: who gave motion to action units; None where the run keeps no basis.
        rows: of the manifest itself, by clip id.
    """

    def __init__(self, manifest: Manifest, others: tuple[Manifest, ...] = ()) -> None:
        self.manifest = manifest
        folder = manifest.folder
        inputs = () if folder is None or not _is_manifest(folder / "inputs/manifest") else (folder / "inputs/manifest",)
        tables = [one.clip_table for one in (manifest, *(Manifest.open(path) for path in inputs), *others)]
        self.lineage = Lineage(*tables)
        self.thresholds = _thresholds(folder)
        self.basis = _basis(folder)
        self._recordings = _recordings(tables)
        self.rows: Mapping[str, Clip] = {clip.clip_id: clip for clip in manifest.clips}

    def recordings(self, clip_id: str) -> frozenset[str]:
        """What the clip and its ancestors are cut from."""
        members = self.lineage.ancestors(clip_id) | {clip_id}
        return frozenset(found for member in members if (found := self._recordings.get(member)))

    def trainers(self, clip: Clip) -> frozenset[str]:
        """Whoever trained the generator of a clip or its ancestors' or gave motion to its action units."""
        own = set(clip.generator_training_subjects)
        if clip.action_units_basis is not None and self.basis is not None:
            own.update(self.basis)
        for ancestor in self.lineage.ancestors(clip.clip_id):
            if ancestor in self.rows:
                own.update(self.rows[ancestor].generator_training_subjects)
        return frozenset(own)

    def known(self, clip: Clip) -> Known:
        """What is known of a clip for folds."""
        looked_at = frozenset(self.thresholds.looked_at if self.thresholds and clip.is_synthetic else ())
        persons = {clip.person_id, clip.driver_person_id, clip.target_person_id} - {None}
        parents = (clip.driver_clip_id, clip.target_clip_id)
        persons |= {self.rows[parent].person_id for parent in parents if parent is not None and parent in self.rows}
        named = frozenset(person for person in persons if person)
        if not made(clip):
            named |= {f"{clip.corpus}:{clip.subject}"}  # what the corpus calls the person, which a list may hold
        trainers = self.trainers(clip)
        return Known(
            source="the manifest",
            clip_id=clip.clip_id,
            is_synthetic=made(clip),
            subject=None if made(clip) else clip.subject,
            persons=named,
            trainers=trainers,
            looked_at=looked_at,
            contributors=self.lineage.contributors(clip.clip_id) | named | trainers | looked_at,
            recordings=self.recordings(clip.clip_id),
        )


def made(clip: Clip) -> bool:
    """Whether a clip was made or changed by a program, whatever its column `is_synthetic` says."""
    return clip.is_synthetic or clip.generator is not None or bool(clip.parents) or clip.driver_clip_id is not None


def canonical(person_id: str) -> str:
    """The id that a person has: corpora that share their people share it (`samm-lv:006` is `samm:006`)."""
    corpus, _, subject = person_id.partition(":")
    known = CORPORA.get(corpus)
    return f"{known.people or known.name}:{subject}" if known else person_id


def _is_manifest(folder: Path) -> bool:
    return (folder / "manifest.json").is_file()


def _thresholds(folder: Path | None) -> Thresholds | None:
    path = None if folder is None else folder / "config.yaml"
    if path is None or not path.is_file():
        return None
    try:
        settings = read_yaml(path)
        limits, looked_at = dict(settings["gates"]), tuple(settings.get("gates_chosen_on", ()))
    except (OSError, TypeError, ValueError, KeyError, AttributeError) as error:
        raise MeAugmentError(f"{path} is damaged ({type(error).__name__}: {error}): make the run again.") from error
    # The limits that come with the package were set on drawn faces, of nobody in any corpus; lifting one chooses none.
    moved = any(limit is not None and limit != getattr(Gates(), name, None) for name, limit in limits.items())
    return Thresholds(looked_at, moved and not looked_at)


def _basis(folder: Path | None) -> tuple[str, ...] | None:
    path = None if folder is None else folder / "inputs" / "basis.npz"
    return Basis.read(path).person_ids if path is not None and path.is_file() else None


def _recordings(tables: list[pa.Table]) -> dict[str, str]:
    """Clip id → id of its recording, of real clips."""
    columns = [table.select(["clip_id", "recording_id", "is_synthetic"]).to_pydict().values() for table in tables]
    return {
        clip_id: recording
        for cells in columns
        for clip_id, recording, synthetic in zip(*cells, strict=True)
        if not synthetic and recording is not None
    }
