"""Who must never be shown, in print or on screen: the issue that says so, and the clips that it keeps from view."""

from __future__ import annotations

from collections.abc import Iterable

from me_augment.manifest.rows import Clip, Issue

NEVER_SHOW = "never-show"
"""Code of the issue."""


class Hidden:
    """The people of a manifest who must never be shown.

    Args:
        clips: of the manifest. A flag on any real clip of a person holds for all of them.
    """

    def __init__(self, clips: Iterable[Clip]) -> None:
        self._issue_of: dict[str, Issue] = {}
        for clip in clips:
            # The flag of a synthetic row may be its driver's, and the face seen somebody else's.
            for issue in () if clip.is_synthetic else flags(clip):
                self._issue_of.setdefault(clip.person_id, issue)

    def issues(self, sources: Iterable[Clip]) -> tuple[Issue, ...]:
        """What is to be said on a clip that was made of the faces and motion of others."""
        return tuple(dict.fromkeys(self._issue_of[c.person_id] for c in sources if c.person_id in self._issue_of))

    def may_show(self, clip: Clip) -> bool:
        """Whether the clip may become a picture to look at: nobody hidden is seen in it, nor drove it."""
        people = {clip.person_id, clip.driver_person_id, clip.target_person_id}
        return not flags(clip) and self._issue_of.keys().isdisjoint(people)


def flags(clip: Clip) -> tuple[Issue, ...]:
    """The clip's own issues that keep it from view."""
    return tuple(issue for issue in clip.issues if issue.code == NEVER_SHOW)
