import numpy as np
import pytest

from core.metrics.bands import fpr_levels, roc_band
from core.metrics.intervals import bootstrap
from core.metrics.roc import auc, highest_tpr


def some_scores(seed=0, members=50, non_members=40):
    rng = np.random.default_rng(seed)
    return rng.normal(1, 1, members).round(1), rng.normal(0, 1, non_members).round(1)


@pytest.mark.parametrize("grouped", [False, True])
def test_a_band_is_at_each_fpr_the_bootstrap_of_the_tpr_there_and_its_auc_that_of_the_auc(grouped):
    members, others = some_scores()
    groups = ([f"m{i // 5}" for i in range(50)], [f"n{i // 4}" for i in range(40)]) if grouped else (None, None)
    band = roc_band(members, others, *groups, resamples=400, seed=3)
    area = bootstrap(auc, members, others, *groups, resamples=400, seed=3)
    assert band.auc == area
    assert band.unit == ("group" if grouped else "image")
    for place in range(0, len(band.fpr), 7):
        at = bootstrap(highest_tpr(band.fpr[place]), members, others, *groups, resamples=400, seed=3)
        assert (band.low[place], band.high[place]) == pytest.approx((at.low, at.high), abs=1e-12)


def test_a_band_agrees_with_a_plain_resampling():
    members, others = some_scores(1)
    band = roc_band(members, others, resamples=2000)
    rng = np.random.default_rng(9)
    place = len(band.fpr) // 2
    found = []
    for _ in range(2000):
        inside, outside = rng.choice(members, 50), rng.choice(others, 40)
        cuts = [cut for cut in [*np.unique(outside), np.inf] if np.mean(outside >= cut) <= band.fpr[place]]
        lowest = max((score for score in outside if score < min(cuts)), default=-np.inf)
        found.append(np.mean(inside > lowest))
    expected = np.quantile(found, [0.025, 0.975])
    assert (band.low[place], band.high[place]) == pytest.approx(expected, abs=0.04)


def test_levels_are_whole_numbers_of_non_members_from_none_to_all():
    for count in (1, 7, 240, 100_000):
        levels = fpr_levels(count)
        assert (levels[0], levels[-1]) == (0, 1)
        assert np.all(np.diff(levels) > 0)
        assert np.allclose(levels * count, np.rint(levels * count), atol=1e-6)
    assert fpr_levels(240)[1] == 1 / 240


def test_a_side_with_a_single_image_has_no_band():
    assert roc_band([1.0, 2.0], [0.5]) is None
    assert roc_band([1.0, 2.0], [0.5, 0.1], ["a", "a"], None) is None
