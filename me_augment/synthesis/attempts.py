"""Notes of which clip a shard is at, by which a clip that kills the process making it is told from a chance death."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from me_augment.synthesis.shard import Shard

# A clip is made in a process of its own after it was at work in so many deaths.
TRIES = 2
_BEGIN, _END, _DONE = "begin", "end", "done "


class Attempts:
    """The note of one shard; it lies beside it and goes when it is complete.

    It is written through to the system, not to the disk: it survives the death of a process, and one that a power cut
    takes along was of no clip's making. Two processes at one shard may mix their lines, which at worst makes a clip in
    a process of its own that need not be.
    """

    def __init__(self, run: Path, shard: Shard) -> None:
        self._file = run / "shards" / f".{shard.name}.attempts"

    def deadly(self) -> set[str]:
        """Ids of the clips that were at work when so many processes died."""
        try:
            lines = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return set()
        deaths: Counter[str] = Counter()
        at_work: set[str] = set()
        for line in (*lines, _BEGIN):
            if line == _BEGIN:
                deaths.update(at_work)
            if line in (_BEGIN, _END):
                at_work = set()
            elif line.startswith(_DONE):
                at_work.discard(line.removeprefix(_DONE))
            else:
                at_work.add(line)
        return {clip for clip, count in deaths.items() if count >= TRIES}

    def begin(self) -> None:
        """A process takes the shard up."""
        self._write(_BEGIN)

    def at(self, clip_id: str) -> None:
        """It comes to a clip."""
        self._write(clip_id)

    def done(self, clip_id: str) -> None:
        """It is through with a clip."""
        self._write(_DONE + clip_id)

    def end(self) -> None:
        """It lets go of the shard in good order, or at an error that it could report."""
        self._write(_END)

    def forget(self) -> None:
        """The shard is complete."""
        self._file.unlink(missing_ok=True)

    def _write(self, line: str) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
