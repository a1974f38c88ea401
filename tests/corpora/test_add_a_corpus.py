"""The guide to adding a corpus: its snippets are the code's."""

import re
from pathlib import Path

from me_augment.corpora.column_map import FIELDS, read_column_map

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/add-a-corpus.md").read_text(encoding="utf-8")


def test_every_snippet_stands_in_the_file_named_above_it():
    snippets = re.findall(r"`([^`\n]+)`:\n\n```python\n(.*?)\n```", GUIDE, re.DOTALL)
    assert len(snippets) == GUIDE.count("```python") > 8
    for file, snippet in snippets:
        text = _flush((ROOT / file).read_text(encoding="utf-8"))
        for part in snippet.split("\n    …\n"):
            assert _flush(part) in text, f"{file}: {part}"


def test_the_column_map_is_a_sound_one_with_every_field(tmp_path):
    (yaml,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "columns.yaml").write_text(yaml)
    said = read_column_map(tmp_path / "columns.yaml")
    assert set(said.columns.required) == {*FIELDS, "session"} - {"clip"}
    assert (said.recording, said.fps, said.people) == ("{session}/{recording}", (200, 1), "my-lab")


def _flush(text):
    """Text without indents: an entry of a list stands alone in the guide."""
    return "\n".join(line.lstrip() for line in text.splitlines())
