import json
import subprocess
import sys

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.metrics.membership import membership_metrics
from core.metrics.thresholds import OWN_REFERENCE, NamedThreshold


def some_scores(members=120, non_members=100, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(1, 1, members), rng.normal(0, 1, non_members)


def test_a_full_result_agrees_with_scikit_learn_and_says_what_it_could_not_measure():
    inside, outside = some_scores()
    result = membership_metrics(inside, outside, resamples=200)
    truth = np.r_[np.ones(120), np.zeros(100)]
    assert result.auc == pytest.approx(roc_auc_score(truth, np.r_[inside, outside]))
    assert result.auc_interval.low < result.auc < result.auc_interval.high
    assert result.needs == ""
    at_ten, at_one, at_tenth = result.tpr_at
    assert at_ten.interval.low < at_ten.value < at_ten.interval.high
    assert at_ten.interval.method == "clopper-pearson"
    assert np.mean(inside >= at_ten.threshold) == at_ten.value
    assert at_one.value is not None
    assert at_one.value <= at_ten.value
    assert (at_tenth.value, at_tenth.interval) == (None, None)
    assert at_tenth.needs == "not measurable with 100 non-members: needs at least 1000"
    assert result.base_rate_f1 == pytest.approx(240 / 340)


def test_without_a_threshold_the_best_on_the_same_scores_is_used_and_named():
    result = membership_metrics(*some_scores(), resamples=50)
    assert result.at_threshold.threshold.source == OWN_REFERENCE == "this audit's own reference"
    assert result.at_threshold.balanced_accuracy == pytest.approx(result.balanced_accuracy)
    assert result.balanced_accuracy == pytest.approx((1 + result.advantage) / 2)


def test_a_given_threshold_is_used_as_it_is():
    threshold = NamedThreshold(0.5, "shadow data", "largest balanced accuracy")
    inside, outside = some_scores()
    result = membership_metrics(inside, outside, threshold=threshold, resamples=50)
    assert result.at_threshold.threshold is threshold
    assert result.at_threshold.tpr == np.mean(inside >= 0.5)
    assert result.at_threshold.balanced_accuracy <= result.balanced_accuracy


def test_groups_turn_all_intervals_into_group_bootstraps():
    inside, outside = some_scores()
    result = membership_metrics(inside, outside, [str(i // 6) for i in range(120)], resamples=100)
    assert result.auc_interval.unit == "group"
    assert (result.tpr_at[0].interval.method, result.tpr_at[0].interval.unit) == ("bootstrap", "group")


@pytest.mark.parametrize(
    ("inside", "outside", "needs"),
    [
        ([], [0.0, 1.0], "needs known members"),
        ([1.0], [], "needs known non-members"),
        ([], [], "needs known members and non-members"),
    ],
)
def test_a_missing_side_is_named(inside, outside, needs):
    result = membership_metrics(inside, outside)
    assert (result.needs, result.auc, result.tpr_at, result.at_threshold) == (needs, None, (), None)
    assert (result.members, result.non_members) == (len(inside), len(outside))


def test_without_members_a_threshold_from_elsewhere_still_gives_the_false_positive_rate():
    result = membership_metrics([], [0.0, 1.0], threshold=NamedThreshold(0.5, "shadow data"))
    assert (result.at_threshold.fpr, result.at_threshold.tpr) == (0.5, None)


def test_the_result_is_ready_for_json():
    result = membership_metrics([3.0, 1.0], [0.0, 2.0], threshold=NamedThreshold(float("inf"), "nowhere"), resamples=20)
    plain = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert plain["members"] == 2
    assert plain["auc"] == 0.75
    assert plain["at_threshold"]["threshold"] == {"value": None, "source": "nowhere", "rule": ""}
    assert plain["tpr_at"][2]["needs"].endswith("at least 1000")


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="1 of 2"):
        membership_metrics([1.0, np.nan], [0.0])


def test_the_metrics_import_neither_torch_nor_scipy_nor_scikit_learn():
    code = (
        "import sys, core.metrics.membership, core.metrics.segmentation\n"
        "print([m for m in ('torch', 'scipy', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
