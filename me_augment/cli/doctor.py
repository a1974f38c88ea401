"""`me-augment doctor`: is everything there, does it work, and if not, what to do."""

from __future__ import annotations

from dataclasses import asdict

import click

from me_augment.cli.saying import say, say_json
from me_augment.errors import MeAugmentError
from me_augment.words import count


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of lines.")
def command(as_json: bool) -> None:
    """Check the installation: versions, device, OpenCV, landmark models, and a lossless video round trip.

    --json has a list of findings: level (ok, note or problem), subject, text and fix.

    \b
    Example:
      me-augment doctor
    """
    from me_augment.doctor import examine

    findings = []
    for finding in examine():  # each as it is found: some take seconds
        findings.append(finding)
        if as_json:
            continue
        mark = {"ok": "ok  ", "note": "note", "problem": "FAIL"}[finding.level]
        say(f"{mark}  {finding.subject:22} {finding.text}")
        if finding.fix:
            say(f"      {'':22} → {finding.fix}")
    if as_json:
        say_json([asdict(finding) for finding in findings])
    if problems := sum(finding.level == "problem" for finding in findings):
        raise MeAugmentError(f"{count(problems, 'problem')}; see what is marked {'problem' if as_json else 'FAIL'}.")
