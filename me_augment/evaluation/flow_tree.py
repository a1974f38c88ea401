"""Reads a `norm_u_v_os` tree, by whomever it was made, as a recognition problem.

ROOT/<subject>/u_train|u_test/<class>/*.png, as STSTNet, HTNet and CausalNet read it and `me-augment export` writes it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.problem import Problem
from me_augment.evaluation.recognisers import Fold
from me_augment.video.image import read_whole

_MEGC3 = ("negative", "positive", "surprise")
# How the subjects of the MEGC2019 composite are spelled in the trees that are passed around.
_CORPORA = {"casme2": re.compile(r"sub[0-9]{2}"), "smic": re.compile(r"s[0-9]{1,2}"), "samm": re.compile(r"[0-9]{3}")}


def read_flow_tree(root: Path) -> Problem:
    """Read every picture once, and the folds as they are.

    A picture is known by its bytes and class: trees hold each some seventy times. Which of them are synthetic, and who
    had a part in them, `clips.parquet` of an export says, where it lies beside the tree; else all count as real.

    Args:
        root: the folder of subjects, or the folder of an export that holds `norm_u_v_os`.

    Raises:
        UsageError: no such tree, a subject without one of the two folders, or pictures of unlike sizes.
        MeAugmentError: a picture cannot be read.
    """
    root = Path(root)
    tree = next((path for path in (root / "norm_u_v_os", root / "three_norm_u_v_os", root) if path.is_dir()), None)
    if tree is None:
        raise UsageError(f"{root} does not exist: give a folder of subjects with u_train and u_test in each.")
    subjects = sorted(path for path in tree.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not subjects or not any((path / "u_train").is_dir() for path in subjects):
        raise UsageError(f"{tree} is no norm_u_v_os tree: it holds no <subject>/u_train/<class>/*.png.")
    known = _table(tree)
    pool = _Pool()
    folds: list[Fold] = []
    test_of: dict[int, tuple[str, str]] = {}
    for subject in subjects:
        parts = {}
        for part in ("u_train", "u_test"):
            if not (subject / part).is_dir():
                raise UsageError(f"{subject} has no {part}: every subject of a norm_u_v_os tree has both folders.")
            parts[part] = [(file, pool.add(file, label)) for file, label in _pictures(subject / part)]
        for file, index in parts["u_test"]:
            test_of.setdefault(index, (subject.name, file.name))
        train, test = (np.array([index for _, index in parts[part]], np.int64) for part in ("u_train", "u_test"))
        if len(test):
            folds.append(Fold(subject.name, train, test))
    if not folds:
        raise UsageError(f"{tree} has no picture in any u_test.")
    maps = pool.maps()
    labels = np.array(pool.labels, np.int64)
    rows = [known.get(name) for name in pool.names]
    fold_of = _people(known)
    subject_of = [test_of[index][0] if index in test_of else "" for index in range(len(labels))]
    synthetic = np.array([bool(row and row["is_synthetic"]) for row in rows], bool)
    return Problem(
        classes=_classes(int(labels.max()) + 1, known),
        names=tuple(
            f"{subject}/{name}" if subject else name for subject, name in zip(subject_of, pool.names, strict=True)
        ),
        maps=maps,
        labels=labels,
        persons=np.array(subject_of),
        corpora=np.array([_corpus(subject, row) for subject, row in zip(subject_of, rows, strict=True)]),
        synthetic=synthetic,
        contributors=tuple(_contributors(row, fold_of) for row in rows),
        folds=tuple(folds),
    )


class _Pool:
    """Pictures by bytes and class."""

    def __init__(self) -> None:
        self.labels: list[int] = []
        self.names: list[str] = []
        self._index: dict[tuple[bytes, int], int] = {}
        self._pictures: list[NDArray[np.uint8]] = []

    def add(self, file: Path, label: int) -> int:
        data = read_whole(file)
        key = (hashlib.sha256(data).digest(), label)
        if key not in self._index:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
            if picture is None:
                raise MeAugmentError(f"{file} is damaged or no picture: make the tree again.")
            if self._pictures and picture.shape != self._pictures[0].shape:
                raise UsageError(f"{file} is {picture.shape[1]}x{picture.shape[0]}, unlike {self.names[0]}.")
            self._index[key] = len(self.labels)
            self.labels.append(label)
            self.names.append(file.name)
            self._pictures.append(picture)
        return self._index[key]

    def maps(self) -> NDArray[np.float32]:
        """(N, 3, H, W), 0..1; cv2 reads strain, v, u."""
        stack = np.stack(self._pictures)[..., ::-1].astype(np.float32) / 255
        return np.ascontiguousarray(stack.transpose(0, 3, 1, 2))


def _pictures(part: Path) -> Iterator[tuple[Path, int]]:
    for folder in sorted(part.iterdir()):
        if not folder.is_dir():
            continue
        if not folder.name.isdecimal():
            raise UsageError(f"{folder} is no class: the folders below {part.name} are called 0, 1, 2 ….")
        for file in sorted(folder.iterdir()):
            if file.suffix.casefold() in (".png", ".jpg", ".jpeg", ".bmp") and not file.name.startswith("."):
                yield file, int(folder.name)


def _table(tree: Path) -> dict[str, dict[str, object]]:
    """Rows of the export's table by name of the picture; none where there is no table."""
    path = tree.parent / "clips.parquet"
    if not path.is_file():
        return {}
    columns = ["name", "is_synthetic", "corpus", "label", "label_index", "subject", "person_id", "forbidden_subjects"]
    return {str(row["name"]): row for row in pq.read_table(path, columns=columns).to_pylist()}


def _classes(count: int, known: dict[str, dict[str, object]]) -> tuple[str, ...]:
    named = {int(str(row["label_index"])): str(row["label"]) for row in known.values()}
    if named:
        return tuple(named.get(index, str(index)) for index in range(max(count, max(named) + 1)))
    return _MEGC3 if count <= len(_MEGC3) else tuple(map(str, range(count)))


def _corpus(subject: str, row: dict[str, object] | None) -> str:
    if row is not None:
        return str(row["corpus"])
    return next((name for name, shape in _CORPORA.items() if shape.fullmatch(subject)), "")


def _people(known: dict[str, dict[str, object]]) -> dict[str, str]:
    """Person id → name of the fold that holds the person out: the tree knows people by these."""
    return {str(row["person_id"]): str(row["subject"]) for row in known.values() if not row["is_synthetic"]}


def _contributors(row: dict[str, object] | None, fold_of: dict[str, str]) -> tuple[str, ...]:
    if row is None:
        return ()
    listed: list[str] = list(row["forbidden_subjects"])  # type: ignore[call-overload]
    return tuple(sorted({fold_of.get(person, person) for person in listed}))
