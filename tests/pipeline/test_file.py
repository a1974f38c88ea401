"""The pipeline file: texts as they are written, and one sentence for everything else."""

from contextlib import suppress

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from me_augment.errors import UsageError
from me_augment.pipeline.file import Pipeline, read_pipeline

GOOD = """
folder: work
steps:
  - name: one
    command: ingest
    with: {corpus: casme2, out: work/m}
"""


def read(tmp_path, text):
    file = tmp_path / "p.yaml"
    file.write_text(text, encoding="utf-8")
    return read_pipeline(file)


def test_scalars_stay_the_texts_that_they_are(tmp_path):
    """YAML would make 62, False, 10, 1000.0 and a date of these."""
    texts = ["1:2", "off", "012", "1e3", "2001-02-03", "null", "~", "0.10"]
    step = read(tmp_path, GOOD).steps[0]
    assert step.given == {"corpus": "casme2", "out": "work/m"}
    listed = "folder: w\nsteps:\n- {name: a, command: b, with: {x: [" + ", ".join(texts) + "]}}\n"
    assert read(tmp_path, listed).steps[0].given == {"x": texts}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "needs `folder:` and `steps:`"),
        ("- a", "needs `folder:` and `steps:`"),
        ("steps: [", "not a pipeline that can be read"),
        ("steps: []\nfolder: w", "give a list of steps"),
        ("steps: x\nfolder: w", "give a list of steps"),
        (GOOD.replace("folder: work\n", ""), "has no `folder`"),
        (GOOD + "workers: 3\n", "unknown key `workers`: known are description, variables, folder, steps"),
        (GOOD + "    env: {}\n", "step 'one' has the unknown key `env`: known are name, command, with"),
        (GOOD.replace("command: ingest", "run: ingest"), "step 'one' has no `command`"),
        (GOOD.replace("name: one", "name: ../x"), "step '../x': name: '../x' is no name"),
        (GOOD.replace("  - name: one", "  - x: one"), "step 1 has"),
        (GOOD.replace("command: ingest", "command: [ingest]"), "step 'one': command: .*not a text"),
        (GOOD.replace("{corpus: casme2, out: work/m}", "[a]"), "step 'one': with is .*give a mapping"),
        (GOOD.replace("casme2", "{a: b}"), "step 'one': with.corpus .*a text, or a list of texts"),
        (GOOD.replace("casme2", "[[a]]"), "step 'one': with.corpus .*a text, or a list of texts"),
        (GOOD.replace("casme2", '"a\\0b"'), "the character 0"),
        (GOOD + "variables: {a: [b]}\n", "variables.a: .*not a text"),
        (GOOD + "variables: {a b: c}\n", "'a b' is no name"),
        (GOOD + "folder: again\n", "'folder' is given twice"),
        (GOOD.replace("out: work/m", "corpus: x"), "'corpus' is given twice"),
        (GOOD + "  - {name: one, command: status}\n", "two steps are called 'one'"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nsteps: [*b, *b]\n", r"line 2: references \(\*\) are not known"),
        ("? [a]\n: b", "a key has to be a text"),
        ("steps: " + "[" * 20000, "nested too deeply|not a pipeline"),
        ("a: !!python/object/apply:os.system ['exit 3']", "unknown key `a`|has no"),
        ("\x07", "not a pipeline that can be read"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path, text, words):
    with pytest.raises(UsageError, match=words) as caught:
        read(tmp_path, text)
    assert "p.yaml" in str(caught.value)
    assert str(caught.value).endswith(".")


def test_wrong_places(tmp_path):
    with pytest.raises(UsageError, match="name a pipeline file"):
        read_pipeline(tmp_path / "no.yaml")
    with pytest.raises(UsageError, match="name a pipeline file"):
        read_pipeline(tmp_path)
    (tmp_path / "latin.yaml").write_bytes(b"folder: \xe9")
    with pytest.raises(UsageError, match="can be read"):
        read_pipeline(tmp_path / "latin.yaml")


keys = st.sampled_from(["name", "command", "with", "steps", "folder", "variables", "description", "x"])
things = st.recursive(
    st.text(max_size=5) | st.integers() | st.none() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(things | st.fixed_dictionaries({"folder": st.just("w"), "steps": st.lists(things, max_size=3)}))
def test_whatever_the_file_holds_it_is_read_or_refused(tmp_path, content):
    with suppress(UsageError):
        assert isinstance(read(tmp_path, yaml.safe_dump(content, allow_unicode=True)), Pipeline)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(alphabet=st.sampled_from("abs:-[]{}&*!|>'\"\n \t?%@#,$")))
def test_whatever_the_text_is_it_is_read_or_refused(tmp_path, text):
    with pytest.raises(UsageError, match=r"p\.yaml"):
        read(tmp_path, text)
