"""Finds the folds of a `norm_u_v_os` tree, by whomever it was made: ROOT/<fold>/u_train|u_test/<class>/<picture>.

HTNet and CausalNet take only names and classes from the folds, and the pictures from a pool beside them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2

from me_augment.errors import MeAugmentError
from me_augment.evaluation.audit.contents import Contents
from me_augment.evaluation.audit.listing import Items, Listed, Listing

_NAMES = ("norm_u_v_os", "three_norm_u_v_os", "datasets/three_norm_u_v_os")
_POOL = "STSNet_whole_norm_u_v_os"
_FURTHER = ("_1", "_2", "_3")
_PICTURES = (".png", ".jpg", ".jpeg", ".bmp")


def trees_below(folder: Path) -> list[Path]:
    """The folders of folds: those that projects call so, or `folder` itself; links to one another count once."""
    found: dict[str, Path] = {}
    for path in (*(folder / name for name in _NAMES), folder):
        if path.is_dir() and any((child / "u_train").is_dir() or (child / "u_test").is_dir() for child in _dirs(path)):
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def read_tree(tree: Path, held_out: Mapping[str, frozenset[str]]) -> Listed:
    """Every picture of every fold; a picture is known by its bytes, of which a tree has each some seventy times.

    Where the pool has other bytes under the same name, its picture stands in the fold too, and so do those that
    CausalNet takes from there: of clip `a .png` also `a_1 .png`, `a_2 .png` and `a_3 .png`.

    Args:
        tree: of folds.
        held_out: fold → persons, as far as a record beside the tree says.

    Raises:
        MeAugmentError: a file cannot be read.
    """
    contents = Contents()
    found: list[tuple[str, dict[str, list[tuple[str, str, int]]]]] = []
    try:
        for child in _dirs(tree):
            parts = {
                part: [
                    (entry.path[len(str(tree)) + 1 :], entry.name, contents.add(Path(entry.path), entry.stat()))
                    for entry in _pictures(child / part)
                ]
                for part in ("u_train", "u_test")
            }
            if any(parts.values()):
                found.append((child.name, parts))
        pool = {
            entry.name: (entry.path, contents.add(Path(entry.path), entry.stat()))
            for entry in _pictures(tree.parent / _POOL)
        }
    except OSError as error:
        raise MeAugmentError(f"{error.filename} cannot be read ({error.strerror}).") from error
    merged = contents.merged()
    clips = {base for _, parts in found for part in parts.values() for _, base, _ in part}
    items = Items()
    folds = []
    for name, parts in found:
        listing = Listing(name, held_out=held_out.get(name, frozenset()))
        for part, places in (("u_train", listing.train), ("u_test", listing.test)):
            for where, base, number in parts[part]:
                places.append((where, items.add(base, contents.files[number], merged[number])))
                path, other = pool.get(base, (where, number))
                if merged[other] != merged[number]:
                    said = f"{_POOL}/{base}, in place of {where}"
                    places.append((said, items.add(base, Path(path), merged[other])))
                for further in (f"{base.split(' ')[0]}{ending} .png" for ending in _FURTHER):
                    if further in pool and further not in clips:
                        path, other = pool[further]
                        said = f"{_POOL}/{further}, beside {where}"
                        places.append((said, items.add(base, Path(path), merged[other])))
        folds.append(listing)
    return Listed(items.listed, folds, pictures=True)


def _dirs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _pictures(part: Path) -> Iterator[os.DirEntry[str]]:
    """Those in the folders of classes, and those that lie beside them."""
    if not part.is_dir():
        return
    for entry in sorted(os.scandir(part), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _pictures(Path(entry.path))
            continue
        named = entry.name.lower().endswith(_PICTURES) and not entry.name.startswith(".")
        if named and not entry.is_file():  # a pipe would be waited for
            raise MeAugmentError(f"{entry.path} is a pipe, a device or a broken link and no picture: remove it.")
        # Loaders give cv2.imread every file of a folder, and it asks for no name.
        if named or (entry.is_file() and cv2.haveImageReader(entry.path)):
            yield entry
