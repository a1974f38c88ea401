"""Recognition problems from manifests: the real clips of a corpus, and what may be added to learn from.

An arm is a way to train: on real clips alone, or on these and additions. All arms are tested on the same real clips by
the same folds, so that their predictions can be compared in pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from me_augment.array_cache import ArrayCache
from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.problem import Problem
from me_augment.evaluation.recognisers import Fold
from me_augment.flow.cache import measure
from me_augment.flow.choose import Labelled, Skipped, require_folds, select
from me_augment.flow.clip import CROP, crops
from me_augment.flow.field import apex_flow, eight_bit, stretched, uv_strain
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.folds import covers
from me_augment.manifest.ids import digest

Protocol = Literal["loso", "cde", "sde"]
PROTOCOLS: tuple[Protocol, ...] = ("loso", "cde", "sde")
_COMPOSITE = "megc2019"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Item:
    """A clip to learn from or to test on.

    Attributes:
        name: unique among those of a problem.
        maps: (3, 28, 28) float32, each stretched to 0..1.
        label: index of its class.
        person: whose face is seen.
        corpus: of the clip that its label comes from.
        contributors: everyone who had a part in it.
        real: a clip of the corpus itself, which may be tested on.
    """

    name: str
    maps: NDArray[np.float32]
    label: int
    person: str
    corpus: str
    contributors: tuple[str, ...]
    real: bool = True


@dataclass(frozen=True)
class RealClips:
    """The real clips of a manifest that can be recognised.

    Attributes:
        manifest: holds them.
        classes: of the label set, in index order.
        items: with their maps.
        chosen: their rows, in the same order.
        skipped: clips left out, and why.
    """

    manifest: Manifest
    classes: tuple[str, ...]
    items: tuple[Item, ...]
    chosen: tuple[Labelled, ...]
    skipped: tuple[Skipped, ...]


def real_clips(
    manifest: Manifest,
    labels: str,
    protocol: Protocol,
    flow: str = "dis",
    cache: ArrayCache | None = None,
    progress: Progress = lambda *_: None,
) -> RealClips:
    """Measure the real clips of a manifest or run.

    Args:
        manifest: the clips.
        labels: label set, see `manifest.labels`.
        protocol: `cde` takes those of the MEGC2019 composite only.
        flow: method, see `flow.field.FLOW_METHODS`.
        cache: where measured flows are kept, see `flow.cache.measure`.
        progress: called with clips measured and in all.

    Raises:
        UsageError: as `flow.choose.select`; fewer than two people are left.
    """
    selection = select(manifest, labels, _COMPOSITE if protocol == "cde" else None)
    wanted = [one for one in selection.chosen if not one.clip.is_synthetic]
    items, chosen, unreadable = _measured(manifest, wanted, flow, cache, progress)
    skipped = (*selection.skipped, *unreadable)
    require_folds((one.clip for one in chosen), skipped, manifest, labels)
    real = {clip.clip_id for clip in manifest.clips if not clip.is_synthetic}
    return RealClips(
        manifest, selection.classes, tuple(items), tuple(chosen), tuple(one for one in skipped if one.clip_id in real)
    )


def synthetic_clips(
    run: Manifest,
    classes: Sequence[str],
    labels: str,
    protocol: Protocol,
    flow: str = "dis",
    cache: ArrayCache | None = None,
    progress: Progress = lambda *_: None,
) -> list[Item]:
    """Measure the synthetic clips of a run.

    Args:
        run: its manifest.
        classes: of the real clips, to whose indices labels are turned; clips of other classes are left out.
        labels, protocol, flow, cache, progress: as in `real_clips`.

    Raises:
        UsageError: as `flow.choose.select`, or there is no synthetic clip that can be used.
    """
    selection = select(run, labels, _COMPOSITE if protocol == "cde" else None)
    wanted = [
        Labelled(one.clip, one.label, classes.index(one.label))
        for one in selection.chosen
        if one.clip.is_synthetic and one.label in classes
    ]
    items, _, _ = _measured(run, wanted, flow, cache, progress)
    if not items:
        raise UsageError(f"{run.folder} has no synthetic clip that can be used with the label set {labels!r}.")
    return items


def mirrored(real: RealClips) -> list[Item]:
    """Every real clip seen in a mirror: maps flipped, u with its sign changed. The trivial baseline."""
    items = []
    for item in real.items:
        maps = np.ascontiguousarray(item.maps[..., ::-1])
        maps[0] = 1 - maps[0]  # stretched values: the negative of a channel is its complement
        items.append(_derived(item, "mirror", maps))
    return items


def photometric(real: RealClips, copies: int = 1, flow: str = "dis", seed: int = 0) -> list[Item]:
    """Every real clip under other light and with more noise, its motion measured anew.

    Gain 0.8 to 1.25, gamma 0.8 to 1.25, the same for both frames, and noise of 1 to 3 grey levels in each, drawn by
    clip.

    Args:
        real: the clips.
        copies: of each.
        flow: method.
        seed: of the draws.
    """
    items = []
    for item, one in zip(real.items, real.chosen, strict=True):
        assert one.clip.onset_index is not None
        assert one.clip.apex_index is not None
        frames = crops(real.manifest, one.clip, [one.clip.onset_index, one.clip.apex_index], CROP)
        for copy in range(copies):
            rng = np.random.default_rng(int(digest("photometric", seed, one.clip.clip_id, copy)[:16], 16))
            gain, gamma = np.exp(rng.uniform(-0.223, 0.223, 2))
            sigma = rng.uniform(1, 3)
            seen = []
            for frame in frames:
                lit = 255 * np.clip(gain * (eight_bit(frame) / 255.0) ** gamma, 0, 1)
                seen.append(np.clip(np.rint(lit + rng.normal(0, sigma, lit.shape)), 0, 255).astype(np.uint8))
            items.append(_derived(item, f"photometric{copy}", _stretched(uv_strain(apex_flow(seen[0], seen[1], flow)))))
    return items


def problems(real: RealClips, added: Iterable[Item], protocol: Protocol) -> list[Problem]:
    """The problem of a protocol, or for `sde` one for each corpus, in the order of their names.

    Every fold holds out a person. An addition trains the folds of those who had no part in it; in `sde`, of the corpus
    that its label comes from.

    Args:
        real: tested on, and learnt from.
        added: learnt from only.
        protocol: `loso` over all people, `cde` the same over the MEGC2019 composite, `sde` within each corpus.

    Raises:
        UsageError: a corpus has a single person.
    """
    additions = list(added)
    if protocol != "sde":
        return [_problem(real.classes, real.items, additions)]
    made = []
    for corpus in sorted({item.corpus for item in real.items}):
        own = [item for item in real.items if item.corpus == corpus]
        if len({item.person for item in own}) < 2:
            raise UsageError(f"the clips of {corpus} are all of one person: to train on others takes two.")
        made.append(_problem(real.classes, own, [item for item in additions if item.corpus == corpus]))
    return made


def _problem(classes: Sequence[str], real: Sequence[Item], added: Sequence[Item]) -> Problem:
    items = [*real, *added]
    persons = np.array([item.person for item in items])
    synthetic = np.array([not item.real for item in items])
    folds = []
    for person in sorted({item.person for item in real}):
        test = np.flatnonzero((persons == person) & ~synthetic)
        train = np.array([i for i, item in enumerate(items) if not covers(item.contributors, person)], np.int64)
        folds.append(Fold(person, train, test))
    return Problem(
        classes=tuple(classes),
        names=tuple(item.name for item in items),
        maps=np.stack([item.maps for item in items]),
        labels=np.array([item.label for item in items], np.int64),
        persons=persons,
        corpora=np.array([item.corpus for item in items]),
        synthetic=synthetic,
        contributors=tuple(item.contributors for item in items),
        folds=tuple(folds),
    )


def _measured(
    manifest: Manifest, wanted: Sequence[Labelled], flow: str, cache: ArrayCache | None, progress: Progress
) -> tuple[list[Item], list[Labelled], list[Skipped]]:
    corpus_of = {clip.clip_id: clip.corpus for clip in manifest.clips if not clip.is_synthetic}
    items, chosen, skipped = [], [], []
    for done, one in enumerate(wanted, 1):
        try:
            (measured,) = measure(manifest, one.clip, flow, cache=cache)
            maps = _stretched(measured.maps)
        except MeAugmentError as error:
            skipped.append(Skipped(one.clip.clip_id, one.clip.name, str(error)))
        else:
            items.append(
                _item(one.clip, one.index, maps, corpus_of.get(one.clip.driver_clip_id or "", one.clip.corpus))
            )
            chosen.append(one)
        progress(done, len(wanted))
    return items, chosen, skipped


def _item(clip: Clip, label: int, maps: NDArray[np.float32], corpus: str) -> Item:
    named = {clip.person_id, clip.driver_person_id, clip.target_person_id, *clip.forbidden_subjects}
    named |= set(clip.generator_training_subjects)
    return Item(
        name=f"{clip.corpus}/{clip.name}",
        maps=maps,
        label=label,
        person=clip.person_id,
        corpus=corpus,
        contributors=tuple(sorted(person for person in named if person)),
        real=not clip.is_synthetic,
    )


def _derived(item: Item, how: str, maps: NDArray[np.float32]) -> Item:
    return Item(f"{item.name}#{how}", maps, item.label, item.person, item.corpus, item.contributors, real=False)


def _stretched(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """As the pictures of a flow tree hold them: 256 levels between the clip's own extremes."""
    picture = stretched(maps).astype(np.float32) / 255
    return np.ascontiguousarray(picture.transpose(2, 0, 1))
