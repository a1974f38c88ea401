"""Owns what an action-unit cell means: the one grammar that covers the AU columns of all corpora.

    cell   = [ item { sep item } [ sep ] ]
    sep    = "+" | "," | "，"                       outside brackets
    item   = "ref(" token ")" | choice | "(" choice ")"     and an optional "(comment in words)"
    choice = token { "or" token }
    token  = ["AU"] [side] ["AD" | "M"] [side] number [level] [side] ["(k)"] ["?"]
    side   = L | R | A | T | B                      one per token; behind the number only L, R
           | side "/" side                          a choice of sides, directly before the number
    level  = X | X "/" X | "(" X "/" X ")"          X = A … E

Position decides what an `A` or `B` is: before the number a side (asymmetric, bottom), behind it an intensity.
Blanks count only between two digits, case never. Whatever does not fit is kept as text, not guessed at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate, groupby, pairwise

# No code has three digits: "1214" is a list that lost its separator. Spreadsheets turn 12 into "12.0".
# ASCII: otherwise IGNORECASE lets exotic letters, such as the Kelvin sign, stand for plain ones.
_TOKEN = re.compile(
    r"""(?:AU)? (?P<outer>[LRATB])? (?P<kind>AD|M)? (?P<inner>[LRATB](?:/[LRATB])?)?
        (?P<number>[0-9]{1,2})(?:\.0+)?
        (?P<level>[A-E](?:/[A-E])?|\([A-E]/[A-E]\))? (?P<suffix>[LR])? (?P<kept>\(k\))? (?P<doubt>\?)?""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_REFERENCE = re.compile(r"ref\((.*)\)", re.IGNORECASE | re.ASCII)
_OR = re.compile(r"or", re.IGNORECASE)
# Two letters in a row and no digit: "(big swallow)", but neither "(B)" nor "(or 12)", which change the token.
_COMMENT = re.compile(r"\((?=[^()]*[^\W\d_]{2})[^()\d]+\)\Z")
_IDLE_BLANK = re.compile(r"(?<![0-9]) | (?![0-9])")
_SEPARATORS = "+,，"
_MIRROR = str.maketrans("LR", "RL")
# A side in text that does not parse: the word, or a letter that is no part of a word.
_SIDE = re.compile(r"\b(?:left|right)\b|(?<![^\W\d_])[LR](?![^\W\d_])", re.IGNORECASE | re.ASCII)
_OTHER_SIDE = {"left": "right", "right": "left", "l": "r", "r": "l"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionUnit:
    """One code of a cell.

    Attributes:
        kind: `AU` action unit, `AD` action descriptor, `M` head movement.
        number: the code.
        side: `L` left, `R` right, `A` asymmetric, `T` top, `B` bottom; `A/L` for a choice of sides.
        intensity: `A` to `E`, or `B/C` between two.
        status: `active`; `uncertain` (`12?`); `choice` (one of several); `reference` (`ref(7)`, not active);
            `kept` (`4(k)`, merely held). A doubtful or kept alternative has that status and a `group`.
        group: number shared by the alternatives of one choice, from 0 within the cell; None outside choices.
    """

    kind: str
    number: int
    side: str | None
    intensity: str | None
    status: str
    group: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuCell:
    """A cell of an AU column, parsed.

    Attributes:
        verbatim: the cell as it came.
        status: `parsed`; `partial` (codes and text); `free` (no code); `unknown` (`?`, `NULL`); `blank`.
        units: the codes, in the order of the cell.
        unparsed: items and comments kept as text, in the order of the cell.
        issues: `au-blank`, `au-unbalanced-brackets`, `au-trailing-separator`, `au-empty-item`.
    """

    verbatim: str
    status: str
    units: tuple[ActionUnit, ...] = ()
    unparsed: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()


def active_numbers(units: Iterable[ActionUnit]) -> tuple[int, ...]:
    """Numbers of the action units that were coded as active, sorted, each once."""
    return tuple(sorted({unit.number for unit in units if unit.kind == "AU" and unit.status == "active"}))


def parse_aus(cell: str) -> AuCell:
    """Parse the AU cell of any corpus; never raises. Numeric cells are passed as text (`12`, `12.0`)."""
    if not cell.strip():
        return AuCell(verbatim=cell, status="blank", issues=("au-blank",))
    if cell.strip().lower() in ("?", "null"):
        return AuCell(verbatim=cell, status="unknown")
    items, issues = _split(cell)
    units: list[ActionUnit] = []
    unparsed: list[str] = []
    n_groups = 0
    for item in items:
        found, rest = _parse_item(item, n_groups)
        n_groups += any(unit.group is not None for unit in found)
        units += found
        unparsed += [rest] if rest else []
    status = "free" if not units else "partial" if unparsed else "parsed"
    return AuCell(verbatim=cell, status=status, units=tuple(units), unparsed=tuple(unparsed), issues=tuple(issues))


def format_aus(units: Iterable[ActionUnit]) -> str:
    """Write units in the grammar's plainest form: `parse_aus(format_aus(cell.units)).units == cell.units`."""
    # Neighbours with the same group are one choice; every other unit gets a key of its own.
    keyed = [(-1 - i if unit.group is None else unit.group, unit) for i, unit in enumerate(units)]
    choices = groupby(keyed, key=lambda pair: pair[0])
    return "+".join(" or ".join(_format_unit(unit) for _, unit in choice) for _, choice in choices)


def mirrored_units(units: Iterable[ActionUnit]) -> tuple[ActionUnit, ...]:
    """The units of the face seen in a mirror: left and right exchanged, also in a choice of sides."""
    return tuple(replace(unit, side=unit.side and unit.side.translate(_MIRROR)) for unit in units)


def mirrored_cell(cell: str) -> str:
    """The cell of the face seen in a mirror; one that names no side is returned as it is.

    Units are written in the grammar's plainest form; what is no unit follows as it stood, but for the sides that it
    names.
    """
    parsed = parse_aus(cell)
    turned = mirrored_units(parsed.units)
    words = [_SIDE.sub(_other_side, text) for text in parsed.unparsed]
    if turned == parsed.units and words == list(parsed.unparsed):
        return cell
    return "+".join([format_aus(turned), *words] if turned else words)


def _other_side(word: re.Match[str]) -> str:
    other = _OTHER_SIDE[word[0].lower()]
    return other.upper() if word[0].isupper() else other.capitalize() if word[0][0].isupper() else other


def _split(cell: str) -> tuple[list[str], list[str]]:
    """The cell's items without outer blanks, and the issues of its punctuation."""
    issues = []
    depths = list(accumulate((char == "(") - (char == ")") for char in cell))
    balanced = min(depths) >= 0 and depths[-1] == 0
    if not balanced:
        issues.append("au-unbalanced-brackets")
    # Where brackets do not balance, depth means nothing: split everywhere, so that only the odd item is lost.
    cuts = [i for i, char in enumerate(cell) if char in _SEPARATORS and not (balanced and depths[i])]
    items = [cell[start + 1 : end].strip() for start, end in pairwise([-1, *cuts, len(cell)])]
    if not items[-1]:
        issues.append("au-trailing-separator")
        items.pop()
    if "" in items:
        issues.append("au-empty-item")
    return [item for item in items if item], issues


def _parse_item(item: str, group: int) -> tuple[list[ActionUnit], str]:
    """The units of an item, in choice number `group` if it is one, and the text that is left."""
    if units := _parse_choice(item, group):
        return units, ""
    if comment := _COMMENT.search(item):
        units = _parse_choice(item[: comment.start()], group)
    return (units, comment[0]) if units and comment else ([], item)


def _parse_choice(text: str, group: int) -> list[ActionUnit]:
    """The units of a reference or choice (a lone token is a choice of one); none if any part does not fit."""
    # A blank between two digits stays, and spoils the token: "1 2" is not 12.
    text = _IDLE_BLANK.sub("", " ".join(text.split()))
    if reference := _REFERENCE.fullmatch(text):
        unit = _parse_token(reference[1])
        return [replace(unit, status="reference")] if unit else []
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1]
    units = []
    for token in _OR.split(text):
        unit = _parse_token(token)
        if unit is None:
            return []
        units.append(unit)
    if len(units) == 1 and "/" not in (units[0].side or ""):
        return units
    # A doubt or a "kept" says more than "choice", which the group tells anyway.
    return [replace(u, group=group, status="choice" if u.status == "active" else u.status) for u in units]


def _parse_token(text: str) -> ActionUnit | None:
    """One token as a unit outside any choice, or None."""
    match = _TOKEN.fullmatch(text)
    if match is None:
        return None
    sides = [side.upper() for side in match.group("outer", "inner", "suffix") if side]
    if len(sides) > 1:
        return None
    return ActionUnit(
        kind=(match["kind"] or "AU").upper(),
        number=int(match["number"]),
        side=sides[0] if sides else None,
        intensity=match["level"].strip("()").upper() if match["level"] else None,
        status="kept" if match["kept"] else "uncertain" if match["doubt"] else "active",
        group=None,
    )


def _format_unit(unit: ActionUnit) -> str:
    kind = "" if unit.kind == "AU" else unit.kind
    mark = {"kept": "(k)", "uncertain": "?"}.get(unit.status, "")
    token = f"{kind}{unit.side or ''}{unit.number}{unit.intensity or ''}{mark}"
    return f"ref({token})" if unit.status == "reference" else token
