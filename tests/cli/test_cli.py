"""The command line as a user meets it: quick help, one sentence per mistake, exit codes, nothing half-written."""

import json
import subprocess
import sys

import cv2
import numpy as np
import openpyxl
import pytest

from me_augment.cli import _COMMANDS, group
from me_augment.video import open_frames, synthetic_mark


def fails(outcome, code, *words):
    """Assert that a command failed with one sentence that has these words and no traceback."""
    assert outcome[0] == code
    message = outcome[2].strip().splitlines()[-1]
    assert message.startswith("Error: ")
    assert "Traceback" not in outcome[2]
    for word in words:
        assert word in message


def test_help_imports_nothing_heavy():
    script = (
        "import sys\n"
        "from me_augment.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('torch', 'pandas', 'dask', 'distributed', 'cv2', 'numpy', 'pyarrow', 'kornia', 'dlib',"
        " 'albumentations', 'av') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "synthesize" in done.stdout


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_explains_itself_without_loading_torch(command):
    script = (
        "import sys\n"
        "from me_augment.cli import main\n"
        f"try: main(['{command}', '--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules and 'cv2' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert f"Usage: me-augment {command}" in done.stdout


def test_the_list_of_commands_is_the_commands():
    for name, summary in _COMMANDS.items():
        command = group.get_command(None, name)
        assert command is not None
        assert summary


def test_wrong_words_are_wrong_use(cli):
    assert cli("synthesise")[0] == 2
    assert cli("synthesize")[0] == 2
    assert cli("synthesize", "m", "--out", "r", "--strength", "much")[0] == 2


class TestIngest:
    def test_a_corpus_becomes_a_manifest(self, cli, tiny_manifest, tmp_path):
        code, out, _ = cli("ingest", "casme2", tiny_manifest.roots["casme2"], "--out", tmp_path / "m")
        assert code == 0
        assert f"6 clips of 3 people → {tmp_path / 'm'}" in out
        assert cli("validate", tmp_path / "m")[0] == 0

    def test_without_landmarks(self, cli, tiny_manifest, tmp_path):
        root = tiny_manifest.roots["casme2"]
        assert cli("ingest", "casme2", root, "--out", tmp_path / "m", "--no-landmarks")[0] == 0
        fails(cli("synthesize", tmp_path / "m", "--out", tmp_path / "r"), 2, "no clip", "can drive")

    def test_wrong_folders(self, cli, tmp_path):
        out = ("--out", tmp_path / "m")
        fails(cli("ingest", "casme2", tmp_path / "nowhere", *out), 2, "nowhere")
        (tmp_path / "holiday").mkdir()
        fails(cli("ingest", "casme2", tmp_path / "holiday", *out), 2, "holiday", "Cropped")
        fails(cli("ingest", "casme9", tmp_path / "holiday", *out), 2, "casme9", "casme2")
        assert not (tmp_path / "m").exists()

    def test_a_missing_and_an_empty_sheet(self, cli, tmp_path):
        frames = tmp_path / "c" / "Cropped" / "sub91" / "EP01_01"
        frames.mkdir(parents=True)
        cv2.imwrite(str(frames / "reg_img1.jpg"), np.zeros((20, 20, 3), np.uint8))
        fails(cli("ingest", "casme2", tmp_path / "c", "--out", tmp_path / "m"), 2, "CASME2-coding")
        openpyxl.Workbook().save(tmp_path / "c" / "CASME2-coding-20140508.xlsx")
        fails(cli("ingest", "casme2", tmp_path / "c", "--out", tmp_path / "m"), 2, "CASME2-coding-20140508.xlsx")
        assert not (tmp_path / "m").exists()

    def test_an_occupied_out_is_refused_before_the_work(self, cli, tiny_manifest, tmp_path):
        (tmp_path / "mine.txt").write_text("mine")
        fails(cli("ingest", "casme2", tiny_manifest.roots["casme2"], "--out", tmp_path), 2, "not empty")


class TestSynthesize:
    def test_dry_run_writes_nothing(self, cli, tiny_manifest, tmp_path):
        code, _, err = cli("synthesize", tiny_manifest.folder, "--out", tiny_manifest.folder, "--dry-run")
        assert (code, "exists and is not a run" in err) == (2, True)
        code, out, _ = cli("synthesize", tiny_manifest.folder, "--out", tmp_path / "r", "--dry-run")
        assert code == 0
        assert "would make 6 clips, 30 frames, about" in out
        assert "casme2:sub91 2" in out
        assert list(tmp_path.iterdir()) == []

    def test_a_run_its_status_and_its_refusal_of_other_settings(self, cli, tiny_manifest, tmp_path):
        run = tmp_path / "r"
        code, out, err = cli("synthesize", tiny_manifest.folder, "--out", run, "--strength", "0.8:1.2")
        assert (code, out) == (0, f"6 clips made, 0 rejected, 0 failed → {run}\n")
        assert "Synthesizing: 6 of 6" in err
        assert (
            "6 of 6 clips made, 0 rejected, 0 failed, 0 missing; 2 of 2 shards complete; finished"
            in cli("status", run)[1]
        )
        assert cli("validate", run)[0] == 0
        outcome = cli("synthesize", tiny_manifest.folder, "--out", run)
        fails(outcome, 2, "strength = 0.8:1.2, now it is 1:1", "another --out")

    def test_controls_are_told_before_and_recorded_after(self, cli, tiny_manifest, tmp_path):
        controls = ("--tempo", "0.5:2", "--fps", "100", "--mirror", "0.5", "--asymmetry", "-0.3:0.3")
        rest = ("--eyes", "0.5", "--shading", "0.25")
        common = ("synthesize", tiny_manifest.folder, "--out", tmp_path / "r", *controls, *rest)
        code, out, _ = cli(*common, "--dry-run")
        assert code == 0
        for words in ("tempo to the apex: ", "eyes: 0.5\n", "shading: 0.25", "frames a second: 100", "mirrored: "):
            assert words in out
        assert cli(*common)[0] == 0
        assert cli("validate", tmp_path / "r")[0] == 0
        fails(cli("synthesize", tiny_manifest.folder, "--out", tmp_path / "r", *controls), 2, "eyes = 0.5, now it is")

    def test_gates_are_the_users_and_rejected_clips_are_named(self, cli, tiny_manifest, tmp_path):
        common = ("synthesize", tiny_manifest.folder, "--out", tmp_path / "r")
        fails(cli(*common, "--gate", "beauty=1"), 2, "no gate 'beauty'", "correlation")
        fails(cli(*common, "--gate", "off", "--gate", "gain_low=9"), 1, "no clip could be made or kept")
        out = cli("status", tmp_path / "r")[1]
        assert "0 of 6 clips made, 6 rejected, 0 failed, 0 missing" in out
        assert out.count("is below 9") == 6
        fails(cli(*common), 2, "--gate reliability = off, now it is 0.3")

    def test_senseless_controls(self, cli, tiny_manifest, tmp_path):
        for option, value in (
            ("tempo", "0.1:1"),
            ("fps", "fast"),
            ("mirror", "2"),
            ("asymmetry", "-0.7:0"),
            ("eyes", "1.5"),
            ("shading", "-1"),
        ):
            outcome = cli("synthesize", tiny_manifest.folder, "--out", tmp_path / "r", f"--{option}", value)
            fails(outcome, 2, f"--{option} is {value}" if option != "fps" else "--fps is 'fast'")
        assert not (tmp_path / "r").exists()

    def test_wrong_places(self, cli, tiny_manifest, tmp_path):
        fails(cli("synthesize", tmp_path, "--out", tmp_path / "r"), 2, "no manifest.json")
        fails(cli("status", tmp_path), 2, "not a run")
        (tmp_path / "mine.txt").write_text("mine")
        fails(cli("synthesize", tiny_manifest.folder, "--out", tmp_path), 2, "not a run")
        fails(cli("synthesize", tiny_manifest.folder, "--out", tmp_path / "mine.txt" / "r"), 1, "cannot write")
        fails(cli("synthesize", tiny_manifest.folder, "--out", tmp_path / "r", "--generator", "magic"), 2, "warp")


class TestSynthesizeActionUnits:
    def test_a_plan_is_shown_and_a_run_made(self, cli, tiny_manifest, tmp_path):
        common = ("synthesize", tiny_manifest.folder, "--out", tmp_path / "run", "--fps", "25")
        common = (*common, "--action-units", "12C+6B, 4+7", "--per-target", "1")
        code, out, _ = cli(*common, "--dry-run")
        assert code == 0
        assert "units    12C+6B 3  4+7 3" in out
        assert "driver " not in out
        assert not (tmp_path / "run").exists()
        code, out, _ = cli(*common)
        assert code == 0
        assert "6 clips made, 0 rejected, 0 failed" in out
        fails(cli(*common, "--per-target", "2"), 2, "per_target = 1")

    def test_mistakes(self, cli, tiny_manifest, tmp_path):
        common = ("synthesize", tiny_manifest.folder, "--out", tmp_path / "run")
        fails(cli(*common, "--action-units", "smile"), 2, "smile")
        fails(cli(*common, "--action-units", ""), 2, "12B+6A")
        fails(cli(*common, "--action-units", "12", "--balance"), 2, "--balance")
        fails(cli(*common, "--per-target", "2"), 2, "--action-units")
        fails(cli(*common, "--action-units-basis", "b.npz"), 2, "--action-units")
        fails(cli(*common, "--action-units", "12", "--action-units-basis", tmp_path / "b.npz"), 2, "does not exist")
        assert not (tmp_path / "run").exists()


class TestAuBasis:
    def test_a_manifest_becomes_a_basis_that_animates(self, cli, tiny_manifest, portrait, tmp_path):
        basis = tmp_path / "basis.npz"
        code, out, _ = cli("au-basis", tiny_manifest.folder, "--out", basis, "--min-clips", "2")
        assert code == 0
        assert "clips of 3 people" in out
        units = [int(line.split()[1]) for line in out.splitlines() if line.startswith("AU ")]
        assert units
        fails(cli("au-basis", tiny_manifest.folder, "--out", basis), 2, "exists", "--overwrite")

        without = tmp_path / "without.npz"
        assert cli("au-basis", tiny_manifest.folder, "--out", without, "--min-clips", "1", "--exclude", "sub92")[0] == 0
        run = ("synthesize", tiny_manifest.folder, "--out", tmp_path / "run", "--action-units", "12", "--dry-run")
        assert "no fold may train" in cli(*run, "--fps", "12", "--action-units-basis", basis)[2]
        assert "no fold may train" not in cli(*run, "--fps", "12", "--action-units-basis", without)[2]

        cv2.imwrite(str(tmp_path / "face.png"), portrait[..., ::-1])
        common = ("animate", "--action-units", f"{units[0]}D", "--target", tmp_path / "face.png", "--fps", "25")
        assert cli(*common, "--out", tmp_path / "table.mkv")[0] == 0
        code, out, _ = cli(*common, "--out", tmp_path / "own.mkv", "--action-units-basis", basis)
        assert code == 0
        assert "sub91" in out
        table, own = (open_frames(tmp_path / name) for name in ("table.mkv", "own.mkv"))
        assert len(table) == len(own)
        apex = int(out.split("apex at frame ")[1].split()[0])
        assert (table.read([apex])[0] != own.read([apex])[0]).any()

    def test_mistakes(self, cli, tiny_manifest, tmp_path):
        common = ("au-basis", tiny_manifest.folder, "--out")
        fails(cli(*common, tmp_path / "basis.json"), 2, ".npz")
        fails(cli(*common, tmp_path / "b.npz", "--min-clips", "0"), 2, "--min-clips")
        fails(cli(*common, tmp_path / "b.npz", "--exclude", "sub1"), 2, "sub1")
        fails(cli("au-basis", tmp_path, "--out", tmp_path / "b.npz"), 2, "not a manifest")
        assert not list(tmp_path.iterdir())


class TestAnimate:
    @pytest.fixture
    def driver(self, tiny_manifest):
        recording = tiny_manifest.recordings[0]
        return tiny_manifest.path_of(recording)

    @pytest.fixture
    def target(self, portrait, tmp_path):
        cv2.imwrite(str(tmp_path / "face.png"), portrait[..., ::-1])
        return tmp_path / "face.png"

    def test_the_first_frame_is_the_target_and_mkv_keeps_every_bit(self, cli, driver, target, portrait, tmp_path):
        common = ("animate", "--driver", driver, "--target", target)
        assert cli(*common, "--out", tmp_path / "clip.mkv")[0] == 0
        assert cli(*common, "--out", tmp_path / "png")[0] == 0
        mkv, png = open_frames(tmp_path / "clip.mkv"), open_frames(tmp_path / "png")
        assert len(mkv) == len(png) == 5
        np.testing.assert_array_equal(mkv.read(range(5)), png.read(range(5)))
        np.testing.assert_array_equal(mkv.read([0])[0], portrait)
        assert "generator warp" in synthetic_mark(tmp_path / "clip.mkv")
        assert (mkv.read([2])[0] != portrait).any()

    @pytest.mark.parametrize("name", ["clip.webp", "clip.mp4"])
    def test_previews_say_so(self, cli, driver, target, tmp_path, name):
        code, out, _ = cli("animate", "--driver", driver, "--target", target, "--out", tmp_path / name)
        assert code == 0
        assert "preview, not for training" in out
        mark = synthetic_mark(tmp_path / name)
        assert mark.startswith("preview: lossy, not for measurement; synthetic micro-expression, me-augment 0.")
        assert ", generator warp " in mark

    def test_a_watermark_is_seen_in_the_corner_of_each_frame(self, cli, driver, target, portrait, tmp_path):
        common = ("animate", "--driver", driver, "--target", target, "--watermark")
        assert cli(*common, "--out", tmp_path / "png")[0] == 0
        frames = open_frames(tmp_path / "png").read(range(5))
        for frame in frames:
            assert (frame[480:, :200] != portrait[480:, :200]).any()
        np.testing.assert_array_equal(frames[0][:480], portrait[:480])
        assert synthetic_mark(tmp_path / "png").startswith("synthetic micro-expression")

    def test_a_clip_may_be_the_target_and_a_video_the_driver(self, cli, driver, target, tmp_path):
        assert (
            cli("animate", "--driver", driver, "--target", target, "--out", tmp_path / "a.mkv", "--fps", "200")[0] == 0
        )
        options = ("--strength", "0.5", "--keep-head-motion", "--out", tmp_path / "b.mkv")
        assert cli("animate", "--driver", tmp_path / "a.mkv", "--target", driver, *options)[0] == 0
        result, source = open_frames(tmp_path / "b.mkv"), open_frames(driver)
        assert result.fps == 200
        np.testing.assert_array_equal(result.read([0])[0], source.read([0])[0])

    def test_action_units_move_a_face_without_a_driver(self, cli, target, portrait, tmp_path):
        out = tmp_path / "clip.mkv"
        code, printed, _ = cli("animate", "--action-units", "L12C+6B", "--target", target, "--out", out, "--fps", "25")
        assert code == 0
        assert "happiness" in printed
        clip = open_frames(out)
        assert clip.fps == 25
        assert len(clip) <= 14
        apex = int(printed.split("apex at frame ")[1].split()[0])
        frames = clip.read([0, apex, len(clip) - 1])
        np.testing.assert_array_equal(frames[0], portrait)
        np.testing.assert_array_equal(frames[2], portrait)
        assert (frames[1] != portrait).any()
        again = tmp_path / "again.mkv"
        assert cli("animate", "--action-units", "L12C+6B", "--target", target, "--out", again, "--fps", "25")[0] == 0
        np.testing.assert_array_equal(open_frames(again).read([apex])[0], frames[1])

    def test_driver_or_action_units(self, cli, driver, target, tmp_path):
        common = ("animate", "--target", target, "--out", tmp_path / "clip.mkv")
        fails(cli(*common), 2, "--driver", "--action-units")
        fails(cli(*common, "--driver", driver, "--action-units", "12"), 2, "--driver", "--action-units")
        fails(cli(*common, "--action-units", "smile"), 2, "smile", "12B+6A")
        fails(cli(*common, "--action-units", "12", "--fps", "4"), 2, "frames per second")
        fails(cli(*common, "--action-units", "12", "--seed", "-1"), 2, "--seed", "-1 is not in the range")
        fails(cli(*common, "--driver", driver, "--action-units-basis", "b.npz"), 2, "--action-units-basis")
        fails(cli(*common, "--action-units", "12", "--action-units-basis", tmp_path / "b.npz"), 2, "does not exist")

    def test_controls(self, cli, driver, target, portrait, tmp_path):
        common = ("animate", "--driver", driver, "--target", target)

        def frames(name, *options):
            assert cli(*common, "--out", tmp_path / f"{name}.mkv", *options)[0] == 0
            source = open_frames(tmp_path / f"{name}.mkv")
            return source.read(range(len(source)))

        plain = frames("plain")
        slow = frames("slow", "--tempo", "2")
        assert len(slow) == 9
        np.testing.assert_array_equal(slow[::2], plain)
        for name, options in {"mirror": ("--mirror",), "asymmetry": ("--asymmetry", "-0.5")}.items():
            changed = frames(name, *options)
            assert len(changed) == 5
            np.testing.assert_array_equal(changed[0], portrait)
            assert (changed[2] != plain[2]).any()
        for option, value in (("tempo", "9"), ("asymmetry", "-2"), ("eyes", "2"), ("shading", "-1")):
            fails(cli(*common, "--out", tmp_path / "x.mkv", f"--{option}", value), 2, f"{option} is {value}")

    def test_a_single_picture_drives_nothing(self, cli, target, tmp_path):
        code, _, err = cli("animate", "--driver", target, "--target", target, "--out", tmp_path / "a.mkv")
        assert code == 0
        assert "nothing moves" in err

    def test_mistakes(self, cli, driver, target, tmp_path):
        blank = tmp_path / "blank.png"
        cv2.imwrite(str(blank), np.full((90, 90, 3), 120, np.uint8))
        junk = tmp_path / "junk.jpg"
        junk.write_bytes(b"junk")
        out = ("--out", tmp_path / "clip.mkv")
        fails(cli("animate", "--driver", driver, "--target", blank, *out), 1, "blank.png", "no face")
        fails(cli("animate", "--driver", driver, "--target", junk, *out), 1, "junk.jpg")
        fails(cli("animate", "--driver", tmp_path / "no", "--target", target, *out), 2, "does not exist")
        fails(cli("animate", "--driver", driver, "--target", target, "--out", tmp_path / "a.avi"), 2, ".mkv")
        for strength in ("-1", "9", "nan", "inf"):
            fails(
                cli("animate", "--driver", driver, "--target", target, *out, "--strength", strength), 2, "strength is"
            )
        fails(cli("animate", "--driver", driver, "--target", target, "--out", target, "--overwrite"), 2, "the target")
        fails(cli("animate", "--driver", driver, "--target", target, *out, "--fps", "fast"), 2, "--fps")
        assert not (tmp_path / "clip.mkv").exists()
        (tmp_path / "clip.mkv").write_text("mine")
        fails(cli("animate", "--driver", driver, "--target", target, *out), 2, "--overwrite")
        assert (tmp_path / "clip.mkv").read_text() == "mine"
        nowhere = tmp_path / "clip.mkv" / "deep.mkv"
        fails(cli("animate", "--driver", driver, "--target", target, "--out", nowhere), 1, "deep.mkv")


def test_export_from_a_manifest(cli, tiny_manifest, tmp_path):
    outcome = cli("export", tiny_manifest.folder, "--format", "norm-uv-os", "--out", tmp_path / "x")
    assert outcome[0] == 0
    assert json.loads((tmp_path / "x" / "export.json").read_text())["format"] == "norm-uv-os"
    fails(cli("export", tiny_manifest.folder, "--format", "norm-uv-os", "--out", tmp_path / "x"), 2, "x")
    fails(cli("export", tiny_manifest.folder, "--format", "vhs", "--out", tmp_path / "y"), 2, "norm-uv-os")
    assert not (tmp_path / "y").exists()


def test_the_doctor_finds_this_machine_well(cli):
    code, out, _ = cli("doctor")
    assert code == 0
    assert "FAIL" not in out


def test_trouble_with_the_disk_is_one_sentence(cli, monkeypatch, tmp_path):
    from me_augment.manifest import Manifest

    def full(*_):
        raise OSError(28, "No space left on device", "/data/x")

    monkeypatch.setattr(Manifest, "open", full)
    fails(cli("validate", tmp_path), 1, "/data/x: No space left on device")


def test_a_namesake_among_other_targets_is_pointed_out(cli, tiny_manifest, portrait, tmp_path):
    (tmp_path / "faces").mkdir()
    cv2.imwrite(str(tmp_path / "faces" / "sub91.png"), portrait[..., ::-1])
    command = (
        "synthesize",
        tiny_manifest.folder,
        "--targets",
        tmp_path / "faces",
        "--out",
        tmp_path / "r",
        "--dry-run",
    )
    code, _, err = cli(*command, "--per-driver", "3")
    assert code == 0
    assert "sub91 is a driver and, elsewhere, a target" in err
    assert "6 clips instead of 18" in err


def test_too_little_memory_is_one_sentence(cli, monkeypatch, tmp_path):
    from me_augment.manifest import Manifest

    def too_large(*_):
        return np.empty((1 << 20, 1 << 20, 1 << 17))  # more than any address space

    monkeypatch.setattr(Manifest, "open", too_large)
    fails(cli("validate", tmp_path), 1, "too little memory (Unable to allocate")


def test_an_interrupt_is_130(cli, monkeypatch, tmp_path):
    from me_augment.manifest import Manifest

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Manifest, "open", interrupted)
    assert cli("validate", tmp_path)[0] == 130
