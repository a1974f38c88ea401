"""Words on pictures."""

import numpy as np
import pytest

from me_augment.report.words import drawable, line, paragraph, watermarked, width_of


def ink(picture):
    return int((picture.min(axis=2) < 128).sum())


def test_letters_beyond_ascii_are_drawn_and_unknown_ones_named():
    assert drawable("Größe Ω\n Привет") == "Größe Ω Привет"
    assert drawable("张\u202e") == "\\u5f20\\u202e"
    assert ink(line("Größe", 200)) > ink(line("Große", 200)) > 0
    assert not np.array_equal(line("Привет", 200), line("??????", 200))


def test_a_line_has_the_width_asked_for_and_is_cut_to_it():
    short, long = line("a", 120, size=14), line("a" * 500, 120, size=14)
    assert short.shape == long.shape == (24, 120, 3)
    assert (long[:, -5:] == 255).all()
    assert (line("", 60) == 255).all()
    assert line("x", 20).shape[1] == 20
    assert width_of("apex", 10) < width_of("apexes", 10)


def test_a_line_is_written_smaller_before_it_is_cut():
    text, apart = "motion 1.9 px", line("motion 1.9 px", 300, size=9)[:, 4:]
    small = line(text, width_of(text, 9) + 8, size=12)[:, 6:]
    assert ink(small) == ink(apart)


def test_a_paragraph_takes_the_lines_that_it_needs():
    words = "one two three four five six"
    assert paragraph(words, 400).shape == (20, 400, 3)
    assert paragraph(words, 90).shape == (60, 90, 3)
    assert paragraph(words, 90, most=2).shape == (40, 90, 3)
    assert paragraph("", 90).shape == (20, 90, 3)


@pytest.mark.parametrize("shape", [(120, 200, 3), (120, 200), (20, 24, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_watermark_lies_in_the_lower_left_corner(shape, dtype):
    frame = np.full(shape, np.iinfo(dtype).max // 3, dtype)
    marked = watermarked(frame)
    assert (marked.shape, marked.dtype) == (frame.shape, dtype)
    changed = np.argwhere(marked != frame)
    assert len(changed) > 20
    if shape[0] == 120:
        assert changed[:, 0].min() > 100
        assert changed[:, 1].max() < 100
        assert marked.max() > 0.9 * np.iinfo(dtype).max
        assert marked.min() == 0
