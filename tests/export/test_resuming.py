"""An export that was ended goes on where it was, and gives what one that was not ended gives."""

import os
import signal
import subprocess
import sys

import pytest
from runs import hashes

from me_augment.errors import MeAugmentError, UsageError
from me_augment.export import export, kinetics, webdataset
from me_augment.export.flow_fields import write_flow
from me_augment.lock import only_one

# Every family, with whatever it may store.
CASES = [
    ("norm-uv-os", {}),
    ("norm-uv-os", {"variant": "ststnet"}),
    ("arrays", {}),
    ("frames", {"tree": "cropped"}),
    ("frames", {"shape": "smic"}),
    ("webdataset", {}),
    ("webdataset", {"store": "frames"}),
    ("videofolder", {}),
    ("kinetics", {}),
    ("kinetics", {"store": "video"}),
]


class Power:
    """Counts what is put on disk, and fails after so much of it: in the midst of a clip, or of the tables."""

    def __init__(self, monkeypatch):
        self.monkeypatch = monkeypatch
        self.plain = os.fsync

    def write(self, work, after=None):
        """How often something was put on disk until the work was done, or the power failed."""
        done = 0

        def fsync(descriptor):
            nonlocal done
            if done == after:
                raise KeyboardInterrupt
            done += 1
            self.plain(descriptor)

        with self.monkeypatch.context() as patch:
            patch.setattr(os, "fsync", fsync)
            if after is None:
                work()
            else:
                with pytest.raises(KeyboardInterrupt):
                    work()
        return done


@pytest.fixture
def power(monkeypatch):
    return Power(monkeypatch)


def ended_twice(power, write, tmp_path):
    """Compare an export that was ended among its clips, then later, with a whole one."""
    whole, out = tmp_path / "whole", tmp_path / "out"
    total = power.write(lambda: write(whole))
    for after in (total // 3, total // 2):
        power.write(lambda: write(out), after)
        assert not out.exists()
    assert power.write(lambda: write(out)) < total
    assert hashes(out) == hashes(whole)
    assert not out.with_name(".out.partial").exists()


@pytest.mark.parametrize(("format", "options"), CASES)
def test_it_is_what_it_would_have_been(small, tmp_path, power, monkeypatch, format, options):
    monkeypatch.setattr(webdataset, "SHARD_BYTES", 1)
    manifest = small.manifest()
    ended_twice(power, lambda out: export(manifest, format, out, **options), tmp_path)


def test_flow_too(small, tmp_path, power):
    manifest = small.manifest()
    ended_twice(power, lambda out: write_flow(manifest, out, parts=("onset-apex", "apex-offset")), tmp_path)


def ended(small, out, **options):
    """Leave an export after its third clip."""

    def fail(done, _):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(small.manifest(), "kinetics", out, progress=fail, **options)
    return out.with_name(f".{out.name}.partial")


def test_clips_that_are_there_are_not_read_again(small, out, monkeypatch):
    ended(small, out)
    read = []
    plain = kinetics.clip_frames
    monkeypatch.setattr(
        "me_augment.export.kinetics.clip_frames",
        lambda m, clip, size: read.append(clip.clip_id) or plain(m, clip, size),
    )
    export(small.manifest(), "kinetics", out)
    assert len(read) == 4


def test_the_last_line_may_be_cut_short(small, out):
    left = ended(small, out)
    journal = left / "done.jsonl"
    journal.write_bytes(journal.read_bytes()[:-5])
    summary = export(small.manifest(), "kinetics", out)
    assert (summary.real, summary.synthetic) == (4, 3)


def test_other_settings_are_refused_until_told_to_start_anew(small, out):
    left = ended(small, out)
    message = r"\.tree\.partial is unfinished and was begun with another size \(None; now 32\).*--overwrite"
    with pytest.raises(UsageError, match=message):
        export(small.manifest(), "kinetics", out, size=32)
    small.change(small.clips[0], emotion="fear")
    with pytest.raises(UsageError, match="another manifest fingerprint"):
        export(small.manifest(), "kinetics", out)
    assert (left / "done.jsonl").is_file()
    export(small.manifest(), "kinetics", out, size=32, overwrite=True)
    export(small.manifest(), "kinetics", out.with_name("new"), size=32)
    assert hashes(out) == hashes(out.with_name("new"))


def test_two_at_once_are_refused(small, out):
    left = ended(small, out)
    with only_one(left), pytest.raises(UsageError, match=r"another process is working on .*\.tree\.partial: wait"):
        export(small.manifest(), "kinetics", out)
    export(small.manifest(), "kinetics", out)


def test_what_cannot_be_gone_on_with_is_kept(small, out):
    left = ended(small, out)
    small.root.rename(small.root.with_name("elsewhere"))
    with pytest.raises(UsageError, match="mount it"):
        export(small.manifest(), "kinetics", out)
    assert (left / "done.jsonl").is_file()


def test_what_is_not_ours_is_left_alone(small, out):
    theirs = out.with_name(".tree.partial")
    theirs.mkdir(parents=True)
    (theirs / "thesis.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(UsageError, match="is in the way and not ours: move it away"):
            export(small.manifest(), "kinetics", out, overwrite=overwrite)
    assert (theirs / "thesis.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(small, out):
    out.mkdir(parents=True)
    ended(small, out)
    assert [path.name for path in out.iterdir()] == [".tree.partial"]
    export(small.manifest(), "kinetics", out)
    export(small.manifest(), "kinetics", out.with_name("whole"))
    assert hashes(out) == hashes(out.with_name("whole"))


def test_a_disk_that_fills_is_no_fault_of_the_clips(small, out, power, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    ended(small, out, store="video")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(MeAugmentError, match=r"cannot write .*tree: No space left on device"):
            export(small.manifest(), "kinetics", out, store="video")
    assert export(small.manifest(), "kinetics", out, store="video").skipped == ()


def test_a_killed_process(small, out):
    small.manifest().write_tables(small.folder / "run")
    code = (
        "import os, signal, sys; from me_augment.export import export; from me_augment.manifest import Manifest\n"
        "end = lambda done, _: done == 2 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "export(Manifest.open(sys.argv[1]), 'videofolder', sys.argv[2], progress=end)\n"
    )
    killed = subprocess.run([sys.executable, "-c", code, str(small.folder / "run"), str(out)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert not out.exists()
    assert len((out.with_name(".tree.partial") / "done.jsonl").read_text().splitlines()) == 2
    export(small.manifest(), "videofolder", out)
    export(small.manifest(), "videofolder", out.with_name("whole"))
    assert hashes(out) == hashes(out.with_name("whole"))
