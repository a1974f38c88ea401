"""How skin moves under each action unit: a table of smooth pulls on the canonical face.

Where and which way follows the appearance changes that FACS describes (Ekman, Friesen & Hager 2002) and the course
of the muscles behind them. How far at intensity E is our choice, set by what landmark studies report of full
voluntary actions (lip corners in a broad smile 7-12 mm, Schmidt et al., Plast. Reconstr. Surg. 2009, which is
0.11-0.19 of an eye distance of 63 mm; brows raised and jaws dropped up to about as far) and kept at the cautious end.
No published table gives the displacement of every unit in a micro-expression; none is claimed here.
"""

from __future__ import annotations

from dataclasses import dataclass

# Share of the motion at E. FACS orders the levels (trace, slight, marked, severe, maximum) and gives them no
# lengths; these are our choice: with 100 px between the eyes A is below 1 px and B below 2, as in micro-expressions.
AMPLITUDE = {"A": 0.06, "B": 0.15, "C": 0.35, "D": 0.65, "E": 1.0}
# Intensity of a unit that states none.
DEFAULT_INTENSITY = "B"


@dataclass(frozen=True)
class Pull:
    """A Gaussian bump of displacement.

    Attributes:
        landmarks: the bump's centre is their mean.
        shift: centre moved by this, interocular distances, x to the image right, y down.
        move: displacement at the centre at intensity E, interocular distances.
        spread: standard deviation (x, y), interocular distances.
        only: the skin that moves: `upper lip`, `lower lip`, `upper lids`, `lower lids` and what is above or below
            them; empty for all skin.
    """

    landmarks: tuple[int, ...]
    shift: tuple[float, float]
    move: tuple[float, float]
    spread: tuple[float, float]
    only: str = ""


@dataclass(frozen=True)
class Action:
    """An action unit.

    Attributes:
        name: as FACS calls it.
        paired: pulls of the subject's right half (image left); the left half's are their mirror images.
        middle: pulls that have no side.
    """

    name: str
    paired: tuple[Pull, ...] = ()
    middle: tuple[Pull, ...] = ()


@dataclass(frozen=True)
class Interaction:
    """A change of a unit's motion in the company of others: the documented cases that are not a plain sum.

    Attributes:
        present: units that must all be there.
        number: the unit that changes.
        factor: on its motion in x and y.
        why: what FACS says.
    """

    present: frozenset[int]
    number: int
    factor: tuple[float, float]
    why: str


ACTIONS: dict[int, Action] = {
    # Frontalis, medial part: inner brow up, the skin above it bunched, the lid fold pulled up a little.
    1: Action("inner brow raiser", (
        Pull((20, 21), (0.03, -0.06), (0.012, -0.085), (0.17, 0.17)),
        Pull((38, 39), (0.0, -0.12), (0.0, -0.010), (0.14, 0.08), "upper lids"),
    )),
    # Frontalis, lateral part: outer brow up, lateral lid fold stretched.
    2: Action("outer brow raiser", (
        Pull((17, 18), (0.02, -0.06), (0.0, -0.085), (0.19, 0.18)),
        Pull((36, 37), (-0.02, -0.12), (0.0, -0.012), (0.14, 0.08), "upper lids"),
    )),
    # Corrugator and procerus: brows down, most at the inner end, and together; the glabella follows downwards.
    4: Action("brow lowerer", (
        Pull((20, 21), (0.02, 0.0), (0.050, 0.055), (0.17, 0.14)),
        Pull((18, 19), (0.0, 0.0), (0.012, 0.030), (0.18, 0.13)),
    ), (Pull((27,), (0.0, -0.16), (0.0, 0.022), (0.13, 0.14)),)),
    # Levator palpebrae: the upper lid alone rises, and more eyeball shows.
    5: Action("upper lid raiser", (
        Pull((37, 38), (0.0, 0.0), (0.0, -0.040), (0.16, 0.05), "upper lids"),
    )),
    # Orbicularis oculi, outer part: cheek up, skin drawn towards the eye from the temple, lower lid pushed up.
    6: Action("cheek raiser", (
        Pull((41, 31), (-0.14, -0.08), (0.010, -0.055), (0.22, 0.15), "lower lids"),
        Pull((40, 41), (0.0, 0.04), (0.0, -0.016), (0.18, 0.07), "lower lids"),
        Pull((36,), (-0.16, 0.04), (0.030, -0.008), (0.12, 0.12)),
        Pull((17, 18), (-0.02, 0.04), (0.0, 0.012), (0.14, 0.10)),
    )),
    # Orbicularis oculi, inner part: lower lid up and inwards, upper lid hardly lowered; the cheek stays.
    7: Action("lid tightener", (
        Pull((40, 41), (0.0, 0.02), (0.008, -0.030), (0.17, 0.06), "lower lids"),
        Pull((37, 38), (0.0, 0.0), (0.0, 0.012), (0.16, 0.05), "upper lids"),
    )),
    # Levator labii superioris alaeque nasi: skin beside the nose and the wings up, inner brow down.
    9: Action("nose wrinkler", (
        Pull((29, 31), (-0.06, 0.06), (0.012, -0.065), (0.12, 0.15), "upper lip"),
        Pull((31,), (0.0, 0.0), (0.0, -0.025), (0.10, 0.08), "upper lip"),
        Pull((21,), (0.04, 0.02), (0.015, 0.025), (0.14, 0.12)),
    ), (
        Pull((28,), (0.0, 0.0), (0.0, -0.020), (0.10, 0.12)),
        Pull((51,), (0.0, -0.02), (0.0, -0.015), (0.20, 0.08), "upper lip"),
    )),
    # Levator labii superioris: the upper lip up, most half way to the corner; furrow beside the nose deepened.
    10: Action("upper lip raiser", (
        Pull((49, 50), (0.0, 0.02), (-0.006, -0.048), (0.14, 0.12), "upper lip"),
        Pull((31, 48), (0.06, -0.06), (-0.008, -0.032), (0.14, 0.14), "upper lip"),
    )),
    # Zygomaticus major: the corner up and out along the muscle, the cheek pushed up before it.
    12: Action("lip corner puller", (
        Pull((48,), (-0.01, 0.0), (-0.085, -0.090), (0.19, 0.17)),
        Pull((48, 41), (-0.10, 0.02), (-0.010, -0.040), (0.20, 0.17)),
    )),
    # Buccinator: the corner tightened into the cheek; what lies beside it is drawn in towards it.
    14: Action("dimpler", (
        Pull((48,), (0.01, 0.0), (-0.034, -0.008), (0.12, 0.10)),
        Pull((48,), (-0.20, 0.0), (0.026, 0.0), (0.10, 0.14)),
    )),
    # Depressor anguli oris: the corner down, a little out; the chin's side pulled along.
    15: Action("lip corner depressor", (
        Pull((48,), (-0.01, 0.03), (-0.012, 0.072), (0.15, 0.16)),
    )),
    # Mentalis: the chin boss and with it the lower lip up; the upper lip is pushed a little.
    17: Action("chin raiser", middle=(
        Pull((8, 57), (0.0, -0.06), (0.0, -0.070), (0.24, 0.17), "lower lip"),
        Pull((57,), (0.0, 0.0), (0.0, -0.022), (0.26, 0.09), "lower lip"),
        Pull((51,), (0.0, 0.05), (0.0, -0.024), (0.26, 0.08), "upper lip"),
    )),
    # Risorius and platysma: corners straight back and a little down; the mouth grows long and flat.
    20: Action("lip stretcher", (
        Pull((48,), (-0.02, 0.02), (-0.085, 0.014), (0.21, 0.17)),
        Pull((5,), (0.14, -0.10), (-0.015, 0.030), (0.20, 0.16)),
    )),
    # Orbicularis oris: the red of both lips narrows as they roll in; corners a little towards the middle.
    23: Action("lip tightener", (
        Pull((48,), (0.02, 0.0), (0.022, 0.0), (0.12, 0.10)),
    ), (
        Pull((50, 51, 52), (0.0, -0.01), (0.0, 0.026), (0.22, 0.055)),
        Pull((57,), (0.0, 0.0), (0.0, -0.030), (0.22, 0.06)),
    )),
    # Orbicularis oris, pressing: the lips flat against each other, the lower raised from the chin; corners stay.
    24: Action("lip pressor", middle=(
        Pull((50, 51, 52), (0.0, -0.03), (0.0, 0.034), (0.28, 0.065)),
        Pull((57,), (0.0, 0.02), (0.0, -0.036), (0.26, 0.075)),
        Pull((8, 57), (0.0, -0.10), (0.0, -0.020), (0.20, 0.12), "lower lip"),
    )),
    # Lips part: mostly the lower lip sinks.
    25: Action("lips part", middle=(
        Pull((57,), (0.0, -0.02), (0.0, 0.042), (0.20, 0.12), "lower lip"),
        Pull((51,), (0.0, 0.02), (0.0, -0.014), (0.20, 0.08), "upper lip"),
    )),
    # The jaw falls by relaxation; with closed lips (no 25) the lower lip is drawn long and stays at the upper.
    26: Action("jaw drop", middle=(
        Pull((8, 57), (0.0, 0.06), (0.0, 0.085), (0.50, 0.20), "lower lip"),
    )),
}  # fmt: skip

# Units that can act on one side; the others belong to the middle of the mouth or to the jaw.
SIDED = frozenset({1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 20})

# With lips apart the lower lip follows the jaw.
JAW_WITH_LIPS_APART = Pull((57,), (0.0, -0.02), (0.0, 0.060), (0.24, 0.13), "lower lip")

INTERACTIONS = (
    Interaction(frozenset({1, 4}), 4, (1.0, 0.35), "in 1+4 the inner brow goes up although the brows come together"),
    Interaction(frozenset({6, 12}), 6, (1.0, 0.8), "12 raises the cheek itself: the two do not add up there"),
    Interaction(frozenset({9, 10}), 10, (0.6, 0.6), "9 raises the upper lip too"),
    Interaction(frozenset({6, 7}), 7, (0.7, 0.7), "6 pushes the lower lid up too"),
    Interaction(frozenset({23, 24}), 24, (0.6, 0.6), "one muscle narrows the lips in both"),
    Interaction(frozenset({5, 7}), 7, (1.0, 0.8), "the upper lid is held up by 5: of 7 the lower lid remains"),
)
