"""Which clips may speak for action units, and that the others are named."""

import re
from dataclasses import replace

import pytest
from rows import clip, manifest

from me_augment.generation.au_basis import Sample
from me_augment.generation.canonical_face import SHAPE
from me_augment.manifest.au import parse_aus
from me_augment.synthesis.au_samples import read_samples, usable_for_basis
from me_augment.synthesis.plan import Unusable


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, None),
        ({"aus": parse_aus("12B+ref(7)").units}, None),
        ({"aus": ()}, "no action unit"),
        ({"aus": parse_aus("12+38").units, "au_verbatim": "12+38"}, "38"),
        ({"aus": parse_aus("12?").units, "au_verbatim": "12?"}, r"12\?"),
        ({"aus": parse_aus("4(k)").units, "au_verbatim": "4(k)"}, "4"),
        ({"aus": parse_aus("1 or 2").units, "au_verbatim": "1 or 2"}, "1"),
        ({"apex_index": None}, "apex frame"),
        ({"apex_index": 0}, "after its onset"),
        ({"expression": "macro"}, "macro"),
        ({"landmarks": None}, "landmarks"),
    ],
)
def test_only_what_can_be_ascribed_is_used(fields, reason):
    row = clip(**{"aus": parse_aus("12").units, "landmarks": tuple(float(i) for i in range(136)), **fields})
    good, bad = usable_for_basis(manifest(clips=(row,)))
    assert (len(good), len(bad)) == ((1, 0) if reason is None else (0, 1))
    if reason is not None:
        assert re.search(reason, bad[0].reason)


def test_clips_are_measured_and_the_unreadable_named(tiny_manifest):
    good, _ = usable_for_basis(tiny_manifest)
    assert good
    lost = replace(tiny_manifest, roots={**tiny_manifest.roots, "casme2": tiny_manifest.folder})
    first = next(read_samples(tiny_manifest, good))
    assert isinstance(first, Sample)
    assert first.person_ids == good[0].forbidden_subjects
    assert first.field.shape == ((SHAPE[0] + 1) // 2, (SHAPE[1] + 1) // 2, 2)
    assert 0.003 < abs(first.field).max() < 0.2
    assert isinstance(next(read_samples(lost, good)), Unusable)
