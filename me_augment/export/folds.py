"""Which folds an export has: `--folds` as a protocol of `manifest.splits`, and what the folds are called on disk."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from me_augment.errors import UsageError
from me_augment.export.names import safe
from me_augment.manifest import Clip, splits
from me_augment.manifest.columns import to_table
from me_augment.manifest.splits import PROTOCOLS, Fold, Protocol, protocol_named


def parsed_folds(folds: str | int) -> Protocol | None:
    """The protocol meant by `loso`, `corpus`, a number of groups of persons, or `none` (None).

    Raises:
        UsageError: it is none of them.
    """
    if folds == "none":
        return None
    if folds in ("loso", "corpus"):
        return PROTOCOLS[str(folds)]
    if str(folds).isdecimal() and int(folds) >= 2:
        return protocol_named("k-fold", k=int(folds))
    raise UsageError(f"--folds is {str(folds)!r}: give loso, corpus, none, or a number of groups of at least 2.")


def folds_of(
    clips: Sequence[Clip], names: Mapping[str, str], protocol: Protocol | None, labels: str
) -> dict[str, Fold]:
    """Fold name → fold, whose masks are over `clips`; see `splits.folds_of`.

    Args:
        clips: real and synthetic.
        names: person id → name of the fold that holds out that person alone, different for everybody with a real clip;
            groups are `fold1`, `fold2`, …, and corpora `fold1_casme2`, ….
        protocol: of `parsed_folds`.
        labels: the label set by whose classes groups are balanced.

    Raises:
        UsageError: more groups than persons, or fewer corpora than two.
    """
    if protocol is None:
        return {}
    found = list(splits.folds_of(to_table(Clip, clips), protocol, labels=labels))
    if protocol.leaves_out == "person":
        return {names[fold.name]: fold for fold in sorted(found, key=lambda fold: names[fold.name])}
    width = len(str(len(found)))
    return {
        f"fold{place:0{width}d}" + (f"_{safe(fold.name)}" if protocol.leaves_out == "corpus" else ""): fold
        for place, fold in enumerate(found, 1)
    }
