"""The manifest folder: round trip, refusal of what is damaged, paths that stay inside."""

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rows import clip, manifest, recording

from me_augment.errors import MeAugmentError, UsageError
from me_augment.manifest import Clip, Issue, Manifest, store
from me_augment.manifest.au import parse_aus
from me_augment.manifest.columns import to_table
from me_augment.manifest.store import ManifestWriter


def test_what_is_written_is_read_back(tmp_path):
    units = parse_aus("4+L10").units
    whole = manifest(
        clips=(clip(aus=units, issues=(Issue(code="x", detail="y"),), landmarks=tuple(map(float, range(136)))),)
    )
    written = whole.write(tmp_path / "m")
    assert Manifest.open(tmp_path / "m") == written
    assert Manifest.open(tmp_path / "m").clips == whole.clips


def test_pandas_opens_the_tables(tmp_path):
    manifest().write(tmp_path / "m")
    frame = manifest().to_pandas()
    assert pq.read_table(tmp_path / "m" / "clips.parquet").to_pandas().equals(frame)
    assert frame.loc[0, "emotion"] == "surprise"


def test_equal_manifests_give_equal_bytes(tmp_path):
    for name in ("a", "b"):
        manifest().write(tmp_path / name)
    for file in ("manifest.json", "clips.parquet", "recordings.parquet"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_an_occupied_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "precious.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        manifest().write(tmp_path / "m", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert (tmp_path / "m" / "precious.txt").read_text() == "mine"


def test_a_manifest_is_replaced_only_on_request(tmp_path):
    manifest().write(tmp_path / "m")
    with pytest.raises(UsageError, match="--overwrite"):
        manifest(corpus="other").write(tmp_path / "m")
    manifest(corpus="other").write(tmp_path / "m", overwrite=True)
    assert Manifest.open(tmp_path / "m").corpus == "other"


def test_an_unwritable_place_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MeAugmentError, match="cannot write"):
        manifest().write(tmp_path / "file" / "m")


def _edit(file: Path, **changes: object) -> None:
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "no manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "manifest.json").write_text('{"format_version": 1}'), "damaged"),
        (lambda folder: (folder / "manifest.json").write_bytes(b"\xff\xfe"), "damaged"),
        (lambda folder: _edit(folder / "manifest.json", format_version=99), "format version 99"),
        (lambda folder: (folder / "clips.parquet").write_bytes(b"junk"), "cannot be read as Parquet"),
        (
            lambda folder: pq.write_table(
                pq.read_table(folder / "clips.parquet").drop_columns(["emotion"]), folder / "clips.parquet"
            ),
            "missing \\['emotion'\\]",
        ),
        (
            lambda folder: pq.write_table(
                pq.read_table(folder / "clips.parquet").slice(0, 0), folder / "clips.parquet"
            ),
            "do not match manifest.json",
        ),
    ],
)
def test_damage_is_named(tmp_path, damage, message):
    manifest().write(tmp_path / "m")
    damage(tmp_path / "m")
    with pytest.raises(UsageError, match=message):
        Manifest.open(tmp_path / "m")


def test_an_unfinished_run_says_how_to_finish_it(tmp_path):
    (tmp_path / "plan.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match="not finished"):
        Manifest.open(tmp_path)


def test_paths_stay_below_their_root(tmp_path):
    (tmp_path / "corpus").mkdir()
    inside, outside = recording(path="a/b"), recording(path="../elsewhere")
    whole = replace(manifest(), roots={"": Path(), "casme2": tmp_path / "corpus"})
    assert whole.path_of(inside) == (tmp_path / "corpus" / "a" / "b").resolve()
    with pytest.raises(UsageError, match="leads out"):
        whole.path_of(outside)


def test_a_moved_corpus_is_found_again(tmp_path):
    manifest().write(tmp_path / "m")
    (tmp_path / "new").mkdir()
    opened = Manifest.open(tmp_path / "m")
    with pytest.raises(UsageError, match="--root"):
        opened.path_of(opened.recordings[0])
    moved = Manifest.open(tmp_path / "m", root=tmp_path / "new")
    assert moved.path_of(moved.recordings[0]).is_relative_to((tmp_path / "new").resolve())


def test_a_folder_that_only_resembles_a_manifest_is_never_replaced(tmp_path):
    (tmp_path / "ext" / "src").mkdir(parents=True)
    (tmp_path / "ext" / "manifest.json").write_text("{}")
    (tmp_path / "ext" / "src" / "code.js").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        manifest().write(tmp_path / "ext", overwrite=True)
    assert (tmp_path / "ext" / "src" / "code.js").read_text() == "mine"


def test_an_empty_folder_is_filled_and_not_replaced(tmp_path):
    """It may be a mount point."""
    (tmp_path / "m").mkdir()
    before = (tmp_path / "m").stat().st_ino
    manifest().write(tmp_path / "m")
    assert (tmp_path / "m").stat().st_ino == before
    assert sorted(p.name for p in (tmp_path / "m").iterdir()) == [
        "clips.parquet",
        "manifest.json",
        "recordings.parquet",
    ]


def test_root_moves_one_corpus_and_refuses_to_guess_among_several(tmp_path):
    two = manifest(roots={"": Path(), "casme2": Path("/a"), "faces": Path("/b")})
    two.write(tmp_path / "m")
    with pytest.raises(UsageError, match="--root can move one only"):
        Manifest.open(tmp_path / "m", root=tmp_path)


def _pieces(rows, size):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


CLIPS = tuple(clip(clip_id=f"clip-{n:02d}", person_id=f"casme2:sub{n % 5}", is_synthetic=n % 3 == 0) for n in range(23))
RECORDINGS = tuple(recording(recording_id=f"rec-{n}") for n in range(23))


@pytest.mark.parametrize("group", [1, 7, 23, 1000])
def test_a_manifest_written_in_pieces_has_the_bytes_of_one_written_at_once(tmp_path, monkeypatch, group):
    monkeypatch.setattr(store, "_GROUP", group)
    whole = manifest(recordings=RECORDINGS, clips=CLIPS).write(tmp_path / "whole")
    for size, form in ((1, tuple), (4, tuple), (4, to_table)):
        folder = tmp_path / f"{size}{form.__name__}"
        folder.mkdir()
        about = {"corpus": whole.corpus, "roots": whole.roots, "licence": whole.licence}
        with ManifestWriter(folder, **about) as writer:
            for some in _pieces(RECORDINGS, 5):
                writer.add(some, ())
            for some in _pieces(CLIPS, size):
                writer.add((), some if form is tuple else to_table(Clip, some))
            assert not (folder / "manifest.json").exists()
        for file in ("manifest.json", "clips.parquet", "recordings.parquet"):
            assert (folder / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()
    said = json.loads((tmp_path / "whole" / "manifest.json").read_text())
    assert said["counts"] == {"recordings": 23, "clips": 23, "synthetic": 8, "subjects": 5}
    opened = Manifest.open(tmp_path / "whole")
    assert opened == whole
    assert said["fingerprint"] == opened.fingerprint == whole.fingerprint
    assert pq.read_metadata(tmp_path / "whole" / "clips.parquet").num_row_groups == -(-23 // group)


def test_a_manifest_whose_writing_fails_leaves_what_was_there(tmp_path):
    before = manifest().write(tmp_path / "m")
    about = {"corpus": "other", "roots": {}, "licence": "none"}
    with pytest.raises(AttributeError), ManifestWriter(tmp_path / "m", **about) as writer:
        writer.add(RECORDINGS, [*CLIPS, None])
    with pytest.raises(ValueError, match="other columns"), ManifestWriter(tmp_path / "m", **about) as writer:
        writer.add(RECORDINGS, to_table(Clip, CLIPS).drop_columns(["emotion"]))
    assert Manifest.open(tmp_path / "m") == before
    assert {path.name for path in (tmp_path / "m").iterdir()} == {
        "manifest.json",
        "clips.parquet",
        "recordings.parquet",
    }


def test_a_manifest_stopped_while_it_is_put_in_place_is_none(tmp_path, monkeypatch):
    manifest().write(tmp_path / "m")
    monkeypatch.setattr(store, "write_text", lambda *_: (_ for _ in ()).throw(OSError("no space left")))
    with pytest.raises(OSError, match="no space"):
        manifest(recordings=RECORDINGS, clips=CLIPS).write_tables(tmp_path / "m")
    with pytest.raises(UsageError, match="not a manifest"):
        Manifest.open(tmp_path / "m")


def test_an_opened_manifest_is_used_like_any_other(tmp_path):
    whole = manifest(recordings=RECORDINGS, clips=(*CLIPS, clip(clip_id="x", offset_index=None)))
    opened = Manifest.open(whole.write(tmp_path / "m").folder)
    assert opened.usable_clips() == whole.usable_clips() == list(CLIPS)
    assert opened.recording_of["rec-7"] == RECORDINGS[7]
    assert opened.clip_table.equals(whole.clip_table)
    assert replace(opened, clips=opened.clips[:2]).clips == CLIPS[:2]
    assert pickle.loads(pickle.dumps(opened)) == opened
