"""Who moves whose face: never one's own, faces spread evenly, and the same however often it is asked."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import clip, synthetic

from me_augment.errors import UsageError
from me_augment.generation import Rendition
from me_augment.manifest import Issue
from me_augment.synthesis.plan import Plan, make_plan, rendition_of, usable
from me_augment.synthesis.settings import Settings

POINTS = tuple(map(float, range(136)))


def rows(persons, per_person, emotions=("happiness", "surprise", "disgust")):
    return [
        clip(
            clip_id=f"clip-{p:02d}-{k}",
            name=f"sub{p}/EP{k}",
            person_id=f"casme2:sub{p}",
            emotion=emotions[(p + k) % len(emotions)],
            landmarks=POINTS,
            content_sha256=f"{p}-{k}",
        )
        for p in range(persons)
        for k in range(per_person)
    ]


def asked(**fields):
    return Settings(**{"manifest": "m", "targets": "m", "generator": "warp", "generator_version": "1", **fields})


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 6), st.integers(1, 4), st.integers(1, 4), st.integers(0, 5))
def test_every_plan_keeps_the_rules(persons, per_person, per_driver, seed):
    clips = rows(persons, per_person)
    plan = list(make_plan(asked(per_driver=per_driver, seed=seed), clips, clips))
    assert all(row.driver_person_id != row.target_person_id for row in plan)
    assert len({row.clip_id for row in plan}) == len(plan)
    assert len({(row.driver_clip_id, row.target_clip_id) for row in plan}) == len(plan)
    possible = min(per_driver, (persons - 1) * per_person)
    assert Counter(row.driver_clip_id for row in plan) == {row.clip_id: possible for row in clips}
    shards_of_driver = Counter(driver for driver, _ in {(row.driver_clip_id, row.shard) for row in plan})
    assert set(shards_of_driver.values()) == {1}
    assert sorted({row.shard for row in plan}) == list(range(max(row.shard for row in plan) + 1))


def test_faces_are_used_evenly_within_each_emotion():
    clips = rows(6, 6)
    plan = make_plan(asked(per_driver=2), clips, clips)
    overall = Counter(row.target_person_id for row in plan)
    assert max(overall.values()) - min(overall.values()) <= 2
    for emotion in ("happiness", "surprise", "disgust"):
        used = Counter(row.target_person_id for row in plan if row.emotion == emotion)
        assert len(used) == 6
        assert max(used.values()) - min(used.values()) <= 2


def test_the_plan_does_not_depend_on_the_order_of_the_rows():
    clips = rows(5, 3)
    forward, _ = usable(clips, drivers=True)
    backward, _ = usable(reversed(clips), drivers=True)
    assert list(make_plan(asked(), forward, forward)) == list(make_plan(asked(), backward, backward))


def test_a_plan_is_made_anew_each_time_it_is_gone_through():
    plan = make_plan(asked(per_driver=3, strength=(0.5, 1.5), clips_per_shard=4), *[rows(5, 3)] * 2)
    first, second = iter(plan), iter(plan)
    assert [next(first) for _ in range(7)] == [next(second) for _ in range(7)]
    assert list(first) == list(second)
    assert len(list(plan)) == len(plan) == 45
    assert [row.shard for row in plan] == sorted(row.shard for row in plan)
    assert {row.shard for row in plan} == set(range(plan.shards))


def test_many_clips_of_one_driver_are_several_shards_of_one_size():
    clips = rows(9, 4)
    plan = make_plan(asked(per_driver=20, clips_per_shard=8), clips[:3], clips)
    of_driver = Counter((row.driver_clip_id, row.shard) for row in plan)
    assert sorted(of_driver.values()) == [6, 6, 6, 7, 7, 7, 7, 7, 7]
    assert plan.shards == 9


def test_the_size_of_shards_goes_with_the_plan_unless_it_is_given():
    clips = rows(6, 4)
    assert [make_plan(asked(per_driver=n), clips, clips).clips_per_shard for n in (1, 2, 20)] == [4, 4, 20]
    assert make_plan(asked(per_driver=20, clips_per_shard=3), clips, clips).clips_per_shard == 3


def test_plans_of_several_generators_share_no_shard():
    clips = rows(5, 3)
    parts = [make_plan(asked(), clips, clips, checkpoint=name) for name in ("a", "b")]
    whole = Plan.joined(parts, None)
    assert len(whole) == 30
    assert whole.clips_per_shard == 4
    of_shard = {row.shard: set() for row in whole}
    for row in whole:
        of_shard[row.shard].add(row.checkpoint)
    assert all(len(names) == 1 for names in of_shard.values())
    assert list(of_shard) == list(range(whole.shards))
    assert [replace(row, shard=0) for row in whole] == [replace(row, shard=0) for part in parts for row in part]


def test_another_seed_is_another_plan():
    clips = rows(5, 3)
    a, b = (make_plan(asked(seed=seed), clips, clips) for seed in (0, 1))
    assert {row.clip_id for row in a} != {row.clip_id for row in b}


def test_a_larger_plan_keeps_the_clips_of_a_smaller():
    clips = rows(5, 3)
    small, large = (make_plan(asked(per_driver=n, strength=(0.5, 1.5)), clips, clips) for n in (1, 3))
    assert {row.clip_id for row in small} < {row.clip_id for row in large}


def test_strength_is_drawn_in_its_range():
    clips = rows(5, 4)
    strengths = [row.strength for row in make_plan(asked(per_driver=3, strength=(0.5, 1.5)), clips, clips)]
    assert min(strengths) >= 0.5
    assert max(strengths) <= 1.5
    assert max(strengths) - min(strengths) > 0.8


def test_an_id_changes_with_whatever_the_clip_depends_on():
    clips = rows(2, 1)
    ids = {row.clip_id for row in make_plan(asked(), clips, clips)}
    for change in (
        {"content_sha256": "other"},
        {"landmarks": tuple(map(float, range(1, 137)))},
    ):
        changed = [replace(row, **change) for row in clips]
        assert not ids & {row.clip_id for row in make_plan(asked(), changed, changed)}
    for setting in (
        {"generator_version": "2"},
        {"strength": (1.1, 1.1)},
        {"tempo": (2.0, 2.0)},
        {"mirror": 1.0},
        {"asymmetry": (0.1, 0.1)},
        {"eyes": 1.0},
        {"shading": 1.0},
    ):
        assert not ids & {row.clip_id for row in make_plan(asked(**setting), clips, clips)}
    rates = {row.clip_id: Fraction(200) for row in clips}
    assert not ids & {row.clip_id for row in make_plan(asked(), clips, clips, rates)}


WISHES = {
    "strength": (0.5, 1.5),
    "tempo": (0.5, 2.0),
    "mirror": 0.5,
    "asymmetry": (-0.4, 0.4),
}


def drawn(row):
    tempo = (row.tempo_onset, row.tempo_offset, row.time_scale, row.times, row.n_frames, row.apex_index)
    return {"strength": row.strength, "tempo": tempo, "mirror": row.mirror, "asymmetry": row.asymmetry}


def test_no_control_changes_what_another_draws():
    clips = rows(5, 4)

    def plan(**wishes):
        return {
            (row.driver_clip_id, row.target_clip_id): drawn(row) for row in make_plan(asked(**wishes), clips, clips)
        }

    everything, nothing = plan(**WISHES), plan()
    for name, wish in WISHES.items():
        alone = plan(**{name: wish})
        for pair, row in alone.items():
            assert row[name] == everything[pair][name]
            assert {k: v for k, v in row.items() if k != name} == {k: v for k, v in nothing[pair].items() if k != name}


def test_controls_are_drawn_in_their_ranges():
    clips = rows(6, 6)
    plan = make_plan(asked(per_driver=3, **WISHES), clips, clips)
    assert 0.4 < sum(row.mirror for row in plan) / len(plan) < 0.6
    for values, low, high in (
        ([row.asymmetry for row in plan], -0.4, 0.4),
        # 4 and 5 frames: the grid makes steps of a quarter and a fifth
        ([row.tempo_onset for row in plan], 0.5, 2.0),
        ([row.tempo_offset for row in plan], 0.4, 2.2),
    ):
        assert low <= min(values) < low + 0.2
        assert high - 0.3 < max(values) <= high
    assert len({(row.tempo_onset, row.tempo_offset) for row in plan}) > 10
    assert not any(row.mirror for row in make_plan(asked(mirror=0.0), clips, clips))
    assert all(row.mirror for row in make_plan(asked(mirror=1.0), clips, clips))
    some = {row.driver_clip_id for row in make_plan(asked(mirror=0.2), clips, clips) if row.mirror}
    more = {row.driver_clip_id for row in make_plan(asked(mirror=0.6), clips, clips) if row.mirror}
    assert some < more


def test_a_row_says_how_its_clip_is_performed():
    clips = rows(2, 1)
    wishes = {"tempo": (2.0, 2.0), "mirror": 1.0, "asymmetry": (0.2, 0.2), "eyes": 0.3, "shading": 0.4}
    row = next(iter(make_plan(asked(**wishes), clips, clips)))
    assert rendition_of(row) == Rendition(
        strength=1.0, mirror=True, asymmetry=0.2, times=tuple(t / 2 for t in range(19)), eyes=0.3, shading=0.4
    )
    assert (row.n_frames, row.apex_index, row.time_scale) == (19, 8, 2.0)
    assert rendition_of(next(iter(make_plan(asked(), clips, clips)))) == Rendition()


def test_only_micro_expressions_keep_to_the_limits_of_micro_expressions():
    """45 ms at 200 frames a second: shorter than 40 ms is no micro-expression."""
    for expression, frames in (("micro", 9), ("macro", 3)):
        clips = [replace(row, expression=expression) for row in rows(2, 1)]
        rates = {row.clip_id: Fraction(200) for row in clips}
        plan = make_plan(asked(tempo=(0.25, 0.25)), clips, clips, rates)
        assert {row.n_frames for row in plan} == {frames}


def test_an_apex_outside_its_clip_is_no_apex():
    clips = [replace(row, apex_index=99) for row in rows(2, 1)]
    plan = make_plan(asked(tempo=(2.0, 2.0)), clips, clips)
    assert {(row.apex_index, row.n_frames) for row in plan} == {(None, 19)}


def test_balance_makes_rare_emotions_more_often():
    clips = rows(6, 4, emotions=("others", "others", "others", "fear"))
    plan = make_plan(asked(per_driver=2, balance=True), clips, clips)
    total = Counter(row.emotion for row in plan) + Counter(row.emotion for row in clips)
    assert len(plan) == 48
    assert abs(total["others"] - total["fear"]) <= 1


def test_targets_may_be_other_people():
    drivers, faces = rows(2, 2), [clip(clip_id="f", person_id="faces:a", expression="neutral", landmarks=POINTS)]
    plan = make_plan(asked(per_driver=3), drivers, faces)
    assert {row.target_person_id for row in plan} == {"faces:a"}
    assert len(plan) == 4  # one face image allows one clip per driver


def test_without_another_face_there_is_no_plan():
    clips = rows(1, 3)
    with pytest.raises(UsageError, match="another person"):
        make_plan(asked(), clips, clips)
    with pytest.raises(UsageError, match="no clip of the manifest can drive"):
        make_plan(asked(), [], clips)


def test_what_cannot_be_used_is_named_with_its_reason():
    good = clip(clip_id="good", landmarks=POINTS)
    cases = {
        "failed": (clip(clip_id="failed", status="failed", reason="lost"), "lost"),
        "span": (
            clip(
                clip_id="span",
                offset_index=None,
                landmarks=POINTS,
                issues=(Issue(code="frame-missing", detail="frame 19 is not there"),),
            ),
            "frame 19 is not there",
        ),
        "faceless": (clip(clip_id="faceless", issues=(Issue(code="no-face", detail="nobody"),)), "nobody"),
        "unseen": (clip(clip_id="unseen"), "--no-landmarks"),
        "short": (clip(clip_id="short", offset_index=0, landmarks=POINTS), "at least two frames"),
    }
    made = synthetic(good, clip(person_id="casme2:sub92"), landmarks=POINTS)
    found, left_out = usable([good, made, *(row for row, _ in cases.values())], drivers=True)
    assert found == [good]
    reasons = {row.clip_id: row.reason for row in left_out}
    assert set(reasons) == set(cases)
    assert all(words in reasons[name] for name, (_, words) in cases.items())
