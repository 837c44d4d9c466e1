import shutil

import numpy as np
import pytest
import tomli_w
import torch
from PIL import Image

from core.audit.cache import PosteriorCache
from core.audit.independence import HashedImage, check_attack, check_target
from core.audit.plan import BATCH_PIXELS, batches
from core.audit.runner import RunOptions, open_audit, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore, ImageRow
from core.data.samples import Role
from core.errors import AttackError, Cancelled, DataError, StoreError, TargetError
from core.files import sha256_of_file
from core.progress import Progress
from core.training.manifest import ShadowRecord, TrainingManifest, write_manifest
from tests.world import make_world, scores_of, write_images, write_target

CPU = RunOptions(device="cpu")
RUN = {"batch": 2, "cache_gb": 0.0, "resamples": 100, "data_check": False, "maps": "none"}
LOSS = [{"name": "loss"}]
PLAIN = {"defenses": [{"name": "none"}], "attacks": LOSS, "run": RUN}


@pytest.fixture
def fresh(tmp_path, street_like):
    return make_world(tmp_path, street_like, members=3, non_members=3, suspects=2)


def run(world, folder, options=CPU, progress=None, **changes):
    return run_audit(read_spec(world.write_spec(**(PLAIN | changes))), folder, options, progress)


def rows_and_scores(folder):
    with AuditStore.read(folder) as store:
        return store.images(), scores_of(store)


class CancelAfter(Progress):
    def step(self, message="", steps=1):
        super().step(message, steps)
        if self.stage == "Auditing":
            self.cancel()


def stop_early(world, folder, **changes):
    with pytest.raises(Cancelled):
        run(world, folder, progress=CancelAfter(), **changes)
    rows, _ = rows_and_scores(folder)
    done = [row for row in rows if row.state == "done"]
    assert 0 < len(done) < len(rows)
    return done


# ---------------------------------------------------------------- batches


def test_an_audit_goes_on_with_the_batches_it_began_with_or_smaller_ones(fresh, tmp_path):
    run(fresh, tmp_path / "whole.segleak")
    stop_early(fresh, tmp_path / "larger.segleak")
    run(fresh, tmp_path / "larger.segleak", run=RUN | {"batch": 8, "patch_batch": 4096})
    assert rows_and_scores(tmp_path / "larger.segleak")[1] == rows_and_scores(tmp_path / "whole.segleak")[1]
    store, spec = open_audit(tmp_path / "larger.segleak")
    with store:
        assert (spec.run.batch, store.fact("runs")[-1]["batch"]) == (2, 2)
    done = stop_early(fresh, tmp_path / "smaller.segleak")
    run(fresh, tmp_path / "smaller.segleak", run=RUN | {"batch": 1})
    first = {row.id for row in done}
    assert {row.batch for row in rows_and_scores(tmp_path / "smaller.segleak")[0] if row.id not in first} == {1}


def test_large_images_go_through_in_fewer_at_a_time_and_no_batch_mixes_sizes():
    def row(number, height, width):
        return ImageRow(number, Role.MEMBER, 0, "k", "p", height=height, width=width)

    rows = [row(i, *size) for i, size in enumerate([(1024, 2048)] * 9 + [(6000, 8000)] * 3 + [(48, 64)] * 20)]
    made = batches(rows, 8)
    assert sorted(r.id for b in made for r in b) == list(range(32))
    for batch in made:
        assert len({r.size for r in batch}) == 1
        assert len(batch) == 1 or sum(r.height * r.width for r in batch) <= BATCH_PIXELS
    assert [len(b) for b in made] == [7, 2, 1, 1, 1, 8, 8, 4]


# ---------------------------------------------------------------- going on


def test_failed_images_are_tried_again_and_what_is_done_stays_done(fresh, tmp_path):
    broken, vanished = fresh.folder / "suspects" / "00.png", fresh.folder / "members" / "00.png"
    good = broken.read_bytes()
    broken.write_bytes(b"")
    folder = tmp_path / "a.segleak"
    assert [f["key"] for f in run(fresh, folder)["failed"]] == ["00.png"]
    before = rows_and_scores(folder)[1]
    broken.write_bytes(good)
    vanished.rename(tmp_path / "elsewhere")
    assert run(fresh, folder)["failed"] == []
    rows, scores = rows_and_scores(folder)
    assert {row.state for row in rows} == {"done"}
    assert before.items() <= scores.items()
    assert len(scores) == len(before) + 1


def test_a_finished_audit_run_again_records_no_new_run_and_keeps_a_commented_spec(fresh, tmp_path):
    folder = tmp_path / "a.segleak"
    first = run(fresh, folder)
    with (folder / "audit.toml").open("a") as stream:
        stream.write("# approved by the board\n")
    assert run(fresh, folder) == first
    assert "approved" in (folder / "audit.toml").read_text()
    with AuditStore.read(folder) as store:
        assert len(store.fact("runs")) == 1


def test_a_spec_that_was_mended_before_anything_was_scored_is_no_other_audit(fresh, tmp_path):
    folder = tmp_path / "a.segleak"
    shutil.copyfile(fresh.folder / "members" / "00.png", fresh.folder / "non-members" / "00.png")
    with pytest.raises(DataError, match=r"00\.png"):
        run(fresh, folder)
    mended = [{"role": "member", "path": "members"}, {"role": "suspect", "path": "suspects"}]
    summary = run(fresh, folder, images=mended)
    assert summary["images"]["non-member"]["images"] == 0
    with pytest.raises(StoreError, match="another spec"):
        run(fresh, folder)


def test_trust_given_later_does_not_make_another_audit_of_it(fresh, tmp_path):
    folder = tmp_path / "a.segleak"
    run(fresh, folder)
    run(fresh, folder, target={"path": "target.safetensors", "trust": "ab" * 32})


def test_a_changed_label_map_or_class_scheme_is_noticed(fresh, tmp_path):
    folder = tmp_path / "a.segleak"
    run(fresh, folder)
    scheme = fresh.folder / "scheme.toml"
    text = scheme.read_text()
    scheme.write_text(text.replace('name = "sky"', 'name = "heaven"'))
    with pytest.raises(StoreError, match=r"streets4.*changed"):
        run(fresh, folder)
    scheme.write_text(text)
    label = fresh.folder / "members" / "01_mask.png"
    Image.fromarray(255 - np.array(Image.open(label)) % 2).save(label)
    with pytest.raises(StoreError, match=r"01_mask\.png.*changed"):
        run(fresh, folder)


def test_equal_names_in_two_folders_are_not_confused(fresh, tmp_path, street_like):
    write_images(fresh.folder / "more", street_like, 3, 900)
    (fresh.folder / "b").mkdir()
    write_target(fresh.folder / "b" / "target.safetensors", seed=7)
    images = [{"role": "member", "path": "members"}, {"role": "member", "path": "more"}]
    defenses = [{"name": "none"}, {"name": "hardened", "path": "b/target.safetensors"}]
    folder = tmp_path / "a.segleak"
    run(fresh, folder, images=images, defenses=defenses)
    run(fresh, folder, images=images, defenses=defenses)
    write_target(fresh.target, seed=8)
    with pytest.raises(StoreError, match="changed"):
        run(fresh, folder, images=images, defenses=defenses)


# ---------------------------------------------------------------- the cache


def test_the_cache_tells_class_schemes_target_options_and_batches_apart(fresh, tmp_path, monkeypatch):
    from core.targets.base import Target

    options = RunOptions("cpu", cache=PosteriorCache(tmp_path / "cache", 10**9))
    asked, real = [], Target.outputs

    def outputs(self, images):
        asked.append(len(images))
        return real(self, images)

    monkeypatch.setattr(Target, "outputs", outputs)
    run(fresh, tmp_path / "one.segleak", options)
    assert asked
    asked.clear()
    run(fresh, tmp_path / "again.segleak", options)
    assert asked == []
    run(fresh, tmp_path / "batch.segleak", options, run=RUN | {"batch": 4})
    assert set(asked) == {4}
    asked.clear()
    run(fresh, tmp_path / "kind.segleak", options, target={"path": "target.safetensors", "output_kind": "logits"})
    assert len(asked) == 4
    asked.clear()
    scheme = fresh.folder / "scheme.toml"
    scheme.write_text(scheme.read_text().replace('name = "sky"', 'name = "heaven"'))
    run(fresh, tmp_path / "scheme.segleak", options)
    assert len(asked) == 4, "all but the batch without label maps"


# ---------------------------------------------------------------- refused before any work


def refused(world, folder, error, words, **changes):
    with pytest.raises(error, match=words):
        run(world, folder, **changes)
    with AuditStore.read(folder) as store:
        assert store.fact("runs") is None, "nothing was run"


def test_an_attack_network_for_another_number_of_classes_is_refused_early(fresh, tmp_path):
    from core.attacks.networks import AttackCard, build_network, save_attack

    card = AttackCard(architecture="small", representation="concatenation", classes=11, patch=24)
    save_attack(fresh.folder / "eleven.safetensors", build_network(card), card)
    attacks = [{"name": "patch", "network": "eleven.safetensors"}]
    refused(fresh, tmp_path / "a.segleak", AttackError, "11 classes.*gives 4", attacks=attacks)


def test_dropout_in_layers_that_are_not_there_is_refused_early(fresh, tmp_path):
    defenses = [{"name": "dropout", "place": "own"}]
    refused(fresh, tmp_path / "a.segleak", TargetError, "no dropout layers", defenses=defenses)


class Labels(torch.nn.Module):
    """A model that gives label maps 0..3 and says nothing of classes."""

    def forward(self, images):
        grey = images.mean(dim=1)
        return ((grey - grey.amin()) / (grey.amax() - grey.amin()) * 3.99).long()


class Scores(torch.nn.Module):
    def forward(self, images):
        return torch.cat([images, -images], dim=1)[:, :5]


def scripted(module, path):
    torch.jit.script(module).save(str(path))
    return {"path": path.name, "format": "torchscript", "trust": sha256_of_file(path)}


def test_a_target_that_gives_label_maps_is_audited_as_argmax_once_its_classes_are_known(fresh, tmp_path):
    target = scripted(Labels(), fresh.folder / "labels.pt")
    refused(fresh, tmp_path / "a.segleak", TargetError, "classes", target=target)
    chains = [{"name": n} for n in ("none", "argmax")] + [{"name": "gauss", "sigma": 0.2}]
    summary = run(fresh, tmp_path / "a.segleak", target=target | {"classes": 4}, defenses=chains)
    assert summary["failed"] == []
    _, scores = rows_and_scores(tmp_path / "a.segleak")
    for image in range(6):
        assert scores[image, "none", "loss"] == scores[image, "argmax", "loss"]
        assert np.isfinite(scores[image, "gauss-sigma0.2", "loss"][0])


def test_a_scheme_of_another_size_than_what_the_target_turns_out_to_give_is_refused_early(fresh, tmp_path):
    target = scripted(Scores(), fresh.folder / "five.pt")
    refused(fresh, tmp_path / "a.segleak", DataError, "streets4 has 4 classes, the target 5", target=target)


def test_dropout_on_a_model_without_torch_is_refused_early(fresh, tmp_path):
    import onnx
    from onnx import helper

    values = [
        helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [None, c, 48, 64]) for n, c in (("x", 3), ("y", 3))
    ]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", values[:1], values[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(fresh.folder / "m.onnx"))
    changes = {"target": {"path": "m.onnx"}, "defenses": [{"name": "dropout"}]}
    refused(fresh, tmp_path / "a.segleak", TargetError, "onnx.*cannot be changed", **changes)


def test_a_set_given_twice_is_refused_by_name(fresh, tmp_path):
    images = [{"role": "member", "path": p} for p in ("members", "./members")]
    refused(fresh, tmp_path / "a.segleak", DataError, "a member in both", images=images)


def test_images_without_label_maps_need_no_class_scheme(fresh, tmp_path, street_like):
    from core.targets.architectures import build

    torch.manual_seed(0)
    arguments = {"encoder_depth": 3, "decoder_channels": [16, 16, 16]}
    module = build("smp:Unet", "resnet18", 4, arguments)
    torch.save(module.state_dict(), fresh.folder / "plain.pth")
    for path in fresh.folder.rglob("*_mask.png"):
        path.unlink()
    table = fresh.spec_table(**PLAIN) | {
        "target": {
            "path": "plain.pth",
            "architecture": "smp:Unet",
            "encoder": "resnet18",
            "arguments": arguments,
            "preprocessing": {"multiple": 8},
        },
        "attacks": [{"name": "confidence"}],
        "run": RUN | {"data_check": True},
    }
    del table["scheme"]
    (fresh.folder / "spec.toml").write_text(tomli_w.dumps(table))
    summary = run_audit(read_spec(fresh.folder / "spec.toml"), tmp_path / "a.segleak", CPU)
    assert summary["failed"] == []
    assert all(r["metrics"]["needs"] == "" for r in summary["results"])


def test_a_hardened_target_keeps_the_preprocessing_its_own_file_states(fresh):
    from core.audit.sources import open_sources
    from core.targets.architectures import build
    from core.targets.open import open_target

    write_target(fresh.folder / "hard.safetensors", seed=5)  # its file says multiple = 8 and ImageNet's mean
    arguments = {"encoder_depth": 3, "decoder_channels": [16, 16, 16]}
    weights = build("smp:Unet", "resnet18", 4, arguments).state_dict()
    torch.save(weights, fresh.folder / "hard.pth")
    torch.save(weights, fresh.folder / "target.pth")
    preprocessing = {"mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "multiple": 16}
    said = {"architecture": "smp:Unet", "encoder": "resnet18", "arguments": arguments}
    spec = read_spec(
        fresh.write_spec(
            target={"path": "target.pth", **said, "preprocessing": preprocessing},
            defenses=[{"name": "hardened", "path": p} for p in ("hard.safetensors", "hard.pth")],
        )
    )
    target = open_target(spec.resolve("target.pth"), spec.target.options, spec.target.preprocessing)
    own, same = (source.target for source in open_sources(spec, target, frozenset()))
    assert own.preprocessing.mean == (0.485, 0.456, 0.406)
    assert same.preprocessing.mean == (0.5, 0.5, 0.5), "its file says nothing: as the target"
    assert same.info.classes == 4


# ---------------------------------------------------------------- training lists

A, B, C, D = (c * 64 for c in "abcd")
IMAGES = [HashedImage("a", Role.MEMBER, A), HashedImage("b", Role.NON_MEMBER, B), HashedImage("c", Role.SUSPECT, C)]


def test_a_hardened_target_need_not_have_seen_the_members_but_never_the_non_members():
    distilled = TrainingManifest("target", D, (D,))
    with pytest.raises(DataError, match="not trained on a"):
        check_target("t", distilled, IMAGES)
    (sentence,) = check_target("t", distilled, IMAGES, hardened=True)
    assert sentence.startswith("Warning")
    assert "1 member" in sentence
    with pytest.raises(DataError, match="trained on b"):
        check_target("t", TrainingManifest("target", D, (A, B)), IMAGES, hardened=True)


def test_suspects_in_the_targets_own_list_are_counted():
    assert "1 of 1 suspect" in " ".join(check_target("t", TrainingManifest("target", D, (A, C)), IMAGES))
    assert "suspect" not in " ".join(check_target("t", TrainingManifest("target", D, (A,)), IMAGES))


def test_non_members_that_shaped_the_weights_are_a_warning():
    manifest = TrainingManifest("target", D, (A,), others=(B, C))
    for hardened in (False, True):
        first, second = check_target("t", manifest, IMAGES, hardened=hardened)
        assert "agrees" in first
        assert second.startswith("Warning: t: 1 non-member of this audit shaped its weights without being members")
    assert len(check_target("t", TrainingManifest("target", D, (A,), others=(A, C, D)), IMAGES)) == 1


def test_a_shadow_that_is_the_target_itself_is_a_warning():
    manifest = TrainingManifest("attack", D, (), (), (ShadowRecord(C, (D,)),))
    assert check_attack("n", manifest, IMAGES, {A}) == ["n: shares no image with the audit."]
    (sentence,) = check_attack("n", manifest, IMAGES, {C})
    assert sentence.startswith("Warning")
    assert "shadow 1" in sentence


def test_a_hardened_targets_list_is_checked_in_the_audit(fresh, tmp_path):
    write_target(fresh.folder / "hard.safetensors", seed=5)
    own = sha256_of_file(fresh.folder / "hard.safetensors")
    seen = sha256_of_file(fresh.folder / "non-members" / "00.png")
    write_manifest(fresh.folder / "hard.safetensors", TrainingManifest("target", own, (seen,)))
    defenses = [{"name": "none"}, {"name": "hardened", "path": "hard.safetensors"}]
    refused(fresh, tmp_path / "a.segleak", DataError, r"00\.png.*non-members", defenses=defenses)
