"""What `synthesize --dry-run` and `extend --dry-run` say: the clips that would be made, and what they would cost."""

from __future__ import annotations

from me_augment.cli.saying import say, say_dry
from me_augment.synthesis.estimate import estimate
from me_augment.synthesis.overview import Overview
from me_augment.synthesis.prepare import Prepared
from me_augment.words import count


def describe(prepared: Prepared, seen: Overview) -> None:
    """Say it.

    Args:
        prepared: a run that is planned.
        seen: the rows that are to be made, all of its plan or those that are new.
    """
    if not seen.clips:
        say_dry("make nothing more")
        return
    for maker in prepared.makers:
        if maker.checkpoint is not None:
            fold = f", for the fold of {maker.fold}" if maker.fold else ""
            say(f"weights {maker.checkpoint} ({maker.name}): {count(seen.checkpoints[maker.checkpoint], 'clip')}{fold}")
    for title, counts in (
        ("emotion", seen.emotions),
        ("driver", seen.drivers),
        ("units", seen.units),
        ("target", seen.targets),
    ):
        if counts:
            say(f"{title:8} " + "  ".join(f"{name} {n}" for name, n in sorted(counts.items())))
    if prepared.settings.spotting is not None:
        say("events   " + "  ".join(f"{kind} {n}" for kind, n in sorted(seen.events.items())))
    for title, name in (
        ("strength", "strength"),
        ("tempo to the apex", "tempo_onset"),
        ("tempo from the apex", "tempo_offset"),
        ("asymmetry", "asymmetry"),
        ("eyes", "eyes"),
        ("shading", "shading"),
        ("frames a clip", "n_frames"),
    ):
        low, high = seen.ranges[name]
        say(f"{title}: {low:g}" + f" to {high:g}" * (low < high))
    say(f"mirrored: {seen.mirrored} of {seen.clips} clips")
    rates = sorted(rate / per for rate, per in seen.rates)
    say("frames a second: " + ", ".join(f"{rate:g}" if rate else "unknown" for rate in rates))
    cost = estimate(prepared, seen)
    judged = f"about {cost.bytes / 1e6:.0f} MB and {cost.seconds:.0f} s, judged by one clip"
    if cost.reason is not None:
        judged = f"size and time unknown, since the first clip cannot be made ({cost.reason})"
    say_dry(f"make {count(seen.clips, 'clip')}, {count(seen.frames, 'frame')}, {judged}")
