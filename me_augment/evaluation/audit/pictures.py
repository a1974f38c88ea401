"""Leaks that names cannot show: test pictures that train, as they are, written anew, mirrored or magnified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

from me_augment.errors import MeAugmentError
from me_augment.evaluation.audit.listing import Listed
from me_augment.evaluation.audit.report import Report

Picture = NDArray[np.uint8]

_NEAR = 2
"""Largest difference of two pictures that show the same, grey levels: mirrored values are rounded the other way."""
_POOL = 4
_MOST = 50_000
_BLOCK = 2_048


def _negated(pictures: Picture) -> Picture:
    """u, the last channel as cv2 reads it, with the other sign."""
    changed = pictures.copy()
    changed[..., 2] = 255 - changed[..., 2]
    return changed


_DERIVED: Mapping[str, Callable[[Picture], Picture]] = {
    "the same picture as": lambda pictures: pictures,
    "u turned round (255 - u) of": _negated,
    "the mirror image of": lambda pictures: _negated(pictures[:, :, ::-1]),
    "the picture flipped left to right of": lambda pictures: np.ascontiguousarray(pictures[:, :, ::-1]),
}


def judge_bytes(listed: Listed, report: Report) -> None:
    """R1, R5 and R6: the same bytes in training and test of one fold, or in the tests of two folds."""
    tested: dict[tuple[str, int], str] = {}
    for fold in listed.folds:
        test = {listed.items[index].content: where for where, index in fold.test}
        names = {listed.items[index].name for _, index in fold.test}
        for where, index in fold.train:
            item = listed.items[index]
            if item.content in test and not _blank(item.file, listed.pictures):
                rule = "R1" if item.name in names else "R6"
                under = "" if item.name in names else " under another name"
                report.leak(rule, where, f"the same bytes are tested in this fold{under}: {test[item.content]}")
        for content, where in test.items():
            other = tested.setdefault((fold.protocol, content), fold.name)
            if other != fold.name and not _blank(_file(listed, content), listed.pictures):
                report.leak("R5", where, f"the fold {other} tests the same bytes")
    with_bytes = sum(item.content >= 0 for item in listed.items)
    if with_bytes:
        report.looked["R6"].append(f"the bytes of {with_bytes} files (SHA-256 where sizes are equal)")
    if with_bytes < len(listed.items):
        report.open["R6"].append("clips without a file of their own are not compared byte by byte")


def judge_pictures(listed: Listed, report: Report) -> None:
    """R4 and R9 of small pictures: how they were stretched, and whether one shows what a test picture shows.

    Raises:
        MeAugmentError: a picture is damaged.
    """
    files = {item.content: item.file for item in listed.items if item.file is not None}
    if len(files) > _MOST:
        report.open["R9"].append(f"{len(files)} different pictures are too many to compare each with each")
        return
    contents = np.array(sorted(files))
    stacks: dict[tuple[int, ...], list[tuple[int, Picture]]] = defaultdict(list)
    for content in contents.tolist():
        picture = cv2.imread(str(files[content]), cv2.IMREAD_COLOR)
        if picture is None:
            raise MeAugmentError(f"{files[content]} is damaged or no picture: make the tree again.")
        stacks[picture.shape].append((content, picture))
    _judge_stretch([picture for stack in stacks.values() for _, picture in stack], report)
    train_of, test_of = _places(listed)
    for stack in stacks.values():
        numbers = np.array([content for content, _ in stack])
        pictures = np.stack([picture for _, picture in stack])
        shows = pictures.max(axis=(1, 2, 3)) > pictures.min(axis=(1, 2, 3))
        numbers, pictures = numbers[shows], pictures[shows]
        tested = np.flatnonzero([number in test_of for number in numbers.tolist()])
        if len(numbers):
            for what, first, second in _alike(pictures, tested):
                _say(report, what, train_of[int(numbers[first])], test_of[int(numbers[second])])
    report.looked["R9"].append(
        f"what {len(files)} pictures show: none is a test picture of the fold it trains, up to {_NEAR} grey levels, as "
        "it is, mirrored or with u turned round; magnified motion is the same picture"
    )
    report.open["R9"].append("crops and other changes of a picture leave no trace that could be compared")


def _alike(pictures: Picture, tested: NDArray[np.int64]) -> Iterator[tuple[str, int, int]]:
    """What one picture is of another, a tested one; pairs of different contents."""
    flat = _pooled(pictures)
    squares = (flat**2).sum(1)
    for what, derive in _DERIVED.items():
        for start in range(0, len(tested), _BLOCK):
            block = tested[start : start + _BLOCK]
            derived = derive(pictures[block])
            wanted = _pooled(derived)
            # Pooled pictures differ by no more than the pictures themselves do.
            distance = squares[None] + (wanted**2).sum(1)[:, None] - 2 * wanted @ flat.T
            for row, first in np.argwhere(distance <= 1.01 * _NEAR**2 * flat.shape[1] + 1).tolist():
                second = int(block[row])
                gap = np.abs(pictures[first].astype(int) - derived[row]).max()
                if first != second and gap <= _NEAR:
                    yield what, first, second


def _pooled(pictures: Picture) -> NDArray[np.float32]:
    """(N, …) means of small squares."""
    height, width = (side // _POOL * _POOL for side in pictures.shape[1:3])
    if not (height and width):
        return pictures.reshape(len(pictures), -1).astype(np.float32)
    parts = pictures[:, :height, :width].reshape(len(pictures), height // _POOL, _POOL, width // _POOL, _POOL, 3)
    return parts.mean(axis=(2, 4), dtype=np.float32).reshape(len(pictures), -1)


def _places(listed: Listed) -> tuple[dict[int, dict[str, str]], dict[int, dict[str, str]]]:
    """Content → fold → where, of training and test."""
    found: tuple[dict[int, dict[str, str]], dict[int, dict[str, str]]] = (defaultdict(dict), defaultdict(dict))
    for fold in listed.folds:
        for places, entries in zip(found, (fold.train, fold.test), strict=True):
            for where, index in entries:
                places[listed.items[index].content].setdefault(fold.name, where)
    return found


def _say(report: Report, what: str, train: Mapping[str, str], test: Mapping[str, str]) -> None:
    for fold, tested in test.items():
        if fold in train:
            report.leak("R9", train[fold], f"it is {what} {tested}, which this fold tests")


def _judge_stretch(pictures: list[Picture], report: Report) -> None:
    own = sum(_stretched(picture) for picture in pictures)
    report.looked["R4"].append(f"{own} of {len(pictures)} pictures are stretched channel by channel by themselves")
    if own < len(pictures):
        report.open["R4"].append(
            f"{len(pictures) - own} pictures do not reach from 0 to 255 in each channel: what they were scaled by "
            "cannot be seen"
        )


def _stretched(picture: Picture) -> bool:
    low, high = picture.min(axis=(0, 1)), picture.max(axis=(0, 1))
    return bool((((low == 0) & (high == 255)) | ((low == 0) & (high == 0))).all())


def _blank(file: object, pictures: bool) -> bool:
    """Whether a picture shows nothing: clips that stand still look all alike, whoever is seen."""
    if not pictures:
        return False
    picture = cv2.imread(str(file), cv2.IMREAD_COLOR)
    return picture is not None and bool(picture.max() == picture.min())


def _file(listed: Listed, content: int) -> object:
    return next(item.file for item in listed.items if item.content == content)
