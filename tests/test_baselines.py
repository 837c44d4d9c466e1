import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from core.attacks.base import ATTACKS, AttackContext, Observation
from core.attacks.baselines.confidence import Confidence
from core.attacks.baselines.dice import GlobalDice
from core.attacks.baselines.entropy import Entropy
from core.attacks.baselines.loss import GlobalLoss
from core.defenses.argmax import Argmax
from core.defenses.noise import GridNoise
from core.errors import AttackError

SHA = "ab" * 32
ALL = [GlobalLoss(), GlobalDice(), Confidence(), Entropy()]


def observed(seed=0, classes=4, size=(6, 7), sharpness=0.3, void=True):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet(np.full(classes, sharpness), size).transpose(2, 0, 1)
    p = np.maximum(p, 1e-12)
    p = (p / p.sum(axis=0)).astype(np.float32)
    label = rng.integers(0, classes, size).astype(np.uint8)
    if void:
        label[0, :3] = 255
    return Observation(SHA, np.ascontiguousarray(p), label)


def result(attack, seen):
    return attack.start(AttackContext())([seen])[0]


def test_the_global_loss_is_minus_the_log_loss_of_scikit_learn():
    seen = observed()
    labelled = seen.label != 255
    p = seen.posteriors[:, labelled].T.astype(np.float64)
    expected = log_loss(seen.label[labelled], p / p.sum(axis=1, keepdims=True), labels=range(4))
    found = result(GlobalLoss(), seen)
    assert found.score == pytest.approx(-expected, rel=1e-5)
    assert -np.nanmean(found.maps["loss"]) == pytest.approx(found.score, rel=1e-5)
    np.testing.assert_array_equal(np.isnan(found.maps["loss"]), ~labelled)


def test_the_global_loss_uses_the_true_log_probability():
    seen = observed(void=False)
    log_p = np.full(seen.label.shape, -1e-9, np.float32)
    found = result(GlobalLoss(), Observation(SHA, seen.posteriors, seen.label, log_p))
    assert found.score == pytest.approx(-1e-9)


def test_under_argmax_the_global_loss_counts_wrong_pixels():
    seen = observed(3)
    hard = Argmax().apply(seen.posteriors, GridNoise(0, SHA), "")
    labelled = seen.label != 255
    errors = (seen.posteriors.argmax(axis=0) != seen.label)[labelled].mean()
    score = result(GlobalLoss(), Observation(SHA, hard, seen.label, hard=True)).score
    assert score == pytest.approx(math.log(1e-30) * errors, rel=1e-5)


@given(seed=st.integers(0, 10_000), classes=st.integers(2, 5))
@settings(max_examples=40, deadline=None)
def test_dice_equals_plain_loops(seed, classes):
    seen = observed(seed, classes)
    pixels = [place for place in np.ndindex(*seen.label.shape) if seen.label[place] != 255]
    dice = []
    for c in {int(seen.label[place]) for place in pixels}:
        shared = sum(float(seen.posteriors[c][place]) for place in pixels if seen.label[place] == c)
        given = sum(float(seen.posteriors[c][place]) for place in pixels)
        wanted = sum(seen.label[place] == c for place in pixels)
        dice.append(2 * shared / (given + wanted))
    found = result(GlobalDice(), seen)
    assert found.score == pytest.approx(sum(dice) / len(dice), rel=1e-5)
    for place in np.ndindex(*seen.label.shape):
        true = seen.label[place]
        value = found.maps["true_posterior"][place]
        assert math.isnan(value) if true == 255 else value == seen.posteriors[true][place]


def test_dice_of_a_perfect_and_of_a_wholly_wrong_release():
    label = np.array([[0, 1], [1, 255]], np.uint8)
    right = np.zeros((3, 2, 2), np.float32)
    right[0, 0, 0] = right[1, 0, 1] = right[1, 1, 0] = right[2, 1, 1] = 1
    assert result(GlobalDice(), Observation(SHA, right, label)).score == 1
    assert result(GlobalDice(), Observation(SHA, np.roll(right, 1, axis=0), label)).score == 0


def test_entropy_equals_scipy():
    seen = observed(1)
    found = result(Entropy(), seen)
    expected = scipy.stats.entropy(seen.posteriors.astype(np.float64), axis=0)
    np.testing.assert_allclose(found.maps["entropy"], expected, rtol=1e-4, atol=1e-6)
    assert found.score == pytest.approx(-expected.mean(), rel=1e-5)


def test_entropy_of_a_sure_and_of_a_clueless_target():
    sure = np.zeros((4, 2, 2), np.float32)
    sure[1] = 1
    assert result(Entropy(), Observation(SHA, sure)).score == 0
    clueless = np.full((4, 2, 2), 0.25, np.float32)
    assert result(Entropy(), Observation(SHA, clueless)).score == pytest.approx(-math.log(4))


def test_confidence_is_the_mean_of_the_largest_posterior():
    seen = observed(2, classes=3, size=(2, 2))
    largest = [max(float(seen.posteriors[c, r, k]) for c in range(3)) for r, k in np.ndindex(2, 2)]
    found = result(Confidence(), seen)
    assert found.score == pytest.approx(sum(largest) / 4)
    np.testing.assert_allclose(found.maps["confidence"].ravel(), largest)


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_a_target_that_fits_the_image_better_scores_higher(attack):
    seen = observed(4, void=False)
    right = np.eye(4, dtype=np.float32)[seen.label].transpose(2, 0, 1)
    weak, strong = (
        Observation(SHA, np.float32(share) * right + np.float32((1 - share) / 4), seen.label) for share in (0.4, 0.9)
    )
    assert result(attack, strong).score > result(attack, weak).score


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_an_attack_says_whether_it_needs_a_label_map(attack):
    blind = Observation(SHA, observed().posteriors)
    if attack.needs_label:
        with pytest.raises(AttackError, match="needs a label map"):
            result(attack, blind)
    else:
        assert result(attack, blind).score == result(attack, observed()).score


@pytest.mark.parametrize("attack", [GlobalLoss(), GlobalDice()], ids=lambda a: a.name)
def test_a_label_map_that_is_void_everywhere_is_refused(attack):
    seen = observed()
    with pytest.raises(AttackError, match="void everywhere"):
        result(attack, Observation(SHA, seen.posteriors, np.full_like(seen.label, 255)))


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_scores_and_maps_do_not_depend_on_the_company(attack):
    images = [observed(seed) for seed in range(3)]
    together = attack.start(AttackContext())(images)
    for seen, found in zip(images, together, strict=True):
        alone = result(attack, seen)
        assert isinstance(found.score, float)
        assert found.score == alone.score
        assert found.windows is None
        assert tuple(found.maps) == attack.maps
        for name, drawn in found.maps.items():
            assert drawn.dtype == np.float32
            assert drawn.shape == seen.label.shape
            np.testing.assert_array_equal(drawn, alone.maps[name])


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_an_attack_does_not_change_what_it_looks_at(attack):
    seen = observed()
    before = seen.posteriors.copy(), seen.label.copy()
    result(attack, seen)
    np.testing.assert_array_equal(seen.posteriors, before[0])
    np.testing.assert_array_equal(seen.label, before[1])


def test_the_four_baselines_are_registered():
    assert {"loss", "dice", "confidence", "entropy"} <= set(ATTACKS.names())
