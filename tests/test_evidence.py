"""p-values, false discoveries and power against scipy, brute force and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, false_discovery_control

from core.metrics.evidence import (
    P_LEVELS,
    Side,
    benjamini_hochberg,
    calibration_needed,
    conformal_p,
    cut_for_one_more,
    evidence_of,
    fewest_flagged,
    highest_of_groups,
    middle_of_groups,
    power_at,
)

few_values = st.lists(st.integers(-5, 5).map(float), max_size=30)
p_values = st.lists(st.integers(1, 40).map(lambda i: i / 40), min_size=1, max_size=30)


def test_a_p_value_worked_out_by_hand():
    assert conformal_p([5.0, 3.0, 0.0], [1.0, 2.0, 3.0, 4.0]).tolist() == [1 / 5, 3 / 5, 5 / 5]


@given(few_values.filter(bool), few_values)
def test_p_counts_the_non_members_that_score_at_least_as_high(scores, calibration):
    slow = [(1 + sum(c >= s for c in calibration)) / (len(calibration) + 1) for s in scores]
    assert conformal_p(scores, calibration).tolist() == pytest.approx(slow)


@given(few_values, few_values, st.randoms())
def test_p_does_not_depend_on_the_order_and_never_rises_with_the_score(scores, calibration, random):
    p = conformal_p(scores, calibration)
    shuffled = random.sample(calibration, len(calibration))
    assert np.array_equal(p, conformal_p(scores, shuffled))
    order = np.argsort(scores, kind="stable")
    assert np.all(np.diff(p[order]) <= 0)


@given(few_values.filter(bool))
def test_ties_count_against_the_suspect(calibration):
    assert conformal_p([max(calibration)], calibration)[0] >= 2 / (len(calibration) + 1)


@given(p_values)
def test_q_values_are_those_of_scipy(p):
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p, method="bh"))


@given(p_values, st.sampled_from([0.05, 0.1, 0.25]), st.integers(1, 40).map(lambda i: i / 40))
def test_the_cut_for_one_more_is_where_a_further_suspect_would_be_flagged(p, level, further):
    q = false_discovery_control([*p, further], method="bh")[-1]
    assert (further <= cut_for_one_more(p, level) + 1e-12) == (q <= level + 1e-12)


def test_without_other_suspects_the_cut_is_the_level():
    assert cut_for_one_more([], 0.05) == 0.05


@given(st.integers(1, 60), st.integers(0, 400), st.sampled_from([0.01, 0.05, 0.1]))
def test_fewer_than_the_fewest_are_never_flagged(suspects, calibration, level):
    fewest = fewest_flagged(suspects, calibration, level)
    best = 1 / (calibration + 1)

    def can_be_flagged(count):
        q = false_discovery_control([best] * count + [1.0] * (suspects - count), method="bh")
        return q[0] <= level * (1 + 1e-9)

    able = [count for count in range(1, suspects + 1) if can_be_flagged(count)]
    assert fewest == (able[0] if able else None)


@pytest.mark.parametrize(("level", "needed"), [(0.01, 99), (0.05, 19), (0.1, 9), (0.001, 999), (0.5, 1)])
def test_what_a_level_needs(level, needed):
    assert calibration_needed(level) == needed
    assert fewest_flagged(1, needed, level) == 1
    assert fewest_flagged(1, needed - 1, level) is None


def test_power_is_a_share_with_its_exact_interval():
    power = power_at([0.01, 0.04, 0.06, 0.5], 0.05, 99)
    assert (power.found, power.members, power.share) == (2, 4, 0.5)
    assert power.interval.low == pytest.approx(beta.ppf(0.025, 2, 3))
    assert power.interval.high == pytest.approx(beta.ppf(0.975, 3, 2))


def test_a_power_that_so_few_non_members_cannot_show_is_refused():
    power = power_at([0.02], 0.01, 50)
    assert power.share is None
    assert power.needs == "needs at least 99 calibration non-members, there are 50"
    assert power_at([], 0.05, 50).needs == "needs known members"


def test_a_group_of_calibration_images_counts_once_with_its_highest_score():
    found = highest_of_groups([1.0, 5.0, 2.0, 9.0], ["a", "a", None, None])
    assert sorted(found) == [2.0, 5.0, 9.0]
    assert highest_of_groups([1.0, 5.0], None).tolist() == [1.0, 5.0]


@given(st.lists(st.tuples(st.integers(-9, 9).map(float), st.sampled_from(["a", "b", "c", None])), min_size=1))
def test_a_group_of_suspects_counts_once_with_its_lower_median(pairs):
    scores, groups = [s for s, _ in pairs], [g for _, g in pairs]
    middle, units = middle_of_groups(scores, groups)
    for place, (score, group) in enumerate(pairs):
        same = sorted(s for s, g in pairs if g == group) if group else [score]
        assert middle[units[place]] == same[(len(same) - 1) // 2]


def test_images_of_a_group_share_their_verdict():
    found = evidence_of(
        Side([9.0, 1.0, 8.0, 0.0], ["drive", "drive", "drive", None]), Side(np.arange(5.0)), Side([]), level=0.2
    )
    assert found.p.tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 6 / 6])
    assert found.judged == 2


def false_alarm_counts(rng, repeats, groups=None):
    """How many of 50 new non-members fall below each p-level, for calibration sets of 199, one suspect a set."""
    alarms = np.zeros((repeats, len(P_LEVELS)), bool)
    for place in range(repeats):
        scores = rng.normal(size=200).round(1)  # with ties
        p = conformal_p(scores[:1], scores[1:])[0]
        alarms[place] = p <= np.array(P_LEVELS)
    return alarms.sum(axis=0)


@pytest.mark.parametrize("seed", range(5))
def test_on_non_members_alone_the_false_alarm_rate_stays_within_its_binomial_interval(seed):
    repeats = 2000
    counts = false_alarm_counts(np.random.default_rng(seed), repeats)
    assert np.all(counts <= binom.ppf(0.9999, repeats, P_LEVELS))


def test_without_ties_the_false_alarm_rate_is_the_level():
    """A p-value that is always 1 would pass the test above."""
    rng, repeats = np.random.default_rng(3), 4000
    scores = rng.normal(size=(repeats, 200))
    p = np.array([conformal_p(row[:1], row[1:])[0] for row in scores])
    for level in P_LEVELS:
        assert binom.ppf(0.0005, repeats, level) <= np.count_nonzero(p <= level) <= binom.ppf(0.9995, repeats, level)


def grouped_suspect(rng, groups, sizes):
    """A new group against known groups of non-members; the images of a group share most of their score."""
    common = rng.normal(size=groups + 1)
    scores = [common[g] + 0.5 * rng.normal(size=sizes[g]) for g in range(groups + 1)]
    names = [np.full(size, str(g)) for g, size in enumerate(sizes)]
    known = Side(np.concatenate(scores[1:]), list(np.concatenate(names[1:])))
    return evidence_of(Side(scores[0], list(names[0])), known, Side([]), level=0.05).p[0]


@pytest.mark.parametrize("sizes", [(10, 10), (30, 1), (1, 30)], ids=["equal", "large suspects", "small suspects"])
def test_groups_of_any_size_raise_no_false_alarms(sizes):
    rng, repeats, groups = np.random.default_rng(7), 1500, 39
    p = np.array([grouped_suspect(rng, groups, [sizes[0], *[sizes[1]] * groups]) for _ in range(repeats)])
    assert np.count_nonzero(p <= 0.05) <= binom.ppf(0.999, repeats, 0.05)


@pytest.mark.parametrize("trained", [0, 5, 20])
def test_false_discoveries_are_controlled_and_members_are_found(trained):
    rng, level, suspects = np.random.default_rng(trained), 0.1, 40
    shares, found = [], []
    for _ in range(400):
        truth = np.arange(suspects) < trained
        scores = rng.normal(size=suspects) + 3.0 * truth
        result = evidence_of(Side(scores), Side(rng.normal(size=500)), Side([]), level=level)
        alarms = np.count_nonzero(result.flagged & ~truth)
        shares.append(alarms / max(1, np.count_nonzero(result.flagged)))
        found.append(np.count_nonzero(result.flagged & truth))
    assert np.mean(shares) <= level + 3 * np.std(shares) / 20
    assert trained == 0 or np.mean(found) > 0.4 * trained


def test_the_power_says_how_many_further_members_are_flagged():
    """Known members stand for suspects: their share at the cut is the share that the whole procedure flags."""
    rng = np.random.default_rng(11)
    suspects, calibration, members = rng.normal(size=20), rng.normal(size=300), rng.normal(size=80) + 2.5
    suspects[:6] += 4
    found = evidence_of(Side(suspects), Side(calibration), Side(members), level=0.1)
    known = [1 + np.count_nonzero(calibration >= m) for m in members]
    others = [(1 + np.count_nonzero(calibration >= s)) / 301 for s in suspects]
    slow = [false_discovery_control([*others, k / 301], method="bh")[-1] <= 0.1 for k in known]
    assert found.power.share == np.mean(slow)
    assert 0.2 < found.power.share < 1


def test_no_image_at_all_is_no_error():
    found = evidence_of(Side([]), Side([]), Side([]), level=0.05)
    assert (found.calibration, found.judged, found.fewest) == (0, 0, None)
    assert found.power.share is None
