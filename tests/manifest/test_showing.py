"""People who must never be shown: their flag goes with their face and their motion, and keeps both from view."""

from rows import clip, synthetic

from me_augment.manifest import Issue
from me_augment.manifest.showing import NEVER_SHOW, Hidden, flags

FLAG = Issue(code=NEVER_SHOW, detail="sub9001 must never be shown")


def test_a_flag_holds_for_all_clips_of_a_person_and_for_what_is_made_of_them():
    flagged = clip(clip_id="a", person_id="dfme:sub9001", issues=(Issue(code="order", detail="x"), FLAG))
    same, other = clip(clip_id="b", person_id="dfme:sub9001"), clip(clip_id="c")
    hidden = Hidden([flagged, same, other])
    assert hidden.issues([same, other]) == hidden.issues([flagged, same]) == flags(flagged) == (FLAG,)
    assert hidden.issues([other]) == ()
    made = [synthetic(flagged, other), synthetic(other, same)]
    assert [hidden.may_show(row) for row in (flagged, same, other, *made)] == [False, False, True, False, False]


def test_a_flag_that_a_driver_left_does_not_hide_whose_face_is_seen():
    other = clip(clip_id="c")
    driven = synthetic(clip(person_id="dfme:sub9001"), other, issues=(FLAG,))
    hidden = Hidden([driven, other])
    assert (hidden.may_show(driven), hidden.may_show(other)) == (False, True)
