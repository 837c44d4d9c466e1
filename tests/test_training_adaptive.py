"""Attack training that is stopped and gone on with, attackers who know the defenses, and what the card says."""

from functools import partial

import numpy as np
import pytest
import torch

from core.attacks.base import PROBABILITY_FLOOR
from core.attacks.networks import load_attack
from core.data.images import read_image
from core.data.samples import ImageSet, Sample
from core.data.scheme import ClassEntry, ClassScheme
from core.defenses.chain import Chain
from core.defenses.dropout import Dropout
from core.errors import Cancelled, SpecError, TargetError
from core.files import sha256_of_file
from core.grid import Grid
from core.metrics.intervals import bootstrap
from core.metrics.roc import auc
from core.progress import Progress
from core.randomness import key_for
from core.targets.dropout import with_dropout
from core.targets.open import open_target
from core.targets.output import posteriors_at
from core.training import attack as attack_training
from core.training.attack import train_attack
from core.training.holdout import judge, split
from core.training.manifest import read_manifest
from core.training.resume import Resume
from core.training.shadows import Example, ShadowData, collect
from tests.leaky import QUICK, SCHEME, changed, leaky_shadow
from tests.world import CLASSES, write_images, write_target

NONE, ARGMAX, GAUSS = (Chain.parse(d) for d in ("none", "argmax", {"name": "gauss", "sigma": 0.1}))


@pytest.fixture
def shadow(tmp_path, street_like):
    """A function that makes a shadow with members and non-members in groups of two."""
    return partial(leaky_shadow, tmp_path, street_like)


@pytest.fixture
def keep_every_step(monkeypatch):
    monkeypatch.setattr(attack_training, "Resume", partial(Resume, every=0))


def stopping(stage, done):
    """A progress that asks for a stop at a step of a stage."""
    return Progress(lambda p: p.cancel() if (p.stage, p.done) == (stage, done) else None)


def observed(shadow, defenses, seed=0, representation="slm"):
    (found,) = collect([shadow], representation, defenses, seed, Progress())
    return found.examples


# ---------------------------------------------------------------- stopped and gone on with


@pytest.mark.parametrize("mode", ["dense", "cropped"])
def test_a_stopped_training_gone_on_with_gives_the_bytes_of_an_uninterrupted_one(
    shadow, tmp_path, keep_every_step, mode
):
    data, settings = shadow(6, 6), changed(mode=mode)
    whole, parts = tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    expected = train_attack([data], settings, whole)
    for step in (5, 9):
        torch.manual_seed(step)
        with pytest.raises(Cancelled):
            train_attack([data], settings, parts, progress=stopping("training", step))
        assert not parts.exists()
    found = train_attack([data], settings, parts)
    assert found.losses == expected.losses
    assert found.sha256 == expected.sha256
    assert not (tmp_path / "parts.safetensors.partial").exists()


def test_a_training_killed_while_judging_repeats_no_step(shadow, tmp_path, keep_every_step):
    data, out, messages = shadow(10, 10), tmp_path / "a.safetensors", []
    with pytest.raises(Cancelled):
        train_attack([data], QUICK, out, progress=stopping("scoring held-out images", 1))
    train_attack([data], QUICK, out, progress=Progress(lambda p: messages.append(p.message)))
    assert "going on after step 12" in messages
    assert not any(m.startswith("step ") for m in messages)


@pytest.mark.parametrize("change", ["settings", "defense", "images", "role", "shadow"])
def test_a_state_of_another_training_is_not_gone_on_from(shadow, tmp_path, keep_every_step, change):
    data, out, messages = shadow(6, 6), tmp_path / "a.safetensors", []
    with pytest.raises(Cancelled):
        train_attack([data], QUICK, out, progress=stopping("training", 5))
    settings, defense = QUICK, NONE
    members, others = data.members.samples, data.non_members.samples
    target = data.target
    if change == "settings":
        settings = changed(weight_decay=0.5)
    elif change == "defense":
        defense = ARGMAX
    elif change == "images":
        members = members[:-1]
    elif change == "role":
        members, others = others, members
    else:
        target = shadow(1, 1, "other", first=80).target
        target.known = data.target.known
    sides = [ImageSet(side, "list", "", encoding="train-id") for side in (members, others)]
    progress = Progress(lambda p: messages.append(p.message))
    train_attack([ShadowData(target, *sides, SCHEME)], settings, out, progress=progress, defense=defense)
    assert not any(m.startswith("going on") for m in messages)


# ---------------------------------------------------------------- attackers who know the defense


def test_an_adaptive_attacker_sees_what_the_defense_lets_through(shadow):
    data = shadow(2, 2)
    highest = -np.log(PROBABILITY_FLOOR) / 50
    values = {round(float(v), 2) for e in observed(data, [ARGMAX]) for v in e.values.unique()}
    assert values <= {0.0, round(highest, 2)}
    assert all(len(e.values.unique()) > 100 for e in observed(data, [NONE]))


def test_under_several_defenses_each_image_is_seen_as_under_each_alone(shadow):
    data = shadow(3, 3)
    alone = {c.describe(): observed(data, [c], seed=2) for c in (NONE, ARGMAX, GAUSS)}
    data.target.queries = 0
    together = observed(data, [NONE, ARGMAX, GAUSS], seed=2)
    assert data.target.queries == 6, "what the shadow gives out is asked for once"
    assert len(together) == 18
    for name, expected in alone.items():
        found = [e for e in together if e.defense == name]
        assert [(e.sha256, e.member, e.group) for e in found] == [(e.sha256, e.member, e.group) for e in expected]
        assert all(torch.equal(a.values, b.values) for a, b in zip(found, expected, strict=True))


def test_random_defenses_draw_the_same_for_the_same_seed(shadow):
    data = shadow(2, 2)
    first, again, other = (observed(data, [GAUSS], seed)[0].values for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_dropout_is_asked_of_the_shadow_as_an_audit_asks_it(tmp_path, street_like):
    write_target(tmp_path / "shadow.safetensors")
    write_images(tmp_path / "images", street_like, 2, 0)
    target = open_target(tmp_path / "shadow.safetensors")
    scheme = ClassScheme("streets4", "", tuple(ClassEntry(n, i, i, (i, i, i)) for i, n in enumerate(CLASSES)))
    samples = [Sample(str(i), tmp_path / f"images/0{i}.png", tmp_path / f"images/0{i}_mask.png") for i in range(2)]
    sides = [ImageSet((sample,), "list", "", encoding="train-id") for sample in samples]
    chain = Chain.parse([{"name": "dropout", "p": 0.5, "passes": 2}, {"name": "argmax"}])
    chains = [Chain(chain.defenses[:1]), chain]
    dropped, hard = observed(ShadowData(target, *sides, scheme), chains, 7, "posteriors")[:2]

    image, sha256 = read_image(samples[0].image), sha256_of_file(samples[0].image)
    keys = [key_for(7, sha256, "dropout")]
    (output,) = with_dropout(target, Dropout(p=0.5, passes=2)).outputs_for([image], keys)
    grid = Grid.of(image.shape[:2])
    expected = posteriors_at(output, image.shape[:2], grid.rows, grid.cols)
    assert np.allclose(dropped.values.float().numpy(), expected, atol=2e-3)
    assert np.array_equal(hard.values.argmax(0).numpy(), expected.argmax(0))
    assert set(hard.values.unique().tolist()) == {0.0, 1.0}


def test_dropout_on_a_shadow_that_cannot_is_an_error_of_the_shadow(shadow):
    with pytest.raises(TargetError, match=r"shadow\.bin.*cannot be changed from outside"):
        observed(shadow(2, 2), [Chain.parse("dropout")])


def test_a_hardened_checkpoint_is_sent_to_the_place_of_the_shadow(shadow):
    chain = Chain.parse({"name": "hardened", "path": "dp.safetensors"})
    with pytest.raises(SpecError, match="give the hardened checkpoint as the shadow"):
        observed(shadow(2, 2), [NONE, chain])


def test_one_network_learns_several_defenses_and_says_so(shadow, tmp_path):
    out = tmp_path / "a.safetensors"
    result = train_attack([shadow()], changed(iterations=50), out, defense=[NONE, ARGMAX, NONE])
    card = load_attack(out).card
    assert card.defense == read_manifest(out).settings["defense"] == "none | argmax"
    assert "10 members, 10 non-members" in card.trained_on, "an image counts once, under however many defenses"
    assert (result.held_out.members, result.held_out.non_members) == (2, 2)
    assert result.held_out.overall.members == 4
    assert set(card.extra["held_out"]) == {"none", "argmax"}
    assert min(m.auc for m in result.held_out.by_defense.values()) == 1


def test_the_same_images_are_held_out_under_one_defense_and_under_several(shadow):
    data = shadow(9, 7)
    alone, together = (split(observed(data, chains), 0.3, 5)[1] for chains in ([NONE], [NONE, ARGMAX, GAUSS]))
    assert {e.sha256 for e in alone} == {e.sha256 for e in together}
    assert len(together) == 3 * len(alone) > 0


def test_no_defense_given_is_the_undefended_target(shadow, tmp_path):
    data = shadow(4, 4)
    given = ({}, {"defense": NONE}, {"defense": ()})
    made = {train_attack([data], QUICK, tmp_path / f"{i}.safetensors", **kw).sha256 for i, kw in enumerate(given)}
    assert len(made) == 1


# ---------------------------------------------------------------- what is said of a network


def made_up(count, member, defense="none", groups=None):
    names = groups or [f"{member}{i}" for i in range(count)]
    return [Example(torch.zeros(1, 1, 1), member, g, f"{member}{i}", defense) for i, g in enumerate(names)]


def test_rates_are_read_by_hand_and_left_out_where_too_few_images_measure_them():
    examples = made_up(4, True) + made_up(20, False)
    scores = [3.0, 2.0, 0.75, -1.0, 2.5, *[0.5 - 0.1 * i for i in range(19)]]
    facts = judge(examples, scores).facts()
    # One of 20 non-members may be flagged at 5 %: from 0.75 on, three of four members are.
    assert facts["held_out"]["none"]["tpr_at_fpr"] == {"0.05": 0.75, "0.01": None}
    pairs = [(m > n) + 0.5 * (m == n) for m in scores[:4] for n in scores[4:]]
    assert facts["shadow_auc"] == pytest.approx(np.mean(pairs))


def test_intervals_resample_groups_and_not_images():
    rng = np.random.default_rng(0)
    inside, outside = rng.normal(1, 1, 12), rng.normal(0, 1, 12)
    groups = [str(i // 4) for i in range(12)]
    verdict = judge(made_up(12, True, groups=groups) + made_up(12, False, groups=groups), [*inside, *outside])
    expected = bootstrap(auc, inside, outside, groups, groups)
    assert verdict.facts()["shadow_auc_interval"] == [expected.low, expected.high]
    assert verdict.overall.auc_interval.unit == "group"


def test_each_defense_is_judged_alone_and_the_threshold_over_all():
    examples = made_up(2, True) + made_up(2, False) + made_up(2, True, "argmax") + made_up(2, False, "argmax")
    verdict = judge(examples, [4, 3, 2, 1, 10, 30, 20, 9])
    assert {k: v.auc for k, v in verdict.by_defense.items()} == {"none": 1.0, "argmax": 0.75}
    assert (verdict.members, verdict.non_members) == (2, 2)
    # Members 3 4 10 30, non-members 1 2 9 20: from 3 on all members and half of the non-members, the best there is.
    assert verdict.threshold == 3


def test_the_card_counts_shadows_by_architecture_and_classes(shadow, tmp_path):
    shadows = [shadow(2, 2, f"s{i}", classes=4 + (i == 2), first=20 * i) for i in range(5)]
    out = tmp_path / "a.safetensors"
    train_attack(shadows, changed(iterations=1), out)
    card = load_attack(out).card
    assert card.extra["shadows"] == 5
    assert card.extra["shadow_kinds"] == ["4 x test, 4 classes", "1 x test, 5 classes"]
    assert card.trained_on == "5 shadows: 10 members, 10 non-members"


def test_a_shadow_with_images_of_two_sets_is_one_shadow(shadow, tmp_path):
    data = shadow(4, 4)
    parts = [
        ShadowData(data.target, *(ImageSet(s.samples[half], "list", "", encoding="train-id") for s in sides), SCHEME)
        for sides in ((data.members, data.non_members),)
        for half in (slice(0, 2), slice(2, 4))
    ]
    out = tmp_path / "a.safetensors"
    train_attack(parts, QUICK, out)
    (record,) = read_manifest(out).shadows
    assert record.members == tuple(sorted(sha256_of_file(s.image) for s in data.members.samples))
    assert load_attack(out).card.extra["shadows"] == 1
