"""Carries out a pipeline: finished steps are passed over, interrupted ones begun again, changed ones refused."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import click

from me_augment.errors import MeAugmentError, UsageError
from me_augment.pipeline.calls import Call
from me_augment.pipeline.records import Record, Records, digest_of, is_there, now
from me_augment.versions import installed


def require_agreement(calls: Sequence[Call], records: Records, file: Path) -> None:
    """Find what contradicts earlier work, before any step begins.

    Raises:
        UsageError: a step has other arguments than those that its output was made with, or its output was made by
            somebody else; or the records would lie in what a step writes.
    """
    home = records.file.parent.absolute()
    for call in calls:
        if call.output is not None and home.is_relative_to(call.output.absolute()):
            raise UsageError(
                f"{file}: folder: {home} lies in what step {call.step!r} writes ({call.output}): name another."
            )
        # A command that resumes says itself what it was begun with and what may change.
        if not is_there(call.output) or call.resumes or call.overwrites:
            continue
        record = records.get(call.step)
        if record is None:
            raise UsageError(
                f"{file}: step {call.step!r}, out: {call.output} is there, and {records.file} does not say that "
                "this pipeline made it: name another, or move it away."
            )
        change = _change(call, record)
        if change is not None:
            raise UsageError(
                f"{file}: step {call.step!r}, {change}: delete {call.output} to have it made again, or give the "
                "pipeline another work folder (`folder:` and --set)."
            )


def state_of(call: Call, record: Record | None, inputs: Mapping[str, str | None]) -> str:
    """What is to be done about a step: `finished`, `new`, or why it is begun again.

    Raises:
        UsageError: what it made was made from something that has changed since, or was left by a killed process and may
            be incomplete.
    """
    if record is None:
        return "new"
    there = is_there(call.output)
    if call.output is not None and not there:
        return "its output is gone" if record.finished else "it was not finished"
    if call.resumes:
        if not record.finished:
            return "it was not finished"
        same = _change(call, record) is None and record.inputs == inputs and record.digest == digest_of(call.output)
        return "finished" if same else "something about it has changed"
    replaceable = not there or call.overwrites
    if not record.finished:
        ended_from_outside = record.exit_code in (None, 130)
        if replaceable or not ended_from_outside or _goes_on(call.output):
            return "it was not finished"
        if not call.whole_or_not or _being_filled(call.output):
            raise UsageError(
                f"step {call.step!r} was interrupted while it wrote {call.output}, which may be incomplete: delete it "
                "and start again."
            )
        # Interrupted between the output, which appears whole, and the record of it.
    if _change(call, record) is not None:
        return "it is given something else"
    for step in inputs:
        if record.inputs.get(step) != inputs[step]:
            if replaceable:
                return f"what step {step!r} made has changed"
            raise UsageError(
                f"step {call.step!r}: {call.output} was made from what step {step!r} had made before, and that has "
                f"changed since: delete {call.output} to have it made again."
            )
    return "finished"


def _being_filled(output: Path | None) -> bool:
    """Whether an empty folder was being filled, see `staging`, when the process was ended."""
    return output is not None and any(output.glob(".staging-*"))


def _goes_on(output: Path | None) -> bool:
    """Whether an empty folder was being filled, see `resumable`, by a command that goes on with it."""
    return output is not None and any(output.glob(".*.partial"))


def carry_out(calls: Sequence[Call], records: Records, say: Callable[[str], None]) -> None:
    """Do what is not done yet, step by step, each recorded before and after.

    Args:
        calls: all steps.
        records: of the pipeline's folder.
        say: shows a line.

    Raises:
        MeAugmentError: a step failed; its name stands in front of its own sentence.
        KeyboardInterrupt: or whatever else ended a step; it is recorded as not finished.
    """
    for number, call in enumerate(calls, 1):
        title = f"{number} of {len(calls)}, {call.step}: "
        record = records.get(call.step)
        inputs = {earlier.step: digest_of(earlier.output) for earlier in calls[: number - 1] if _uses(call, earlier)}
        state = state_of(call, record, inputs)
        if state == "finished":
            assert record is not None
            if not record.finished:
                records.put(call.step, replace(record, exit_code=0, digest=digest_of(call.output)))
            took = "" if record.seconds is None else f" in {record.seconds:.1f} s"
            say(f"{title}finished{took}, begun {record.began}; skipped")
            continue
        began = Record(call.command, call.given, inputs, now(), installed("me-augment"))
        records.put(call.step, began)
        started = time.monotonic()
        code, sentence = 1, None
        try:
            say(f"{title}{call.line}" if state == "new" else f"{title}again, since {state}: {call.line}")
            _perform(call)
            code = 0
        except MeAugmentError as error:
            code, sentence = error.exit_code, str(error)
            if code not in (MeAugmentError.exit_code, UsageError.exit_code):
                raise
            kind = UsageError if code == UsageError.exit_code else MeAugmentError
            raise kind(f"step {call.step!r}: {error}") from error
        except (KeyboardInterrupt, click.Abort):
            code, sentence = 130, "interrupted"
            raise
        except (SystemExit, click.exceptions.Exit) as end:
            found = end.code if isinstance(end, SystemExit) else end.exit_code
            code = found if isinstance(found, int) else int(found is not None)
            if code:
                raise
        except BaseException as error:
            sentence = repr(error)
            raise
        finally:
            digest = digest_of(call.output) if code == 0 else None
            ended = replace(
                began, seconds=round(time.monotonic() - started, 3), exit_code=code, error=sentence, digest=digest
            )
            records.put(call.step, ended)


def _perform(call: Call) -> None:
    try:
        with call.parse() as context:
            call.leaf.invoke(context)
    except click.ClickException as error:
        kind = UsageError if error.exit_code == UsageError.exit_code else MeAugmentError
        raise kind(error.format_message()) from error
    except OSError as error:
        raise MeAugmentError(f"{error.filename or 'the system'}: {error.strerror or error}.") from error


def _change(call: Call, record: Record) -> str | None:
    """The first field that differs from the record, with both values."""
    if record.command != call.command:
        return f"command: was {record.command!r}, now it is {call.command!r}"
    for name in sorted({*record.given, *call.given}):
        before, after = record.given.get(name), call.given.get(name)
        if before != after:
            return f"{name}: was {_shown(before)}, now it is {_shown(after)}"
    return None


def _shown(value: str | list[str] | None) -> str:
    return "not given" if value is None else repr(value)


def _uses(call: Call, earlier: Call) -> bool:
    """Whether a step is given something that an earlier one writes."""
    if earlier.output is None:
        return False
    place = os.path.realpath(earlier.output)
    texts = [text for value in call.given.values() for text in (value if isinstance(value, list) else [value])]
    return any(Path(os.path.realpath(text)).is_relative_to(place) for text in texts if text)
