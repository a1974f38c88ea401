"""Variables: put in place once, refused by name where they are not known."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.errors import UsageError
from me_augment.pipeline.variables import fill, resolve, typed

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True)


@given(st.text())
def test_any_text_can_be_written(text):
    assert fill(text.replace("$", "$$"), {}, "f") == text


@given(names, st.text(), st.text(), st.text())
def test_a_value_is_put_in_as_it_is(name, value, before, after):
    """What it holds is not looked at again, so that nothing runs in circles."""
    text = before.replace("$", "$$") + f"${{{name}}}" + after.replace("$", "$$")
    assert fill(text, {name: value}, "f") == before + value + after


@given(st.dictionaries(names, st.text(min_size=1), max_size=4))
def test_set_values_are_taken_as_they_are(values):
    settings = [f"{name}={value}" for name, value in values.items()]
    assert resolve(dict.fromkeys(values, ""), settings, "f") == values


def test_a_variable_may_use_those_above_it():
    assert resolve({"work": "w", "run": "${work}/run"}, [], "f") == {"work": "w", "run": "w/run"}
    assert resolve({"work": "w", "run": "${work}/run"}, ["work=v"], "f")["run"] == "v/run"
    assert resolve({"a": "1"}, ["a=2", "a=3=4"], "f") == {"a": "3=4"}
    with pytest.raises(UsageError, match=r"f: variable 'run'.*'work', which is not defined.*known here: none"):
        resolve({"run": "${work}/run", "work": "w"}, [], "f")


@pytest.mark.parametrize(
    ("defaults", "settings", "words"),
    [
        ({"a": ""}, [], "f leaves a open: say --set a=VALUE"),
        ({"a": "1"}, ["a="], "f leaves a open"),
        ({"a": "", "b": "", "c": ""}, [], "f leaves a, b and c open: say --set a=VALUE --set b=VALUE --set c=VALUE"),
        ({"a": "1"}, ["b=2"], "'b', which f does not define: its variables are a"),
        ({}, ["b=2"], "its variables are none"),
        ({"a": "1"}, ["a"], "give NAME=VALUE"),
        ({"a": "1"}, ["=1"], "does not define"),
    ],
)
def test_mistakes(defaults, settings, words):
    with pytest.raises(UsageError, match=words):
        resolve(defaults, settings, "f")


@pytest.mark.parametrize(("text", "words"), [("${no}", "'no', which is not defined"), ("a ${b", "without its '}'")])
def test_wrong_places_are_named(text, words):
    with pytest.raises(UsageError, match=words):
        fill(text, {"b": "1"}, "f: step 's', out")


def test_the_users_own_folder_is_where_a_shell_finds_it(monkeypatch):
    monkeypatch.setenv("HOME", "/home/mine")
    assert typed("${work}/run", {"work": "~/x"}, "f") == "/home/mine/x/run"
    assert typed("a~/b", {}, "f") == "a~/b"
