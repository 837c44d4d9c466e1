import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.attacks.base import ATTACKS, AttackContext, Needs, Observation, Reference
from core.attacks.blocks import block_mean
from core.attacks.hidden import without_label
from core.attacks.reference.difference import CorrectnessDifference, LossDifference, ProbabilityDifference
from core.attacks.reference.learned_ratio import LearnedRatio
from core.attacks.reference.lira import LiRA
from core.attacks.reference.log_ratio import LogRatio
from core.attacks.reference.rmia import RMIA
from core.defenses.argmax import Argmax
from core.defenses.noise import GridNoise
from core.errors import AttackError

SHA = "cd" * 32
DIFFERENCES = [LossDifference(), ProbabilityDifference(), CorrectnessDifference()]
ALL = [*DIFFERENCES, LiRA(), RMIA(), LogRatio(), LearnedRatio()]


def posteriors(rng, classes, size):
    p = np.maximum(rng.dirichlet(np.full(classes, 0.4), size).transpose(2, 0, 1), 1e-9)
    return (p / p.sum(axis=0)).astype(np.float32)


def reference_of(p, label, trained=None, hard=False):
    known = np.where(label == 255, 0, label).astype(int)
    true = np.log(np.take_along_axis(p.astype(np.float64), known[None], 0)[0])
    return Reference(np.log(p).astype(np.float16), np.where(label == 255, 0, true).astype(np.float32), trained, hard)


def observed(seed=0, trained=(None, None, None), classes=4, size=(7, 9)):
    """An image with void pixels, and references with the given knowledge of it; also their posteriors."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, size).astype(np.uint8)
    label[0, :3] = 255
    given = [posteriors(rng, classes, size) for _ in trained]
    references = tuple(reference_of(p, label, known) for p, known in zip(given, trained, strict=True))
    return Observation(SHA, posteriors(rng, classes, size), label, references=references), given


def result(attack, seen):
    return attack.start(AttackContext())([seen])[0]


def pixels(seen):
    return [place for place in np.ndindex(*seen.label.shape) if seen.label[place] != 255]


def true_of(p, seen, place):
    return float(p[seen.label[place]][place])


def logit(p):
    return min(16.0, max(-16.0, math.log(p) - math.log1p(-p)))


# ---------------------------------------------------------------- differences


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_differences_equal_plain_loops_over_pixels_and_references(seed):
    seen, given = observed(seed)
    sums = dict.fromkeys(("loss", "probability", "correctness"), 0.0)
    for place in pixels(seen):
        own, others = true_of(seen.posteriors, seen, place), [true_of(p, seen, place) for p in given]
        # Half precision, as references are kept: it can tie classes that differ in single precision.
        right = [r.log_posteriors[:, *place].argmax() == seen.label[place] for r in seen.references]
        sums["loss"] += sum(-math.log(p) for p in others) / len(others) + math.log(own)
        sums["probability"] += own - sum(others) / len(others)
        sums["correctness"] += (seen.posteriors[:, *place].argmax() == seen.label[place]) - sum(right) / len(right)
    for attack, total in zip(DIFFERENCES, sums.values(), strict=True):
        assert result(attack, seen).score == pytest.approx(total / len(pixels(seen)), abs=1e-5)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=10, deadline=None)
def test_online_a_difference_is_that_of_the_side_inside_and_that_of_the_side_outside_halfway(seed):
    """The number of references on either side does not weigh."""
    seen, _ = observed(seed, trained=(None, True, True, False, True))
    sides = [[r for r in seen.references if bool(r.trained) is side] for side in (False, True)]
    for attack in DIFFERENCES:
        halves = [
            result(attack, replace(seen, references=tuple(replace(r, trained=False) for r in side))) for side in sides
        ]
        online = result(replace(attack, mode="online"), seen)
        assert online.score == pytest.approx((halves[0].score + halves[1].score) / 2, abs=1e-6)
        assert result(attack, seen).score == halves[0].score


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_references_that_were_trained_on_the_image_are_left_out(attack):
    seen, _ = observed(1, trained=(None, True, False))
    without = Observation(SHA, seen.posteriors, seen.label, references=(seen.references[0], seen.references[2]))
    assert result(attack, seen).score == result(attack, without).score


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_without_a_reference_that_has_not_seen_the_image_there_is_a_reason_and_no_score(attack):
    seen, _ = observed(1, trained=(True, True))
    with pytest.raises(AttackError, match="every reference was trained on this image"):
        result(attack, seen)
    with pytest.raises(AttackError, match="there is no reference"):
        result(attack, Observation(SHA, seen.posteriors, seen.label))


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_the_mean_of_an_unsmoothed_map_is_the_score_where_the_class_says_so(attack):
    seen, _ = observed(3)
    found = result(type(attack)(block=1), seen)
    ((name, values),) = found.maps.items()
    assert name == attack.maps[0]
    np.testing.assert_array_equal(np.isnan(values), seen.label == 255)
    if attack.map_sign:
        assert np.nanmean(values.astype(float)) == pytest.approx(found.score, abs=1e-5)


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_a_target_that_knows_the_image_better_scores_higher(attack):
    seen, _ = observed(4)
    sure = np.full_like(seen.posteriors, 0.02)
    np.put_along_axis(sure, np.where(seen.label == 255, 0, seen.label)[None].astype(int), 0.94, axis=0)
    better = Observation(SHA, sure, seen.label, references=seen.references)
    assert result(attack, better).score > result(attack, seen).score


# ---------------------------------------------------------------- likelihood ratios


def test_offline_lira_with_a_variance_of_its_own_ranks_as_the_one_sided_test_of_its_paper():
    scores, expected = [], []
    for seed in range(30):
        seen, given = observed(seed, trained=(None,) * 4)
        own = np.mean([logit(true_of(seen.posteriors, seen, place)) for place in pixels(seen)])
        others = [np.mean([logit(true_of(p, seen, place)) for place in pixels(seen)]) for p in given]
        scores.append(result(LiRA(variance="each", spread=1e-6), seen).score)
        expected.append(scipy.stats.norm.cdf(own, np.mean(others), np.std(others, ddof=1)))
        assert scipy.stats.norm.cdf(scores[-1]) == pytest.approx(expected[-1], abs=1e-4)
    assert np.argsort(scores).tolist() == np.argsort(expected).tolist()


def test_online_lira_is_the_log_ratio_of_two_normal_densities():
    seen, given = observed(6, trained=(True, True, False, False, True))
    for level in ("image", "pixel"):
        values = []
        for group in [pixels(seen)] if level == "image" else [[place] for place in pixels(seen)]:
            own = np.mean([logit(true_of(seen.posteriors, seen, place)) for place in group])
            sides = {True: [], False: []}
            for p, reference in zip(given, seen.references, strict=True):
                sides[reference.trained].append(np.mean([logit(true_of(p, seen, place)) for place in group]))
            inside, outside = (
                scipy.stats.norm.logpdf(own, np.mean(side), max(np.std(side, ddof=1), 0.1)) for side in sides.values()
            )
            values.append(inside - outside)
        score = result(LiRA(mode="online", variance="each", level=level), seen).score
        assert score == pytest.approx(np.mean(values), rel=1e-3, abs=1e-3)


def test_a_fixed_variance_is_a_variance_of_1_on_both_sides():
    seen, given = observed(7, trained=(True, False, False))
    own, *others = (
        np.mean([logit(true_of(p, seen, place)) for place in pixels(seen)]) for p in (seen.posteriors, *given)
    )
    inside, outside = scipy.stats.norm(others[0], 1), scipy.stats.norm(np.mean(others[1:]), 1)
    online = result(LiRA(mode="online"), seen).score
    assert online == pytest.approx(inside.logpdf(own) - outside.logpdf(own), abs=1e-3)
    assert result(LiRA(), seen).score == pytest.approx(own - np.mean(others[1:]), abs=1e-4)


def test_online_needs_references_that_know_the_image_and_a_fitted_variance_needs_two():
    seen, _ = observed(8, trained=(None, False))
    with pytest.raises(AttackError, match="no reference is known to be trained"):
        result(LiRA(mode="online"), seen)
    for attack in DIFFERENCES:
        with pytest.raises(AttackError, match="no reference is known to be trained"):
            result(replace(attack, mode="online"), seen)
    with pytest.raises(AttackError, match="takes two references"):
        result(LiRA(variance="each"), observed(8, trained=(None,))[0])


def test_logits_of_sure_pixels_keep_what_float32_probabilities_lose():
    log_p = np.log1p(-np.array([1e-3, 1e-5, 1e-6]))
    np.testing.assert_allclose(LiRA().values(log_p), [math.log1p(-q) - math.log(q) for q in (1e-3, 1e-5, 1e-6)])
    assert np.isfinite(LiRA().values(np.array([0.0, -69.0]))).all()


def test_the_robust_ratio_equals_its_formula():
    seen, given = observed(9, trained=(None, False, True))
    own, *others = (np.mean([true_of(p, seen, place) for place in pixels(seen)]) for p in (seen.posteriors, *given))
    out = np.mean(others[:2])
    assert result(RMIA(a=0.3), seen).score == pytest.approx(own / (0.5 * (1.3 * out + 0.7)), rel=1e-4)
    assert result(RMIA(mode="online"), seen).score == pytest.approx(own / (0.5 * (others[2] + out)), rel=1e-4)


def test_the_log_ratio_is_the_mean_of_the_logarithms_of_each_pixels_ratio():
    seen, given = observed(9, trained=(None, False, True))
    logs = {"offline": [], "online": []}
    for place in pixels(seen):
        own, *others = (true_of(p, seen, place) for p in (seen.posteriors, *given))
        out = np.mean(others[:2])
        logs["offline"].append(math.log(own / (0.5 * (1.3 * out + 0.7))))
        logs["online"].append(math.log(own / (0.5 * (others[2] + out))))
    for mode, values in logs.items():
        assert result(LogRatio(mode=mode), seen).score == pytest.approx(np.mean(values), rel=1e-3, abs=1e-4)


def test_comparing_with_a_population_ranks_images_as_the_ratio_alone():
    """The pairwise test of the paper, image by image against every member of a population."""
    ratios = np.array([result(RMIA(), observed(seed)[0]).score for seed in range(60)])
    images, population = ratios[:40], ratios[40:]
    member = np.arange(40) % 2 == 0
    shifted = images + 0.2 * member
    for gamma in (1.0, 1.2):
        pairwise = np.array([np.mean([x / z >= gamma for z in population]) for x in shifted])
        order = np.argsort(shifted)
        assert (np.diff(pairwise[order]) >= 0).all()
    fine = np.sort(np.concatenate([shifted, shifted + 1e-9]))  # a population that tells all images apart
    exact = np.array([np.mean([x / z >= 1 for z in fine]) for x in shifted])
    assert roc_auc_score(member, exact) == roc_auc_score(member, shifted)


# ---------------------------------------------------------------- what is released


@pytest.mark.parametrize("attack", ALL, ids=lambda a: a.name)
def test_attacks_on_posteriors_refuse_label_maps_and_those_on_labels_take_them(attack):
    seen, _ = observed(10)
    hard = Argmax().apply(seen.posteriors, GridNoise(0, SHA), "")
    released = Observation(SHA, hard, seen.label, hard=True, references=seen.references)
    if attack.needs is Needs.POSTERIORS:
        with pytest.raises(AttackError, match="needs posteriors"):
            result(attack, released)
    else:
        assert result(attack, released).score == result(attack, seen).score


def test_a_reference_that_gives_label_maps_serves_the_attack_on_label_maps():
    seen, given = observed(11, trained=(None,))
    hard = Argmax().apply(given[0], GridNoise(0, SHA), "")
    released = Observation(
        SHA, seen.posteriors, seen.label, references=(reference_of(np.maximum(hard, 1e-30), seen.label, hard=True),)
    )
    assert result(CorrectnessDifference(), released).score == pytest.approx(result(CorrectnessDifference(), seen).score)
    with pytest.raises(AttackError, match="a reference gives label maps only"):
        result(LiRA(), released)


# ---------------------------------------------------------------- hidden label maps


def test_with_hidden_labels_nothing_depends_on_the_label_map():
    seen, _ = observed(12)
    other = Observation(SHA, seen.posteriors, (seen.label + 1) % 4, references=seen.references)
    bare = Observation(SHA, seen.posteriors, references=tuple(Reference(r.log_posteriors) for r in seen.references))
    for attack in ALL:
        scores = {result(attack, without_label(o)).score for o in (seen, other, bare)}
        assert len(scores) == 1


def test_with_hidden_labels_the_correctness_difference_is_disagreement_with_the_references():
    seen, _ = observed(13)
    said = seen.posteriors.argmax(axis=0)
    expected = np.mean([(r.log_posteriors.argmax(axis=0) != said).mean() for r in seen.references])
    assert result(CorrectnessDifference(), without_label(seen)).score == pytest.approx(expected)


# ---------------------------------------------------------------- blocks


@given(side=st.integers(1, 9), seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_block_means_equal_plain_loops(side, seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(6, 8))
    values[rng.random((6, 8)) < 0.3] = np.nan
    found = block_mean(values, side)
    for i, j in np.ndindex(6, 8):
        if np.isnan(values[i, j]):
            assert np.isnan(found[i, j])
            continue
        top, left = i - side // 2, j - side // 2
        window = values[max(0, top) : top + side, max(0, left) : left + side]
        assert found[i, j] == pytest.approx(np.nanmean(window), abs=1e-6)


def test_every_reference_attack_is_registered_and_says_so():
    context = AttackContext()
    wanting = {
        kind.name
        for kind in ATTACKS
        if kind.name not in {"patch", "image", "combination"} and kind().requires_references(context)
    }
    assert wanting == {attack.name for attack in ALL}
