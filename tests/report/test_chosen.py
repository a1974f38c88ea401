"""Which clips are shown."""

from collections import Counter

from rows import clip, manifest, synthetic

from me_augment.manifest import Issue
from me_augment.manifest.showing import Hidden
from me_augment.report.chosen import BEST, EXAMPLES, REJECTED, WORST, choose


def run_of(count, rejected=4):
    driver = clip()
    made = [
        synthetic(driver, clip(clip_id=f"t{n}", person_id=f"casme2:sub{n % 5}"), clip_id=f"s{n:03}",
                  emotion=("joy", "fear", "anger")[n % 3], quality_correlation=0.9 + n / 1000)
        for n in range(count)
    ]  # fmt: skip
    bad = [
        synthetic(driver, driver, clip_id=f"r{n}", status="rejected", quality_correlation=0.1 * n)
        for n in range(rejected)
    ]
    return manifest(clips=(driver, *made, *bad))


def chosen_of(run, most):
    return choose(run, Hidden(run.clips), most)


def test_worst_best_rejected_and_examples_are_among_them():
    found = chosen_of(run_of(100), 20)
    ids = {group: [entry.clip.clip_id for entry in found if entry.group == group] for group in (WORST, BEST, REJECTED)}
    assert ids[WORST] == [f"s{n:03}" for n in range(6)]
    assert ids[BEST] == ["s099", "s098", "s097"]
    assert ids[REJECTED] == ["r0", "r1", "r2"]
    emotions = Counter(entry.clip.emotion for entry in found if entry.group == EXAMPLES)
    assert sum(emotions.values()) == 8
    assert max(emotions.values()) - min(emotions.values()) <= 1
    assert len({entry.clip.clip_id for entry in found}) == len(found) == 20


def test_wherever_the_list_is_cut_every_group_is_in_it():
    assert {entry.group for entry in chosen_of(run_of(100), 20)[:4]} == {WORST, REJECTED, BEST, EXAMPLES}


def test_few_clips_are_all_shown_once():
    found = chosen_of(run_of(5, rejected=0), 20)
    assert sorted(entry.clip.clip_id for entry in found) == [f"s{n:03}" for n in range(5)]


def test_nobody_who_must_never_be_shown():
    run = run_of(30)
    flagged = clip(clip_id="x", person_id="casme2:sub0", issues=(Issue(code="never-show", detail="x"),))
    found = chosen_of(manifest(clips=(*run.clips, flagged)), 20)
    assert found
    assert all(entry.clip.person_id != "casme2:sub0" for entry in found)


def test_of_a_manifest_real_clips_are_shown():
    rows = [clip(clip_id=f"c{n}", emotion=f"e{n % 2}") for n in range(6)]
    rows += [clip(clip_id="n", expression="neutral"), clip(clip_id="f", status="failed", recording_id=None)]
    found = chosen_of(manifest(clips=tuple(rows)), 4)
    assert [entry.group for entry in found] == [EXAMPLES] * 4
    assert Counter(entry.clip.emotion for entry in found) == {"e0": 2, "e1": 2}
    assert chosen_of(manifest(clips=()), 4) == []
    assert chosen_of(manifest(clips=tuple(rows)), 0) == []
