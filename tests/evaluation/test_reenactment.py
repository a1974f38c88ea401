"""Self-reenactment on drawn clips: the generator beats the still frame by every measure that sees motion."""

import numpy as np
import pytest

from me_augment.evaluation.reenactment import MEASURES, STILL, FaceDescriptor, choose_clips, means, reenact, table
from me_augment.generation import create_generator


@pytest.fixture(scope="module")
def results(tiny_manifest, detector):
    chosen = choose_clips(tiny_manifest, 1)
    return reenact(tiny_manifest, chosen, {"warp": lambda clip: create_generator("warp")}, detector)


def test_the_generator_is_nearer_to_the_real_clip_than_its_first_frame(results):
    warp, still = results
    assert (warp.generator, still.generator) == ("warp", STILL)
    assert warp.clip_id == still.clip_id
    assert warp.l1 < still.l1
    assert warp.psnr > still.psnr
    assert warp.ssim > still.ssim
    assert warp.akd <= still.akd
    assert warp.akd_iod < 0.03
    assert warp.correlation > 0.9
    assert 0.8 < warp.gain < 1.2
    assert still.gain == pytest.approx(0, abs=1e-3)


def test_the_table_has_a_line_for_each_maker(results):
    assert list(means(results)) == ["warp", STILL]
    assert list(means(results)["warp"]) == list(MEASURES)
    assert means(results)["warp"]["l1"] == results[0].l1
    assert [row[0] for row in table(results)] == ["self-reenactment", "warp", "still"]


def test_clips_are_drawn_always_alike(tiny_manifest):
    chosen = choose_clips(tiny_manifest, 3)
    assert chosen == choose_clips(tiny_manifest, 3)
    assert chosen[:2] == choose_clips(tiny_manifest, 2)
    assert len(choose_clips(tiny_manifest, 99)) == len(tiny_manifest.clips)
    hers = choose_clips(tiny_manifest, 99, lambda clip: clip.person_id == "casme2:sub92")
    assert hers == [clip for clip in choose_clips(tiny_manifest, 99) if clip.subject == "sub92"]


def test_the_descriptor_tells_people_apart(people):
    from conftest import picture

    from me_augment.demo.faces import Performance

    describe = FaceDescriptor()
    rest, smile = (picture(Performance(people[0], {12: 0.8}).frame(a)) for a in (0, 1))
    other = picture(Performance(people[3], {}).frame(0))
    own = describe(rest, people[0].landmarks)
    assert own.shape == (128,)
    same = np.linalg.norm(own - describe(smile, people[0].landmarks))
    different = np.linalg.norm(own - describe(other, people[3].landmarks))
    assert same < 0.15 < 0.3 < different
    np.testing.assert_allclose(describe(rest.astype(np.uint16) * 257, people[0].landmarks), own, atol=1e-6)
