"""A folder as a reader of the documentation has it: a manifest, finished runs, and what the demo leaves behind."""

import os

import long_corpus
import pytest
from doc_pages import ROOT

os.environ.setdefault("HF_DATASETS_OFFLINE", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def desk(tiny_manifest, small_run, tmp_path_factory):
    """A folder with work/manifest, work/run and work/run-long, and the first two as demo-out/manifest and demo-out/run.

    The long videos are drawn by hand.
    """
    folder = tmp_path_factory.mktemp("desk")
    (folder / "work").mkdir()
    (folder / "work/manifest").symlink_to(tiny_manifest.folder)
    (folder / "work/run").symlink_to(small_run)
    (folder / "long").mkdir()
    long_corpus.write(folder / "long", people=("s15", "s16"), synthetic=(("s15", "s16"),))
    (folder / "work/run-long").symlink_to(folder / "long/run")
    (folder / "demo-out").symlink_to(folder / "work")
    (folder / "manifests").symlink_to(ROOT / "manifests")
    return folder
