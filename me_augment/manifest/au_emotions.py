"""Which emotion and which objective class a set of action units stands for, where the literature says one.

Emotions: prototypes and major variants of the FACS Investigator's Guide and EMFACS (Ekman, Friesen & Hager 2002,
chapter 12; Friesen & Ekman 1983), and, since a micro-expression seldom shows a whole prototype, the criteria by which
CASME II was labelled (Yan et al., PLoS ONE 9, 2014, e86041): happiness 6 or 12; surprise 1+2, 2 or 25; disgust 9 or
10; fear 1+2+4 or 20; sadness 1; repression 15 or 17. Where the two differ the table says whom it follows.

Objective classes I-VII: Davison, Merghani & Yap, "Objective classes for micro-facial expression recognition",
J. Imaging 4 (2018) 119, table of units per class; VII holds every other combination.
"""

from __future__ import annotations

from collections.abc import Iterable

from me_augment.manifest.au import ActionUnit, active_numbers, parse_aus


def _sets(*cells: str) -> frozenset[frozenset[int]]:
    return frozenset(frozenset(unit.number for unit in parse_aus(cell).units) for cell in cells)


# Parted lips and a fallen jaw go with any emotion; they count only where nothing else moves.
_ACCOMPANYING = frozenset({25, 26})
EMOTIONS: dict[str, frozenset[frozenset[int]]] = {
    "happiness": _sets("6", "12", "6+12", "7+12", "6+7+12"),
    "surprise": _sets("2", "1+2", "1+2+5", "2+5", "25", "26", "25+26"),
    "disgust": _sets("9", "10", "9+10", "4+9", "4+10", "7+9", "7+10", "4+7+9", "4+7+10", "9+17", "10+17", "4+9+17"),
    # 4 alone is left open (CASME II: others); 4+7 follows EMFACS, while CASME II counts it to disgust.
    "anger": _sets(
        "4+5", "4+7", "4+5+7", "23", "4+23", "4+24", "4+7+23", "4+7+24", "4+5+7+23", "4+5+7+24", "17+23", "17+24",
        "4+7+17+23", "4+7+17+24",
    ),
    # 15+17 follows EMFACS; 15 and 17 alone are CASME II's repression.
    "sadness": _sets("1", "1+4", "1+15", "1+4+15", "1+15+17", "1+4+15+17", "4+15", "6+15", "15+17"),
    "fear": _sets(
        "20", "1+2+4", "1+2+4+5", "1+2+4+7", "1+2+4+5+7", "1+2+20", "1+2+5+20", "1+2+4+20", "1+2+4+5+20", "5+20",
        "4+5+20",
    ),
    "repression": _sets("14", "15", "17", "14+15", "14+17", "14+15+17"),
}  # fmt: skip
OBJECTIVE_CLASSES: dict[int, frozenset[frozenset[int]]] = {
    1: _sets("6", "12", "6+12", "6+7+12", "7+12"),
    2: _sets("1+2", "5", "25", "1+2+25", "25+26", "5+24"),
    3: _sets("23", "4", "4+7", "4+5", "4+5+7", "17+24", "4+6+7", "4+38"),
    4: _sets("10", "9", "4+9", "4+40", "4+5+40", "4+7+9", "4+9+17", "4+7+10", "4+5+7+9", "7+10"),
    5: _sets("1", "15", "1+4", "6+15", "15+17"),
    6: _sets("1+2+4", "20"),
}
_OTHER_CLASS = 7


def emotion_of(units: Iterable[ActionUnit]) -> str | None:
    """The emotion word that active action units stand for, or None where the table names none.

    A one-sided 14, or 12 and 14 on one side, is contempt (EMFACS).
    """
    active = [unit for unit in units if unit.kind == "AU" and unit.status == "active"]
    numbers = frozenset(unit.number for unit in active)
    numbers = (numbers - _ACCOMPANYING) or numbers
    sides = {unit.side for unit in active if unit.number in numbers}
    if numbers in _sets("14", "12+14") and sides in ({"L"}, {"R"}) and len(active) == len({u.number for u in active}):
        return "contempt"
    return next((word for word, known in EMOTIONS.items() if numbers in known), None)


def objective_class_of(units: Iterable[ActionUnit]) -> int | None:
    """Objective class 1-7 of active action units; None without any."""
    numbers = frozenset(active_numbers(units))
    if not numbers:
        return None
    return next((number for number, known in OBJECTIVE_CLASSES.items() if numbers in known), _OTHER_CLASS)
