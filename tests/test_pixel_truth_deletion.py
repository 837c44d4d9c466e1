"""The deletion test: what is left out, and that it tells a map of the evidence from one of nothing."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.pixel_truth.deleted import SHARES, Regions, block_means, merged
from benchmarks.pixel_truth.deletion import ATTACKS, COLUMNS, ORACLE, Deleted, Judges, table_of
from benchmarks.pixel_truth.deletion_figure import draw
from benchmarks.pixel_truth.known import Seen
from core.attacks.base import AttackContext
from core.attacks.baselines.loss import GlobalLoss
from core.attacks.losses import loss_map
from core.attacks.reference.rmia import RMIA
from core.data.samples import Sample
from core.training.half import Halves, Truth
from tests.test_reference_attacks import observed

SIZE = (128, 160)


def regions_of(seed=0):
    seen, _ = observed(seed, size=SIZE)
    number = Halves(32, 0).blocks(SIZE)
    return seen, Regions.of(number, seen)


def test_the_blocks_where_the_map_is_highest_are_left_out_and_as_many_random_ones():
    seen, regions = regions_of()
    means = np.random.default_rng(0).normal(size=20)
    means[3] = np.nan
    for share, count in zip(SHARES, (2, 4, 6, 10), strict=True):
        found = regions.deletion(means, share, 3, seen.image_sha256)
        assert set(found.top) == set(np.argsort(-np.nan_to_num(means, nan=-9))[:count])
        assert len(set(found.matched) - {found.top}) == 3
        assert {len(set(blocks)) for blocks in found.matched} == {count}
    assert regions.deletion(means, 0.3, 3, "a") == regions.deletion(means, 0.3, 3, "a")


def test_random_blocks_have_the_class_mix_of_the_maps_top():
    seen, regions = regions_of()
    label = np.where(regions.number % 5 < 2, 0, 1).astype(np.uint8)
    regions = Regions.of(regions.number, replace(seen, label=label))
    means = -np.abs(np.arange(20) - 7.5)
    found = regions.deletion(means, 0.2, 3, "a")
    mix = np.sort([block % 5 < 2 for block in found.top])
    assert all((np.sort([block % 5 < 2 for block in blocks]) == mix).all() for blocks in found.matched)
    assert found.unlike == 0


def test_blocks_without_a_label_are_never_left_out_and_one_block_always_stays():
    seen, regions = regions_of()
    label = np.where(regions.number < 17, 255, 1).astype(np.uint8)
    found = Regions.of(regions.number, replace(seen, label=label)).deletion(np.arange(20.0), 0.5, 3, "a")
    assert found.top == (18, 19)
    assert all(set(blocks) <= {17, 18, 19} for blocks in found.matched)


def test_an_attack_scores_what_is_left_as_if_the_rest_were_void():
    seen, regions = regions_of()
    left = regions.without(seen, (0, 7))
    out = np.isin(regions.number, (0, 7))
    kept = ~out & (seen.label != 255)
    assert ((left.label == 255) == (out | (seen.label == 255))).all()
    (scored,) = GlobalLoss().start(AttackContext())([left])
    assert scored.score == pytest.approx(-loss_map(seen)[kept].mean(dtype=np.float64), rel=1e-6)
    (rmia,) = RMIA().start(AttackContext())([left])
    probability = np.exp(-loss_map(seen)[kept]).mean()
    mean = np.mean([np.exp(r.true_log_probability)[kept].mean() for r in seen.references])
    assert rmia.score == pytest.approx(probability / ((1.3 * mean + 0.7) / 2), rel=1e-5)
    assert (seen.label == observed(0, size=SIZE)[0].label).all()


def test_means_of_blocks_leave_out_what_a_map_does_not_say():
    number = Halves(32, 0).blocks(SIZE)
    values = np.random.default_rng(0).normal(size=SIZE)
    values[:40] = np.nan
    means = block_means(values, number)
    assert np.isnan(means[:5]).all()
    assert means[7] == pytest.approx(np.nanmean(values[number == 7]))


def judged(seed, *, member):
    """An image of which a member is surer than its references in the blocks that taught it."""
    seen, _ = observed(seed, size=SIZE)
    truth = Truth(Halves(32, 0), SIZE)
    taught = truth.halves.mask(seen.image_sha256, SIZE)
    probability = np.full(SIZE, 0.5) + 0.4 * (taught & member)
    noise = np.random.default_rng(seed).normal(0, 0.2, SIZE).mean(axis=1, keepdims=True)
    seen = replace(seen, true_log_probability=np.log(probability + noise).astype(np.float32))
    judges = Judges(truth, {"rmia": started(RMIA(block=1))}, {"loss": started(ATTACKS["loss"])})
    return judges.measured(Seen(seen, SIZE, Sample("a", None, None, f"block {seed // 2}")))


def started(attack):
    return attack, attack.start(AttackContext())


def test_leaving_out_what_taught_costs_an_attack_more_than_leaving_out_anything_else(tmp_path):
    members = [judged(seed, member=True) for seed in range(8)]
    others = [judged(seed, member=False) for seed in range(20, 28)]
    table = table_of("a target", members, others)
    rows = {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in table.rows}
    assert rows[ORACLE]["whole"] == 1
    # Everything that taught is gone, so nothing is left to tell.
    assert rows[ORACLE]["top 50%"] == pytest.approx(0.5, abs=0.3)
    assert rows[ORACLE]["random 50%"] > 0.9
    assert rows[ORACLE]["low"] > 0
    assert rows[ORACLE]["faster"] == pytest.approx(np.mean([rows[ORACLE][f"drop {s:.0%}"] for s in SHARES]))
    # Of members alone what taught is gone, of non-members something at random: the same, for nothing taught them.
    assert rows[ORACLE]["members' top 50%"] == pytest.approx(rows[ORACLE]["top 50%"], abs=0.3)
    assert rows[ORACLE]["members faster"] > 0
    draw(table_with_all_attacks(table), tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 5000


def table_with_all_attacks(table):
    rows = [(name, attack, *rest) for attack in ATTACKS for name, _, *rest in table.rows]
    return replace(table, rows=rows)


def test_scores_of_images_are_stacked_by_name():
    parts = [Deleted({"a/loss": np.full((4, 2), i)}, {}, {}, "g").scores for i in range(3)]
    assert merged(parts)["a/loss"].shape == (3, 4, 2)
