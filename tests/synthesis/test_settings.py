"""Settings: round trip, sense, and the refusal that names field, both values and the way out."""

from dataclasses import replace
from fractions import Fraction

import pytest

from me_augment.errors import UsageError
from me_augment.evaluation.gates import Gates
from me_augment.synthesis.settings import Settings

STARTED = Settings(
    manifest="a",
    targets="a",
    generator="warp",
    generator_version="1",
    strength=(0.5, 1.5),
    fps="200",
    gates=Gates.parse(["fold=off"]),
    asymmetry=(-0.1, 0.1),
)


def test_round_trip(tmp_path):
    (tmp_path / "config.yaml").write_text(STARTED.to_yaml())
    assert Settings.read(tmp_path / "config.yaml") == STARTED


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("per_driver", 2, "per_driver = 1, now it is 2"),
        ("strength", (1.0, 1.0), "strength = 0.5:1.5, now it is 1:1"),
        ("seed", 7, "seed = 0, now it is 7"),
        ("tempo", (0.8, 1.2), "tempo = 1:1, now it is 0.8:1.2"),
        ("fps", None, "fps = 200, now it is none"),
        ("mirror", 0.5, r"mirror = 0\.0, now it is 0\.5"),
        ("asymmetry", (0.0, 0.0), r"asymmetry = -0\.1:0\.1, now it is 0:0"),
        ("eyes", 1.0, r"eyes = 0\.0, now it is 1\.0"),
        ("shading", 1.0, r"shading = 0\.0, now it is 1\.0"),
        ("gates", Gates.parse(["spill=off"]), "--gate spill = 0.25, now it is off"),
        ("gates_chosen_on", ("casme2:*",), "gates_chosen_on = none, now it is casme2:*"),
        ("gates", Gates.parse(["head=0.5"]), "--gate head = 0.01, now it is 0.5"),
        ("manifest", "b", "manifest = a, now it is b"),
    ],
)
def test_a_changed_setting_is_refused(tmp_path, field, value, words):
    STARTED.require_same(STARTED, tmp_path)
    with pytest.raises(UsageError, match=words) as caught:
        replace(STARTED, **{field: value}).require_same(STARTED, tmp_path)
    assert "another --out" in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"per_driver": 0},
        {"strength": (2.0, 1.0)},
        {"strength": (-1.0, 1.0)},
        {"tempo": (0.1, 1.0)},
        {"tempo": (1.0, 5.0)},
        {"tempo": (float("nan"), 1.0)},
        {"asymmetry": (-0.6, 0.0)},
        {"asymmetry": (0.2, 0.1)},
        {"mirror": 1.5},
        {"eyes": -0.1},
        {"shading": float("nan")},
        {"fps": "0"},
        {"gates_chosen_on": ("sub91",)},
        {"fps": "3"},
        {"fps": "1e9"},
        {"fps": "fast"},
        {"fps": "1/0"},
        {"fps": "30000000001/1000000000"},
    ],
)
def test_senseless_settings_are_refused(fields):
    with pytest.raises(UsageError, match="--"):
        replace(STARTED, **fields)


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "config.yaml").write_text("per_driver: [")
    with pytest.raises(UsageError, match=r"config\.yaml is damaged"):
        Settings.read(tmp_path / "config.yaml")


def test_a_rate_is_a_fraction():
    assert replace(STARTED, fps="30000/1001").rate == Fraction(30000, 1001)
    assert replace(STARTED, fps=None).rate is None


def test_shards_of_another_size_are_no_other_run(tmp_path):
    """What suits a plan is no more what suited it before it was extended."""
    replace(STARTED, clips_per_shard=7).require_same(replace(STARTED, clips_per_shard=4), tmp_path)
    with pytest.raises(UsageError, match="clips_per_shard is 0"):
        replace(STARTED, clips_per_shard=0)
