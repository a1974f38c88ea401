"""What is counted for a report."""

import pytest
from rows import clip, manifest, recording, synthetic

from me_augment.manifest import Issue
from me_augment.manifest.au import parse_aus
from me_augment.manifest.folds import may_train
from me_augment.report.gather import Count, gather


@pytest.fixture
def mixed():
    """Two people, a face of a third, clips made of them, some in vain, and a real one that was never found."""
    one = clip(aus=parse_aus("1+2").units)
    two = clip(clip_id="clip-2", person_id="casme2:sub92", emotion="disgust", label_megc3="negative")
    face = clip(clip_id="clip-3", person_id="casme2:sub93", expression="neutral", emotion=None, label_megc3=None)
    lost = clip(clip_id="clip-4", recording_id=None, status="failed", reason="frames are missing", licence="other")
    made = [
        synthetic(one, two, aus=one.aus),
        synthetic(two, one),
        synthetic(one, face, clip_id="r", status="rejected",
                  reason="quality: correlation 0.71 is below 0.8, fold 0.1 is below 0.3"),
        synthetic(two, face, clip_id="s", status="rejected", reason="quality: correlation 0.5 is below 0.8"),
        synthetic(two, face, clip_id="f", status="failed", recording_id=None, reason="no face"),
    ]  # fmt: skip
    return manifest(clips=(one, two, face, lost, *made))


def test_real_and_synthetic_clips_are_counted_side_by_side(mixed):
    facts = gather(mixed)
    assert (facts.before.clips, facts.made.clips, facts.faces) == (2, 2, 1)
    assert (facts.rejected, facts.failed, facts.unread) == (2, 1, 1)
    assert facts.is_synthetic
    assert facts.counts["emotion"] == (Count("disgust", 1, 1), Count("surprise", 1, 1))
    assert facts.counts["megc3"] == (Count("negative", 1, 1), Count("surprise", 1, 1))
    assert facts.counts["action unit"] == (Count("AU1", 1, 1), Count("AU2", 1, 1))
    assert facts.counts["samm-5"] == ()
    assert facts.terms == (("casme2", "none"), ("casme2", "other"))


def test_folds_keep_to_the_rule(mixed):
    extra = synthetic(mixed.clips[0], mixed.clips[0], clip_id="x", forbidden_subjects=("casme2:sub91", "casme2:*"))
    rows = (*mixed.clips, extra)
    facts = gather(manifest(clips=rows))
    made = [row for row in rows if row.is_synthetic and row.status == "ok"]
    assert [person.person for person in facts.people] == ["casme2:sub91", "casme2:sub92"]
    for person in facts.people:
        assert person.may_train == sum(may_train(row, person.person) for row in made)
        assert person.may_train + person.barred == len(made)
    assert [(person.real, person.seen, person.drove) for person in facts.people] == [(1, 2, 2), (1, 1, 1)]


def test_reasons_differ_by_gate_and_not_by_figure(mixed):
    facts = gather(mixed)
    assert facts.reasons == (
        ("rejected: correlation is below 0.8", 2),
        ("failed: frames are missing", 1),
        ("failed: no face", 1),
        ("rejected: fold is below 0.3", 1),
    )
    assert {row.clip_id for row in facts.problems} == {"clip-4", "r", "s", "f"}


def test_events_of_a_long_video_lie_on_its_timeline():
    whole = clip(clip_id="v", name="a video", expression="neutral", issues=(Issue(code="long-video", detail="x"),))
    event = clip(clip_id="e", onset_index=2, apex_index=3, offset_index=4)
    blink = clip(clip_id="b", expression="neutral", emotion=None, au_verbatim="45", onset_index=0, offset_index=1)
    other = clip(clip_id="o", recording_id="rec-2")
    facts = gather(
        manifest(clips=(whole, event, blink, other), recordings=(recording(), recording(recording_id="rec-2")))
    )
    (video,) = facts.videos
    assert (video.name, video.frames, video.seconds, facts.n_videos) == ("a video", 10, 0.05, 1)
    assert [(e.kind, e.name, e.onset, e.offset) for e in video.events] == [
        ("other", "other, 45", 0, 1),
        ("micro", "micro, surprise", 2, 4),
    ]


def test_people_who_are_never_shown_are_told_of():
    flagged = clip(issues=(Issue(code="never-show", detail="x"),))
    assert gather(manifest(clips=(flagged, clip(clip_id="c")))).flagged == 1
    assert gather(manifest(clips=(clip(),))).flagged == 0


def test_nothing_is_something_to_report():
    facts = gather(manifest(clips=(), recordings=()))
    assert (facts.before.clips, facts.people, facts.reasons, facts.videos) == (0, (), (), ())
    assert not facts.is_synthetic
