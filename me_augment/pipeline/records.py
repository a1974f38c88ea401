"""`pipeline.json`: what became of every step, written durably before and after each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any

from me_augment.errors import MeAugmentError, UsageError

FILE = "pipeline.json"
_FORMAT = 1


@dataclass(frozen=True)
class Record:
    """A step as it was carried out.

    Attributes:
        command, given: see `Call`.
        inputs: step → digest of its output when this step began, for the steps whose output this one was given.
        began: UTC, ISO 8601.
        seconds: how long it took, by a clock that nobody sets; None while it runs, or when its process was killed.
        exit_code: 0 done, 1 failed, 2 wrong use, 130 interrupted; None as `seconds`.
        error: the sentence that it ended with.
        digest: of the output, see `digest_of`; None where it has none or was not finished.
        version: of me-augment, where it is installed.
    """

    command: str
    given: Mapping[str, str | list[str]]
    inputs: Mapping[str, str | None]
    began: str
    version: str | None
    seconds: float | None = None
    exit_code: int | None = None
    error: str | None = None
    digest: str | None = None

    @property
    def finished(self) -> bool:
        """Whether the command ended well."""
        return self.exit_code == 0


class Records:
    """The records of one folder.

    Args:
        folder: is made when the first record is written.
        title: what the file is to say of the pipeline: its name, its variables.

    Raises:
        UsageError: the file is damaged or of another version.
    """

    def __init__(self, folder: Path, title: Mapping[str, Any]) -> None:
        self.file = folder / FILE
        self._title = dict(title)
        self._steps: dict[str, Record] = {}
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.file} cannot be read ({error}): {_WAY_OUT}.") from error
        try:
            if content["format"] != _FORMAT:
                raise UsageError(
                    f"{self.file} has format {content['format']}, this version writes {_FORMAT}: {_WAY_OUT}."
                )
            known = {field.name for field in fields(Record)}
            self._steps = {
                name: Record(**{key: value for key, value in step.items() if key in known})
                for name, step in content["steps"].items()
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{self.file} is damaged ({error!r}): {_WAY_OUT}.") from error

    def get(self, step: str) -> Record | None:
        """The record of a step, if it was ever begun."""
        return self._steps.get(step)

    def put(self, step: str, record: Record) -> None:
        """Write a record in place of the step's last one.

        Raises:
            MeAugmentError: the disk does not take it.
        """
        from me_augment.manifest.store import write_text  # takes pyarrow to import

        self._steps[step] = record
        steps = {name: asdict(record) for name, record in self._steps.items()}
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_text(self.file, json.dumps({"format": _FORMAT, **self._title, "steps": steps}, indent=1) + "\n")
        except OSError as error:
            raise MeAugmentError(f"cannot write {self.file}: {error.strerror or error}.") from error


_WAY_OUT = "name another `folder:`, or delete it together with what the steps wrote"


def now() -> str:
    """UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def is_there(output: Path | None) -> bool:
    """Whether a command left something; an empty folder is nothing, since it may be a mount point."""
    return output is not None and output.exists() and not (output.is_dir() and not any(output.iterdir()))


def digest_of(output: Path | None) -> str | None:
    """SHA-256 that tells whether an output is still the same, without reading all of it; None where it is missing.

    A manifest or finished run is known by its `manifest.json`, which holds a fingerprint of its rows; any other folder
    by the files at its top, where our commands put what describes the rest.
    """
    if output is None or not is_there(output):
        return None
    if output.is_file():
        return _sha256(output)
    manifest = output / "manifest.json"
    if manifest.is_file():
        return _sha256(manifest)
    files = sorted(path for path in output.iterdir() if path.is_file() and not path.name.startswith("."))
    return sha256("".join(f"{_sha256(path)} {path.name}\n" for path in files).encode()).hexdigest()


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return file_digest(handle, "sha256").hexdigest()
