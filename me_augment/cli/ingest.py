"""`me-augment ingest`: a corpus folder → a manifest."""

from __future__ import annotations

from pathlib import Path

import click

from me_augment.cli.detector_options import detector_options


@click.command()
@click.argument("corpus")
@click.argument("root", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder of the manifest.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Label file, if not the one found below ROOT.")
@click.option("--tree", help="Which frames to take where ROOT holds several: raw or cropped.")
@click.option("--corrections", help="Known mistakes of the label file to mend: none, safe or all.  [default: safe]")
@click.option("--licence", help="Terms of the frames, where they are others than CORPUS' own.")
@click.option("--landmarks/--no-landmarks", default=True, show_default=True, help="Find the face in each onset frame.")
@detector_options
@click.option("--overwrite", is_flag=True, help="Replace the manifest that is in --out.")
def command(
    corpus: str,
    root: Path,
    out: Path,
    sheet: Path | None,
    tree: str | None,
    corrections: str | None,
    licence: str | None,
    landmarks: bool,
    landmarks_backend: str,
    landmark_weights: Path | None,
    landmarks_device: str | None,
    overwrite: bool,
) -> None:
    """Read CORPUS, as its authors ship it, below ROOT and write a manifest.

    Nothing below ROOT is changed. CORPUS is casme2, or faces for a folder of face images to be used as targets.

    \b
    Example:
      me-augment ingest casme2 /data/CASME2 --out work/manifest
    """
    from me_augment.cli.progress import progress
    from me_augment.corpora import read_corpus
    from me_augment.manifest.store import require_free
    from me_augment.manifest.validate import require_sound

    require_free(out, overwrite=overwrite)
    detector = None
    if landmarks:  # before the corpus is read, so that a missing backend is known at once
        from me_augment.face import create_detector

        detector = create_detector(landmarks_backend, device=landmarks_device, weights=landmark_weights)
    ingested = read_corpus(corpus, root, sheet=sheet, tree=tree, corrections=corrections, licence=licence)
    manifest = ingested.manifest
    if detector is not None:
        from me_augment.face.annotate import annotate

        with progress("Finding faces", len(manifest.clips)) as advance:
            manifest = annotate(manifest, detector, lambda *_: advance())
    manifest = require_sound(manifest).write(out, overwrite=overwrite)

    for key, value in ingested.manifest.provenance.items():
        click.echo(f"{key}: {value}")
    for warning in ingested.warnings:
        click.echo(f"warning: {warning}", err=True)
    faceless = [clip for clip in manifest.clips if any(issue.code == "no-face" for issue in clip.issues)]
    if faceless:
        click.echo(f"warning: no face was found in {len(faceless)} clips, e.g. {faceless[0].name}.", err=True)
    turned = [clip for clip in manifest.clips if any(issue.code == "pose" for issue in clip.issues)]
    if turned:
        detail = next(issue.detail for issue in turned[0].issues if issue.code == "pose")
        click.echo(f"warning: the head is turned far in {len(turned)} clips, e.g. {turned[0].name}: {detail}", err=True)
    persons = len({clip.person_id for clip in manifest.clips})
    click.echo(f"{len(manifest.clips)} clips of {persons} people → {out}")
