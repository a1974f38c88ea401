"""Clips as films in a page: a picture of tiles for each view, driver and synthetic clip in step, motion as curves."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from me_augment.errors import MeAugmentError
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.sequence import by_id
from me_augment.manifest.showing import Hidden
from me_augment.report.chosen import Chosen
from me_augment.report.curves import REGIONS, found_curves, track, wanted_curves
from me_augment.report.look import (
    Footage,
    Look,
    differences,
    flow_colours,
    flow_scale,
    flows,
    footage_of,
    look_at,
    look_of,
)

SIDE = 160
"""Of a frame in a player, pixels."""
COLUMNS = 8
"""Tiles in a row of a strip."""
_QUALITY = 80
_UNKNOWN_RATE = 30.0
_LEAST_TOP = 0.5
_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Screen:
    """One film of a player.

    Attributes:
        role: `driver`, `synthetic` or `real`.
        person: who is seen.
        apex: data URI of the apex frame, for whoever has no script.
        strips: view → data URI of all frames, `COLUMNS` in a row.
        at: frame to show for each step of the player.
    """

    role: str
    person: str
    apex: str
    strips: dict[str, str]
    at: tuple[int, ...]


@dataclass(frozen=True)
class Curve:
    """How far one region is from where it was at the onset, percent of the interocular distance.

    Attributes:
        region: in words.
        found: of the clip, for each of its frames.
        wanted: what its driver's motion asks for on this face; empty where there is no driver.
    """

    region: str
    found: tuple[float, ...]
    wanted: tuple[float, ...]


@dataclass(frozen=True)
class Player:
    """A clip to be played.

    Attributes:
        group: why it was chosen.
        clip: the one it is about.
        screens: the driver first, where there is one.
        target: data URI of the face that was animated; None for real clips.
        milliseconds: that each step lasts in real time.
        apex: step of the apex; the onset is the first and the offset the last.
        rate: frames a second, None where it is not known and 30 were taken.
        flow_px: motion of the fullest colour, pixels of the pictures.
        phases: of the frames, 0 onset, 1 apex, 2 offset.
        curves: of the 18 regions; none without landmarks.
    """

    group: str
    clip: Clip
    screens: tuple[Screen, ...]
    target: str | None
    milliseconds: tuple[float, ...]
    apex: int
    rate: float | None
    flow_px: float
    phases: tuple[float, ...]
    curves: tuple[Curve, ...]

    @property
    def highest(self) -> float:
        """Of all curves; at least 0.5, so that noise does not look like motion."""
        return max([_LEAST_TOP, *(value for curve in self.curves for value in (*curve.found, *curve.wanted))])

    @property
    def bytes(self) -> int:
        """Of its pictures, as the page has them."""
        pictures = [self.target or "", *(s.apex for s in self.screens)]
        return sum(map(len, [*pictures, *(uri for s in self.screens for uri in s.strips.values())]))


@dataclass(frozen=True)
class Drawn:
    """Players, and why others, or drivers and targets, are missing: (what, a sentence)."""

    players: tuple[Player, ...]
    missing: tuple[tuple[str, str], ...]
    cut: bool

    @property
    def with_driver(self) -> bool:
        """Whether a driver is seen in any of them."""
        return any(len(player.screens) > 1 for player in self.players)


def draw_players(
    manifest: Manifest,
    chosen: Sequence[Chosen],
    hidden: Hidden,
    budget: int,
    progress: Callable[[], None] = lambda: None,
) -> Drawn:
    """Draw players one by one until their pictures would take more than `budget` bytes.

    A clip whose frames cannot be read is left out and told of; one whose driver or target cannot stands alone.
    """
    clips = by_id(manifest.clips, "clip_id")
    players: list[Player] = []
    missing: list[tuple[str, str]] = []
    spent = 0
    for entry in chosen:
        try:
            player = _player(manifest, entry, clips, hidden, missing)
        except MeAugmentError as error:
            missing.append((entry.clip.name, str(error)))
            continue
        finally:
            progress()
        spent += player.bytes
        if spent > budget:
            return Drawn(tuple(players), tuple(missing), cut=True)
        players.append(player)
    return Drawn(tuple(players), tuple(missing), cut=False)


def _player(
    manifest: Manifest, entry: Chosen, clips: Mapping[str, Clip], hidden: Hidden, missing: list[tuple[str, str]]
) -> Player:
    clip = entry.clip
    footage = footage_of(manifest, clip, hidden)
    look = look_of(footage, SIDE)

    def parent(role: str, clip_id: str | None, see: Callable[[Clip], _Seen]) -> tuple[Clip, _Seen] | None:
        """Its clip and what is seen of it; a run may be passed on without its corpus, or outlive that."""
        known = clips.get(clip_id or "")
        try:
            return None if known is None else (known, see(known))
        except MeAugmentError as error:
            missing.append((f"the {role} of {clip.name}", str(error)))
            return None

    driver = parent("driver", clip.driver_clip_id, lambda known: footage_of(manifest, known, hidden))
    target = parent("target", clip.target_clip_id, lambda known: _face(manifest, known, hidden))
    films = [("synthetic" if clip.is_synthetic else "real", clip, look)]
    if driver is not None:
        films.insert(0, ("driver", driver[0], look_of(driver[1], SIDE)))
    fields = [flows(seen) for _, _, seen in films]
    scale = flow_scale(*fields)
    phases = phases_of(look)
    return Player(
        group=entry.group,
        clip=clip,
        screens=tuple(
            _screen(role, of, seen, flow_colours(field, scale), phases)
            for (role, of, seen), field in zip(films, fields, strict=True)
        ),
        target=None if target is None else target[1],
        milliseconds=_durations(look),
        apex=look.apex,
        rate=None if look.fps is None else float(look.fps),
        flow_px=scale,
        phases=tuple(phases.tolist()),
        curves=_curves(footage, None if driver is None else driver[1]),
    )


def _screen(role: str, clip: Clip, look: Look, motion: NDArray[np.uint8], phases: NDArray[np.float64]) -> Screen:
    views = {"plain": look.frames, "difference": differences(look), "flow": motion}
    return Screen(
        role=role,
        person=clip.person_id,
        apex=data_uri(look.frames[look.apex]),
        strips={view: data_uri(tiled(frames)) for view, frames in views.items()},
        at=tuple(np.abs(np.subtract.outer(phases, phases_of(look))).argmin(1).tolist()),
    )


def _curves(footage: Footage, driver: Footage | None) -> tuple[Curve, ...]:
    face = track(footage)
    if face is None:
        return ()
    found, wanted = found_curves(face), None
    performer = None if driver is None else track(driver)
    if driver is not None and performer is not None:
        theirs = phases_of(driver)
        times = np.interp(phases_of(footage), theirs, np.arange(len(theirs)))
        wanted = wanted_curves(performer, footage.clip, face.landmarks, times.tolist())
    return tuple(
        Curve(region, tuple(found[:, place].tolist()), () if wanted is None else tuple(wanted[:, place].tolist()))
        for place, region in enumerate(REGIONS)
    )


def phases_of(film: Footage | Look) -> NDArray[np.float64]:
    """How far along each frame is: 0 at the onset, 1 at the apex, 2 at the offset, even in between."""
    positions = np.asarray(film.positions, np.float64)
    known: list[float] = []
    steps: list[float] = []
    for position, phase in ((positions[0], 0.0), (positions[film.apex], 1.0), (positions[-1], 2.0)):
        if not known or position > known[-1]:  # an apex may be the onset, or the offset
            known.append(position)
            steps.append(phase)
    return np.interp(positions, known, steps)


def tiled(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Frames (T, S, S, 3) as one picture, `COLUMNS` in a row; the last row is filled up with the last frame."""
    rows = -(-len(frames) // COLUMNS)
    columns = min(COLUMNS, len(frames))
    full = np.concatenate([frames, np.repeat(frames[-1:], rows * columns - len(frames), axis=0)])
    side = frames.shape[1]
    return full.reshape(rows, columns, side, side, 3).swapaxes(1, 2).reshape(rows * side, columns * side, 3)


def data_uri(picture: NDArray[np.uint8]) -> str:
    """A picture (H, W, 3) as lossy WebP in a data URI."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", quality=_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _face(manifest: Manifest, target: Clip, hidden: Hidden) -> str:
    """The face that was animated: the onset of its clip; a single picture is its own."""
    still = replace(target, onset_index=target.onset_index or 0, apex_index=None, offset_index=target.onset_index or 0)
    return data_uri(look_at(manifest, still, hidden, SIDE, most=1).frames[0])


def _durations(look: Look) -> tuple[float, ...]:
    """Milliseconds from each shown frame to the next; the last one lasts as long as the one before."""
    rate = _UNKNOWN_RATE if look.fps is None else float(look.fps)
    steps = np.diff(look.positions) if len(look.positions) > 1 else np.ones(1)
    return tuple((1000 / rate * np.append(steps, steps[-1])[: len(look.positions)]).tolist())
