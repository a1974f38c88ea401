"""Contact sheets."""

import cv2
import numpy as np
import pytest
from PIL import Image

from me_augment.errors import MeAugmentError
from me_augment.report.contact_sheet import contact_sheet, write_contact_sheet
from me_augment.report.panels import panels_of
from me_augment.video import PREVIEW_COMMENT


@pytest.fixture(scope="module")
def panels(tiny_manifest):
    return panels_of(tiny_manifest, tiny_manifest.clips[:2], 96, 2)


def test_a_sheet_has_a_strip_per_clip_and_is_written_as_it_is(panels, tmp_path):
    sheet, one = contact_sheet(panels), contact_sheet(panels[:1])
    assert one.shape[1] == 5 * 96 + 2 * 12
    assert sheet.shape[1] == 2 * one.shape[1] - 12
    assert sheet.shape[0] <= one.shape[0]  # the legend needs fewer lines
    write_contact_sheet(tmp_path / "sheet.png", panels)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1], sheet)
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.info["Description"].startswith(PREVIEW_COMMENT)


def test_onset_apex_and_offset_are_on_it(panels):
    sheet = contact_sheet(panels[:1])
    look = panels[0].films[0].look
    for column, index in enumerate((look.onset, look.apex, look.offset)):
        there = sheet[12 + 24 + 3 * 20 :][:96, 12 + 96 * column : 12 + 96 * (column + 1)]
        np.testing.assert_array_equal(there, look.frames[index])


def test_an_unwritable_place_is_one_sentence(panels, tmp_path):
    (tmp_path / "no").write_text("a file")
    with pytest.raises(MeAugmentError, match="cannot write"):
        write_contact_sheet(tmp_path / "no" / "sheet.png", panels)
