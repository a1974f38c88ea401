"""The leakage audit: proves a training set clean by the rules of `report.RULES`, or names the file and the rule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from me_augment.errors import UsageError
from me_augment.evaluation.audit.coverage import count, judge_coverage
from me_augment.evaluation.audit.flow_tree import read_tree, trees_below
from me_augment.evaluation.audit.fold_lists import read_lists
from me_augment.evaluation.audit.folds import judge_folds
from me_augment.evaluation.audit.known import Names, identify, names_of_manifest
from me_augment.evaluation.audit.origin import Origin
from me_augment.evaluation.audit.pictures import judge_bytes, judge_pictures
from me_augment.evaluation.audit.readable import has_table, read_export, unfit
from me_augment.evaluation.audit.record import read_record
from me_augment.evaluation.audit.report import RULES, Leak, Report
from me_augment.evaluation.audit.rows import judge_rows, judge_table, judge_thresholds
from me_augment.manifest import Manifest

__all__ = ["RULES", "Leak", "Report", "audit"]

_STATISTICS = ("mean", "std", "scaler", "pca", "whiten", "normali", "stats", "weights")


def audit(folder: Path, against: Sequence[Path] = ()) -> Report:
    """Look for leaks; reads only.

    Args:
        folder: a run or manifest, a `norm_u_v_os` tree (by whomever) or an export of ours.
        against: manifests or runs that the folder was made from, or whose clips are ancestors of its own.

    Raises:
        UsageError: the folder is none of these, or what `against` names is no manifest.
        MeAugmentError: a file cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        why = "is a file" if folder.exists() else "does not exist"
        raise UsageError(f"{folder} {why}: give a manifest, a run, a norm_u_v_os tree or an export.")
    others = tuple(Manifest.open(path) for path in against)
    if (folder / "manifest.json").is_file() or (folder / "plan.parquet").is_file():
        return _audit_rows(Origin(Manifest.open(folder), others))
    origin = Origin(others[0], others[1:]) if others else None
    trees = trees_below(folder)
    tree = trees[0] if trees else None
    home = _home(folder, tree)
    table = read_export(home, origin)
    if tree is None and table is None:
        raise UsageError(unfit(folder))
    names = table.names if table is not None else names_of_manifest(origin) if origin else Names()
    record = read_record(home)
    if tree is not None:
        listed = read_tree(tree, record.held_out)
    else:
        listed = read_lists(folder, names, record.held_out, *(table.readers if table else ()))
    report = Report(str(folder), "flow tree" if tree is not None else record.format)
    for other in trees[1:]:
        report.missing.append(f"{other} is another tree of folds: remove it, or audit {trees[0]} and it one by one.")
    identify(listed, names)
    count(listed, report)
    if listed.folds:
        judge_folds(listed, report)
        judge_bytes(listed, report)
        if listed.pictures:
            judge_pictures(listed, report)
        else:
            report.open["R4"].append("how these files were scaled is not looked at; flow trees are")
            report.open["R9"].append("what these files show is not compared, so that a mirrored copy is not seen")
    if table is not None:
        judge_table(table.clips, table.file, origin, report)
        report.looked["R1"].append(f"forbidden_subjects of {len(table.rows)} rows of {table.file}")
        judge_coverage(listed, table.rows, table.names, record.held_out, report)
    synthetic = sum(bool(item.known and item.known.is_synthetic) for item in listed.items)
    if origin is not None:
        judge_thresholds(origin, report, synthetic)
    _look_for_statistics(home, report)
    report.open["R8"].append("no data set shows by which clips epochs were chosen: fix them, or use people who train")
    return report


def _home(folder: Path, tree: Path | None) -> Path:
    """Where the table lies: in the folder that was named, or beside the tree that it is."""
    beside = folder.resolve().parent
    return beside if tree == folder and not has_table(folder) and has_table(beside) else folder


def _audit_rows(origin: Origin) -> Report:
    manifest = origin.manifest
    folder = manifest.folder
    assert folder is not None
    report = Report(str(folder), "run" if (folder / "config.yaml").is_file() else "manifest")
    synthetic = sum(clip.is_synthetic for clip in origin.rows.values())
    report.counts = {
        "clips": len(origin.rows),
        "of them synthetic": synthetic,
        "persons": len({clip.person_id for clip in origin.rows.values() if not clip.is_synthetic}),
    }
    judge_rows(origin, report)
    report.open["R4"].append("clips are stored as they are: what is fitted to them comes later")
    report.open["R8"].append("no data set shows by which clips epochs were chosen: fix them, or use people who train")
    return report


def _look_for_statistics(folder: Path, report: Report) -> None:
    """Files that look as if something had been fitted: of whom, they do not say."""
    found = sorted(
        path.name
        for path in folder.iterdir()
        if path.suffix in (".npy", ".npz", ".json", ".pkl", ".joblib", ".csv")
        and any(word in path.stem.casefold() for word in _STATISTICS)
    )
    for name in found:
        report.open["R4"].append(f"{name} may hold figures fitted on clips, and nothing says on whose")
