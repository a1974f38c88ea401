"""What is counted in a manifest, what is drawn of it, and which clips are shown."""

import pytest
from rows import clip, manifest, recording, synthetic

from me_augment.manifest import Issue
from me_augment.manifest.au import parse_aus
from me_augment.report.overview import UNKNOWN, Span, examples, overview_of
from me_augment.report.overview_plots import write_overview_plots
from me_augment.video import open_frames


@pytest.fixture
def mixed():
    """Two corpora, a synthetic clip, a face and a failed clip."""
    one = clip(aus=parse_aus("1+L2+M57").units, label_casme2_5="surprise", protocols=("megc2019",), objective_class=2)
    two = clip(clip_id="clip-2", name="091/x", corpus="samm", person_id="samm:091", recording_id="rec-2",
               label_megc3=None, emotion="Other", label_samm_5="other", offset_index=5)  # fmt: skip
    face = clip(clip_id="clip-3", expression="neutral", emotion=None, label_megc3=None)
    lost = clip(clip_id="clip-4", recording_id=None, status="failed", reason="x", onset_index=None, offset_index=None)
    made = synthetic(one, two, label_casme2_5="surprise")
    slow = recording(recording_id="rec-2", fps_num=30000, fps_den=1001)
    return manifest(recordings=(recording(), slow), clips=(one, two, face, lost, made))


def test_everything_is_counted(mixed):
    found = overview_of(mixed)
    assert (found.corpus, found.clips, found.recordings, found.people) == ("casme2", 5, 2, 2)
    assert found.counts == {
        "corpus": {"casme2": 3, "samm": 1, "synthetic": 1},
        "expression": {"micro": 4, "neutral": 1},
        "status": {"ok": 4, "failed": 1},
        "person": {"casme2:sub91": 3, "samm:091": 2},
        "emotion": {"surprise": 3, UNKNOWN: 1, "Other": 1},
        "megc3": {"surprise": 3, UNKNOWN: 2},
        "casme2-5": {"surprise": 2, UNKNOWN: 3},
        "samm-5": {"other": 1, UNKNOWN: 4},
        "objective": {"2": 1, UNKNOWN: 4},
        "action unit": {"AU1": 1, "AU2": 1},
        "frames a second": {"200": 3, UNKNOWN: 1, "29.97": 1},
        "protocol": {"megc2019": 1},
    }
    assert found.lengths["casme2"] == Span(1, (10, 10, 10), (0.045, 0.045, 0.045))
    assert found.lengths["samm"].frames == (6, 6, 6)
    assert found.lengths["samm"].seconds[1] == pytest.approx(5 * 1.001 / 30)


def test_the_median_of_an_even_number_lies_between_two():
    rows = tuple(clip(clip_id=str(last), offset_index=last) for last in (3, 4, 7, 20))
    assert overview_of(manifest(clips=rows)).lengths["casme2"].frames == (4, 6.5, 21)


def test_an_empty_manifest_has_nothing_to_count_or_draw(tmp_path):
    empty = manifest(recordings=(), clips=())
    found = overview_of(empty)
    assert (found.clips, found.lengths) == (0, {})
    assert write_overview_plots(tmp_path / "p", found, empty) == []
    assert examples(empty) == []


def test_plots_are_pictures_and_the_same_each_time(mixed, tmp_path):
    written = write_overview_plots(tmp_path / "a", overview_of(mixed), mixed)
    names = ["emotions.png", "megc3.png", "people.png", "action-units.png", "lengths.png"]
    assert [path.name for path in written] == names
    again = write_overview_plots(tmp_path / "b", overview_of(mixed), mixed)
    for one, other in zip(written, again, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert open_frames(one).width > 300


def test_nobody_who_must_never_be_shown_is_an_example():
    flagged = clip(clip_id="a", person_id="dfme:sub9001", issues=(Issue(code="never-show", detail="x"),))
    same = clip(clip_id="b", person_id="dfme:sub9001")
    other = clip(clip_id="c")
    rows = (flagged, same, other, synthetic(other, flagged, clip_id="made"), synthetic(same, other, clip_id="driven"))
    assert [row.clip_id for row in examples(manifest(clips=rows))] == ["c"]


def test_examples_take_turns():
    rows = [
        clip(clip_id=f"{corpus}{emotion}{i}", corpus=corpus, emotion=emotion, name=f"s/{i}")
        for corpus, emotion, count in (("casme2", "a", 9), ("casme2", "b", 1), ("samm", "a", 2))
        for i in range(count)
    ]
    shown = examples(manifest(clips=tuple(reversed(rows))), most=6)
    assert [clip.clip_id for clip in shown] == ["casme2a0", "casme2b0", "samma0", "casme2a1", "samma1", "casme2a2"]
    assert len(examples(manifest(clips=tuple(rows)), most=99)) == 12


def test_examples_are_of_different_drivers_and_faces():
    people = [f"casme2:sub{number}" for number in range(4)]
    drivers = {person: clip(clip_id=f"of {person}", person_id=person) for person in people}
    rows = [
        synthetic(drivers[driver], drivers[face], clip_id=f"{driver}{face}{emotion}", name=f"{driver} on {face}",
                  emotion=emotion)
        for emotion in ("fear", "joy") for driver in people for face in people if face != driver
    ]  # fmt: skip
    shown = examples(manifest(clips=tuple(rows)), most=4)
    assert {row.driver_person_id for row in shown} == {row.person_id for row in shown} == set(people)
    assert [row.emotion for row in shown] == ["fear", "joy"] * 2
    assert examples(manifest(clips=tuple(reversed(rows))), most=4) == shown


def test_nothing_but_what_can_be_shown_is_an_example():
    assert examples(manifest(clips=(clip(status="failed", reason="x"), clip(onset_index=None)))) == []
