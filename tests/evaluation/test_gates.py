"""Gates: written as the command line takes them, refused in a sentence, applied one by one."""

import pytest

from me_augment.errors import UsageError
from me_augment.evaluation.gates import Gates
from me_augment.evaluation.quality import Quality

GOOD = dict(
    reliability=0.9, correlation=0.98, gain=0.95, nrmse=0.2, spill=0.03, head=0.001, head_ratio=0.03, flicker=0.1,
    identity=0.001, fold=0.8, lost=0.01,
)  # fmt: skip


def test_the_command_line_sets_gates():
    gates = Gates.parse(["spill=0.1", "fold=off"])
    assert (gates.spill, gates.fold, gates.correlation) == (0.1, None, Gates().correlation)
    only_one = Gates.parse(["off", "head=0.02"])
    assert only_one == Gates.parse(["off", "head=0.02"])
    assert only_one.head == 0.02
    assert only_one.broken(Quality(**{**GOOD, "correlation": -1.0, "flicker": 99.0})) == []


@pytest.mark.parametrize(
    ("text", "match"),
    [("sharpness=1", "no gate"), ("spill=much", "number"), ("spill", "number"), ("head=nan", "number")],
)
def test_a_gate_that_makes_no_sense_is_refused(text, match):
    with pytest.raises(UsageError, match=match):
        Gates.parse([text])


@pytest.mark.parametrize(
    ("figure", "bad", "gate"),
    [
        ("correlation", 0.5, "correlation"),
        ("gain", 0.5, "gain_low"),
        ("gain", 2.0, "gain_high"),
        ("spill", 0.5, "spill"),
        ("head", 0.05, "head"),
        ("head_ratio", 0.9, "head_ratio"),
        ("flicker", 3.0, "flicker"),
        ("identity", 0.3, "identity"),
        ("fold", -0.2, "fold"),
        ("lost", 0.5, "lost"),
    ],
)
def test_each_figure_has_its_gate(figure, bad, gate):
    assert Gates().verdict(Quality(**GOOD)) is None
    quality = Quality(**{**GOOD, figure: bad})
    assert Gates().broken(quality) == [gate]
    assert f"{figure} {bad:.3g} is" in Gates().verdict(quality)


def test_what_cannot_be_said_passes():
    assert Gates().verdict(Quality(**{**GOOD, **dict.fromkeys(("correlation", "gain", "spill", "flicker"))})) is None
