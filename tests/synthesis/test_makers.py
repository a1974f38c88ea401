"""Runs of learned generators: their weights decide plan, rows and folds; resumed only with the same; no fold leaks."""

import shutil
from dataclasses import replace

import pytest
from fpb_golden import CHECKPOINT, tiny
from runs import StopsAfter, beginning, hashes

from me_augment.dataset import MicroExpressionDataset
from me_augment.errors import MeAugmentError, UsageError
from me_augment.evaluation.gates import Gates
from me_augment.generation import GeneratorChoice
from me_augment.generation.fpb_fomm.architecture import MENDED
from me_augment.generation.fpb_fomm.checkpoint import Provenance, read_checkpoint, write_checkpoint
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.manifest import Manifest
from me_augment.manifest.folds import may_train, persons
from me_augment.manifest.persons import Persons
from me_augment.manifest.validate import findings
from me_augment.synthesis.executor import InProcess
from me_augment.synthesis.makers import checkpoint_files, leakage_warnings, makers_of
from me_augment.synthesis.plan_file import PLAN, PlanFile
from me_augment.synthesis.prepare import prepare as planned
from me_augment.synthesis.run import Session, begin, execute
from me_augment.synthesis.settings import Settings
from me_augment.synthesis.sources import open_sources

PEOPLE = ("casme2:sub91", "casme2:sub92", "casme2:sub93")


def weights(path, seed, **provenance):
    """A small model that nobody trained, with a record that says somebody did."""
    model, _ = new_model(tiny(MENDED, size=128), seed)
    write_checkpoint(path, model, None, Provenance(**{"training_subjects": (), **provenance}))
    return path


@pytest.fixture(scope="module")
def folds(tmp_path_factory):
    """One checkpoint for each person, trained by all others, as `train` leaves them."""
    folder = tmp_path_factory.mktemp("folds")
    for seed, person in enumerate(PEOPLE):
        out = folder / person.replace(":", "-")
        out.mkdir()
        others = tuple(other for other in PEOPLE if other != person)
        weights(out / "best.safetensors", seed, training_subjects=others, fold=person)
        shutil.copy(out / "best.safetensors", out / "checkpoint.safetensors")
    return folder


def prepare(manifest, *paths, **options):
    of_choice = {name: options.pop(name) for name in ("driving", "paste_back") if name in options}
    choices = [
        GeneratorChoice(name="fpb-fomm", checkpoint=path, device="cpu", **of_choice) for path in checkpoint_files(paths)
    ]
    options = {"gates": Gates.parse(("off",)), **options}
    return planned(open_sources(manifest.folder, None, None), generators=choices, **options)


def make(prepared, folder, executor=None):
    begin(prepared, folder)
    state = execute(folder, Session(executor=executor or InProcess()))
    assert state.finished
    assert (state.failed, state.rejected) == (0, 0)
    whole = Manifest.open(folder)
    assert findings(whole, check_files=True) == []
    return whole, [clip for clip in whole.clips if clip.is_synthetic]


@pytest.fixture(scope="module")
def of_folds(tiny_manifest, folds, tmp_path_factory):
    """A finished run of the folds' generators: its folder."""
    folder = tmp_path_factory.mktemp("runs") / "folds"
    make(prepare(tiny_manifest, folds), folder)
    return folder


def test_each_fold_has_clips_of_its_own_generator(of_folds, folds):
    fold_of = {
        read_checkpoint(file).fingerprint: read_checkpoint(file).provenance.fold
        for file in folds.glob("*/best.safetensors")
    }
    whole = Manifest.open(of_folds)
    made = [clip for clip in whole.clips if clip.is_synthetic]
    assert len(made) == 3 * 4  # the four clips of the two others drive, once in each fold
    for clip in made:
        fold = fold_of[clip.generator_version.partition("+")[2]]
        assert fold not in (clip.driver_person_id, clip.target_person_id)
        assert set(clip.generator_training_subjects) == set(PEOPLE) - {fold}
        assert [person for person in PEOPLE if may_train(clip, person)] == [fold]
    for person in PEOPLE:
        train = MicroExpressionDataset(of_folds, fold=person, split="train").clips
        assert sum(clip.is_synthetic for clip in train) == 4


def test_no_shard_mixes_generators(of_folds):
    plan = [row for shard in PlanFile.open(of_folds / PLAN).read_shards() for row in shard.rows]
    shards = {row.shard: set() for row in plan}
    for row in plan:
        shards[row.shard].add(row.checkpoint)
    assert all(len(found) == 1 for found in shards.values())
    assert sorted(shards) == list(range(len(shards)))
    assert len({row.clip_id for row in plan}) == len(plan)


def test_the_order_of_the_files_says_nothing(tiny_manifest, folds):
    files = checkpoint_files([folds])
    assert [file.name for file in files] == ["best.safetensors"] * 3
    first, second = prepare(tiny_manifest, *files), prepare(tiny_manifest, *reversed(files))
    assert (list(first.plan), first.settings) == (list(second.plan), second.settings)
    assert first.asked == len(first.plan)


def test_the_settings_say_what_decides_and_not_where_it_lies(of_folds, folds):
    text = (of_folds / "config.yaml").read_text()
    assert str(folds) not in text
    settings = Settings.read(of_folds / "config.yaml")
    assert (settings.device, settings.precision, settings.driving, settings.paste_back) == (
        "cpu", "fp32", "cleaned", True
    )  # fmt: skip
    # A training's files are all called alike; its folder tells them apart.
    assert settings.checkpoint_files == tuple(f"{p.replace(':', '-')}/best.safetensors" for p in sorted(PEOPLE))
    assert len(set(settings.checkpoints)) == 3


def test_an_interrupted_run_goes_on_with_moved_checkpoints(of_folds, tiny_manifest, folds, tmp_path):
    prepared = prepare(tiny_manifest, folds)
    begin(prepared, tmp_path / "r")
    with pytest.raises(KeyboardInterrupt):
        execute(tmp_path / "r", Session(executor=StopsAfter(1)))
    for number, file in enumerate(checkpoint_files([folds])):
        (tmp_path / "moved").mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / "moved" / f"{number}.safetensors")
    make(prepare(tiny_manifest, tmp_path / "moved"), tmp_path / "r")
    before, after = hashes(of_folds), hashes(tmp_path / "r")
    place = "inputs/generators.json"  # says where the checkpoints lie
    assert before.pop(place) != after.pop(place)
    assert after == before
    assert "3 sets of weights" in (of_folds / "README.md").read_text()


def test_another_checkpoint_does_not_finish_a_run(tiny_manifest, tmp_path):
    first, second = (weights(tmp_path / f"{name}.safetensors", seed) for seed, name in enumerate("ab"))
    begin(prepare(tiny_manifest, first), tmp_path / "r")
    with pytest.raises(
        UsageError, match=r"checkpoints = \w+ \(a\.safetensors\), now it is \w+ \(b\.safetensors\): give"
    ):
        begin(prepare(tiny_manifest, second), tmp_path / "r")
    with pytest.raises(UsageError, match="driving = cleaned, now it is filmed"):
        begin(prepare(tiny_manifest, first, driving="filmed"), tmp_path / "r")
    with pytest.raises(UsageError, match="paste_back = True, now it is False"):
        begin(prepare(tiny_manifest, first, paste_back=False), tmp_path / "r")
    with pytest.raises(UsageError, match="generator = fpb-fomm, now it is warp"):
        begin(planned(open_sources(tiny_manifest.folder, None, None)), tmp_path / "r")


def test_a_checkpoint_that_changes_under_a_run_ends_it(tiny_manifest, tmp_path):
    file = weights(tmp_path / "m.safetensors", 1)
    (maker,) = prepare(tiny_manifest, file).makers
    weights(file, 2)
    for seed in (7, 8):  # as many others as are kept
        makers_of([replace(maker.choice, checkpoint=weights(tmp_path / f"{seed}.safetensors", seed))])
    with pytest.raises(MeAugmentError, match="has changed since the run was planned"):
        maker.generator()


def test_weights_are_loaded_once(tiny_manifest, tmp_path):
    (maker,) = prepare(tiny_manifest, weights(tmp_path / "m.safetensors", 1)).makers
    assert maker.generator() is maker.generator()


def test_other_weights_are_another_plan(tiny_manifest, tmp_path):
    plans = [
        prepare(tiny_manifest, weights(tmp_path / "a.safetensors", 1)).plan,
        prepare(tiny_manifest, weights(tmp_path / "b.safetensors", 2)).plan,
        prepare(tiny_manifest, tmp_path / "a.safetensors", driving="filmed").plan,
        prepare(tiny_manifest, tmp_path / "a.safetensors", paste_back=False).plan,
        planned(open_sources(tiny_manifest.folder, None, None)).plan,
    ]
    ids = [{row.clip_id for row in plan} for plan in plans]
    assert all(not a & b for i, a in enumerate(ids) for b in ids[:i])
    assert [{(row.driver_clip_id, row.target_clip_id) for row in plan} for plan in plans] == [
        {(row.driver_clip_id, row.target_clip_id) for row in plans[0]}
    ] * 5


def test_a_reference_checkpoint_trains_no_fold_of_its_corpora(tiny_manifest, tmp_path):
    prepared = prepare(tiny_manifest, CHECKPOINT)
    (warning,) = leakage_warnings(prepared.makers, persons(tiny_manifest.clips))
    assert "no fold may train" in warning
    assert "--saw" in warning
    short = replace(prepared, plan=beginning(prepared.plan, 2))
    for clip in make(short, tmp_path / "r")[1]:
        assert "casme2:*" in clip.generator_training_subjects
        assert set(PEOPLE) < set(clip.forbidden_subjects)  # by name too, for programs that look for names
        assert not any(may_train(clip, person) for person in (*PEOPLE, "casme2:sub01", "samm:006"))
        assert may_train(clip, "mmew:S01")


@pytest.mark.parametrize("saw", ["casme2:sub93", "casme2:*"])
def test_a_checkpoint_that_saw_somebody_under_an_earlier_id_does_not_train_their_fold(tiny_manifest, tmp_path, saw):
    people = Persons({"casme2:sub93": "dfme:sub9001"}, tmp_path / "map.csv")
    mapped = people.applied(tiny_manifest).write(tmp_path / "m")
    prepared = prepare(mapped, weights(tmp_path / "a.safetensors", 1, training_subjects=(saw,)))
    made = make(prepared, tmp_path / "r")[1]
    assert any("dfme:sub9001" not in (clip.driver_person_id, clip.target_person_id) for clip in made)
    assert not any(may_train(clip, "dfme:sub9001") for clip in made)


def test_what_a_checkpoint_saw_under_an_earlier_id_is_said_and_no_fold_of_it(tiny_manifest, tmp_path):
    mapped = (
        Persons({"casme2:sub93": "dfme:sub9001"}, tmp_path / "map.csv").applied(tiny_manifest).write(tmp_path / "m")
    )
    everybody = persons(mapped.clips)
    (warp,) = makers_of([GeneratorChoice()])
    saw = replace(warp, training_subjects=("casme2:sub93",))
    assert leakage_warnings([saw], everybody) == []
    assert "learned from 1 of 3 people" in leakage_warnings([saw], everybody, mapped.clips)[0]
    file = weights(tmp_path / "a.safetensors", 1, training_subjects=("casme2:sub93",), fold="dfme:sub9001")
    with pytest.raises(UsageError, match="is said to hold out dfme:sub9001, who is among those it learned from"):
        prepare(mapped, file)


def test_what_the_training_does_to_the_folds_is_said():
    def warned(*makers):
        return leakage_warnings(makers, PEOPLE)

    (warp,) = makers_of([GeneratorChoice()])
    some = replace(warp, training_subjects=PEOPLE[:2])
    assert warned(warp) == []
    assert "learned from 2 of 3 people" in warned(some)[0]
    assert "only the folds of casme2:sub93" in warned(some)[0]
    assert "everyone in the manifest trained" in warned(replace(warp, training_subjects=PEOPLE))[0]
    of_folds = [replace(warp, fold=person, training_subjects=()) for person in PEOPLE]
    assert warned(*of_folds) == []
    assert "no checkpoint holds out casme2:sub93" in warned(*of_folds[:2])[0]


def test_one_checkpoint_of_a_fold_serves_that_fold(tiny_manifest, folds):
    plan = prepare(tiny_manifest, folds / "casme2-sub92").plan
    assert plan
    assert all("casme2:sub92" not in (row.driver_person_id, row.target_person_id) for row in plan)


def test_action_units_are_performed_by_folds_too(tiny_manifest, folds, tmp_path):
    prepared = prepare(tiny_manifest, folds, action_units=("12C",))
    assert len(prepared.plan) == 3 * 2
    made = make(replace(prepared, plan=beginning(prepared.plan, 1)), tmp_path / "r")[1]
    assert [person for person in PEOPLE if may_train(made[0], person)] == [PEOPLE[0]]
    assert "action-units" in made[0].generator_version


def test_the_square_that_the_network_draws(tiny_manifest, tmp_path):
    file = weights(tmp_path / "m.safetensors", 1)
    prepared = prepare(tiny_manifest, file, paste_back=False)
    whole, made = make(replace(prepared, plan=beginning(prepared.plan, 1)), tmp_path / "r")
    recording = whole.recording_of[made[0].recording_id]
    assert (recording.height, recording.width) == (128, 128)
    assert all(0 < value < 128 for value in made[0].landmarks)


def test_a_driver_as_filmed(tiny_manifest, tmp_path):
    file = weights(tmp_path / "m.safetensors", 1)
    prepared = prepare(tiny_manifest, file, driving="filmed")
    (clip,) = make(replace(prepared, plan=beginning(prepared.plan, 1)), tmp_path / "r")[1]
    assert clip.eyes == 1
    for wrong in (
        {"mirror": 0.5},
        {"strength": (2.0, 2.0)},
        {"eyes": 0.5},
        {"shading": 1.0},
        {"action_units": ("12",)},
    ):
        with pytest.raises(UsageError, match="filmed"):
            prepare(tiny_manifest, file, driving="filmed", **wrong)


class TestCheckpointsThatDoNotGoTogether:
    def test_several_that_hold_out_nobody(self, tiny_manifest, folds, tmp_path):
        nobody = weights(tmp_path / "m.safetensors", 1)
        with pytest.raises(UsageError, match=r"m\.safetensors holds out nobody"):
            prepare(tiny_manifest, folds, nobody)

    def test_two_of_one_fold(self, tiny_manifest, folds, tmp_path):
        again = weights(tmp_path / "m.safetensors", 9, fold=PEOPLE[0])
        with pytest.raises(UsageError, match="both hold out casme2:sub91"):
            prepare(tiny_manifest, folds, again)

    @pytest.mark.parametrize("saw", [PEOPLE[0], "casme2:*"])
    def test_one_that_saw_whom_it_holds_out(self, tiny_manifest, tmp_path, saw):
        leaky = weights(tmp_path / "m.safetensors", 9, fold=PEOPLE[0], training_subjects=(saw,))
        with pytest.raises(UsageError, match="among those it learned from"):
            prepare(tiny_manifest, leaky)

    def test_one_of_another_corpus(self, tiny_manifest, tmp_path):
        other = weights(tmp_path / "m.safetensors", 9, fold="samm:006")
        with pytest.raises(UsageError, match="no such fold"):
            prepare(tiny_manifest, other)

    def test_folders_without_any(self, tmp_path):
        with pytest.raises(UsageError, match="holds no checkpoint"):
            checkpoint_files([tmp_path])
        with pytest.raises(UsageError, match="is not a file"):
            makers_of([GeneratorChoice(name="fpb-fomm", checkpoint=tmp_path / "nowhere.safetensors")])
