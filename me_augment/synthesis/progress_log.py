"""`progress.jsonl`: a line for every finished shard, for people and programs that look on; nothing depends on it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from me_augment.pace import per_minute, seconds_left

if TYPE_CHECKING:
    from me_augment.synthesis.shard import ShardResult

FILE = "progress.jsonl"


class ProgressLog:
    """Appends the lines of one session, which lasts as long as the context.

    Each line is a JSON object with `event` (`begin`, `shard` or `end`), `session`, `utc` (ISO 8601, for people: that
    clock may be set) and `seconds` since the session began, by a clock that nobody sets. `begin` has besides `planned`
    and `done`, clips of the whole run; `shard` has `shard`, `made`, `rejected`, `failed`, `frames` and `stages`
    (stage → seconds); `end` has `error`, the name of what ended the session, or null. A line that cannot be written,
    as on a full disk, is missing; the run goes on.

    Args:
        folder: of the run.
        planned: clips of the plan.
        done: clips that earlier sessions made, rejected or failed.
    """

    def __init__(self, folder: Path, planned: int, done: int) -> None:
        self._file, self._planned, self._done = folder / FILE, planned, done
        self._session = uuid4().hex[:12]
        self._began = time.monotonic()

    def __enter__(self) -> ProgressLog:
        """Write that the session begins."""
        self._began = time.monotonic()
        self._write("begin", planned=self._planned, done=self._done)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write that it ends, and whether well."""
        self._write("end", error=None if kind is None else kind.__name__)

    def add(self, result: ShardResult) -> None:
        """Write what became of a shard."""
        self._write(
            "shard",
            shard=result.shard,
            made=result.made,
            rejected=result.rejected,
            failed=result.failed,
            frames=result.frames,
            stages={stage: round(seconds, 4) for stage, seconds in result.seconds.items()},
        )

    def _write(self, event: str, **content: Any) -> None:
        line = {
            "event": event,
            "session": self._session,
            "utc": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "seconds": round(time.monotonic() - self._began, 3),
            **content,
        }
        try:
            # Opened anew each time: a line an hour later may find another disk, or the same one with room again.
            descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                size = os.lseek(descriptor, 0, os.SEEK_END)
                torn = size > 0 and _byte_at(descriptor, size - 1) != b"\n"
                os.write(descriptor, (b"\n" if torn else b"") + json.dumps(line).encode() + b"\n")
            finally:
                os.close(descriptor)
        except OSError:
            pass


def _byte_at(descriptor: int, place: int) -> bytes:
    """As `os.pread`, which Windows lacks."""
    os.lseek(descriptor, place, os.SEEK_SET)
    return os.read(descriptor, 1)


@dataclass(frozen=True)
class Session:
    """What the last session did, as far as its lines tell.

    Attributes:
        session: its id.
        began, latest: UTC of its first and last line, ISO 8601.
        planned, before: clips of the plan, and those that were done when it began.
        made, rejected, failed: clips that it did.
        frames: written.
        seconds: from its beginning to its last finished shard, by a steady clock.
        stages: stage → seconds, summed over all processes.
        ended: whether it said that it ends; one that was killed or still runs did not.
        error: what ended it, such as `KeyboardInterrupt`; None where it ended well or did not say.
    """

    session: str
    began: str
    latest: str
    planned: int
    before: int
    made: int = 0
    rejected: int = 0
    failed: int = 0
    frames: int = 0
    seconds: float = 0.0
    stages: Mapping[str, float] = field(default_factory=dict)
    ended: bool = False
    error: str | None = None

    @property
    def done(self) -> int:
        """Clips made, rejected or failed in it."""
        return self.made + self.rejected + self.failed

    @property
    def clips_per_minute(self) -> float | None:
        """None before its first shard is finished."""
        return per_minute(self.done, self.seconds)

    def seconds_left(self, missing: int | None = None) -> float | None:
        """Time for the clips that are missing at this session's rate; None where it made none.

        Args:
            missing: clips, where the caller knows better than the log (`planned - before - done`).
        """
        left = self.planned - self.before - self.done if missing is None else missing
        return seconds_left(left, self.done, self.seconds)


def read_progress(folder: Path) -> Session | None:
    """The session that began last, but for those that ended without a shard; None where no line can be read.

    So a session that found nothing to do, or another process at work, is passed over.
    """
    every = read_sessions(folder)
    worked = [session for session in every if session.done or not session.ended]
    return worked[-1] if worked else every[-1] if every else None


def read_sessions(folder: Path) -> list[Session]:
    """All sessions in the order in which they began; none where no line can be read.

    A line that was torn when its process was killed is passed over, as is anything else that is none.
    """
    sessions: dict[str, Session] = {}
    try:
        with (folder / FILE).open(encoding="utf-8", errors="replace") as lines:
            for text in lines:
                line = _parsed(text)
                if line is None:
                    continue
                name = line["session"]
                if line["event"] == "begin":
                    sessions[name] = Session(name, line["utc"], line["utc"], line["planned"], line["done"])
                elif name in sessions:
                    sessions[name] = _after(sessions[name], line)
    except OSError:
        return []
    return list(sessions.values())


def _after(session: Session, line: dict[str, Any]) -> Session:
    """A session, one more line read."""
    if line["event"] == "end":
        return replace(session, latest=line["utc"], ended=True, error=line["error"])
    stages = dict(session.stages)
    for stage, spent in line["stages"].items():
        stages[stage] = stages.get(stage, 0.0) + spent
    return replace(
        session,
        latest=line["utc"],
        seconds=float(line["seconds"]),
        made=session.made + line["made"],
        rejected=session.rejected + line["rejected"],
        failed=session.failed + line["failed"],
        frames=session.frames + line["frames"],
        stages=stages,
    )


_FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "begin": {"planned": int, "done": int},
    "shard": {"made": int, "rejected": int, "failed": int, "frames": int, "stages": dict},
    "end": {"error": (str, type(None))},
}


def _parsed(text: str) -> dict[str, Any] | None:
    """A line of ours, or None."""
    try:
        line = json.loads(text)
        wanted = {"session": str, "utc": str, "seconds": (int, float), **_FIELDS[line["event"]]}
        if any(not isinstance(line[name], kind) for name, kind in wanted.items()):
            return None
        if not all(isinstance(spent, int | float) for spent in line.get("stages", {}).values()):
            return None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return line
