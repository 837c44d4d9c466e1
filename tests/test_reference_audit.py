"""Audits with references, changed queries and hidden label maps."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.audit.cache import PosteriorCache
from core.audit.query import Queried
from core.audit.reference_fit import ModelFacts, misfit
from core.audit.runner import RunOptions, open_audit, run_audit
from core.audit.sources import Source
from core.audit.spec import parse_spec, read_spec, to_mapping, write_spec
from core.audit.store import AuditStore
from core.engine.opened import OpenedAudit
from core.errors import Cancelled, SegLeakError, SpecError, StoreError, TargetError
from core.files import sha256_of_file
from core.progress import Progress
from core.targets.architectures import build
from core.targets.checkpoint import read_card, save_target
from core.targets.open import open_target
from core.training.manifest import TrainingManifest, write_manifest
from core.training.membership import Membership, write_membership
from tests.world import make_world, same_maps, scores_of, write_target

CPU = RunOptions(device="cpu")
DEFENSES = [{"name": "none"}, {"name": "argmax"}, {"chain": [{"name": "dropout", "p": 0.5}, {"name": "gauss"}]}]
ATTACKS = [
    {"name": "loss", "primary": True},
    {"name": "loss", "labels": "hidden"},
    {"name": "loss-difference"},
    {"name": "correctness-difference"},
    {"name": "correctness-difference", "labels": "hidden"},
    {"name": "lira", "level": "pixel"},
    {"name": "rmia"},
    {"name": "stability", "shift": 4},
    {"name": "rmia", "id": "rmia-views", "views": 3},
    {"name": "correctness-difference", "id": "views-hidden", "views": 2, "labels": "hidden"},
]
NEED_POSTERIORS = {"loss-difference", "lira", "rmia", "rmia-views"}
RUN = {"batch": 1, "cache_gb": 0.0, "resamples": 100, "data_check": False}
CHANGES = {
    "defenses": DEFENSES,
    "attacks": ATTACKS,
    "references": [{"path": "one.safetensors"}, {"path": "two.safetensors"}],
    "run": RUN,
}


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    made = make_world(tmp_path_factory.mktemp("references"), street_like, members=3, non_members=3, suspects=2)
    for seed, name in enumerate(("one", "two"), start=1):
        write_target(made.folder / f"{name}.safetensors", seed)
    return made


def run(world, folder, options=CPU, progress=None, **changes):
    return run_audit(read_spec(world.write_spec(**{**CHANGES, **changes})), folder, options, progress)


@pytest.fixture(scope="module")
def finished(world):
    folder = world.folder / "finished.segleak"
    return folder, run(world, folder)


@pytest.fixture(scope="module")
def rows(finished):
    with AuditStore.read(finished[0]) as store:
        return store.images(), scores_of(store)


def test_every_attack_scores_every_image_it_can_and_says_why_not_otherwise(finished, rows):
    images, scores = rows
    _, spec = open_audit(finished[0])
    ids = [attack.id for attack in spec.attacks]
    assert ids[:5] == [
        "loss",
        "loss-hidden",
        "loss-difference",
        "correctness-difference",
        "correctness-difference-hidden",
    ]
    for row in images:
        for chain in spec.defenses:
            for attack in spec.attacks:
                score, reason = scores[row.id, chain.id, attack.id]
                if row.label_path is None and not (attack.hidden or attack.id == "stability"):
                    assert (score, reason) == (None, "needs a label map")
                elif attack.id in NEED_POSTERIORS and chain.id == "argmax":
                    assert "only label maps are released" in reason
                else:
                    assert np.isfinite(score), reason


def test_the_scores_are_those_of_the_models_asked_by_hand(world, rows):
    from PIL import Image

    images, scores = rows
    target, *references = (
        open_target(world.folder / f"{name}.safetensors", device="cpu") for name in ("target", "one", "two")
    )
    for row in images[:2]:
        image, label = (np.asarray(Image.open(path)) for path in (row.path, row.label_path))
        known = label != 255

        def of(model, image=image, label=label, known=known):
            p = model.posteriors([image])[0]  # 48 x 64: the attack grid is the image's own
            true = np.take_along_axis(p, np.where(known, label, 0)[None].astype(int), 0)[0][known]
            return true.astype(float), (p.argmax(axis=0) == label)[known]

        own, right = of(target)
        given = [of(reference) for reference in references]
        loss = np.mean([-np.log(p) for p, _ in given]) + np.log(own).mean()
        assert scores[row.id, "none", "loss-difference"][0] == pytest.approx(loss, abs=1e-4)
        correctness = right.mean() - np.mean([r.mean() for _, r in given])
        for defense in ("none", "argmax"):
            assert scores[row.id, defense, "correctness-difference"][0] == pytest.approx(correctness, abs=2e-3)


def test_stability_is_of_the_released_label_maps(world, rows):
    from PIL import Image

    images, scores = rows
    target = open_target(world.target, device="cpu")
    image = np.asarray(Image.open(images[0].path))

    def said(changed):
        return target.posteriors([changed])[0].argmax(axis=0)

    plain = said(image)
    flipped = said(np.ascontiguousarray(image[:, ::-1]))[:, ::-1]
    moved = said(image[:, np.maximum(np.arange(64) - 4, 0)])[:, 4:]
    bright = said(np.clip(np.rint(image * 1.1), 0, 255).astype(np.uint8))
    agree = np.stack([plain == flipped, plain == bright]).astype(float)
    with_shift = (agree.sum(axis=0)[:, :60] + (plain[:, :60] == moved)), agree.sum(axis=0)[:, 60:]
    # The blur is left to OpenCV: at most one change of four is unknown here.
    low = np.mean(np.concatenate([with_shift[0] / 4, with_shift[1] / 3], axis=1))
    for defense in ("none", "argmax"):
        score = scores[images[0].id, defense, "stability"][0]
        assert low - 0.01 <= score <= low + 1 / 4 * 60 / 64 + 1 / 3 * 4 / 64 + 0.01


def test_what_is_known_of_references_is_printed(finished):
    said = [sentence for sentence in finished[1]["independence"] if sentence.startswith("Reference")]
    assert said == [
        "References one.safetensors, two.safetensors: each has no list of its training images beside it, so it counts "
        "as trained on none of them."
    ]


def stop_after_three(progress):
    """A listener that stops an audit."""
    if progress.stage == "Auditing" and progress.done >= 3:
        progress.cancel()


def test_a_stopped_audit_with_references_goes_on_to_the_same_results(world, finished, tmp_path):
    folder, stopped = finished[0], tmp_path / "stopped.segleak"
    with pytest.raises(Cancelled):
        run(world, stopped, progress=Progress(stop_after_three))
    run(world, stopped)
    with AuditStore.read(folder) as one, AuditStore.read(stopped) as two:
        assert scores_of(one) == scores_of(two)
        assert all(same_maps(one, two, *key) for key in scores_of(one))


def test_answers_of_references_and_for_changed_images_come_from_the_cache(world, finished, tmp_path, monkeypatch):
    options = RunOptions(device="cpu", cache=PosteriorCache(tmp_path / "cache", 10**9))
    only = [{"name": "none"}, {"name": "argmax"}]
    run(world, tmp_path / "one.segleak", options, defenses=only)
    asked = []
    monkeypatch.setattr("core.targets.inference.run_images", lambda *_: asked.append(1))
    run(world, tmp_path / "two.segleak", options, defenses=only)
    assert not asked
    with AuditStore.read(finished[0]) as plain, AuditStore.read(tmp_path / "two.segleak") as two:
        expected = {key: score for key, score in scores_of(plain).items() if key[1] in {"none", "argmax"}}
        assert scores_of(two) == expected


def test_the_engine_gives_the_audits_own_scores(finished, rows):
    store, spec = open_audit(finished[0])
    store.close()
    target = open_target(spec.resolve(spec.target.path), device="cpu")
    audit = OpenedAudit(spec, target, frozenset(), threading.RLock())
    ids = [attack.id for attack in spec.attacks]
    for chain in spec.defenses:
        source = audit.source(chain)
        for image in (0, 7):
            found = audit.score(source, audit.evidence(source, audit.row(image)), ids)
            for attack, outcome in found.items():
                score, reason = rows[1][image, chain.id, attack]
                assert (outcome == reason) if isinstance(outcome, str) else (outcome.score == score)


# ---------------------------------------------------------------- membership of references


def trained_on(world, name, images, how, tmp_path):
    """References entry of a model that was trained on some images, said in one of three ways."""
    path = tmp_path / name
    path.write_bytes((world.folder / name).read_bytes())
    hashes = tuple(sha256_of_file(image) for image in images)
    if how == "manifest":
        write_manifest(path, TrainingManifest("target", sha256_of_file(path), hashes))
        return {"path": str(path)}
    if how == "table":
        table = Membership((name, "other"), hashes, hashes, hashes, np.array([[True, False]] * len(hashes)))
        return {"path": str(path), "members": str(write_membership(tmp_path, table))}
    listed = tmp_path / "members.txt"
    listed.write_text("".join(f"{image}\n" for image in images), "utf-8")
    return {"path": str(path), "members": str(listed)}


@pytest.mark.parametrize("how", ["manifest", "table", "list"])
def test_it_is_known_which_images_a_reference_was_trained_on(world, tmp_path, how):
    members = sorted((world.folder / "members").glob("0[01].png"))
    one = trained_on(world, "one.safetensors", members, how, tmp_path)
    summary = run(
        world,
        tmp_path / "known.segleak",
        defenses=[{"name": "none"}],
        attacks=[{"name": "loss-difference"}, {"name": "lira", "mode": "online"}],
        references=[one],
    )
    assert any("trained on 2 of the 8 images" in sentence for sentence in summary["independence"])
    with AuditStore.read(tmp_path / "known.segleak") as store:
        reasons = {key[0]: reason for key, (_, reason) in scores_of(store).items() if key[2] == "loss-difference"}
    assert [image for image, reason in reasons.items() if "trained on this image" in (reason or "")] == [0, 1]


# ---------------------------------------------------------------- specs and refusals


def test_a_spec_with_references_is_written_and_read_back_and_moves_with_its_folder(world, tmp_path):
    spec = read_spec(world.write_spec(**CHANGES))
    spec = replace(spec, references=(replace(spec.references[0], members="members", trust="ab"), spec.references[1]))
    write_spec(spec, tmp_path / "elsewhere.toml")
    again = read_spec(tmp_path / "elsewhere.toml")
    assert [again.resolve(r.path) for r in again.references] == [spec.resolve(r.path) for r in spec.references]
    assert again.resolve(again.references[0].members) == world.folder / "members"
    assert again.references[1].members == ""
    untrusted = replace(spec, references=(replace(spec.references[0], trust=None), spec.references[1]))
    assert spec.sha256 == untrusted.sha256


def test_a_spec_without_references_and_hidden_labels_says_nothing_of_them(world):
    table = to_mapping(read_spec(world.write_spec()))
    assert "references" not in table
    assert all("labels" not in attack for attack in table["attacks"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"attacks": [{"name": "loss", "labels": "none"}]}, "'labels' cannot be 'none'"),
        ({"references": [{"members": "x"}]}, r"references\[0\]: the key 'path' is missing"),
        ({"references": [{"path": "x", "members": 3}]}, r"references\[0\]: 'members' cannot be 3"),
        ({"references": [{"path": "x", "membres": "y"}]}, r"references\[0\]: unknown key 'membres'.*path.*members"),
        ({"references": [{"path": "x", "classes": "y"}]}, r"references\[0\]: 'classes' cannot be 'y'"),
        ({"target": {"path": "x", "members": "y"}}, r"^target: unknown key 'members'.*path, trust"),
    ],
)
def test_wrong_references_are_refused_by_name(world, changes, message):
    with pytest.raises(SpecError, match=message):
        parse_spec(world.spec_table(**changes))


def test_references_that_cannot_serve_are_refused_before_any_work(world, tmp_path):
    for references, message in (
        ([], "'loss-difference' needs a reference model"),
        ([{"path": "target.safetensors"}], "is the target itself"),
    ):
        with pytest.raises(SpecError, match=message):
            run(world, tmp_path / "refused.segleak", references=references, attacks=[{"name": "loss-difference"}])


def test_an_audit_does_not_go_on_with_another_reference(world, tmp_path):
    path = tmp_path / "moving.safetensors"
    write_target(path, 5)
    changes = {"attacks": [{"name": "rmia"}], "defenses": [{"name": "none"}], "references": [{"path": str(path)}]}
    run(world, tmp_path / "changed.segleak", **changes)
    write_target(path, 6)
    with pytest.raises(StoreError, match=r"moving\.safetensors: has changed"):
        run(world, tmp_path / "changed.segleak", **changes)


def test_references_that_no_attack_asks_for_are_not_opened(world, tmp_path):
    summary = run(
        world,
        tmp_path / "unasked.segleak",
        attacks=[{"name": "loss"}],
        defenses=[{"name": "none"}],
        references=[{"path": "missing.safetensors"}],
    )
    assert not summary["failed"]


def test_an_image_that_a_reference_cannot_take_fails_and_the_others_do_not(world, rows, tmp_path, monkeypatch):
    refused = rows[0][1].sha256
    real = Source.outputs

    def outputs(self, images, hashes):
        if self.id.startswith("reference/") and refused in hashes:
            raise TargetError("too odd for the reference.")
        return real(self, images, hashes)

    monkeypatch.setattr(Source, "outputs", outputs)
    summary = run(world, tmp_path / "odd.segleak", run=RUN | {"batch": 2})
    assert [failed["reason"] for failed in summary["failed"]] == ["too odd for the reference."]
    with AuditStore.read(tmp_path / "odd.segleak") as store:
        found = scores_of(store)
    for key, (score, reason) in rows[1].items():
        if key[0] == rows[0][1].id:
            assert key not in found
        else:
            assert found[key][1] == reason
            assert found[key][0] == pytest.approx(score, abs=1e-3)  # other batches


def test_where_memory_runs_out_for_a_references_answers_they_are_worked_out_on_the_cpu(
    world, rows, tmp_path, monkeypatch
):
    real, ran_out = Queried.all_entries, []

    def once(self, images):
        if self.source.id.startswith("reference/") and not ran_out:
            ran_out.append(True)
            raise MemoryError("out of memory")
        return real(self, images)

    monkeypatch.setattr(Queried, "all_entries", once)
    run(world, tmp_path / "small.segleak")
    assert ran_out
    with AuditStore.read(tmp_path / "small.segleak") as store:
        assert scores_of(store) == rows[1]


def test_a_reference_of_other_classes_in_the_same_number_is_refused_unless_its_owner_says_otherwise(world, tmp_path):
    """The target names 'streets4'; a reference that names another scheme may mean something else by class 2."""
    other = tmp_path / "other.safetensors"
    card = read_card(world.target)
    module = build(card.architecture, card.encoder, card.classes, card.arguments)
    save_target(
        other, module, card.architecture, card.encoder, card.classes, card.arguments, card.preprocessing, "yards4"
    )
    changes = {"attacks": [{"name": "rmia"}], "defenses": [{"name": "none"}]}
    with pytest.raises(SpecError, match=r"other\.safetensors: its classes are those of 'yards4'") as caught:
        run(world, tmp_path / "other.segleak", references=[{"path": str(other)}], **changes)
    assert "scheme = 'streets4'" in caught.value.remedy
    said = {"path": str(other), "scheme": "streets4"}
    assert not run(world, tmp_path / "other.segleak", references=[said], **changes)["failed"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("cityscapes19", "mapillary-cityscapes19", True), ("cityscapes19", "camvid11", False), ("a", "a", True)],
)
def test_built_in_schemes_with_the_same_classes_are_taken_for_the_same(one, other, same):
    first, second = ModelFacts("a", "aa", 0, one), ModelFacts("b", "bb", 0, other)
    assert (misfit(first, second, []) is None) is same


def test_a_file_that_is_no_model_is_refused_in_words_that_fit_a_reference(world, tmp_path):
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes((world.folder / "one.safetensors").read_bytes())
    for paths, message in (
        (["missing.safetensors"], r"missing\.safetensors: there is no such file or folder\. Check the path of the m"),
        (["attack.safetensors"], r"attack\.safetensors: is an attack network, not a segmentation model"),
        (["one.safetensors", str(copy)], r"copy\.safetensors: is given twice as a reference"),
    ):
        with pytest.raises(SegLeakError, match=message):
            run(
                world,
                tmp_path / "refused.segleak",
                references=[{"path": path} for path in paths],
                attacks=[{"name": "loss-difference"}],
            )


class TwoClasses(torch.nn.Module):
    """A program, which does not say how many classes it gives before it is asked."""

    def forward(self, x):
        return torch.stack([-x.mean(1), x.mean(1)], dim=1)


@pytest.mark.parametrize("labelled", [True, False])
def test_a_program_that_gives_other_classes_is_refused_by_its_name(world, tmp_path, labelled):
    path = tmp_path / "two.pt"
    torch.jit.script(TwoClasses()).save(str(path))
    references = [{"path": str(path), "trust": sha256_of_file(path)}]
    alone = {"images": [{"role": "suspect", "path": str(tmp_path / "pictures")}], "scheme": ""}
    if not labelled:
        (tmp_path / "pictures").mkdir()
        (tmp_path / "pictures" / "a.png").write_bytes((world.folder / "members" / "00.png").read_bytes())
        torch.jit.script(FourClasses()).save(str(tmp_path / "four.pt"))
        trust = sha256_of_file(tmp_path / "four.pt")
        alone |= {"target": {"path": str(tmp_path / "four.pt"), "trust": trust}}
    with pytest.raises(SegLeakError, match=r"two\.pt:? (gives )?2") as caught:
        run(
            world,
            tmp_path / "two.segleak",
            references=references,
            attacks=[{"name": "rmia", "labels": "hidden"}],
            defenses=[{"name": "none"}],
            **({} if labelled else alone),
        )
    assert "4" in caught.value.message


class FourClasses(torch.nn.Module):
    def forward(self, x):
        return x.mean(1, keepdim=True).repeat(1, 4, 1, 1)
