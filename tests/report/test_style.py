"""Colours of the page: readable on all of its grounds, by day, by night and on paper."""

import re
from importlib.resources import files

import pytest

STYLE = (files("me_augment.report") / "page" / "style.css").read_text("utf-8")
SCHEMES = dict(
    zip(("day", "night", "paper"), [dict(re.findall(r"--(\w+): (#\w+)", block)) for block in
                                    re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)], strict=True)
)  # fmt: skip


def luminance(colour):
    """Relative luminance of a colour as WCAG 2 defines it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    levels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    parts = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_words_and_bars_stand_out(scheme):
    colours = SCHEMES[scheme]
    assert colours.keys() == SCHEMES["day"].keys()  # paper takes no colour of the night
    for ground in ("ground", "panel", "notice"):
        for name, least in {"ink": 4.5, "soft": 4.5, "bad": 4.5, "link": 4.5, "real": 3, "made": 3, "other": 3}.items():
            assert contrast(colours[name], colours[ground]) >= least, (name, ground)
