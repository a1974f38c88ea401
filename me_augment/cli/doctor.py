"""`me-augment doctor`: is everything there, does it work, and if not, what to do."""

from __future__ import annotations

import click

from me_augment.cli.saying import say
from me_augment.errors import MeAugmentError


@click.command()
def command() -> None:
    """Check the installation: versions, device, OpenCV, landmark models, and a lossless video round trip."""
    from me_augment.doctor import examine

    problems = 0
    for finding in examine():
        mark = {"ok": "ok  ", "note": "note", "problem": "FAIL"}[finding.level]
        say(f"{mark}  {finding.subject:22} {finding.text}")
        if finding.fix:
            say(f"      {'':22} → {finding.fix}")
        problems += finding.level == "problem"
    if problems:
        raise MeAugmentError(f"{problems} problem(s); see the lines marked FAIL.")
