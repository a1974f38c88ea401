"""Checkpoints: both layouts read and written, sizes found in shapes, every kind of bad file refused in one sentence."""

import json
import pickle
import resource
import zipfile
from dataclasses import asdict

import pytest
import torch
from fpb_golden import CHECKPOINT, tiny, weights
from hypothesis import given
from hypothesis import strategies as st
from safetensors import safe_open
from safetensors.torch import save_file

from me_augment.errors import MeAugmentError, UsageError
from me_augment.generation.fpb_fomm.architecture import MENDED, Architecture, Pyramid
from me_augment.generation.fpb_fomm.checkpoint import (
    Provenance,
    read_checkpoint,
    reference_checkpoint,
    write_checkpoint,
)
from me_augment.generation.fpb_fomm.header import header_of
from me_augment.generation.fpb_fomm.model import new_model
from me_augment.generation.fpb_fomm.provenance import from_record
from me_augment.generation.fpb_fomm.sizes import infer_architecture
from me_augment.generation.fpb_fomm.weights import HEADER_KEY

WHO = Provenance(
    training_subjects=("casme2:sub01", "samm:*"), corpora=("casme2", "samm"), data="f" * 64, code="0.1.0",
    fold="casme2:sub02", steps=300, note="a note",
)  # fmt: skip


@pytest.fixture
def altered(tmp_path):
    """The tiny reference checkpoint after a change, saved."""

    def save(change):
        content = weights()
        change(content)
        path = tmp_path / "altered.pth.tar"
        torch.save(content, path)
        return path

    return save


@pytest.fixture
def own(tmp_path):
    """A small mended model in our layout: its path and its networks."""
    networks = new_model(tiny(MENDED), seed=3)
    path = tmp_path / "own.safetensors"
    write_checkpoint(path, *networks, WHO)
    return path, *networks


def same_weights(a, b):
    a, b = a.state_dict(), b.state_dict()
    assert a.keys() == b.keys()
    return all(torch.equal(a[key], b[key]) for key in a if not key.endswith("num_batches_tracked"))


class TestReferenceLayout:
    def test_the_tiny_configuration_is_found(self):
        found = read_checkpoint(CHECKPOINT)
        assert found.shape == tiny()
        assert not found.model.training
        assert not found.discriminator.training
        assert len(found.fingerprint) == 12
        for key, value in weights()["kp_detector"].items():
            assert torch.equal(found.model.kp_detector.state_dict()[key], value)

    def test_the_published_configuration_is_found(self):
        with torch.device("meta"):
            model, discriminator = new_model(Architecture(), 0)
        networks = {
            "kp_detector": model.kp_detector.state_dict(),
            "generator": model.generator.state_dict(),
            "discriminator": discriminator.state_dict(),
        }
        assert infer_architecture(networks, CHECKPOINT) == Architecture()

    @pytest.mark.parametrize(
        "changes",
        [
            {"single_jacobian_map": True},
            {"scale": 0.5},
            {"scale": 1.0, "detector": Pyramid(expansion=4, most=16, blocks=3)},
            {"bottleneck_blocks": 0},
            {"discriminator_scales": (1.0, 0.5)},
            {"generator": Pyramid(expansion=6, most=48, blocks=3)},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_other_configurations_are_found(self, changes, tmp_path):
        model, discriminator = new_model(tiny(**changes), 1)
        path = tmp_path / "m.pth.tar"
        reference_checkpoint(path, model, discriminator)
        found = read_checkpoint(path)
        assert found.shape == tiny(**changes)
        assert same_weights(found.model, model)
        assert same_weights(found.discriminator, discriminator)

    def test_what_is_written_has_what_the_reference_reads(self, tmp_path):
        model, discriminator = new_model(tiny(), 1)
        path = tmp_path / "m.pth.tar"
        reference_checkpoint(path, model, discriminator)
        written, theirs = torch.load(path, weights_only=True), weights()
        assert written.keys() == theirs.keys()
        for name in ("kp_detector", "generator", "discriminator"):
            shapes = [{key: value.shape for key, value in content[name].items()} for content in (written, theirs)]
            assert shapes[0] == shapes[1]
            (group,) = written[f"optimizer_{name}"]["param_groups"]
            assert group["initial_lr"] == 2e-4
            assert len(group["params"]) == len(theirs[f"optimizer_{name}"]["param_groups"][0]["params"])

    def test_only_models_that_compute_as_the_reference_go_there(self, own, tmp_path):
        _, model, discriminator = own
        with pytest.raises(UsageError, match=r"keep it as \.safetensors"):
            reference_checkpoint(tmp_path / "m.pth.tar", model, discriminator)
        with pytest.raises(UsageError, match="discriminator"):
            reference_checkpoint(tmp_path / "m.pth.tar", new_model(tiny(), 0)[0], None)
        assert [file.name for file in tmp_path.iterdir()] == ["own.safetensors"]

    def test_it_has_seen_everybody_unless_the_user_knows_better(self):
        assert read_checkpoint(CHECKPOINT).provenance.training_subjects == ("casme2:*", "samm:*", "smic:*")
        assert read_checkpoint(CHECKPOINT, saw=()).provenance.training_subjects == ()
        told = read_checkpoint(CHECKPOINT, saw=("smic:s01", "casme2:sub02")).provenance
        assert told.training_subjects == ("casme2:sub02", "smic:s01")
        assert told.corpora == ("casme2", "smic")
        for wrong in ("sub01", "casme2:", "*", ":sub01", "casme2:a:b", "casme2:sub*"):
            with pytest.raises(UsageError, match="no person id"):
                read_checkpoint(CHECKPOINT, saw=(wrong,))

    def test_inference_needs_no_discriminator(self, altered):
        assert read_checkpoint(altered(lambda c: c.pop("discriminator"))).discriminator is None

    def test_files_of_old_torch_are_read(self, tmp_path):
        torch.save(weights(), tmp_path / "old.pth.tar", _use_new_zipfile_serialization=False)
        assert same_weights(read_checkpoint(tmp_path / "old.pth.tar").model, read_checkpoint(CHECKPOINT).model)


class TestBadReferenceFiles:
    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda c: c["generator"].pop("first.conv.bias"), "1 missing (first.conv.bias)"),
            (lambda c: c["generator"].update(extra=torch.ones(1)), "1 unexpected (extra)"),
            (
                lambda c: c["kp_detector"].update({"jacobian.bias": torch.ones(71)}),
                "1 misshapen (jacobian.bias 71 instead of 72)",
            ),
            (lambda c: c["generator"].update(c["kp_detector"]), ", …)"),
            (lambda c: c["kp_detector"]["kp.bias"].fill_(torch.nan), "kp_detector.kp.bias holds values that are not"),
            (lambda c: c["generator"]["final.weight"].fill_(torch.inf), "generator.final.weight"),
            (lambda c: c["kp_detector"]["down.weight"].mul_(1.1), "kp_detector.down.weight is not the Gaussian"),
            (lambda c: c.pop("generator"), "it lacks generator; it holds discriminator, epoch"),
            (lambda c: c["generator"].pop("first.conv.weight"), "it lacks first.conv.weight"),
            (lambda c: c["generator"].update({"first.conv.weight": torch.ones(3)}), "no convolution"),
            (lambda c: c["generator"].update({"first.conv.weight": torch.ones(7, 3, 7, 7)}), "do not double"),
            (lambda c: c["generator"].update({"first.conv.weight": 3}), "generator.first.conv.weight is no tensor"),
            (lambda c: c["generator"].update({"first.conv.weight": torch.ones(3).int()}), "int32, not weights"),
            (lambda c: c["generator"].clear(), "no fpb-fomm checkpoint"),
            (lambda c: c["discriminator"].update({"discs.big.conv.bias": torch.ones(1)}), "could not convert"),
            (
                lambda c: c["generator"].update({"final.bias": torch.ones(3, device="meta")}),
                "generator.final.bias is no tensor with values",
            ),
            (lambda c: c["generator"].update({"final.bias": torch.ones(3).to_sparse()}), "generator.final.bias is no"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named(self, altered, change, words):
        path = altered(change)
        with pytest.raises(MeAugmentError) as failed:
            read_checkpoint(path)
        assert words in str(failed.value)
        assert str(path) in str(failed.value)

    def test_code_in_a_file_is_never_run(self, tmp_path):
        class Trap:
            def __reduce__(self):
                return exec, (f"open({str(tmp_path / 'ran')!r}, 'w')",)

        torch.save({"generator": Trap()}, tmp_path / "zipped.pth.tar")
        (tmp_path / "bare.pth.tar").write_bytes(pickle.dumps({"generator": Trap()}, protocol=2))
        for name in ("zipped.pth.tar", "bare.pth.tar"):
            with pytest.raises(MeAugmentError, match="never loaded"):
                read_checkpoint(tmp_path / name)
        assert not (tmp_path / "ran").exists()

    def test_foreign_and_damaged_files(self, tmp_path):
        whole = CHECKPOINT.read_bytes()
        with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
            archive.writestr("a.txt", "a")
        (tmp_path / "page.pth.tar").write_text("<html>not found</html>")
        (tmp_path / "empty.pth.tar").write_bytes(b"")
        (tmp_path / "half.pth.tar").write_bytes(whole[: len(whole) // 2])
        torch.save([1, 2], tmp_path / "list.pth.tar")
        for name, words in (
            ("photos.zip", "damaged, or an archive"),
            ("page.pth.tar", "web page"),
            ("empty.pth.tar", "no checkpoint"),
            ("half.pth.tar", r"failed finding central directory\): copy it again"),
            ("list.pth.tar", "no first-order-motion checkpoint"),
        ):
            with pytest.raises(MeAugmentError, match=words) as failed:
                read_checkpoint(tmp_path / name)
            assert "\n" not in str(failed.value)
        with pytest.raises(UsageError, match="is not a file"):
            read_checkpoint(tmp_path / "nowhere.pth.tar")

    def test_a_folder(self, tmp_path):
        with pytest.raises(UsageError, match=r"name a file in it\.$"):
            read_checkpoint(tmp_path)
        (tmp_path / "best.safetensors").touch()
        with pytest.raises(UsageError, match=r"such as .*best\.safetensors"):
            read_checkpoint(tmp_path)


class TestOwnLayout:
    @pytest.mark.parametrize("shape", [tiny(), tiny(MENDED), tiny(MENDED, size=128, temperature=0.3)])
    def test_comes_back_as_it_was(self, shape, tmp_path):
        model, discriminator = new_model(shape, 3)
        write_checkpoint(tmp_path / "m.safetensors", model, discriminator, WHO)
        found = read_checkpoint(tmp_path / "m.safetensors")
        assert (found.shape, found.provenance) == (shape, WHO)
        assert same_weights(found.model, model)
        assert same_weights(found.discriminator, discriminator)
        assert not found.model.training
        assert [file.name for file in tmp_path.iterdir()] == ["m.safetensors"]

    def test_equal_content_gives_equal_bytes(self, own, tmp_path):
        path, model, discriminator = own
        write_checkpoint(tmp_path / "again.safetensors", model, discriminator, WHO)
        assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
        found = read_checkpoint(path)
        write_checkpoint(tmp_path / "read.safetensors", found.model, found.discriminator, found.provenance)
        assert (tmp_path / "read.safetensors").read_bytes() == path.read_bytes()

    def test_it_can_be_trained_further(self, own):
        model = read_checkpoint(own[0]).model.train()
        assert all(parameter.requires_grad and parameter.device.type == "cpu" for parameter in model.parameters())
        assert all(buffer.device.type == "cpu" for buffer in model.buffers())

    def test_the_discriminator_can_be_left_out(self, own, tmp_path):
        write_checkpoint(tmp_path / "m.safetensors", own[1], None, WHO)
        assert read_checkpoint(tmp_path / "m.safetensors").discriminator is None

    def test_who_trained_it_is_not_the_users_to_say(self, own):
        with pytest.raises(UsageError, match="says itself"):
            read_checkpoint(own[0], saw=())

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (lambda h: h.update(format_version=2), "format version 2, this me-augment reads 1"),
            (lambda h: h.pop("format_version"), "header cannot be read"),
            (lambda h: h.pop("provenance"), "it lacks provenance"),
            (lambda h: h["provenance"].update(training_subjects="casme2:sub01"), "no lists"),
            (lambda h: h["provenance"].update(training_subjects=["sub01"]), "no person id"),
            (lambda h: h["provenance"].pop("fold"), "other fields"),
            (lambda h: h["provenance"].update(steps="many"), "no number"),
            (lambda h: h["architecture"].update(depth=1), "other fields"),
            (lambda h: h["architecture"]["detector"].update(blocks=10**9), "1000000000 levels"),
            (lambda h: h["architecture"]["detector"].update(expansion=-8), "-8 to"),
            (lambda h: h["architecture"]["detector"].update(expansion="8"), "its expansion is '8'"),
            (lambda h: h["architecture"]["conventions"].update(output="drawn"), "its output is 'drawn'"),
            (lambda h: h["architecture"].update(size=250), "multiple"),
            (lambda h: h["architecture"].update(scale=0.0), "scaled by 0"),
            (lambda h: h["architecture"].update(scale=0.3), "scaled by 0.3"),
            (lambda h: h["architecture"].update(temperature=0), "temperature 0"),
            (lambda h: h["architecture"].update(discriminator_scales=[]), "no scales"),
            (lambda h: h["architecture"].update(bottleneck_blocks=1), "unexpected (bottleneck.r1"),
        ],
    )  # fmt: skip
    def test_headers_that_make_no_sense(self, own, tmp_path, change, words):
        header = json.loads(header_of(own[1].shape, WHO))
        change(header)
        path = tmp_path / "m.safetensors"
        with safe_open(own[0], framework="pt") as file:
            save_file({key: file.get_tensor(key) for key in file.keys()}, path, {HEADER_KEY: json.dumps(header)})  # noqa: SIM118
        with pytest.raises(MeAugmentError) as failed:
            read_checkpoint(path)
        assert words in str(failed.value)

    def test_foreign_and_damaged_files(self, own, tmp_path):
        path = tmp_path / "m.safetensors"
        save_file({"a.weight": torch.ones(2)}, path)
        with pytest.raises(MeAugmentError, match="not written by me-augment"):
            read_checkpoint(path)
        path.write_bytes(own[0].read_bytes()[:-100])
        with pytest.raises(MeAugmentError, match="damaged"):
            read_checkpoint(path)

    def test_a_folder_that_cannot_be_written(self, own, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(MeAugmentError, match="cannot write"):
            write_checkpoint(tmp_path / "file" / "m.safetensors", own[1], None, WHO)


@given(
    st.builds(
        Provenance,
        training_subjects=st.lists(st.from_regex(r"[a-z0-9]{1,6}:(\*|[A-Za-z0-9.]{1,6})", fullmatch=True)).map(tuple),
        corpora=st.lists(st.text()).map(tuple),
        data=st.none() | st.text(),
        steps=st.none() | st.integers(0, 10**9),
        note=st.none() | st.text(),
    )
)
def test_provenance_survives_json(provenance):
    assert from_record(json.loads(json.dumps(asdict(provenance)))) == provenance


def test_a_full_disk_is_a_sentence(tmp_path):
    found = read_checkpoint(CHECKPOINT)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(MeAugmentError, match=r"cannot write .*m\.safetensors: File too large"):
            write_checkpoint(tmp_path / "m.safetensors", found.model, found.discriminator, found.provenance)
        with pytest.raises(MeAugmentError, match=r"cannot write .*m\.pth\.tar: File too large"):
            reference_checkpoint(tmp_path / "m.pth.tar", found.model, found.discriminator)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert not list(tmp_path.iterdir())
