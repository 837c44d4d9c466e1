"""References that an image taught in part: each pixel has its own sides."""

import math
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from core.attacks.hidden import without_label
from core.attacks.reference.difference import CorrectnessDifference, LossDifference, ProbabilityDifference
from core.attacks.reference.lira import LiRA
from core.attacks.reference.log_ratio import LogRatio
from core.attacks.reference.rmia import RMIA
from core.attacks.reference.sides import spread
from core.errors import AttackError
from tests.test_reference_attacks import logit, observed, pixels, result, true_of

ONLINE = [
    LossDifference(mode="online", block=1),
    ProbabilityDifference(mode="online", block=1),
    CorrectnessDifference(mode="online", block=1),
    LogRatio(mode="online", block=1),
    RMIA(mode="online", level="pixel", block=1),
    LiRA(mode="online", level="pixel", block=1),
]


def in_halves(seed=0, pairs=2, whole=(False,)):
    """Pairs of references that exchange halves of an image's pixels, and some that know all of it or none."""
    seen, given = observed(seed, trained=(True,) * (2 * pairs) + whole)
    rng = np.random.default_rng(seed)
    halves = [rng.random(seen.label.shape) < 0.5 for _ in range(pairs)]
    masks = [mask for half in halves for mask in (half, ~half)]
    own = tuple(replace(r, taught=m) for r, m in zip(seen.references, masks, strict=False))
    return replace(seen, references=own + seen.references[len(own) :]), given


def sides_of(seen, given, place):
    """Posteriors of references inside and outside of one pixel."""
    sides = {True: [], False: []}
    for p, reference in zip(given, seen.references, strict=True):
        sides[bool(reference.trained if reference.taught is None else reference.taught[place])].append((p, reference))
    return sides[True], sides[False]


def by_hand(attack, seen, given, place):
    """The evidence of one pixel, in plain numbers."""
    own = true_of(seen.posteriors, seen, place)

    def means(of):
        return [np.mean([of(p, r) for p, r in side]) for side in sides_of(seen, given, place)]

    def probability(p, reference):
        return true_of(p, seen, place)

    if attack.name == "loss-difference":
        return np.mean(means(lambda p, r: -math.log(probability(p, r)))) + math.log(own)
    if attack.name == "probability-difference":
        return own - np.mean(means(probability))
    if attack.name == "correctness-difference":
        right = means(lambda p, r: r.log_posteriors[:, *place].argmax() == seen.label[place])
        return (seen.posteriors[:, *place].argmax() == seen.label[place]) - np.mean(right)
    if attack.name == "log-ratio":
        return math.log(own / np.mean(means(probability)))
    if attack.name == "rmia":
        return own / np.mean(means(probability))
    inside, outside = means(lambda p, r: logit(probability(p, r)))
    return (inside - outside) * (logit(own) - (inside + outside) / 2)


@pytest.mark.parametrize("attack", ONLINE, ids=lambda a: a.name)
@given(seed=st.integers(0, 10_000), whole=st.sampled_from([(), (False,), (True, False), (None,)]))
@settings(max_examples=15, deadline=None)
def test_each_pixel_is_held_against_the_references_it_taught_and_those_it_did_not(attack, seed, whole):
    seen, given = in_halves(seed, whole=whole)
    found = result(attack, seen)
    expected = {place: by_hand(attack, seen, given, place) for place in pixels(seen)}
    (shown,) = found.maps.values()
    for place, value in expected.items():
        assert shown[place] == pytest.approx(value, rel=2e-3, abs=2e-3)
    assert found.score == pytest.approx(np.mean(list(expected.values())), rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("level", ["image", "pixel"])
@pytest.mark.parametrize("attack", [*ONLINE, LiRA(mode="online", variance="each")], ids=lambda a: a.name)
def test_a_reference_that_all_of_the_image_taught_is_one_that_was_trained_on_it(attack, level):
    attack = replace(attack, level=level) if hasattr(attack, "level") else attack
    seen, _ = observed(3, trained=(True, True, False, None))
    everywhere = np.ones(seen.label.shape, bool)
    marked = tuple(replace(r, taught=everywhere) if r.trained else r for r in seen.references)
    assert result(attack, replace(seen, references=marked)).score == pytest.approx(result(attack, seen).score)


def test_of_an_image_the_sides_are_averaged_before_the_ratio_is_taken():
    seen, given = in_halves(5)
    own = np.mean([true_of(seen.posteriors, seen, place) for place in pixels(seen)])
    sides = [
        np.mean([np.mean([true_of(p, seen, place) for p, _ in side]) for place, side in each])
        for each in zip(
            *[[(place, side) for side in sides_of(seen, given, place)] for place in pixels(seen)], strict=True
        )
    ]
    assert result(RMIA(mode="online"), seen).score == pytest.approx(own / np.mean(sides), rel=1e-4)


def test_a_pixel_without_references_on_both_sides_says_nothing_and_does_not_count():
    seen, _ = in_halves(2, pairs=1, whole=())
    left, right = seen.references
    nobody = np.zeros(seen.label.shape, bool)
    nobody[3, 4] = True
    lame = (replace(left, taught=left.taught & ~nobody), replace(right, taught=right.taught & ~nobody))
    for attack in ONLINE:
        found, before = (result(attack, replace(seen, references=r)) for r in (lame, (left, right)))
        ((_, shown),), ((_, full),) = found.maps.items(), before.maps.items()
        np.testing.assert_array_equal(np.isnan(shown), nobody | (seen.label == 255))
        others = ~np.isnan(shown)
        np.testing.assert_array_equal(shown[others], full[others])
        assert found.score == pytest.approx(full[others].astype(float).mean(), abs=1e-4)


def test_where_no_pixel_has_both_sides_the_image_is_refused():
    seen, _ = in_halves(2, pairs=1, whole=())
    same = (seen.references[0], replace(seen.references[1], taught=seen.references[0].taught))
    with pytest.raises(AttackError, match="both sides"):
        result(ONLINE[0], replace(seen, references=same))


@pytest.mark.parametrize("attack", ONLINE, ids=lambda a: a.name)
def test_offline_references_that_saw_part_of_the_image_are_left_out(attack):
    seen, _ = in_halves(4, whole=(False,))
    offline = replace(attack, mode="offline")
    without = replace(seen, references=seen.references[-1:])
    assert result(offline, seen).score == result(offline, without).score
    with pytest.raises(AttackError, match="or on part of it"):
        result(offline, replace(seen, references=seen.references[:-1]))


def test_a_variance_of_its_own_is_fitted_to_each_pixel_and_not_to_an_image_that_is_known_in_part():
    seen, given = in_halves(7, pairs=4, whole=())
    with pytest.raises(AttackError, match="part of the image") as caught:
        result(LiRA(mode="online", variance="each"), seen)
    assert "level 'pixel'" in caught.value.remedy
    shown = result(LiRA(mode="online", variance="each", level="pixel", block=1), seen).maps["likelihood_ratio"]
    checked = 0
    for place in pixels(seen):
        sides = [[logit(true_of(p, seen, place)) for p, _ in side] for side in sides_of(seen, given, place)]
        own = logit(true_of(seen.posteriors, seen, place))
        inside, outside = (scipy.stats.norm.logpdf(own, np.mean(s), max(np.std(s, ddof=1), 0.1)) for s in sides)
        assert shown[place] == pytest.approx(inside - outside, rel=5e-3, abs=5e-3)
        checked += 1
    assert checked > 50


def test_hiding_the_label_map_keeps_what_is_known_of_the_references():
    seen, _ = in_halves(6)
    for before, after in zip(seen.references, without_label(seen).references, strict=True):
        assert after.taught is before.taught


def test_a_spread_takes_two_references():
    side = np.array([[1.0, np.nan, 3.0], [4.0, 2.0, np.nan], [7.0, 5.0, np.nan]])
    np.testing.assert_allclose(spread(side)[:2], [3.0, np.std([2, 5], ddof=1)])
    assert np.isnan(spread(side)[2])
