"""Measures what a plan of a million clips costs: planning, resuming, opening the run's manifest, choosing a fold.

    python benchmarks/plan_scale.py [--drivers 1000] [--per-driver 1000] [--faces 1500]

The manifests are invented: rows as `ingest` writes them, with no frames behind them, so that nothing but the
bookkeeping is measured. Every step runs in a process of its own; the memory told is the most that this process ever
had in memory (resident set size), the libraries that it imports included, which is told too. Everything lies in a
temporary folder and goes away with it.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from me_augment.manifest import Clip, Manifest, Recording
from me_augment.manifest.columns import arrow_schema, to_table
from me_augment.manifest.ids import content_id, digest
from me_augment.manifest.sequence import Rows
from me_augment.manifest.store import ManifestWriter

_WORDS = {"happiness": "positive", "surprise": "surprise", "disgust": "negative", "repression": "negative"}
_CLIPS_OF_A_PERSON = 10
_TEMPO = (0.5, 2.0)


def main() -> None:
    """Print the figures of each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--drivers", type=int, default=1000)
    parser.add_argument("--per-driver", type=int, default=1000)
    parser.add_argument("--faces", type=int, default=1500)
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step is not None:
        before = _peak()
        STEPS[arguments.step](arguments)
        print(f"    peak memory {_peak():.0f} MB, of which {before:.0f} MB before it began")
        return
    clips = arguments.drivers * arguments.per_driver
    print(f"{arguments.drivers} drivers, {arguments.faces} faces, {clips} clips planned; {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for step in STEPS:
            print(step, flush=True)
            again = [sys.executable, __file__, *sys.argv[1:], "--step", step, "--folder", folder]
            subprocess.run(again, check=True)


def inputs(arguments: argparse.Namespace) -> None:
    """The drivers' and the faces' manifests."""
    rng = np.random.default_rng(0)
    for name, corpus, count, size in (
        ("drivers", "casme2", arguments.drivers, _CLIPS_OF_A_PERSON),
        ("faces", "faces", arguments.faces, 1),
    ):
        clips, recordings = [], []
        for number in range(count):
            subject = f"sub{number // size:04d}"
            recordings.append(_recording(corpus, subject, number))
            points = tuple(rng.uniform(0, 256, 136).astype(np.float32).tolist())
            clips.append(_clip(recordings[-1], number, points, neutral=size == 1))
        roots = {corpus: arguments.folder / corpus}
        roots[corpus].mkdir(parents=True)  # an empty one: that it is there is asked, what it holds is not
        manifest = Manifest(recordings=recordings, clips=clips, corpus=corpus, roots=roots, licence="none")
        manifest.write(arguments.folder / name)


def plan(arguments: argparse.Namespace, name: str = "plan", tempo: tuple[float, float] = (1.0, 1.0)) -> None:
    """Open the manifests, draw the pairs, write the rows."""
    from me_augment.synthesis.plan_file import write_plan
    from me_augment.synthesis.prepare import prepare
    from me_augment.synthesis.sources import open_sources

    with told("planned"):
        sources = open_sources(arguments.folder / "drivers", arguments.folder / "faces", None)
        prepared = prepare(sources, per_driver=arguments.per_driver, strength=(0.8, 1.2), tempo=tempo)
    with told("written"):
        file = write_plan(arguments.folder / f"{name}.parquet", prepared.plan, prepared.settings.digest)
    size = file.path.stat().st_size / 1e6
    print(f"    {file.rows} rows in {file.shards} shards of up to {prepared.plan.clips_per_shard}, {size:.0f} MB")


def plan_with_tempo(arguments: argparse.Namespace) -> None:
    """The same where every row lists the times of its frames."""
    plan(arguments, "tempo", tempo=_TEMPO)


def resume(arguments: argparse.Namespace, name: str = "plan") -> None:
    """What a run that goes on has to know of its plan."""
    from me_augment.synthesis.plan_file import PlanFile

    with told("opened, and every shard's digest taken"):
        file = PlanFile.open(arguments.folder / f"{name}.parquet")
        digests = file.digests()
    with told("nine shards of ten skipped, the others read"):
        read = sum(len(shard.rows) for shard in file.read_shards({number for number in digests if number % 10}))
    print(f"    {len(digests)} digests, {read} rows read")


def shards(arguments: argparse.Namespace) -> None:
    """Folders as a run leaves them: a file of a byte for each clip, and each shard's record."""
    from me_augment.synthesis.plan_file import PlanFile
    from me_augment.synthesis.records import Record, folder_of, write_record

    run = arguments.folder / "made"
    (run / "completions").mkdir(parents=True)
    with told("files invented and written"):
        for shard in PlanFile.open(arguments.folder / "plan.parquet").read_shards():
            folder = folder_of(run, shard.number)
            folder.mkdir(parents=True)
            names = [*(f"{row.clip_id}.mkv" for row in shard.rows), "clips.parquet", "recordings.parquet"]
            for name in names:
                (folder / name).write_bytes(b"-")
            count = len(shard.rows)
            hashes = dict.fromkeys(names, digest("some file"))
            write_record(run, Record(shard.number, shard.digest, count, 0, 0, count, dict.fromkeys(names, 1), hashes))


def scan(arguments: argparse.Namespace) -> None:
    """What a run that goes on has to know: which shards are complete, with every file in full size."""
    from me_augment.synthesis.plan_file import PlanFile
    from me_augment.synthesis.records import read_records

    with told("plan opened, and every shard looked at"):
        plan = PlanFile.open(arguments.folder / "plan.parquet")
        clips = sum(record.clips for record in read_records(arguments.folder / "made", plan.digests()))
    print(f"    {clips} clips are there")


def resume_with_tempo(arguments: argparse.Namespace) -> None:
    """The same where every row lists the times of its frames."""
    resume(arguments, "tempo")


def finish(arguments: argparse.Namespace) -> None:
    """The run's manifest, written in pieces of one row group of the plan."""
    from me_augment.synthesis.plan_file import PlanFile

    real = Manifest.open(arguments.folder / "drivers")
    rows = iter(PlanFile.open(arguments.folder / "plan.parquet"))
    folder = arguments.folder / "run"
    folder.mkdir()
    with (
        told("rows invented and written"),
        ManifestWriter(folder, corpus="run", roots={"": Path(), **real.roots}, licence="none") as writer,
    ):
        writer.add(real.recordings, real.clips)
        while some := list(islice(rows, 1 << 14)):
            ids = [content_id("rec", row.clip_id) for row in some]
            writer.add(
                _repeated(
                    Recording,
                    _recording("synthetic", "sub0000", 0),
                    len(some),
                    recording_id=ids,
                    path=[f"shards/shard-{row.shard:05d}/{row.clip_id}.mkv" for row in some],
                    person_id=[row.target_person_id for row in some],
                ),
                _repeated(
                    Clip,
                    _clip(_recording("synthetic", "sub0000", 0), 0, real.clips[0].landmarks or (), neutral=False),
                    len(some),
                    clip_id=[row.clip_id for row in some],
                    recording_id=ids,
                    person_id=[row.target_person_id for row in some],
                    driver_clip_id=[row.driver_clip_id for row in some],
                    target_clip_id=[row.target_clip_id for row in some],
                    driver_person_id=[row.driver_person_id for row in some],
                    target_person_id=[row.target_person_id for row in some],
                    forbidden_subjects=[(row.driver_person_id, row.target_person_id) for row in some],
                    emotion=[row.emotion for row in some],
                    label_megc3=[_WORDS[row.emotion or ""] for row in some],
                    is_synthetic=[True] * len(some),
                ),
            )
    print(f"    {sum(file.stat().st_size for file in folder.iterdir()) / 1e6:.0f} MB")


def opened(arguments: argparse.Namespace) -> None:
    """The run's manifest opened, and some rows made."""
    with told("opened, and its fingerprint checked"):
        run = Manifest.open(arguments.folder / "run")
    places = np.random.default_rng(1).integers(0, len(run.clips), 1000).tolist()
    with told("recordings sorted by id"):
        recording_of = run.recording_of
        recording_of[run.recordings[0].recording_id]
    with told("1000 clips made, and their recordings found"):
        for place in places:
            recording_of[run.clips[place].recording_id or ""]
    assert isinstance(run.recordings, Rows)
    tables = (run.clip_table.nbytes + run.recordings.table.nbytes) / 1e6
    print(f"    {len(run.clips)} clips; the tables hold {tables:.0f} MB")


def fold(arguments: argparse.Namespace) -> None:
    """One fold chosen."""
    from me_augment.dataset import MicroExpressionDataset
    from me_augment.manifest.folds import training_mask

    run = Manifest.open(arguments.folder / "run")
    person = run.clips[0].person_id
    for chosen in (person, person):
        with told("mask of the fold"):
            mask = training_mask(run.clip_table, chosen)
    with told("MicroExpressionDataset of the fold"):
        dataset = MicroExpressionDataset(run, fold=person, split="train", size=128)
    print(
        f"    {sum(mask.to_numpy(zero_copy_only=False))} of {len(run.clips)} may train, {len(dataset)} of them usable"
    )


STEPS: dict[str, Callable[[argparse.Namespace], None]] = {
    step.__name__: step
    for step in (inputs, plan, plan_with_tempo, resume, resume_with_tempo, shards, scan, finish, opened, fold)
}


@contextmanager
def told(what: str) -> Iterator[None]:
    """Print how long a block took, and how long its processors worked, which others at work do not change much."""
    started, used = time.perf_counter(), time.process_time()
    yield
    took, used = time.perf_counter() - started, time.process_time() - used
    print(f"    {took:7.2f} s ({used:.2f} s of processor)  {what}", flush=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _recording(corpus: str, subject: str, number: int) -> Recording:
    path = f"{subject}/EP{number:05d}"
    return Recording(
        recording_id=content_id("rec", corpus, path),
        corpus=corpus,
        root="" if corpus == "synthetic" else corpus,
        path=path,
        storage="frames",
        frame_pattern="img{n}.jpg",
        first_number=1,
        last_number=60,
        n_frames=60,
        fps_num=200,
        fps_den=1,
        height=256,
        width=256,
        gray=False,
        bit_depth=8,
        subject=subject,
        person_id=f"{corpus}:{subject}",
    )


def _clip(recording: Recording, number: int, points: tuple[float, ...], *, neutral: bool) -> Clip:
    frames = 20 + number % 40
    word = list(_WORDS)[number % len(_WORDS)]
    return Clip(
        clip_id=content_id("clip", recording.recording_id),
        name=recording.path,
        corpus=recording.corpus,
        recording_id=recording.recording_id,
        subject=recording.subject,
        person_id=recording.person_id,
        onset_index=0,
        apex_index=frames // 3,
        offset_index=frames - 1,
        expression="neutral" if neutral else "micro",
        emotion=None if neutral else word,
        label_megc3=None if neutral else _WORDS[word],
        licence="none",
        landmarks=points,
        content_sha256=digest(recording.recording_id),
        forbidden_subjects=(recording.person_id,),
    )


def _repeated(kind: type, row: object, count: int, **columns: Sequence[object]) -> pa.Table:
    """A table of equal rows but for some columns."""
    table = to_table(kind, [row]).take(pa.array(np.zeros(count, np.int64)))
    schema = arrow_schema(kind)
    for name, values in columns.items():
        place = schema.get_field_index(name)
        table = table.set_column(place, schema.field(place), pa.array(values, schema.field(place).type))
    return table


if __name__ == "__main__":
    main()
