"""`me-augment demo`: everything once, on a corpus that it invents."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click

from me_augment.cli.saying import say
from me_augment.errors import UsageError


@click.command()
@click.option("--out", default="demo-out", show_default=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--overwrite", is_flag=True, help="Replace an earlier demo in --out.")
@click.option("--corpus-only", is_flag=True, help="Only invent the corpus: --out becomes its folder.")
@click.option(
    "--hard",
    is_flag=True,
    help="With --corpus-only: faint, ambiguous, uneven expressions of many people, to measure what recognisers gain.",
)
@click.option(
    "--long",
    is_flag=True,
    help="With --corpus-only: long videos to spot expressions in, shaped like CAS(ME)^2; --clips of each person.",
)
@click.option(
    "--people",
    type=click.IntRange(2, 500),
    default=6,
    show_default=True,
    help="People in the corpus, at most 6 unless --hard.",
)
@click.option(
    "--clips",
    type=click.IntRange(1, 20),
    default=4,
    show_default=True,
    help="Clips of each of them.",
)
def command(out: Path, overwrite: bool, corpus_only: bool, hard: bool, long: bool, people: int, clips: int) -> None:
    """Invent a small corpus, ingest it, synthesize, export, and open the Dataset. Offline, in about two minutes.

    The faces are derived from one public-domain portrait, the labels are invented, and what truly moves is known.

    \b
    Examples:
      me-augment demo
      me-augment demo --corpus-only --hard --people 20 --out work/hard
    """
    if people > 6 and not hard:
        raise UsageError(f"--people is {people}: the plain demo has 6; --hard invents as many as you like.")
    if corpus_only:
        _only_corpus(out, people, clips, hard=hard, long=long, overwrite=overwrite)
        return
    if hard or long:
        raise UsageError("--hard and --long go with --corpus-only.")

    from me_augment.cli.progress import progress
    from me_augment.cli.working import Working, work_and_report
    from me_augment.demo import run as demo
    from me_augment.synthesis.run import begin
    from me_augment.words import count

    folders = demo.clear_for(out, overwrite=overwrite)
    say("1. Inventing a CASME II-shaped corpus")
    demo.make_corpus(folders, people, clips)
    say(f"   → {folders.corpus}")

    say("2. me-augment ingest casme2")
    manifest = demo.ingest(folders)
    emotions = Counter(clip.emotion for clip in manifest.clips)
    persons = len({clip.person_id for clip in manifest.clips})
    of = f"{count(len(manifest.clips), 'clip')} of {count(persons, 'person', 'people')}"
    say(f"   {of}: " + _counts(emotions))
    say(f"   → {folders.manifest}")

    say("3. me-augment synthesize --per-driver 2 --strength 0.9:1.1")
    prepared = demo.plan(folders)
    begin(prepared, folders.run)
    work_and_report(folders.run, Working())
    say("   made: " + _counts(Counter(row.emotion for row in prepared.plan)))

    say("4. me-augment export --format norm-uv-os")
    with progress("Computing flow", len(manifest.clips) + len(prepared.plan)) as advance:
        lines = demo.export_tree(folders, lambda *_: advance())
    for line in lines:
        say(f"   {line}")
    say(f"   → {folders.export}")

    say("5. me_augment.MicroExpressionDataset")
    for line in demo.describe_dataset(folders):
        say(f"   {line}")

    say("6. me-augment report")
    demo.report(folders)
    say(f"   → {folders.report}")

    demo.draw_sheet(folders)
    say()
    say(f"Open {folders.report} in a browser: what was made, how good it is, and clips to play.")
    say(f"Look at {folders.sheet}: each driver, and below it another face performing its expression.")
    say(f"The clips are described by {folders.run / 'clips.parquet'}; start reading at {folders.run / 'README.md'}.")


def _only_corpus(out: Path, people: int, clips: int, *, hard: bool, long: bool, overwrite: bool) -> None:
    from me_augment.cli.progress import progress
    from me_augment.demo.corpus import write_demo_corpus, write_hard_corpus
    from me_augment.staging import staged

    if overwrite:
        raise UsageError("--overwrite does not go with --corpus-only: name another --out.")
    if hard and long:
        raise UsageError("--hard and --long are two corpora: give one of them.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):  # before a minute's work
        raise UsageError(f"{out} exists and is not an empty folder: name another --out, or empty it.")
    if long:
        _long_videos(out, people, clips)
        return
    write = write_hard_corpus if hard else write_demo_corpus
    with staged(out) as folder, progress("Inventing clips", people * clips) as advance:
        made = write(folder, people, clips, lambda _, total: advance(total=total))
    say(f"{len(made)} invented clips of {people} people, shaped like CASME II → {out / 'CASME2'}")


def _long_videos(out: Path, people: int, videos: int) -> None:
    from tempfile import TemporaryDirectory

    from me_augment.cli.progress import progress
    from me_augment.demo.faces import subjects
    from me_augment.demo.long_videos import write_long_videos
    from me_augment.export import export

    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        with progress("Inventing videos", people * videos) as advance:
            made = write_long_videos(
                Path(scratch),
                subjects()[:people],
                videos=videos,
                seconds=10,
                micro=3,
                macro=2,
                progress=lambda *_: advance(),
            )
        with progress("Writing them", people * videos) as advance:
            export(made, "spotting", out, shape="casme-sq", progress=lambda _, total: advance(total=total))
    say(
        f"{len(made.recordings)} invented videos of {people} people with {len(made.clips)} expressions, shaped like "
        f"CAS(ME)^2 → {out}"
    )


def _counts(counter: Counter[str | None]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counter.items(), key=str))
