"""The calibrated representation: loss maps of target and references, in the audit and in training."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.attacks.base import ATTACKS, AttackContext, Observation, Reference
from core.attacks.losses import LARGEST_LOSS
from core.attacks.networks import load_attack, read_card
from core.attacks.networks.card import AttackCard
from core.attacks.networks.checkpoint import save_attack
from core.attacks.networks.small import Small
from core.attacks.representations.slm_pair import LossMapPair
from core.audit.references import AuditedReference
from core.audit.runner import RunOptions, run_audit
from core.audit.sources import Source
from core.audit.spec import read_spec
from core.errors import AttackError, SpecError
from core.files import sha256_of_file
from core.progress import Progress
from core.training.attack import train_attack
from core.training.calibrated import ShadowReferences
from tests.leaky import Leaky, changed, leaky_shadow
from tests.world import make_world, scores_of, write_target

PAIR = {"representation": "slm-pair"}


def reference(true, right, trained=None, hard=False):
    """A reference over two classes that gives the label's class 0 the probabilities `true` `(h, w)`."""
    wrong = [[1 - p for p in row] for row in true]
    log = np.log(np.array([true, wrong])).astype(np.float16)
    assert (log.argmax(0) == 0).tolist() == right
    return Reference(log, np.log(np.array(true, np.float32)), trained, hard)


def seen(*references, hard=False):
    p = np.array([[[0.5, 0.2, 0.9]], [[0.5, 0.8, 0.1]]], np.float32)
    return Observation("ab" * 32, p, np.array([[0, 0, 255]], np.uint8), hard=hard, references=references)


ONE = reference([[0.8, 0.4, 0.1]], [[True, False, False]])
TWO = reference([[0.2, 0.9, 0.1]], [[False, True, False]])
KNOWS = reference([[0.99, 0.99, 0.99]], [[True, True, True]], trained=True)

# ---------------------------------------------------------------- the representation


def test_the_stack_is_the_targets_loss_the_references_mean_loss_and_their_difference():
    out = LossMapPair().of(seen(ONE, KNOWS, TWO))
    target = [-math.log(0.5), -math.log(0.2), 0]
    mean = [-(math.log(0.8) + math.log(0.2)) / 2, -(math.log(0.4) + math.log(0.9)) / 2, 0]
    difference = [mean[i] - target[i] for i in range(3)]
    assert out.dtype == np.float32
    np.testing.assert_allclose(out, [[target], [mean], [difference]], rtol=1e-5, atol=1e-7)


def test_beside_label_maps_the_references_count_as_label_maps_too():
    wrong = LARGEST_LOSS / 50
    expected = [[[0, wrong, 0]], [[0, wrong, 0]], [[0, 0, 0]]]
    np.testing.assert_allclose(LossMapPair().of(seen(ONE, hard=True)), expected, rtol=1e-5)
    np.testing.assert_allclose(LossMapPair().of(seen(replace(ONE, hard=True))), expected, rtol=1e-5)
    both = LossMapPair(hard_scale=1.0).of(seen(ONE, TWO, hard=True))
    np.testing.assert_allclose(both[1], [[LARGEST_LOSS / 2, LARGEST_LOSS / 2, 0]], rtol=1e-5)


@pytest.mark.parametrize(("references", "words"), [((), "there is no reference"), ((KNOWS,), "was trained on this")])
def test_without_a_reference_that_has_not_seen_the_image_it_is_refused(references, words):
    with pytest.raises(AttackError, match=words):
        LossMapPair().of(seen(*references))


def test_differences_below_zero_pass_the_log_transform_as_their_mirror_image():
    network = Small(width=0.25).build(3, "log")
    x = torch.tensor([-5.0, -0.1, 0.0, 0.1, 69.08])
    expected = [math.copysign(math.log1p(100 * abs(v)), v) for v in x.tolist()]
    np.testing.assert_allclose(network.prepare(x).numpy(), expected, rtol=1e-6)


# ---------------------------------------------------------------- in an audit


def pair_network(path):
    torch.manual_seed(0)
    card = AttackCard("small", "slm-pair", {"width": 0.25}, patch=24, transform="log")
    save_attack(path, Small(width=0.25).build(3, "log"), card)
    return path


def test_its_card_serves_any_classes_and_says_that_references_are_needed(tmp_path):
    path = pair_network(tmp_path / "pair.safetensors")
    assert (read_card(path).channels, read_card(path).classes) == (3, None)
    attack = ATTACKS.make({"name": "patch", "network": path.name})
    assert attack.requires_references(AttackContext(folder=tmp_path))
    assert not ATTACKS.make({"name": "patch"}).requires_references(AttackContext())


def test_an_audit_scores_with_references_twice_alike_and_refuses_without(tmp_path, street_like):
    world = make_world(tmp_path, street_like, members=2, non_members=2)
    write_target(tmp_path / "one.safetensors", 1)
    pair_network(tmp_path / "pair.safetensors")
    attack = {"name": "patch", "network": "pair.safetensors", "primary": True}
    table = {"attacks": [attack], "run": {"batch": 1, "cache_gb": 0.0, "resamples": 100, "data_check": False}}
    bare = read_spec(world.write_spec(**table))
    with pytest.raises(SpecError, match=r"'patch' needs a reference model.*references"):
        run_audit(bare, tmp_path / "bare.segleak", RunOptions(device="cpu"))
    spec = read_spec(world.write_spec(**table, references=[{"path": "one.safetensors"}]))
    found = [scores(spec, tmp_path / f"{name}.segleak") for name in ("first", "second")]
    assert found[0] == found[1]
    assert len(found[0]) >= 4
    assert None not in found[0].values()


def scores(spec, folder):
    from core.audit.store import AuditStore

    run_audit(spec, folder, RunOptions(device="cpu"))
    with AuditStore.read(folder) as store:
        return scores_of(store)


# ---------------------------------------------------------------- in training


def exchanged(data, name):
    """A second shadow over the same images, which has the first one's members for non-members."""
    partner = Leaky(data.target.info.path.with_name(f"{name}.bin"))
    partner.known = {image: (label, not member) for image, (label, member) in data.target.known.items()}
    return replace(data, target=partner, members=data.non_members, non_members=data.members)


def outsider(data, name="outsider"):
    """A reference that has seen none of the images."""
    model = Leaky(data.target.info.path.with_name(f"{name}.bin"))
    model.known = {image: (label, False) for image, (label, _) in data.target.known.items()}
    return AuditedReference(Source(f"reference/{model.info.sha256}", model, ()), frozenset())


def test_a_pair_of_shadows_alone_has_no_references_and_says_what_to_give(tmp_path, street_like):
    data = leaky_shadow(tmp_path, street_like, 4, 4)
    pair = [data, exchanged(data, "partner")]
    with pytest.raises(AttackError, match=r"16 of 16 .*four shadows"):
        train_attack(pair, changed(**PAIR), tmp_path / "out.safetensors")


def test_every_image_has_equally_many_references_that_have_not_seen_it(tmp_path, street_like):
    data = leaky_shadow(tmp_path, street_like, 4, 4)
    given = [outsider(data), outsider(data, "another")]
    shadows = [data, exchanged(data, "partner")]
    beside = ShadowReferences(shadows, given, 0, Progress())
    images = [sha256_of_file(s.image) for side in (data.members, data.non_members) for s in side.samples]
    assert beside.count == 2
    for shadow in shadows:
        for image in images:
            # The partner would be a reference of members only.
            assert beside.of(shadow.target.info.sha256, image) == given


def test_it_learns_the_leak_and_keeps_what_it_needs_in_the_card(tmp_path, street_like):
    data = leaky_shadow(tmp_path, street_like)
    outs = [tmp_path / "one.safetensors", tmp_path / "two.safetensors"]
    for out in outs:
        result = train_attack([data], changed(**PAIR, iterations=30), out, references=[outsider(data)])
    assert result.held_out.auc == 1
    card = load_attack(outs[0]).card
    assert (card.representation, card.classes, card.transform, card.extra["references"]) == ("slm-pair", None, "log", 1)
    assert sha256_of_file(outs[0]) == sha256_of_file(outs[1])


def test_references_for_a_representation_that_looks_at_none_are_refused(tmp_path, street_like):
    data = leaky_shadow(tmp_path, street_like, 4, 4)
    with pytest.raises(AttackError, match="looks at no reference"):
        train_attack([data], changed(), tmp_path / "out.safetensors", references=[outsider(data)])
