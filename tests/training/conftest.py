"""A small training run's ingredients, prepared once."""

import pytest

from me_augment.training.clips import prepare_clips
from me_augment.training.presets import preset
from me_augment.training.subjects import split


@pytest.fixture(scope="session")
def cache(tiny_manifest, tmp_path_factory):
    """Folder with the clips of `tiny_manifest` prepared for the tiny preset, training's and validation's."""
    folder = tmp_path_factory.mktemp("training") / "cache"
    chosen = split(tiny_manifest)
    parts = []
    for clips in (chosen.train, chosen.validation):
        good, bad = prepare_clips(tiny_manifest, clips, preset("tiny", "mended").shape, folder, gray=False)
        assert not bad
        parts.append(good)
    return folder, parts
