"""The page about the manifest says what the schema says, and its example opens."""

import runpy
from pathlib import Path

import pandas as pd

from me_augment.manifest import Manifest
from me_augment.manifest.validate import findings

FOLDER = Path(__file__).parents[2] / "manifests"
MAKE = runpy.run_path(str(FOLDER / "make.py"))


def test_the_page_is_up_to_date():
    assert (FOLDER / "README.md").read_text() == MAKE["readme"](), "run `python manifests/make.py`"


def test_every_column_says_what_it_means():
    from me_augment.manifest.describe import schema_markdown

    rows = [line for line in schema_markdown().splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert all(len(line.split("|")[4].strip()) > 10 for line in rows)


def test_the_example_is_up_to_date_and_sound():
    opened = Manifest.open(FOLDER / "example")
    assert opened == MAKE["example"](), "run `python manifests/make.py`"
    assert findings(opened) == []
    frame = pd.read_parquet(FOLDER / "example" / "clips.parquet")
    assert frame.is_synthetic.tolist() == [False, False, True]
