"""`me-augment run` with real commands: recorded, resumed after whatever ended it, and refused where it contradicts."""

import fcntl
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from runs import hashes

from me_augment.cli import main
from me_augment.export import export
from me_augment.manifest import Manifest

SHORT = """
variables: {corpus: "", labels: megc3}
folder: work
steps:
  - name: manifest
    command: ingest
    with: {corpus: casme2, root: "${corpus}", out: work/manifest}
  - name: sound
    command: validate
    with: {manifest: work/manifest}
  - name: tree
    command: export
    with: {source: work/manifest, format: norm-uv-os, labels: "${labels}", out: work/tree}
"""

WHOLE = """
variables: {corpus: ""}
folder: work
steps:
  - name: manifest
    command: ingest
    with: {corpus: casme2, root: "${corpus}", out: work/manifest}
  - name: clips
    command: synthesize
    with: {manifest: work/manifest, action-units: 12, fps: 12, out: work/run}
  - name: tree
    command: export
    with: {source: work/run, format: norm-uv-os, out: work/tree}
"""


@pytest.fixture
def pipeline(capsys, tmp_path, monkeypatch, tiny_manifest):
    """Run a pipeline in an empty folder; gives (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def call(text=SHORT, *arguments):
        Path("p.yaml").write_text(text)
        try:
            main(["run", "p.yaml", "--set", f"corpus={tiny_manifest.roots['casme2']}", *map(str, arguments)])
            code = 0
        except SystemExit as end:
            code = end.code
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tiny_manifest):
    """The folder in which SHORT was run."""
    folder = tmp_path_factory.mktemp("short")
    (folder / "p.yaml").write_text(SHORT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        main(["run", "p.yaml", "--set", f"corpus={tiny_manifest.roots['casme2']}"])
    return folder / "work"


@pytest.fixture
def done(pipeline, finished):
    """As `pipeline`, where all steps of SHORT are done."""
    shutil.copytree(finished, "work")
    return pipeline


def records():
    return json.loads(Path("work/pipeline.json").read_text())["steps"]


def edit(step, **changes):
    file = Path("work/pipeline.json")
    content = json.loads(file.read_text())
    content["steps"][step] |= changes
    file.write_text(json.dumps(content))


def fails(outcome, code, *words):
    assert outcome[0] == code
    assert "Traceback" not in outcome[2]
    message = outcome[2].strip().splitlines()[-1]
    assert message.startswith("Error: ")
    for word in words:
        assert word in message


def test_all_steps_are_done_once_and_recorded(pipeline):
    code, out, _ = pipeline()
    assert code == 0
    assert "1 of 3, manifest: me-augment ingest casme2 " in out
    assert "3 of 3, tree: me-augment export work/manifest --format norm-uv-os --labels megc3 --out work/tree" in out
    first = records()
    assert list(first) == ["manifest", "sound", "tree"]
    for record in first.values():
        assert (record["exit_code"], record["error"]) == (0, None)
        assert record["seconds"] > 0
    assert first["tree"]["given"]["labels"] == "megc3"
    assert first["tree"]["inputs"] == {"manifest": first["manifest"]["digest"]}
    before = hashes(Path("work"))
    code, out, _ = pipeline()
    assert code == 0
    assert out.count("; skipped") == 3
    assert hashes(Path("work")) == before


def test_a_dry_run_prints_the_commands_and_writes_nothing(pipeline, tiny_manifest):
    code, out, _ = pipeline(SHORT, "--dry-run")
    assert code == 0
    root = tiny_manifest.roots["casme2"]
    assert out.splitlines() == [
        f"me-augment ingest casme2 {root} --out work/manifest",
        "me-augment validate work/manifest",
        "me-augment export work/manifest --format norm-uv-os --labels megc3 --out work/tree",
    ]
    assert not Path("work").exists()


def test_nothing_begins_where_a_later_step_is_wrong(pipeline):
    fails(pipeline(SHORT.replace('labels: "${labels}"', "label: x")), 2, "p.yaml: step 'tree'", "did you mean labels")
    fails(pipeline(SHORT, "--set", "label=x"), 2, "--set names 'label'", "corpus, labels")
    assert not Path("work").exists()


def test_a_deleted_output_is_made_again_and_nothing_else(done):
    before = hashes(Path("work/tree"))
    shutil.rmtree("work/tree")
    code, out, _ = done()
    assert code == 0
    assert "3 of 3, tree: again, since its output is gone" in out
    assert out.count("; skipped") == 2
    assert hashes(Path("work/tree")) == before
    shutil.rmtree("work/manifest")
    code, out, _ = done()
    assert code == 0
    assert "1 of 3, manifest: again" in out
    assert out.count("; skipped") == 2  # it came out as before, so what was made from it stands


def test_a_changed_step_is_refused_before_any_begins(done):
    shutil.rmtree("work/manifest")
    words = ("p.yaml: step 'tree', labels: was 'megc3', now it is 'casme2-5'", "delete work/tree", "work folder")
    fails(done(SHORT, "--set", "labels=casme2-5"), 2, *words)
    assert not Path("work/manifest").exists()
    fails(done(SHORT.replace("    with: {source", "    with: {flow: tvl1, source")), 2, "flow: was not given, now it")
    shutil.rmtree("work/tree")
    assert done(SHORT, "--set", "labels=casme2-5")[0] == 0
    assert records()["tree"]["given"]["labels"] == "casme2-5"


def test_what_was_made_from_something_that_changed_is_refused(done, tiny_manifest):
    root = tiny_manifest.roots["casme2"]
    again = ["ingest", "casme2", str(root), "--licence", "mine", "--out", "work/manifest"]
    main([*again, "--overwrite"])
    fails(done(), 2, "step 'tree': work/tree was made from what step 'manifest' had made", "delete work/tree")
    assert records()["sound"]["inputs"] != records()["tree"]["inputs"]  # without an output, it was done again
    shutil.rmtree("work/tree")
    assert done()[0] == 0


def test_what_somebody_else_made_is_left_alone(pipeline):
    Path("work/tree").mkdir(parents=True)
    Path("work/tree/mine.txt").write_text("mine")
    fails(pipeline(), 2, "step 'tree', out: work/tree is there", "move it away")
    assert not Path("work/manifest").exists()
    Path("work/tree/mine.txt").unlink()
    assert pipeline()[0] == 0


def test_the_records_do_not_lie_in_what_a_step_writes(pipeline):
    fails(pipeline(SHORT.replace("folder: work", "folder: work/tree/records")), 2, "folder: ", "step 'tree' writes")


def test_a_failed_step_is_named_and_tried_again(pipeline):
    text = SHORT.replace("format: norm-uv-os", 'format: "${format}"').replace("{corpus:", "{format: vhs, corpus:", 1)
    fails(pipeline(text), 2, "step 'tree': there is no export format 'vhs'")
    record = records()["tree"]
    assert record["exit_code"] == 2
    assert record["error"].startswith("there is no export format")
    code, out, _ = pipeline(text, "--set", "format=norm-uv-os")
    assert code == 0
    assert "tree: again, since it was not finished" in out


def test_trouble_with_the_disk_is_one_sentence(pipeline):
    Path("work").write_text("")
    fails(pipeline(), 2, "work/pipeline.json cannot be read")
    fails(pipeline(SHORT.replace("folder: work", "folder: p.yaml/x")), 2, "pipeline.json cannot be read")


def test_damaged_records_are_one_sentence(pipeline):
    Path("work").mkdir()
    for text, words in (
        ("{", "cannot be read"),
        ("[]", "is damaged"),
        ('{"format": 9, "steps": {}}', "has format 9"),
        ('{"format": 1, "steps": {"tree": {}}}', "is damaged"),
        ('{"format": 1, "steps": {"tree": 3}}', "is damaged"),
    ):
        Path("work/pipeline.json").write_text(text)
        fails(pipeline(), 2, "work/pipeline.json", words, "name another `folder:`")


def test_one_process_at_a_time(done):
    descriptor = os.open("work", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        fails(done(), 2, "another process is working on work")
    finally:
        os.close(descriptor)
    assert done()[0] == 0


class TestEnded:
    """Records as a killed process leaves them."""

    def test_between_an_output_that_appears_whole_and_its_record(self, done):
        edit("manifest", exit_code=None, seconds=None, digest=None)
        before = hashes(Path("work/manifest"))
        code, out, _ = done()
        assert code == 0
        assert out.count("; skipped") == 3
        assert records()["manifest"]["exit_code"] == 0
        assert hashes(Path("work/manifest")) == before

    def test_while_an_empty_folder_was_being_filled(self, done):
        edit("manifest", exit_code=None, seconds=None, digest=None)
        Path("work/manifest/.staging-x").mkdir()
        fails(done(), 2, "step 'manifest' was interrupted while it wrote work/manifest", "delete it")
        shutil.rmtree("work/manifest")
        assert done()[0] == 0

    def test_while_an_export_filled_an_empty_folder(self, done):
        def end(clips, _):
            if clips == 2:
                raise KeyboardInterrupt

        edit("tree", exit_code=None, seconds=None, digest=None)
        before = hashes(Path("work/tree"))
        shutil.rmtree("work/tree")
        Path("work/tree").mkdir()
        with pytest.raises(KeyboardInterrupt):
            export(Manifest.open("work/manifest"), "norm-uv-os", Path("work/tree"), progress=end)
        code, out, _ = done()
        assert code == 0
        assert "3 of 3, tree: again, since it was not finished" in out
        assert hashes(Path("work/tree")) == before

    def test_in_a_step_that_writes_nothing(self, done):
        edit("sound", exit_code=None, seconds=None)
        assert "2 of 3, sound: again, since it was not finished" in done()[1]

    def test_in_a_command_that_may_leave_half_of_its_output(self, pipeline, portrait):
        import cv2

        cv2.imwrite("face.png", portrait[..., ::-1])
        text = (
            'variables: {corpus: ""}\nfolder: work\nsteps:\n- {name: smile, command: animate, with: {action-units: 12, '
            "target: face.png, fps: 25, out: smile.mkv}}\n"
        )
        assert pipeline(text)[0] == 0
        edit("smile", exit_code=None)
        fails(pipeline(text), 2, "step 'smile' was interrupted while it wrote smile.mkv", "delete it")
        Path("smile.mkv").unlink()
        assert pipeline(text)[0] == 0


def test_resumed_after_kills_and_an_interrupt(tmp_path, tiny_manifest, monkeypatch, capsys):
    """SIGKILL at a random moment of two steps, and SIGTERM in one: the same files as if nothing had happened."""
    script = "from me_augment.cli import main; main()"
    command = [sys.executable, "-c", script, "run", "p.yaml", "--set", f"corpus={tiny_manifest.roots['casme2']}"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    for folder in (calm, rough):
        folder.mkdir()
        (folder / "p.yaml").write_text(WHOLE)

    monkeypatch.chdir(calm)
    main(command[3:])

    rng = random.Random(5)
    for step, sign in (
        ("clips", signal.SIGKILL),
        ("clips", signal.SIGTERM),
        ("tree", signal.SIGKILL),
    ):
        child = subprocess.Popen(
            command, cwd=rough, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for line in child.stdout:
            if f", {step}: " in line:
                assert "skipped" not in line
                break
        time.sleep(rng.uniform(0.0, 0.05))
        child.send_signal(sign)
        _, err = child.communicate(timeout=60)
        assert child.returncode == (130 if sign == signal.SIGTERM else -sign)
        if sign == signal.SIGTERM:
            assert "Interrupted." in err
            record = json.loads((rough / "work" / "pipeline.json").read_text())["steps"]["clips"]
            assert record["exit_code"] == 130
    monkeypatch.chdir(rough)
    main(command[3:])
    assert "again, since it was not finished" in capsys.readouterr().out
    for name in ("manifest", "run", "tree"):
        assert _lasting(rough / "work" / name) == _lasting(calm / "work" / name)
    ended = json.loads((rough / "work" / "pipeline.json").read_text())["steps"]
    assert {record["exit_code"] for record in ended.values()} == {0}


def _lasting(folder):
    """Hashes of what a run is; how it got on in time is its own affair."""
    return {name: value for name, value in hashes(folder).items() if Path(name).name != "progress.jsonl"}
