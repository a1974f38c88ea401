"""Planned long videos: which face lives through which expressions, blinks and turns, and when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction

import numpy as np

from me_augment.errors import UsageError
from me_augment.generation import long_take
from me_augment.generation.action_units import Profile, draw_profile
from me_augment.manifest import Clip, Manifest
from me_augment.manifest.ids import content_id, digest, seed_of
from me_augment.synthesis.events import VERSION, PlannedEvent, SpottingSettings
from me_augment.synthesis.plan import Plan, PlannedClip, draw_controls
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.timeline import TEMPO, timeline

DEFAULT_FPS = Fraction(30)
"""That of CAS(ME)^2."""
# Seconds. MEGC's baselines look for micro-expressions of 7 to 16 frames at 30 per second and of 47 to 105 at 200: a
# driver that is shorter is slowed to that, as far as `TEMPO` allows.
_SHORTEST = 0.23
# Duration of a performed macro-expression, seconds: bounds, median and width of a log-normal law. Beyond half a second
# an expression is no micro-expression, and few last beyond four (Ekman 2003); the law is our choice.
_MACRO, _MACRO_LAW = (0.6, 4.0), (1.4, 0.45)
_ONSET_SHARE = (0.3, 0.5)
RELEASE = 0.2
"""Seconds after an offset in which what is left of the expression goes away."""
# Blink: closing, closed, opening. Gaze: there, held, back. Head: the same. Seconds, bounds of even laws.
_BLINK = ((0.07, 0.1), (0.02, 0.08), (0.12, 0.2))
_GAZE = ((0.04, 0.08), (0.3, 2.0), (0.04, 0.08))
_TURN = ((0.4, 0.8), (0.2, 1.5), (0.4, 0.8))
_GAZE_REACH, _TURN_REACH = 0.06, (0.03, 0.09)  # interocular distances; sines, two to five degrees
# Filmed frames so close to an expression, seconds, are not taken for a face at rest.
_MARGIN = 0.3


@dataclass(frozen=True)
class Background:
    """Frames of a recording in which nobody expresses anything.

    Attributes:
        start: position of the first.
        count: how many.
    """

    start: int
    count: int


def filmed_backgrounds(real: Manifest, targets: Sequence[Clip], rates: Mapping[str, Fraction]) -> dict[str, Background]:
    """Clip id → the longest run of frames of its recording that lies outside all that is labelled there."""
    spans = defaultdict(list)
    for clip in real.clips:
        if clip.recording_id is not None and clip.expression != "neutral":
            # An unknown end leaves it open where the expression stops.
            first = clip.onset_index if clip.onset_index is not None else clip.apex_index
            last = clip.offset_index
            spans[clip.recording_id].append((0 if first is None else first, None if last is None else last))
    found = {}
    for clip in targets:
        recording, rate = real.recording_of[clip.recording_id or ""], rates.get(clip.clip_id)
        if rate is None:
            continue
        free = np.ones(recording.n_frames, bool)
        margin = round(_MARGIN * rate)
        for first, last in spans[recording.recording_id]:
            free[max(0, first - margin) : recording.n_frames if last is None else last + margin + 1] = False
        edges = np.flatnonzero(np.diff(np.concatenate([[0], free, [0]]).astype(int)))
        runs = sorted(zip(edges[::2], edges[1::2], strict=True), key=lambda run: (run[0] - run[1], run[0]))
        if runs:
            found[clip.clip_id] = Background(int(runs[0][0]), int(runs[0][1] - runs[0][0]))
    return found


def plan_videos(
    settings: Settings,
    spotting: SpottingSettings,
    drivers: Sequence[Clip],
    targets: Sequence[Clip],
    rates: Mapping[str, Fraction],
    backgrounds: Mapping[str, Background],
) -> Plan:
    """Let every person's face live through `videos` long videos, each with the expressions of one other person.

    One person, and not one per expression: whoever drives a video bars it from one more fold. A run with more videos
    keeps those of one with fewer.

    Args:
        settings: of the run.
        spotting: the same as `settings.spotting`.
        drivers: usable micro- and macro-expressions with known frame rates; unused where action units are performed.
        targets: usable clips, sorted by id.
        rates: clip id → frames per second, where it is known.
        backgrounds: clip id of a target → filmed frames, at the rate of its recording.

    Raises:
        UsageError: there is no face, nobody to drive it, or the frame rate is too low to show an apex.
    """
    if not targets:
        raise UsageError("no face of the manifest can be animated: see `me-augment validate`.")
    draw_profile(settings.seed, settings.rate or DEFAULT_FPS)
    faces, clips_of = defaultdict(list), defaultdict(list)
    for clip in targets:
        faces[clip.person_id].append(clip)
    for clip in drivers:
        clips_of[clip.person_id].append(clip)
    drivable = sorted(person for person, clips in clips_of.items() if any(c.expression == "micro" for c in clips))
    units = settings.action_units
    people = [person for person in sorted(faces) if units or any(other != person for other in drivable)]
    if not people:
        raise UsageError(
            "no long video can be made: nobody but the person seen has a micro-expression with a known frame rate to "
            "perform. Let --action-units be performed instead."
        )

    def draw(shards: np.ndarray) -> Iterator[PlannedClip]:
        numbers = iter(shards.tolist())
        for person in people:
            order = sorted(faces[person], key=lambda clip: digest("face", settings.seed, clip.clip_id))
            others = sorted(
                (other for other in drivable if other != person and not units),
                key=lambda other: digest("driving", settings.seed, person, other),
            )
            for turn in range(spotting.videos):
                driving = clips_of[others[turn % len(others)]] if others else []
                video = _Video(settings, spotting, order[turn % len(order)], turn, driving, rates, backgrounds)
                yield replace(video.row(), shard=next(numbers))

    # A video is as long as hundreds of clips: each is completed by itself unless the run says otherwise.
    return Plan.of(draw, np.ones(len(people) * spotting.videos, np.int32), settings.clips_per_shard or 1)


class _Video:
    """The drawing of one video."""

    def __init__(
        self,
        settings: Settings,
        spotting: SpottingSettings,
        target: Clip,
        turn: int,
        driving: Sequence[Clip],
        rates: Mapping[str, Fraction],
        backgrounds: Mapping[str, Background],
    ) -> None:
        self._settings, self._spotting, self._target, self._driving = settings, spotting, target, driving
        self._rates, self._name = rates, f"video {target.clip_id} {turn}"
        self._seed = seed_of(settings.seed, self._name)
        self._rng = np.random.default_rng([self._seed, 20])
        self._filmed = backgrounds.get(target.clip_id) if spotting.backgrounds == "filmed" else None
        own = rates.get(target.clip_id)
        if self._filmed is not None and own is not None:
            other_rate = settings.rate is not None and settings.rate != own
            if other_rate or self._filmed.count < spotting.seconds[0] * own:
                self._filmed = None
        self._rate = settings.rate or (own if self._filmed is not None and own else DEFAULT_FPS)
        seconds = self._rng.uniform(*spotting.seconds)
        self._frames = round(seconds * self._rate)
        if self._filmed is not None:
            self._frames = min(self._frames, self._filmed.count)

    def row(self) -> PlannedClip:
        """The row, of shard 0."""
        settings, target = self._settings, self._target
        events = [*self._expressions(), *(self._distractors() if self._filmed is None else ())]
        events.sort(key=lambda event: (event.onset, event.offset, event.kind))
        used = {event.driver_clip_id for event in events if event.driver_clip_id}
        contents = [[c.clip_id, c.content_sha256, c.landmarks] for c in self._driving if c.clip_id in used]
        start = None if self._filmed is None else self._filmed.start
        clip_id = content_id(
            "syn",
            settings.scheme,
            ["spotting", VERSION, long_take.VERSION, settings.generator, settings.generator_version],
            [target.clip_id, target.content_sha256, target.landmarks, settings.action_units_basis],
            contents,
            [asdict(event) for event in events],
            [self._frames, str(self._rate), start, self._spotting.head_motion, self._spotting.noise, self._seed],
        )
        return PlannedClip(
            clip_id=clip_id,
            shard=0,
            target_clip_id=target.clip_id,
            driver_person_id=self._driving[0].person_id if used else None,
            target_person_id=target.person_id,
            n_frames=self._frames,
            fps_num=self._rate.numerator,
            fps_den=self._rate.denominator,
            strength=1.0,
            seed=self._seed,
            background_start=start,
            events=tuple(events),
        )

    def _expressions(self) -> list[PlannedEvent]:
        """Expressions in random order with random pauses, as many of those drawn as there is room for."""
        rng, spotting = self._rng, self._spotting
        kinds = ["micro"] * int(rng.poisson(spotting.micro)) + ["macro"] * int(rng.poisson(spotting.macro))
        drawn = [self._performance(kinds[place], number) for number, place in enumerate(rng.permutation(len(kinds)))]
        pause, release = round(spotting.gap * self._rate), round(RELEASE * self._rate)

        def needed(events: Sequence[PlannedEvent]) -> int:
            return sum(event.offset + 1 + release + pause for event in events) + pause

        while drawn and needed(drawn) > self._frames:
            drawn.pop()
        if not drawn:
            return []
        shares = rng.dirichlet(np.ones(len(drawn) + 1)) * (self._frames - needed(drawn))
        begun, placed = 0.0, []
        for event, share in zip(drawn, shares, strict=False):
            begun += share + pause
            onset = int(begun)
            placed.append(_moved(event, onset))
            begun += event.offset + 1 + release
        return placed

    def _performance(self, kind: str, number: int) -> PlannedEvent:
        """An expression whose onset is frame 0."""
        name = f"{self._name} {kind} {number}"
        seed, drawn = seed_of(self._settings.seed, name), draw_controls(self._settings, name)
        own = [clip for clip in self._driving if clip.expression == kind]
        if own:
            driver = own[int(self._rng.integers(len(own)))]
            fps = self._rates[driver.clip_id]
            last = driver.n_frames - 1
            slower = max(1.0, _SHORTEST * float(fps) / last) if kind == "micro" else 1.0
            apex = None if driver.apex_index is None else driver.apex_index - (driver.onset_index or 0)
            line = timeline(
                driver.n_frames,
                apex if apex is not None and 0 <= apex <= last else None,
                tempo_onset=float(np.clip(round(drawn.tempo_onset * slower, 4), *TEMPO)),
                tempo_offset=float(np.clip(round(drawn.tempo_offset * slower, 4), *TEMPO)),
                fps=fps,
                rate=self._rate,
                micro=kind == "micro",
            )
            what: dict[str, str] = {"driver_clip_id": driver.clip_id}
        else:
            profile = draw_profile(seed, self._rate) if kind == "micro" else macro_profile(seed, self._rate)
            line = timeline(
                profile.n_frames,
                profile.apex,
                tempo_onset=drawn.tempo_onset,
                tempo_offset=drawn.tempo_offset,
                fps=self._rate,
                micro=kind == "micro",
            )
            specifications = self._settings.action_units if kind == "micro" else self._spotting.macro_units
            what = {"action_units": specifications[int(self._rng.integers(len(specifications)))]}
        return PlannedEvent(
            kind=kind,
            onset=0,
            apex=line.apex,
            offset=line.n_frames - 1,
            strength=drawn.strength,
            mirror=drawn.mirror,
            asymmetry=drawn.asymmetry,
            tempo_onset=line.tempo_onset,
            tempo_offset=line.tempo_offset,
            times=line.times or (),
            seed=seed,
            **what,  # type: ignore[arg-type]
        )

    def _distractors(self) -> list[PlannedEvent]:
        """Blinks, shifts of gaze and turns of the head, wherever they fall; of eyes and of head one at a time."""
        spotting = self._spotting
        eyes = [*[("blink", _BLINK)] * self._count(spotting.blinks), *[("gaze", _GAZE)] * self._count(spotting.gazes)]
        turns = [("head-turn", _TURN)] * self._count(spotting.head_turns)
        return [*self._one_at_a_time(eyes), *self._one_at_a_time(turns)]

    def _count(self, per_minute: float) -> int:
        return int(self._rng.poisson(per_minute * self._frames / float(self._rate) / 60))

    def _one_at_a_time(self, wanted: Sequence[tuple[str, tuple[tuple[float, float], ...]]]) -> Iterator[PlannedEvent]:
        rng, taken = self._rng, np.zeros(self._frames, bool)
        for kind, phases in wanted:
            rise, hold, fall = (max(1, round(rng.uniform(*phase) * self._rate)) for phase in phases)
            length = rise + hold + fall + 1
            angle, share = rng.uniform(0, 2 * np.pi), rng.uniform()
            free = np.flatnonzero(~np.convolve(taken, np.ones(length + 2, int))[length + 1 : self._frames].astype(bool))
            choice = rng.uniform()
            if not len(free):
                continue  # no room: one less
            onset = int(free[int(choice * len(free))]) + 1
            taken[onset - 1 : onset + length + 1] = True
            size = _GAZE_REACH * (0.5 + 0.5 * share) if kind == "gaze" else 0.0
            if kind == "head-turn":
                size = _TURN_REACH[0] + share * (_TURN_REACH[1] - _TURN_REACH[0])
            # Eyes and heads turn to the sides more than up and down.
            x, y = round(size * np.cos(angle), 4), round(0.5 * size * np.sin(angle), 4)
            yield PlannedEvent(
                kind=kind,
                onset=onset,
                apex=onset + rise,
                offset=onset + length - 1,
                action_units=_facs(kind, x, y),
                times=(float(rise), float(hold), float(fall)),
                x=x,
                y=y,
            )


def _moved(event: PlannedEvent, onset: int) -> PlannedEvent:
    apex = None if event.apex is None else event.apex + onset
    return replace(event, onset=onset, apex=apex, offset=event.offset + onset)


def _facs(kind: str, x: float, y: float) -> str:
    """How FACS writes a distractor: left and right are those of the person seen, who faces the camera."""
    if kind == "blink":
        return "45"
    right, left, up, down = ("62", "61", "63", "64") if kind == "gaze" else ("52", "51", "53", "54")
    if abs(x) >= abs(y):
        return left if x > 0 else right
    return down if y > 0 else up


def macro_profile(seed: int, fps: Fraction) -> Profile:
    """When a performed macro-expression rises and falls; the same for the same seed."""
    rng = np.random.default_rng([seed, 21])
    total = float(np.clip(_MACRO_LAW[0] * np.exp(_MACRO_LAW[1] * rng.standard_normal()), *_MACRO))
    offset = max(2, round(total * fps))
    return Profile(int(np.clip(round(offset * rng.uniform(*_ONSET_SHARE)), 1, offset - 1)), offset, fps)
