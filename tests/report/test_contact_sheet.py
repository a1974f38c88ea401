"""Contact sheets."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from me_augment.errors import MeAugmentError
from me_augment.manifest import Issue
from me_augment.report.contact_sheet import contact_sheet, write_contact_sheet


def test_a_sheet_has_a_row_per_clip(tiny_manifest, tmp_path):
    clips = tiny_manifest.clips[:2]
    sheet = contact_sheet(tiny_manifest, clips)
    one = contact_sheet(tiny_manifest, clips[:1])
    assert sheet.shape[0] == 2 * one.shape[0]
    assert sheet.shape[1] > 3 * 190
    write_contact_sheet(tmp_path / "sheet.png", tiny_manifest, clips)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "sheet.png"))[..., ::-1], sheet)


def test_who_must_never_be_shown_is_on_no_sheet(tiny_manifest):
    first, *others = tiny_manifest.clips
    flagged = replace(first, issues=(Issue(code="never-show", detail="x"),))
    manifest = replace(tiny_manifest, clips=(flagged, *others))
    with pytest.raises(MeAugmentError, match=f"{first.name}: who is seen there must never be shown"):
        contact_sheet(manifest, manifest.clips[:1])
    assert len(contact_sheet(manifest, [clip for clip in others if clip.person_id != first.person_id]))


def test_an_unwritable_place_is_one_sentence(tiny_manifest, tmp_path):
    with pytest.raises(MeAugmentError, match="cannot write"):
        write_contact_sheet(tmp_path / "no" / "sheet.png", tiny_manifest, tiny_manifest.clips[:1])
