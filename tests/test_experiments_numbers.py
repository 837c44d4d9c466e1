from dataclasses import replace

import numpy as np
import pytest

from benchmarks.experiments.cells import Cell
from benchmarks.experiments.folds import OPPOSITE
from benchmarks.experiments.pooled import Judged, Side, pooled, pooled_interval, pooled_ratio
from benchmarks.experiments.rows import make_rows
from core.metrics.roc import auc, highest_tpr
from core.randomness import generator

# ---------------------------------------------------------------- pooled numbers


def drawn_side(rng, fold, blocks, shift=0.0):
    names = [f"{fold}{b}" for b, size in enumerate(blocks) for _ in range(size)]
    # Rounded, so that there are ties.
    return Side(fold, np.round(rng.normal(shift, 1, len(names)), 1).tolist(), names)


@pytest.fixture
def crossed():
    """Two targets whose folds change places."""
    rng = np.random.default_rng(0)
    sizes = {"P": (3, 4, 2, 5), "Q": (4, 4, 3)}
    return [
        Judged(drawn_side(rng, one, sizes[one], 0.8), drawn_side(rng, other, sizes[other]))
        for one, other in (("P", "Q"), ("Q", "P"))
    ]


def plain_auc(inside, outside):
    return np.mean([(a > b) + 0.5 * (a == b) for a in inside for b in outside])


def plain_tpr(fpr):
    def statistic(inside, outside):
        fits = [t for t in [*inside, *outside, np.inf] if np.mean([x >= t for x in outside]) <= fpr]
        return max(np.mean([x >= t for x in inside]) for t in fits)

    return statistic


def resampled_plainly(statistic, targets, resamples, seed):
    """Every resample written out: blocks are drawn per fold, frames repeated as often as their block was drawn."""
    blocks = {fold: sorted({b for t in targets for s in (t.members, t.non_members) if s.fold == fold for b in s.blocks})
              for fold in ("P", "Q")}  # fmt: skip
    counts = {}
    for fold, names in blocks.items():
        rng = generator(seed, "", f"blocks of fold {fold}")
        counts[fold] = rng.multinomial(len(names), [1 / len(names)] * len(names), size=resamples)
    values = []
    for i in range(resamples):
        each = []
        for target in targets:
            sides = []
            for side in (target.members, target.non_members):
                drawn = dict(zip(blocks[side.fold], counts[side.fold][i], strict=True))
                sides.append([s for s, b in zip(side.scores, side.blocks, strict=True) for _ in range(drawn[b])])
            each.append(statistic(*sides))
        values.append(np.mean(each))
    return np.array(values)


@pytest.mark.parametrize(
    ("fast", "plain"), [(auc, plain_auc), (highest_tpr(0.2), plain_tpr(0.2))], ids=["auc", "tpr at 20 %"]
)
def test_pooled_numbers_and_intervals_match_every_resample_written_out(crossed, fast, plain):
    expected = np.mean([plain(t.members.scores, t.non_members.scores) for t in crossed])
    assert pooled(fast, crossed) == pytest.approx(expected)
    interval = pooled_interval(fast, crossed, resamples=60, seed=4)
    low, high = np.quantile(resampled_plainly(plain, crossed, 60, 4), [0.025, 0.975])
    assert (interval.low, interval.high) == pytest.approx((low, high))


def test_a_difference_is_drawn_with_the_same_blocks_on_both_sides(crossed):
    rng = np.random.default_rng(1)
    noisier = [
        Judged(*(replace(s, scores=(np.array(s.scores) + rng.normal(0, 1, len(s.scores))).tolist()) for s in sides))
        for sides in ((t.members, t.non_members) for t in crossed)
    ]
    interval = pooled_interval(auc, crossed, noisier, resamples=60, seed=4)
    values = resampled_plainly(plain_auc, crossed, 60, 4) - resampled_plainly(plain_auc, noisier, 60, 4)
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))
    nothing = pooled_interval(auc, crossed, crossed, resamples=60)
    assert nothing.low == nothing.high == 0


def test_difficulty_alone_gives_no_membership_when_folds_change_places():
    """Scores that depend on the frame only: each target looks like a leak or its opposite; together, nothing."""
    rng = np.random.default_rng(2)
    p, q = drawn_side(rng, "P", (5, 5), 3.0), drawn_side(rng, "Q", (5, 5))
    assert pooled(auc, [Judged(p, q)]) > 0.9
    interval = pooled_interval(auc, [Judged(p, q), Judged(q, p)], resamples=50)
    assert (interval.low, interval.high) == pytest.approx((0.5, 0.5))


# ---------------------------------------------------------------- rows


def audit_result(fold, scores, **more):
    """What an audit cell keeps: three members, two non-members of two blocks each."""
    other = OPPOSITE[fold]
    images = [{"block": f"{fold}{i // 2}", "member": True} for i in range(3)]
    images += [{"block": f"{other}{i}", "member": False} for i in range(2)]
    return {
        "folds": {"member": fold, "non-member": other},
        "images": images,
        "scores": {"none": scores},
        "miou": {"none": {"member": 0.5, "non-member": 0.25}},
        "thresholds": {"patch": 1.0},
    } | more


class Given:
    """A workshop whose cells are done."""

    def result(self, cell):
        return cell.settings


def rows_from(results, evaluations):
    needs = {part: Cell("audit", part, result) for part, result in results.items()}
    return make_rows(Cell("rows", "r", {"evaluations": evaluations, "resamples": 20}, needs), Given())


def test_a_row_counts_what_a_person_would_count():
    result = audit_result("P", {"patch": [2.0, 1.0, 0.5, 0.0, 1.5], "loss": [-1.0, -1.0, -3.0, -2.0, -4.0]})
    shadow = audit_result("R", {"loss": [-0.5, -0.6, -1.0, -5.0, -6.0]})
    found = rows_from({"P": result, "R": shadow}, {"P": ["R"]})
    patch, loss = found["rows"]
    assert patch["auc"]["value"] == pytest.approx(4 / 6)
    # The network's own threshold, 1: two of three members, one of two non-members.
    assert patch["at_threshold"]["f1"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))
    assert patch["at_threshold"]["base_rate_f1"] == pytest.approx(2 * 3 / (2 * 3 + 2))
    assert patch["miou"] == {"member": 0.5, "non-member": 0.25}
    # The loss' threshold is where the shadow's images part: -1.0.
    assert (loss["at_threshold"]["tpr"], loss["at_threshold"]["fpr"]) == pytest.approx((2 / 3, 0))
    assert loss["auc"]["value"] == pytest.approx(5 / 6)
    (difference,) = found["differences"]
    assert difference["attack"] == "patch"
    assert difference["value"] == pytest.approx(4 / 6 - 5 / 6)


def test_a_rate_that_two_non_members_cannot_show_is_not_given():
    found = rows_from({"P": audit_result("P", {"loss": [1.0, 2.0, 3.0, 0.0, 1.5]})}, {"P": []})
    assert found["rows"][0]["tpr"] == {"0.05": None, "0.01": None}
    assert found["rows"][0]["at_threshold"] is None


def test_images_without_a_score_are_left_out():
    found = rows_from({"P": audit_result("P", {"loss": [1.0, None, 3.0, 0.0, None]})}, {"P": []})
    assert (found["rows"][0]["members"], found["rows"][0]["non_members"]) == (2, 1)
    assert rows_from({"P": audit_result("P", {"loss": [1.0, 1.0, 3.0, None, None]})}, {"P": []})["rows"] == []


def test_ratios_to_the_loss_are_those_of_the_same_draws(crossed):
    rng = np.random.default_rng(3)
    noisier = [
        Judged(*(replace(s, scores=(np.array(s.scores) + rng.normal(0, 1, len(s.scores))).tolist()) for s in sides))
        for sides in ((t.members, t.non_members) for t in crossed)
    ]
    value, interval = pooled_ratio(auc, crossed, noisier, resamples=60, seed=4)
    assert value == pytest.approx(pooled(auc, crossed) / pooled(auc, noisier))
    values = resampled_plainly(plain_auc, crossed, 60, 4) / resampled_plainly(plain_auc, noisier, 60, 4)
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(values, [0.025, 0.975])))


def test_a_ratio_to_nothing_is_infinite_and_that_of_nothing_to_nothing_is_1():
    apart = Judged(Side("P", [2.0, 3.0], ["p", "p"]), Side("Q", [0.0, 1.0], ["q", "q"]))
    upside_down = Judged(Side("P", [0.0, 1.0], ["p", "p"]), Side("Q", [2.0, 3.0], ["q", "q"]))
    value, interval = pooled_ratio(auc, [apart], [upside_down], resamples=5)
    assert (value, interval.low, interval.high) == (np.inf, np.inf, np.inf)
    assert pooled_ratio(auc, [upside_down], [upside_down], resamples=5)[0] == 1


def test_a_study_with_ratios_says_how_much_nearer_to_1_an_attack_comes_and_how_many_more_it_finds():
    many = {"block": "P0", "member": True}, {"block": "Q0", "member": False}
    result = audit_result("P", {}) | {"images": [many[0]] * 4 + [many[1]] * 20}
    below = list(np.linspace(-2, -1, 19))
    result["scores"] = {"none": {"patch": [3, 3, 3, 0, 2, *below], "loss": [3, 0, 0, 0, 2, *below]}}
    needs = {"P": Cell("audit", "P", result)}
    settings = {"evaluations": {"P": []}, "resamples": 5, "compare": "ratios"}
    (found,) = make_rows(Cell("rows", "r", settings, needs), Given())["differences"]
    # Of 80 pairs the one has 1 wrong, the other 3; at 1 false alarm in 20 both find all, at less 3 and 1 of 4.
    assert found["distance"]["value"] == pytest.approx(1 / 3)
    assert found["tpr"]["value"] == pytest.approx(1.0)
