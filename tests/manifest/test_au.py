"""The AU grammar: every way of writing that the corpora use, and two laws that hold for any cell."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from me_augment.manifest.au import ActionUnit, AuCell, format_aus, mirrored_cell, mirrored_units, parse_aus


def au(
    number: int,
    side: str | None = None,
    intensity: str | None = None,
    status: str = "active",
    group: int | None = None,
    kind: str = "AU",
) -> ActionUnit:
    return ActionUnit(kind=kind, number=number, side=side, intensity=intensity, status=status, group=group)


def one_of(*units: tuple[int, str | None, str | None], group: int = 0) -> list[ActionUnit]:
    return [au(*unit, status="choice", group=group) for unit in units]


PARSED = {
    # sides and blanks
    "4+L10": [au(4), au(10, "L")],
    "R12 + R15": [au(12, "R"), au(15, "R")],
    "12+15 ": [au(12), au(15)],
    "12L": [au(12, "L")],
    "4R+7": [au(4, "R"), au(7)],
    "r18": [au(18, "R")],
    "T23+B25": [au(23, "T"), au(25, "B")],
    "AU 12": [au(12)],
    "L  12 ( B/C )": [au(12, "L", "B/C")],
    # numeric cells
    "12": [au(12)],
    "12.0": [au(12)],
    # intensities; position tells them from sides
    "4(B/C)+7B": [au(4, None, "B/C"), au(7, None, "B")],
    "10A/B": [au(10, None, "A/B")],
    "A12": [au(12, "A")],
    "14A": [au(14, None, "A")],
    "12BL?": [au(12, "L", "B", "uncertain")],
    # choices
    "A/L12": one_of((12, "A/L", None)),
    "L12 or L14": one_of((12, "L", None), (14, "L", None)),
    "14or23": one_of((14, None, None), (23, None, None)),
    "(R6 or R12) + R15": [*one_of((6, "R", None), (12, "R", None)), au(15, "R")],
    "R14A or 17A or 24A": one_of((14, "R", "A"), (17, None, "A"), (24, None, "A")),
    "1 or 2 + 4 + 5 or 6": [
        *one_of((1, None, None), (2, None, None)),
        au(4),
        *one_of((5, None, None), (6, None, None), group=1),
    ],
    "(12)": [au(12)],
    "12? or 14": [au(12, status="uncertain", group=0), au(14, status="choice", group=0)],
    # marks
    "ref(7B)": [au(7, None, "B", "reference")],
    "13?": [au(13, status="uncertain")],
    "31?": [au(31, status="uncertain")],
    "AU4(k)+L7": [au(4, status="kept"), au(7, "L")],
    "AUR2+12(k)+45": [au(2, "R"), au(12, status="kept"), au(45)],
    # descriptors and head codes
    "AD31": [au(31, kind="AD")],
    "ADR30": [au(30, "R", kind="AD")],
    "RAD30": [au(30, "R", kind="AD")],
    "M57": [au(57, kind="M")],
    # comma lists
    "R4,5": [au(4, "R"), au(5)],
    "4，11": [au(4), au(11)],
}


@pytest.mark.parametrize("cell", PARSED)
def test_grammar(cell: str) -> None:
    assert parse_aus(cell) == AuCell(verbatim=cell, status="parsed", units=tuple(PARSED[cell]))


@pytest.mark.parametrize("cell", ["?", "NULL", "null", " ? "])
def test_unknown(cell: str) -> None:
    assert parse_aus(cell) == AuCell(verbatim=cell, status="unknown")


@pytest.mark.parametrize("cell", ["", " ", "\u3000\n"])
def test_blank_is_an_issue(cell: str) -> None:
    assert parse_aus(cell) == AuCell(verbatim=cell, status="blank", issues=("au-blank",))


@pytest.mark.parametrize(
    ("cell", "issues"),
    [
        ("14,L24,", ("au-trailing-separator",)),
        ("14,,L24", ("au-empty-item",)),
        ("+14,L24", ("au-empty-item",)),
        ("14,L24,+", ("au-trailing-separator", "au-empty-item")),
    ],
)
def test_superfluous_separators_cost_no_unit(cell: str, issues: tuple[str, ...]) -> None:
    assert parse_aus(cell) == AuCell(verbatim=cell, status="parsed", units=(au(14), au(24, "L")), issues=issues)


@pytest.mark.parametrize(
    ("cell", "units", "unparsed"),
    [
        ("80 (big swallow)", [au(80)], ["(big swallow)"]),
        ("80 (big, wet swallow)+4", [au(80), au(4)], ["(big, wet swallow)"]),
        ("4+?", [au(4)], ["?"]),
        ("glare + R4", [au(4, "R")], ["glare"]),
        ("1 or 2 or none, 4 or 5", one_of((4, None, None), (5, None, None)), ["1 or 2 or none"]),
    ],
)
def test_partial(cell: str, units: list[ActionUnit], unparsed: list[str]) -> None:
    assert parse_aus(cell) == AuCell(verbatim=cell, status="partial", units=tuple(units), unparsed=tuple(unparsed))


def test_unbalanced_brackets_cost_only_the_odd_item() -> None:
    cell = "7A/B+L10A/B)+ref(11)+12C"
    assert parse_aus(cell) == AuCell(
        verbatim=cell,
        status="partial",
        units=(au(7, None, "A/B"), au(11, status="reference"), au(12, None, "C")),
        unparsed=("L10A/B)",),
        issues=("au-unbalanced-brackets",),
    )


@pytest.mark.parametrize(
    "cell",
    [
        "(loses 1+2) or (4(B/C))",
        "all of the above",
        "glare",
        "Chewing",
        "soft focus",
        "twice - …",
        # near misses that must not become a code
        "1 2",  # a blank separates
        "1  2",
        "1214",  # a fused list
        "L12R",  # two sides
        "12B/L",
        "4 (or 5)",
        "4 (B)",
        "4.5",
        "-4",
        "１２",  # full-width digits
        "12(\u212a)",  # Kelvin sign, which folds to k
    ],
)
def test_free_text_is_kept_whole(cell: str) -> None:
    assert parse_aus(cell) == AuCell(verbatim=cell, status="free", unparsed=(cell,))


# Cells from the grammar's own alphabet reach every branch; arbitrary text reaches what nobody thought of.
SCRAPS = ["AU", "AD", "M", "L", "R", "A", "B", "/", "(", ")", "(k)", "?", "or", "ref(", "(hm)", "+", ",", " "]
CELLS = st.one_of(
    st.text(),
    st.text("AUDMLRTBCEKorefk0123456789.?/()+,， \n"),
    st.lists(st.sampled_from([*SCRAPS, "1", "7", "12", "25", "58"]), max_size=12).map("".join),
)


def visible(text: str) -> str:
    return "".join(char for char in text if not char.isspace() and char not in "+,，")


@given(CELLS)
def test_nothing_of_a_cell_is_lost(cell: str) -> None:
    parsed = parse_aus(cell)
    assert parsed.verbatim == cell
    assert all(text and text in cell for text in parsed.unparsed)
    assert (parsed.status == "partial") == bool(parsed.units and parsed.unparsed)
    if parsed.status == "free":
        assert visible("".join(parsed.unparsed)) == visible(cell)
    elif parsed.units:
        # What was not kept as text was read: characters of the grammar, and exactly the digits of the units.
        read = Counter(visible(cell)) - Counter("".join(parsed.unparsed))
        assert set("".join(read).upper()) <= set("AUDMLRTBCEKOF0123456789.?/()")
        digits = "".join(str(unit.number) for unit in parsed.units)
        assert Counter({c: n for c, n in read.items() if c in "123456789"}) == Counter(digits.replace("0", ""))


@given(CELLS)
def test_what_was_parsed_is_written_and_read_back(cell: str) -> None:
    units = parse_aus(cell).units
    assert parse_aus(format_aus(units)).units == units


SIDES = st.sampled_from([None, *"LRATB"])
LEVELS = st.sampled_from([None, *"ABCDE", "A/B", "B/C"])


@st.composite
def unit_lists(draw: st.DrawFn) -> list[ActionUnit]:
    """Items with the groups numbered as a cell would: from 0, alternatives side by side."""
    units: list[ActionUnit] = []
    n_groups = 0
    for size in draw(st.lists(st.integers(1, 3), max_size=6)):
        sides = draw(st.lists(SIDES | st.just("A/L"), min_size=size, max_size=size))
        is_choice = size > 1 or sides == ["A/L"]
        statuses = ["choice" if is_choice else "active", "uncertain", "kept", *["reference"][is_choice:]]
        units += [
            ActionUnit(
                kind=draw(st.sampled_from(["AU", "AD", "M"])),
                number=draw(st.integers(0, 99)),
                side=side,
                intensity=draw(LEVELS),
                status=draw(st.sampled_from(statuses)),
                group=n_groups if is_choice else None,
            )
            for side in sides
        ]
        n_groups += is_choice
    return units


@given(unit_lists())
def test_written_units_are_read_back(units: list[ActionUnit]) -> None:
    cell = parse_aus(format_aus(units))
    assert cell.units == tuple(units)
    assert not cell.unparsed


@pytest.mark.parametrize(
    ("cell", "mirrored"),
    [
        ("L12", "R12"),
        ("4+r10B ", "4+L10B"),
        ("A/L12", "A/R12"),
        ("L/R14", "R/L14"),
        ("L12 or R14", "R12 or L14"),
        ("ref(L7)+4(k)", "ref(R7)+4(k)"),
        # nothing to exchange: as the sheet has it
        ("12 + 6.0", "12 + 6.0"),
        ("T23, A12", "T23, A12"),
        ("glare", "glare"),
        ("?", "?"),
        ("", ""),
        # text stays, but for the side that it names
        ("glare + R4", "L4+glare"),
        ("4 (left brow only)", "4+(right brow only)"),
        ("Right cheek", "Left cheek"),
        ("4+L10A/B)", "4+R10A/B)"),
        ("L12R", "R12L"),
    ],
)
def test_a_mirrored_cell_names_the_other_sides(cell: str, mirrored: str) -> None:
    assert mirrored_cell(cell) == mirrored


@given(unit_lists())
def test_units_in_two_mirrors_are_the_units(units: list[ActionUnit]) -> None:
    once = mirrored_units(units)
    assert mirrored_units(once) == tuple(units)
    assert [u.number for u in once] == [u.number for u in units]
    assert parse_aus(mirrored_cell(format_aus(units))).units == once


@given(CELLS)
def test_a_mirrored_cell_has_the_mirrored_units(cell: str) -> None:
    assert parse_aus(mirrored_cell(cell)).units == mirrored_units(parse_aus(cell).units)
