"""What a preview shows of a clip, and its layout."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from rows import synthetic

from me_augment.errors import MeAugmentError
from me_augment.manifest import Issue
from me_augment.report.panels import VIEWS, grid, panel_of_file, panels_of, views
from me_augment.video import write_lossless


@pytest.fixture(scope="module")
def run(tiny_manifest):
    """The tiny manifest, and a row that passes the second clip off as made of the first."""
    one, *_, two = tiny_manifest.clips
    span = ("recording_id", "onset_index", "apex_index", "offset_index", "landmarks", "subject")
    made = synthetic(one, two, name="Größe|<b>", **{name: getattr(two, name) for name in span})
    return replace(tiny_manifest, clips=(*tiny_manifest.clips, made))


def test_a_synthetic_clip_stands_beside_its_driver_and_its_face(run):
    (panel,) = panels_of(run, run.clips[-1:], 64, 2)
    assert [film.role for film in panel.films] == ["driver", "synthetic"]
    assert panel.synthetic
    assert panel.title == "Größe|<b>"
    assert panel.about == "happiness, strength 1.00"
    np.testing.assert_array_equal(panel.face, panel.films[1].look.frames[0])
    assert all(film.apex_known for film in panel.films)


def test_a_real_clip_stands_alone(run):
    (panel,) = panels_of(run, run.clips[:1], 64, 2)
    assert [film.role for film in panel.films] == ["real"]
    assert (panel.face, panel.synthetic) == (None, False)
    assert panel.title == run.clips[0].name
    assert panel.about == "happiness, AU 6+12"


def test_a_clip_without_driver_is_shown_with_its_face(run):
    alone = replace(run.clips[-1], driver_clip_id=None)
    (panel,) = panels_of(run, [alone], 64, 2)
    assert len(panel.films) == 1
    assert panel.face is not None


def test_nobody_is_shown_through_a_clip_that_they_drove(run):
    first, *others = run.clips
    flagged = replace(first, issues=(Issue(code="never-show", detail="x"),))
    hidden = replace(run, clips=(flagged, *others))
    with pytest.raises(MeAugmentError, match="must never be shown"):
        panels_of(hidden, hidden.clips[-1:], 64, 2)


def test_a_file_is_shown_whole_and_a_marked_one_as_synthetic(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (5, 30, 40, 3)).astype(np.uint8)
    write_lossless(tmp_path / "a.mkv", frames, Fraction(50))
    write_lossless(tmp_path / "b.mkv", frames, Fraction(50), {"comment": "synthetic clip, me-augment"})
    plain, marked = (panel_of_file(tmp_path / name, 64) for name in ("a.mkv", "b.mkv"))
    assert (plain.synthetic, plain.films[0].role) == (False, "film")
    assert (marked.synthetic, marked.films[0].role) == (True, "synthetic")
    look = plain.films[0].look
    assert (look.frames.shape, look.fps, look.positions, look.apex) == ((5, 64, 64, 3), 50, (0, 1, 2, 3, 4), 2)
    assert not plain.films[0].apex_known


def test_the_views_have_the_frames_of_the_film(run):
    (panel,) = panels_of(run, run.clips[:1], 48)
    film = panel.films[0]
    seen = {view: views(film, view, panel.flow_scale()) for view in VIEWS}
    assert {pictures.shape for pictures in seen.values()} == {film.look.frames.shape}
    assert (seen["difference"][0] == 128).all()
    assert (seen["flow"][0] == 255).all()
    assert (seen["flow"][film.look.apex] < 200).any()


def test_pictures_of_any_size_stand_beside_each_other_while_there_is_room():
    small, large = np.zeros((10, 20, 3), np.uint8), np.zeros((30, 500, 3), np.uint8)
    assert grid([small]).shape == (10 + 24, 20 + 24, 3)
    wide = grid([large, small, large])
    assert wide.shape == (2 * 42 + 12, 2 * 512 + 12, 3)
    assert (wide[42 + 12 :, 512 + 12 :] == 255).all()
    assert grid([np.zeros((10, 2000, 3), np.uint8)] * 2).shape[0] == 2 * 22 + 12
