"""Corpora without a label table: recordings at several depths of one tree, with and without an event."""

import re

import pytest

from me_augment.corpora.events import Event
from me_augment.corpora.labelled import Layout
from me_augment.corpora.registry import CORPORA
from me_augment.corpora.tree import Shape, require_folder
from me_augment.corpora.unlabelled import ingest_tree
from me_augment.errors import UsageError

CORPUS = CORPORA["smic-nir"]
SUBJECT, NAME = re.compile("s(?P<subject>[0-9])"), re.compile("(?P<video>v[0-9])")
LAYOUT = Layout(
    corpus=CORPUS,
    shapes=tuple(
        Shape(kind=kind, names=(kind,), levels=levels, canonical=str)
        for kind in ("raw", "cropped")
        for levels in ((SUBJECT, NAME), (SUBJECT, re.compile("deep"), NAME))
    ),
)


def first_of(where, key, video):
    """An event for each recording but `v2`."""
    if video.names["video"] == "v2":
        return None
    return Event(where=where, subject=video.subject, video=key, name=key, extent="first", expression="neutral")


@pytest.fixture
def root(tmp_path, frames):
    for place in ("raw/s1/v1", "raw/s1/v2", "raw/s1/deep/v3", "cropped/s1/v1"):
        frames(tmp_path / place, [5, 6])
    return require_folder(tmp_path, CORPUS)


def test_recordings_of_every_depth_are_read(root):
    seen = []
    manifest = ingest_tree(root, LAYOUT, first_of, progress=lambda *place: seen.append(place)).manifest
    assert [row.path for row in manifest.recordings] == ["raw/s1/deep/v3", "raw/s1/v1", "raw/s1/v2"]
    assert [(clip.name, clip.onset, clip.offset) for clip in manifest.clips] == [("1/v3", 5, 5), ("1/v1", 5, 5)]
    assert manifest.provenance == {"frames": "raw (not read: cropped)"}
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_tree_can_be_chosen(root):
    manifest = ingest_tree(root, LAYOUT, first_of, "cropped").manifest
    assert [row.path for row in manifest.recordings] == ["cropped/s1/v1"]
    with pytest.raises(UsageError, match="has no tree 'x': choose one of raw, cropped"):
        ingest_tree(root, LAYOUT, first_of, "x")
