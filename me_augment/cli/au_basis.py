"""`me-augment au-basis`: a labelled manifest → the mean motion of each of its action units."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.saying import say
from me_augment.errors import UsageError
from me_augment.words import count


@click.command()
@click.argument("manifest", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File of the basis, .npz.")
@click.option("--min-clips", default=3, show_default=True, help="Units in fewer clips get no motion of their own.")
@click.option("--exclude", multiple=True, help="Person whose clips are not used, such as sub01; may be repeated.")
@click.option("--root", type=click.Path(path_type=Path), help="Where the corpus lies now, if it moved.")
@click.option("--overwrite", is_flag=True, help="Replace the file --out.")
def command(
    manifest: Path, out: Path, min_clips: int, exclude: tuple[str, ...], root: Path | None, overwrite: bool
) -> None:
    """Estimate from the labelled clips of MANIFEST how skin moves under each action unit.

    `animate --action-units` and `synthesize --action-units` use the file, given as --action-units-basis, in place of
    the built-in table. Everyone whose clips went into it becomes a forbidden subject of every clip made with it: to
    train a fold with such clips, make a basis without the person held out (--exclude).

    \b
    Example:
      me-augment au-basis work/manifest --out work/basis.npz
    """
    if out.suffix != ".npz":
        raise UsageError(f"--out is {out}: give a name ending in .npz.")
    if out.exists() and (out.is_dir() or not overwrite):
        raise UsageError(f"{out} exists: pass --overwrite to replace it, or name another --out.")
    if min_clips < 1:
        raise UsageError(f"--min-clips is {min_clips}; it must be at least 1.")

    from me_augment.cli.progress import progress
    from me_augment.generation import action_units, au_basis
    from me_augment.manifest import Manifest
    from me_augment.manifest.folds import may_train, resolve_person
    from me_augment.synthesis.au_samples import read_samples, usable_for_basis
    from me_augment.versions import installed

    source = Manifest.open(manifest, root)
    clips, unusable = usable_for_basis(source)
    held_out = {resolve_person(source.clips, name) for name in exclude}
    clips = [clip for clip in clips if all(may_train(clip, person) for person in held_out)]
    samples = []
    with progress("Measuring", len(clips)) as advance:
        for result in read_samples(source, clips):
            if isinstance(result, au_basis.Sample):
                samples.append(result)
            else:
                unusable.append(result)
            advance()
    for clip in unusable[:5]:
        say(f"left out: {clip.name}: {clip.reason}", err=True)
    if len(unusable) > 5:
        say(f"left out: {len(unusable) - 5} more", err=True)
    basis = au_basis.estimate_basis(
        samples,
        source=source.fingerprint,
        licence=source.licence,
        min_clips=min_clips,
        made_by={"me-augment": installed("me-augment"), "action-units": action_units.VERSION},
    )
    basis.write(out)
    for unit, on in basis.counts.items():
        say(f"AU {unit:2}  {count(on.clips, 'clip')} of {count(on.persons, 'person', 'people')}")
    say(f"{count(len(samples), 'clip')} of {count(len(basis.person_ids), 'person', 'people')} → {out}")
