"""Every script in `benchmarks` can be started and says how, and the pages name those that are there."""

import re
import runpy
import sys

import pytest
from doc_pages import PAGES, ROOT

SCRIPTS = sorted((ROOT / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_it_imports_and_explains_itself(script, monkeypatch, capsys):
    """What it calls then is held to fit by mypy."""
    monkeypatch.setattr(sys, "path", [str(script.parent), *sys.path])
    monkeypatch.setattr(sys, "argv", [script.name, "--help"])
    if 'if __name__ == "__main__":' not in script.read_text(encoding="utf-8"):
        runpy.run_path(str(script))  # parts of the others
        return
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(script), run_name="__main__")
    assert ended.value.code == 0
    assert f"usage: {script.name}" in capsys.readouterr().out


def test_the_pages_name_scripts_that_are_there():
    named = {name for page in PAGES.values() for name in re.findall(r"\bbenchmarks/(\w+\.py)\b", page.read_text())}
    assert named
    assert named <= {script.name for script in SCRIPTS}
