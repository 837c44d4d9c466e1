import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from core.metrics.intervals import bootstrap, bootstrap_difference, clopper_pearson
from core.metrics.roc import advantage, auc, highest_tpr, roc_curve, tpr_at


def some_scores(rng, members, non_members, shift=1.0):
    return rng.normal(shift, 1, members).round(1), rng.normal(0, 1, non_members).round(1)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 300), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_clopper_pearson_is_that_of_scipy(trials, data, level):
    successes = data.draw(st.integers(0, trials))
    interval = clopper_pearson(successes, trials, level)
    expected = stats.binomtest(successes, trials).proportion_ci(level, method="exact")
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 5)])
def test_impossible_counts_are_refused(successes, trials):
    with pytest.raises(ValueError, match="successes"):
        clopper_pearson(successes, trials)


def plain_bootstrap(values_of, members, non_members, resamples, rng):
    return np.quantile(
        [
            values_of(roc_curve(rng.choice(members, members.size), rng.choice(non_members, non_members.size)))
            for _ in range(resamples)
        ],
        [0.025, 0.975],
    )


@pytest.mark.parametrize("statistic", [auc, advantage, highest_tpr(0.1)])
def test_the_bootstrap_agrees_with_a_plain_one(statistic):
    rng = np.random.default_rng(3)
    members, non_members = some_scores(rng, 60, 40)
    interval = bootstrap(statistic, members, non_members, resamples=3000)
    expected = plain_bootstrap(statistic, members, non_members, 3000, rng)
    assert (interval.low, interval.high) == pytest.approx(expected, abs=0.03)
    assert (interval.unit, interval.method, interval.resamples) == ("image", "bootstrap", 3000)


def test_the_auc_interval_covers_the_true_auc_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    covered = 0
    for seed in range(200):
        members, non_members = rng.normal(1, 1, 60), rng.normal(0, 1, 60)
        interval = bootstrap(auc, members, non_members, resamples=300, seed=seed)
        covered += interval.low <= truth <= interval.high
    assert 0.88 <= covered / 200 <= 0.99


def test_whole_groups_are_resampled():
    rng = np.random.default_rng(1)
    members, non_members = some_scores(rng, 12, 10, shift=0.5)
    by_image = bootstrap(auc, members, non_members)
    groups = [f"drive {i}" for i in range(12) for _ in range(20)]
    copies = bootstrap(auc, np.repeat(members, 20), np.repeat(non_members, 20), groups, groups[:200])
    blind = bootstrap(auc, np.repeat(members, 20), np.repeat(non_members, 20))
    # Twenty copies of each image carry no more information than one, which only the groups tell.
    assert (copies.low, copies.high) == pytest.approx((by_image.low, by_image.high), abs=1e-12)
    assert copies.unit == "group"
    assert blind.high - blind.low < (copies.high - copies.low) / 2


def test_an_image_without_a_group_stands_for_itself():
    rng = np.random.default_rng(1)
    members, non_members = some_scores(rng, 20, 20)
    assert bootstrap(auc, members, non_members, [None] * 20) == bootstrap(auc, members, non_members)
    mixed = bootstrap(auc, members, non_members, ["a"] * 10 + [None] * 10)
    assert mixed.unit == "group"
    assert mixed != bootstrap(auc, members, non_members)


def test_the_same_seed_gives_the_same_interval_and_another_does_not():
    members, non_members = some_scores(np.random.default_rng(1), 30, 30)
    assert bootstrap(auc, members, non_members, seed=4) == bootstrap(auc, members, non_members, seed=4)
    assert bootstrap(auc, members, non_members, seed=4) != bootstrap(auc, members, non_members, seed=5)


def test_one_image_or_one_group_gives_no_interval():
    assert bootstrap(auc, [1.0], [0.0, 1.0]) is None
    assert bootstrap(auc, [1.0, 2.0], [0.0, 1.0], ["a", "a"]) is None


def test_groups_must_match_the_scores():
    with pytest.raises(ValueError, match="2 scores but 1 groups"):
        bootstrap(auc, [1.0, 2.0], [0.0, 1.0], ["a"])


def test_a_paired_difference_is_narrower_than_two_intervals():
    rng = np.random.default_rng(5)
    members, non_members = some_scores(rng, 80, 80)
    worse = members - 0.3 + rng.normal(0, 0.05, 80), non_members
    interval = bootstrap_difference(auc, (members, non_members), worse)
    difference = float(auc(roc_curve(members, non_members)) - auc(roc_curve(*worse)))
    alone = bootstrap(auc, members, non_members)
    assert 0 < interval.low < difference < interval.high
    assert interval.high - interval.low < (alone.high - alone.low) / 2


def test_an_attack_does_not_differ_from_itself():
    pair = some_scores(np.random.default_rng(5), 30, 30)
    interval = bootstrap_difference(highest_tpr(0.1), pair, pair)
    assert (interval.low, interval.high) == (0.0, 0.0)


def test_pairs_of_other_images_are_refused():
    with pytest.raises(ValueError, match="same images"):
        bootstrap_difference(auc, ([1.0, 2.0], [0.0]), ([1.0], [0.0, 2.0]))


def test_the_papers_numbers_of_images_take_seconds():
    members, non_members = np.random.default_rng(0).normal(size=(2, 3000))
    start = time.perf_counter()
    interval = bootstrap(auc, members, non_members[:500])
    assert time.perf_counter() - start < 10
    assert interval.low < 0.5 < interval.high


def test_tpr_intervals_contain_the_estimate():
    members, non_members = some_scores(np.random.default_rng(2), 200, 200)
    interval = bootstrap(highest_tpr(0.1), members, non_members)
    assert interval.low <= tpr_at(roc_curve(members, non_members), 0.1) <= interval.high
