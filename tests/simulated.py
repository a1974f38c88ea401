"""A stand-in for what makes clips: files of a few bytes, at once, or death."""

import os
import signal

from rows import clip, recording

from me_augment.synthesis.clip_maker import ClipMaker, MadeClip
from me_augment.synthesis.inputs import open_clip_maker, open_makers, open_real, read_settings
from me_augment.synthesis.plan import PlannedClip


def planned(count, shard=0):
    """Rows of a plan that nothing stands behind."""
    return tuple(
        PlannedClip(
            clip_id=f"syn-{shard}-{number}",
            shard=shard,
            driver_clip_id="driver",
            driver_person_id="c:1",
            target_clip_id="target",
            target_person_id="c:2",
            n_frames=2,
            strength=1.0,
            seed=number,
        )
        for number in range(count)
    )


class Simulated:
    """Writes the clip's id into its file; clips named in `deadly.txt` of the run kill whoever makes them."""

    threads = 1

    def __init__(self, run):
        self._run = run

    def expect(self, rows):
        pass

    def __call__(self, row, path, relative):
        with (self._run / "made.txt").open("a") as file:
            file.write(f"{row.clip_id}\n")
        if row.clip_id in _lines(self._run / "deadly.txt"):
            os.kill(os.getpid(), signal.SIGSEGV)
        if row.clip_id in _lines(self._run / "failing.txt"):
            return self.failed(row, "it was told to fail")
        path.write_text(row.clip_id)
        made = recording(
            recording_id=f"rec-{row.clip_id}", corpus="synthetic", root="", path=relative, storage="video", n_frames=2
        )
        return MadeClip(_row(row, recording_id=made.recording_id), made, {"draw": 0.25})

    def failed(self, row, reason):
        return MadeClip(_row(row, recording_id=None, status="failed", reason=reason), None, {})


def _row(row, **others):
    return clip(clip_id=row.clip_id, corpus="synthetic", is_synthetic=True, **others)


def open_simulated(run):
    return Simulated(run)


def open_simulated_threads(run):
    simulated = Simulated(run)
    simulated.threads = 3
    return simulated


def open_threads(run):
    """The real thing, as beside a GPU."""
    settings = read_settings(run)
    return ClipMaker(open_real(run), settings, open_makers(run, settings), threads=3)


def open_poisoned(run):
    """The real thing, but for the clips named in `deadly.txt`."""
    real, deadly = open_clip_maker(run), _lines(run / "deadly.txt")

    class Poisoned:
        threads, failed, expect = 1, real.failed, real.expect

        def __call__(self, row, path, relative):
            if row.clip_id in deadly:
                os.kill(os.getpid(), signal.SIGSEGV)
            return real(row, path, relative)

    return Poisoned()


def _lines(file):
    return file.read_text().splitlines() if file.is_file() else []
