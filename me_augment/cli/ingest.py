"""`me-augment ingest`: corpus folders → a manifest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from me_augment.cli.choice import Choice
from me_augment.cli.detector_options import detector_options
from me_augment.cli.joining import joining_options
from me_augment.cli.saying import say
from me_augment.errors import UsageError
from me_augment.words import count

if TYPE_CHECKING:
    from me_augment.manifest import Manifest

_FILE = click.Path(path_type=Path)
# These are about one corpus.
_ONE_ONLY = ("sheet", "tree", "licence")


@click.command()
@click.argument("corpus")
@click.argument("root", type=click.Path(path_type=Path))
@click.argument("more", nargs=-1, metavar="[CORPUS ROOT]...")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the manifest.")
@click.option("--sheet", type=_FILE, help="Label file, if not the one found below ROOT.")
@click.option("--tree", help="Which frames to take where ROOT holds several: raw or cropped.")
@click.option("--corrections", help="Known mistakes of the label file to mend: none, safe or all.  [default: safe]")
@click.option("--events", help="Which events to take, where CORPUS has several kinds.")
@click.option("--columns", type=_FILE, help="YAML file that says what the columns of your own table are.")
@click.option("--samm-sheet", type=_FILE, help="Label file of SAMM, for the emotions of its long videos.")
@click.option("--never-show", type=_FILE, help="List of the subjects that must never be shown.")
@click.option("--licence", help="Terms of the frames, where they are others than CORPUS' own.")
@click.option("--apex", type=Choice(["middle", "flow"]), help="How to estimate apexes that are not labelled.")
@joining_options
@click.option("--landmarks/--no-landmarks", default=True, show_default=True, help="Find the face in each onset frame.")
@detector_options
@click.option("--overwrite", is_flag=True, help="Replace the manifest that is in --out.")
def command(
    corpus: str,
    root: Path,
    more: tuple[str, ...],
    out: Path,
    licence: str | None,
    apex: str | None,
    megc2019: Path | None,
    person_map: Path | None,
    landmarks: bool,
    landmarks_backend: str,
    landmark_weights: Path | None,
    landmarks_device: str | None,
    overwrite: bool,
    **options: Any,
) -> None:
    """Read CORPUS, as its authors ship it, below ROOT and write a manifest.

    Nothing below ROOT is changed. `me-augment corpora` lists what CORPUS can be; auto finds out by itself, and faces is
    a folder of face images to be used as targets. Several pairs of CORPUS and ROOT give one manifest.

    \b
    Examples:
      me-augment ingest casme2 /data/CASME2 --out work/manifest
      me-augment ingest auto /data/CASME2 --out work/manifest --no-landmarks
    """
    from me_augment.cli.joining import Joining, say_written
    from me_augment.manifest.store import require_free
    from me_augment.manifest.validate import require_sound

    require_free(out, overwrite=overwrite)
    pairs = _pairs(corpus, root, more)
    joining = Joining.read(megc2019, person_map)
    detector = None
    if landmarks:  # before the corpus is read, so that a missing backend is known at once
        from me_augment.face import create_detector

        detector = create_detector(landmarks_backend, device=landmarks_device, weights=landmark_weights)
    manifest = joining.join(_read(pairs, licence, {key: value for key, value in options.items() if value is not None}))
    if detector is not None:
        from me_augment.cli.progress import progress
        from me_augment.face.annotate import annotate

        with progress("Finding faces", len(manifest.clips)) as advance:
            manifest = annotate(manifest, detector, lambda *_: advance())
    if apex is not None:
        manifest = _with_apexes(manifest, apex)
    manifest = require_sound(manifest).write(out, overwrite=overwrite)
    _report(manifest)
    say_written(manifest, out)


def _pairs(corpus: str, root: Path, more: Sequence[str]) -> list[tuple[str, Path]]:
    if len(more) % 2:
        raise UsageError(f"{more[-1]!r} stands alone: corpora and their folders are given in pairs, CORPUS ROOT.")
    return [(corpus, root), *((name, Path(folder)) for name, folder in zip(more[::2], more[1::2], strict=True))]


def _read(pairs: Sequence[tuple[str, Path]], licence: str | None, options: Mapping[str, Any]) -> list[Manifest]:
    from me_augment.corpora import corpus_of, options_of, read_corpus

    given = {**options, **({} if licence is None else {"licence": licence})}
    if len(pairs) > 1 and (single := [f"--{name}" for name in _ONE_ONLY if name in given]):
        raise UsageError(f"{' and '.join(single)} is about one corpus: ingest that one by itself, then merge.")
    named = [(_recognised(root) if name.casefold() == "auto" else name, root) for name, root in pairs]
    has = {name: options_of(corpus_of(name)) for name, _ in named}
    if len(pairs) > 1 and (nobodys := sorted(set(options) - {key for keys in has.values() for key in keys})):
        flags = ", ".join(f"--{key.replace('_', '-')}" for key in nobodys)
        raise UsageError(f"none of {', '.join(has)} has an option {flags}.")
    manifests = []
    for name, root in named:
        # Of several corpora each is given what it has; one alone is told what it has not.
        own = {key: value for key, value in options.items() if len(pairs) == 1 or key in has[name]}
        ingested = read_corpus(name, root, licence=licence, **own)
        for key, value in ingested.manifest.provenance.items():
            say(f"{key}: {value}")
        for warning in ingested.warnings:
            say(f"warning: {warning}", err=True)
        manifests.append(ingested.manifest)
    return manifests


def _recognised(root: Path) -> str:
    from me_augment.corpora.recognise import ANY, recognise
    from me_augment.corpora.tree import require_folder

    found = recognise(require_folder(root, ANY))
    say(f"{root} is {found.corpus.title} ({found.corpus.name}): it has {found.why}")
    return found.corpus.name


def _with_apexes(manifest: Manifest, method: str) -> Manifest:
    from me_augment.cli.progress import progress
    from me_augment.generation.apex import estimated_apexes

    with progress("Estimating apexes", len(manifest.clips)) as advance:
        return estimated_apexes(manifest, method, lambda *_: advance())


def _report(manifest: Manifest) -> None:
    """What landmarks and apexes came to."""
    noted = {
        code: [clip for clip in manifest.clips if any(issue.code == code for issue in clip.issues)]
        for code in ("no-face", "pose", "apex-estimated")
    }
    if clips := noted["no-face"]:
        say(f"warning: no face was found in {count(len(clips), 'clip')}, e.g. {clips[0].name}.", err=True)
    if clips := noted["pose"]:
        detail = next(issue.detail for issue in clips[0].issues if issue.code == "pose")
        say(f"warning: the head is turned far in {count(len(clips), 'clip')}, e.g. {clips[0].name}: {detail}", err=True)
    if clips := noted["apex-estimated"]:
        say(f"{len(clips)} apexes were estimated and are marked so (apex_estimated).")
