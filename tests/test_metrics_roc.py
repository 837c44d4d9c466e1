import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from core.metrics.roc import (
    advantage,
    auc,
    balanced_accuracy,
    base_rate_f1,
    f1_score,
    highest_tpr,
    is_measurable,
    non_members_needed,
    roc_curve,
    tpr_at,
)
from core.metrics.thresholds import OWN_REFERENCE, NamedThreshold, best_threshold, judge

# Few distinct values, so that ties are common.
scores = st.lists(st.integers(-4, 4).map(lambda i: i / 3), min_size=1, max_size=25)
rates = st.sampled_from([0.001, 0.01, 0.04, 0.05, 0.1, 0.2, 1 / 3, 0.5, 0.9, 1.0])


def pooled(members, non_members):
    return np.r_[np.ones(len(members)), np.zeros(len(non_members))], np.r_[members, non_members]


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_the_curve_and_its_area_are_those_of_scikit_learn(members, non_members):
    truth, values = pooled(members, non_members)
    fpr, tpr, thresholds = oracle.roc_curve(truth, values, drop_intermediate=False)
    roc = roc_curve(members, non_members)
    np.testing.assert_allclose(roc.fpr, fpr)
    np.testing.assert_allclose(roc.tpr, tpr)
    np.testing.assert_array_equal(roc.thresholds, thresholds)
    assert float(auc(roc)) == pytest.approx(oracle.roc_auc_score(truth, values), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_auc_counts_pairs_with_ties_half(members, non_members):
    wins = sum((m > n) + 0.5 * (m == n) for m in members for n in non_members)
    assert float(auc(roc_curve(members, non_members))) == wins / (len(members) * len(non_members))


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_auc_turns_around_with_the_sides_and_ignores_increasing_changes_of_scale(members, non_members):
    value = float(auc(roc_curve(members, non_members)))
    assert float(auc(roc_curve(non_members, members))) == pytest.approx(1 - value)
    assert float(auc(roc_curve(np.exp(members), np.exp(non_members)))) == value


@settings(max_examples=100, deadline=None)
@given(scores, scores, rates)
def test_tpr_at_is_the_best_usable_threshold_and_never_interpolated(members, non_members, rate):
    best = max(
        np.mean(np.array(members) >= t)
        for t in [*members, *non_members, np.inf]
        if np.mean(np.array(non_members) >= t) <= rate
    )
    value = tpr_at(roc_curve(members, non_members), rate)
    assert value == (best if 1 / len(non_members) <= rate else None)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_balanced_accuracy_and_advantage_are_the_best_over_all_thresholds(members, non_members):
    truth, values = pooled(members, non_members)
    roc = roc_curve(members, non_members)
    best = max(oracle.balanced_accuracy_score(truth, values >= t) for t in roc.thresholds)
    assert float(balanced_accuracy(roc)) == pytest.approx(best)
    assert float(advantage(roc)) == pytest.approx(2 * best - 1)


def test_a_separable_case_is_exact():
    roc = roc_curve([3.0, 2.0], [1.0, 0.0, -1.0])
    assert (float(auc(roc)), float(advantage(roc)), tpr_at(roc, 1 / 3)) == (1.0, 1.0, 1.0)


def test_one_tie_across_the_sides_is_flagged_together():
    roc = roc_curve([2.0, 1.0], [1.0] + [0.0] * 9)
    assert tpr_at(roc, 0.1) == 1.0
    assert tpr_at(roc, 0.09) is None
    assert float(highest_tpr(0.09)(roc)) == 0.5


@pytest.mark.parametrize(("rate", "needed"), [(0.1, 10), (0.01, 100), (0.001, 1000), (0.07, 15), (1 / 49, 49), (1, 1)])
def test_the_number_of_non_members_needed_is_the_smallest_that_measures(rate, needed):
    assert non_members_needed(rate) == needed
    assert is_measurable(needed, rate)
    assert not is_measurable(needed - 1, rate)


@pytest.mark.parametrize("bad", [[np.nan], [np.inf, 0.0], [[1.0]]])
def test_scores_that_are_no_finite_vector_are_refused(bad):
    with pytest.raises(ValueError, match="non-members"):
        roc_curve([1.0], bad)


def test_an_empty_side_is_refused():
    with pytest.raises(ValueError, match="members and non-members"):
        roc_curve([], [1.0])


def test_the_base_rate_of_the_papers_split_is_0_922():
    assert base_rate_f1(2975, 500) == pytest.approx(0.922, abs=5e-4)


def test_the_curve_is_ready_for_json():
    text = json.dumps(roc_curve([1, 2], [0, 1]).to_dict(), allow_nan=False)
    assert json.loads(text) == {"thresholds": [None, 2.0, 1.0, 0.0], "fpr": [0, 0, 0.5, 1], "tpr": [0, 0.5, 1, 1]}


@settings(max_examples=60, deadline=None)
@given(scores, scores, st.integers(-5, 5).map(lambda i: i / 3))
def test_judging_at_a_threshold_agrees_with_scikit_learn(members, non_members, value):
    truth, values = pooled(members, non_members)
    flagged = values >= value
    result = judge(members, non_members, NamedThreshold(value, "shadow data"))
    assert result.f1 == pytest.approx(oracle.f1_score(truth, flagged, zero_division=0))
    assert result.balanced_accuracy == pytest.approx(oracle.balanced_accuracy_score(truth, flagged))
    assert result.precision == (pytest.approx(oracle.precision_score(truth, flagged)) if flagged.any() else None)
    assert result.f1 == f1_score(result.found, result.false_alarms, len(members))


def test_judging_without_one_side_says_what_it_can():
    threshold = NamedThreshold(0.5, "shadow data")
    only_outside = judge([], [0.0, 1.0], threshold)
    assert (only_outside.fpr, only_outside.tpr, only_outside.f1, only_outside.precision) == (0.5, None, None, None)
    only_inside = judge([0.0, 1.0], [], threshold)
    assert (only_inside.tpr, only_inside.fpr, only_inside.balanced_accuracy) == (0.5, None, None)


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_the_best_threshold_reaches_the_best_balanced_accuracy_and_is_finite(members, non_members):
    threshold = best_threshold(members, non_members, OWN_REFERENCE)
    reached = judge(members, non_members, threshold)
    assert reached.balanced_accuracy == pytest.approx(float(balanced_accuracy(roc_curve(members, non_members))))
    assert np.isfinite(threshold.value)
    assert threshold.optimistic
    assert not best_threshold(members, non_members, "shadow data").optimistic


@settings(max_examples=60, deadline=None)
@given(scores, scores)
def test_the_corners_draw_the_same_curve(members, non_members):
    roc = roc_curve(members, non_members)
    few = roc.corners()
    assert len(few.thresholds) <= len(roc.thresholds)
    assert float(auc(few)) == pytest.approx(float(auc(roc)), abs=1e-12)
    # Every point left out lies on the line between its neighbours: the step there has a rate of its own.
    for fpr, tpr in zip(roc.fpr, roc.tpr, strict=True):
        ends = [(few.fpr[i], few.tpr[i], few.fpr[i + 1], few.tpr[i + 1]) for i in range(len(few.fpr) - 1)]
        assert any(
            x0 <= fpr <= x1 and abs((x1 - x0) * (tpr - y0) - (y1 - y0) * (fpr - x0)) < 1e-12 for x0, y0, x1, y1 in ends
        )


def test_the_corners_of_a_curve_worked_out_by_hand():
    roc = roc_curve([5, 4, 2], [3, 1]).corners()
    np.testing.assert_allclose(roc.fpr, [0, 0, 0.5, 0.5, 1])
    np.testing.assert_allclose(roc.tpr, [0, 2 / 3, 2 / 3, 1, 1])
    np.testing.assert_array_equal(roc.thresholds, [np.inf, 4, 3, 2, 1])
