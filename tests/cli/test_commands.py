"""All commands as a user finds them: help, names, choices, JSON, pipes, completion."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from me_augment.cli import group, saying
from me_augment.export import FORMATS
from me_augment.words import choose, count, plain

# One clip is given a number where a run is given a range or a share; who makes clips again may be several.
_ONE_OR_MANY = {"--strength", "--tempo", "--asymmetry", "--mirror", "--action-units", "--checkpoint", "--generator"}
# The people held out, and the clips that belong to a published protocol: two things, each called so by its users.
_ONE_OR_MANY |= {"--protocol", "--with-synthetic"}


def _walk(command=group, path="me-augment", parent=None):
    context = click.Context(command, info_name=path.rpartition(" ")[2], parent=parent)
    yield path, command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            yield from _walk(command.get_command(context, name), f"{path} {name}", context)


COMMANDS = list(_walk())


@pytest.mark.parametrize(("path", "command", "context"), COMMANDS, ids=[path for path, *_ in COMMANDS])
def test_help_has_an_example_fits_and_explains_every_option(path, command, context):
    text = command.get_help(context)
    assert "Example" in text
    assert path in text.partition("Example")[2] or isinstance(command, click.Group)
    assert [line for line in text.splitlines() if len(line) > 100] == []
    assert [option.opts for option in command.params if isinstance(option, click.Option) and not option.help] == []
    assert "\b" not in text


@pytest.mark.parametrize("words", [[], ["evaluate"], ["checkpoint"]])
def test_a_group_alone_gives_its_help(cli, words):
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert "\nCommands:\n" in err
    assert "Error" not in err


def test_what_click_says_in_lines_is_said_in_one_and_names_stay_harmless(cli):
    assert cli("export", "m", "--out", "x")[2].endswith(" Choose from: " + ", ".join(FORMATS) + "\n")
    assert "'a\\nb\\x1b[2J'" in cli("export", "m", "--out", "x", "--format", "a\nb\x1b[2J")[2]


def test_options_of_one_name_are_of_one_kind():
    kinds = {}
    for path, command, context in COMMANDS:
        for option in command.params:
            if isinstance(option, click.Option):
                metavar = option.make_metavar(context).removesuffix(" RANGE")  # bounds are an option's own
                kind = (option.is_flag, metavar, option.multiple)
                for name in set(option.opts) - _ONE_OR_MANY:
                    kinds.setdefault(name, {}).setdefault(kind, []).append(path)
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {}


def test_the_exit_codes_are_told():
    text = group.get_help(COMMANDS[0][2])
    assert [code for code in (0, 1, 2, 130) if f"\n    {code} " not in text] == []


def test_everything_is_said_in_one_way():
    files = Path(saying.__file__).parent.glob("*.py")
    said_otherwise = [file.name for file in files if "click.echo(" in file.read_text(encoding="utf-8")]
    # A usage line that click wrapped, and a shell script, keep their line breaks.
    assert sorted(said_otherwise) == ["__init__.py", "completion.py", "saying.py"]


class TestMistypedNames:
    @pytest.mark.parametrize(
        ("words", "meant"),
        [
            (["synthesise"], "synthesize"),
            (["evaluate", "genration"], "generation"),
            (["checkpoint", "convrt"], "convert"),
            (["export", "m", "--out", "x", "--format", "webdatset"], "webdataset"),
            (["synthesize", "m", "--out", "x", "--generator", "wrap"], "warp"),
            (["synthesize", "m", "--out", "x", "--sed", "1"], "--seed"),
            (["ingest", "casme22", ".", "--out", "x"], "casme2"),
            (["ingest", "casmeii", ".", "--out", "x"], "casme2"),
            (["ingest", "CASME-II", ".", "--out", "x"], "casme2"),
            (["ingest", "CAS(ME)^2", ".", "--out", "x"], "casme-sq"),
            (["ingest", "casme3a", ".", "--out", "x"], "casme3-a"),
            (["au_basis"], "au-basis"),
        ],
    )
    def test_what_was_meant_is_named(self, cli, words, meant, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        code, _, err = cli(*words)
        assert code == 2
        assert f"'{meant}'" in err.partition("Did you mean ")[2]

    def test_label_sets_and_gates(self, cli, tiny_manifest, tmp_path):
        common = (tiny_manifest.folder, "--out", tmp_path / "x")
        assert "Did you mean 'megc3'?" in cli("export", *common, "--format", "frames", "--labels", "megc4")[2]
        assert "Did you mean 'correlation'?" in cli("synthesize", *common, "--gate", "corelation=1")[2]

    def test_projects_are_told_the_format_that_they_read(self, cli):
        for project, read in (
            ("STSTNet", "norm-uv-os --variant ststnet"),
            ("mmnet", "frames --shape casme2"),
            ("AUW-GCN", "spotting --shape casme-sq"),
        ):
            err = cli("export", "m", "--out", "x", "--format", project)[2]
            assert err.endswith(f" {project} reads --format {read}.\n")

    def test_who_is_left_out_is_an_option_that_is_found(self, cli):
        assert "--exclude-subjects" in cli("train", "m", "--out", "x", "--exclude", "sub01")[2].splitlines()[-1]
        assert (
            "'--exclude'?" in cli("au-basis", "m", "--out", "x.npz", "--exclude-subjects", "sub01")[2].splitlines()[-1]
        )

    def test_a_word_like_none_suggests_nothing(self):
        assert choose("vhs", ["frames", "arrays"]) == "choose one of frames, arrays."


class TestJson:
    @pytest.fixture(scope="class", name="run")
    @classmethod
    def a_run(cls, tiny_manifest, tmp_path_factory):
        from me_augment.cli import main

        run = tmp_path_factory.mktemp("json") / "run"
        main(["synthesize", str(tiny_manifest.folder), "--out", str(run)])
        return run

    @pytest.mark.parametrize(
        ("words", "keys"),
        [
            (["status", "RUN"], {"planned", "made", "missing", "finished", "session", "unused"}),
            (["validate", "RUN"], {"sound", "problems", "warnings", "issues"}),
            (["inspect", "RUN"], {"corpus", "clips", "people", "counts", "lengths"}),
            (["audit", "RUN"], {"rules", "leaks"}),
            (["evaluate", "generation", "RUN"], {"gates", "groups"}),
        ],
    )
    def test_it_is_one_document(self, cli, run, words, keys):
        code, out, _ = cli(*[str(run) if word == "RUN" else word for word in words], "--json")
        assert code == 0
        document = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
        assert keys <= document.keys()
        assert out.isascii()

    def test_lists(self, cli):
        assert {"name": "casme2", "title": "CASME II"}.items() <= json.loads(cli("corpora", "--json")[1])[1].items()

    def test_the_exit_code_is_the_same(self, cli, run, tmp_path):
        import shutil

        from me_augment.manifest import Manifest

        broken = tmp_path / "m"
        Manifest.open(run).write(broken)  # without the clips of the run
        assert cli("validate", broken)[0] == cli("validate", broken, "--json")[0] == 1
        shutil.rmtree(broken)


def _me(*words, **environment):
    code = "from me_augment.cli import main; main()"
    environment = {**os.environ, **environment}
    return subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, env=environment)


def test_a_pipe_gets_whole_tables_without_colours(tiny_manifest):
    done = _me("inspect", tiny_manifest.folder, FORCE_COLOR="1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout
    assert b"action unit" in done.stdout
    assert not [line for line in done.stdout.splitlines() if line != line.rstrip()]


def test_signs_that_a_log_cannot_hold_are_plainer(tiny_manifest, tmp_path):
    words = ("ingest", "casme2", tiny_manifest.roots["casme2"], "--out", tmp_path / "\u65e5", "--no-landmarks")
    done = _me(*words, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.endswith(f"6 clips of 3 people -> {tmp_path}/\\u65e5\n".encode("ascii"))


def test_narrow_terminals_get_wrapped_tables():
    done = _me("corpora", COLUMNS="60", PYTHONIOENCODING="utf-8")
    assert max(map(len, done.stdout.decode().splitlines()[:-1])) <= 60


def test_a_reader_that_goes_away_is_no_error(tiny_manifest):
    code = (
        "import os, sys\n"
        "reader, writer = os.pipe()\n"
        "os.close(reader)\n"
        "os.dup2(writer, 1)\n"
        f"sys.argv[1:] = ['inspect', {str(tiny_manifest.folder)!r}]\n"
        "from me_augment.cli import main; main()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_file_is_no_cache_and_no_place_for_a_corpus(cli, tiny_manifest, tmp_path):
    (tmp_path / "file").write_text("mine")
    for words in (
        ("export", tiny_manifest.folder, "--format", "arrays", "--out", tmp_path / "x"),
        ("flow", tiny_manifest.folder, "--out", tmp_path / "x"),
        ("synthesize", tiny_manifest.folder, "--out", tmp_path / "x"),
        ("train", tiny_manifest.folder, "--out", tmp_path / "x"),
    ):
        code, _, err = cli(*words, "--cache", tmp_path / "file")
        assert code == 2
        assert "'--cache': Directory" in err
    code, _, err = cli("demo", "--corpus-only", "--long", "--out", tmp_path / "file")
    assert code == 2
    assert "Inventing" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


class TestCompletion:
    @pytest.mark.parametrize(
        ("typed", "expected"),
        [
            ("me-augment sy", "plain,synthesize"),
            ("me-augment evaluate spotti", "plain,spotting"),
            ("me-augment synthesize --generator f", "plain,fpb-fomm"),
            ("me-augment export --format web", "plain,webdataset"),
            ("me-augment checkpoint ins", "plain,inspect"),
        ],
    )
    def test_words(self, typed, expected, monkeypatch, capsys):
        words = typed.split()
        monkeypatch.setenv("COMP_WORDS", typed)
        monkeypatch.setenv("COMP_CWORD", str(len(words) - 1))
        monkeypatch.setenv("_ME_AUGMENT_COMPLETE", "bash_complete")
        from me_augment.cli import main

        with pytest.raises(SystemExit):
            main(words[1:])
        assert expected in capsys.readouterr().out.split()

    def test_the_script_of_each_shell(self, cli):
        for shell in ("bash", "zsh", "fish"):
            code, out, _ = cli("completion", shell)
            assert code == 0
            assert f"_ME_AUGMENT_COMPLETE={shell}_complete" in out


def test_counts():
    assert count(1, "clip") == "1 clip"
    assert count(0, "clip") == "0 clips"
    assert count(1, "person", "people") == "1 person"
    assert count(2, "person", "people") == "2 people"


def test_plain():
    assert plain("sub01 日本 ü") == "sub01 日本 ü"
    assert plain("a\x1b[2J\nb\u202ec\x9b") == "a\\x1b[2J\\nb\\u202ec\\x9b"
    assert plain("\udcff") == "\\udcff"
