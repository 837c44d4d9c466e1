"""Variants and combinations of maps: what they compute, and that none is chosen on the images it is judged on."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.experiments.folds import NAMES, Fold, Frame
from benchmarks.pixel_truth import crossed as command
from benchmarks.pixel_truth.combined import BlockTable, fit
from benchmarks.pixel_truth.plan import Parameters, crossed, half_supervised, on_hand, thinned
from benchmarks.pixel_truth.variants import BINS, PLAIN, VARIANTS, difference, probabilities, within_class
from core.attacks.base import AttackContext
from core.attacks.baselines.loss import GlobalLoss
from core.attacks.reference.difference import ProbabilityDifference
from core.attacks.reference.rmia import RMIA
from tests.test_pixel_truth import taught_image
from tests.test_reference_attacks import observed

FOLDS = {name: Fold(tuple(Frame(f"{name}{i}", name) for i in range(8)), f"digest {name}") for name in NAMES}


def test_target_shadows_and_references_are_of_different_folds():
    plans = crossed(FOLDS, Parameters(every=4), "pspnet")
    assert set(plans) == {"P", "Q"}
    for fold, plan in plans.items():
        for judged in (plan.target, *plan.shadows, plan.beside):
            trained = [cell.settings["fold"] for cell in judged.references]
            assert judged.fold not in trained
            assert len(set(trained)) == len(trained)
            assert judged.cell.settings["digest"] == f"digest {judged.fold}-4"
            assert [cell.settings["digest"] for cell in judged.references] == [f"digest {f}" for f in trained]
        for shadow in plan.shadows:
            assert fold not in (shadow.fold, *(cell.settings["fold"] for cell in shadow.references))
            assert len(shadow.references) == len(plan.target.references)


def test_the_target_and_its_references_are_those_of_the_main_benchmark():
    parameters = Parameters(every=4)
    cells = half_supervised(thinned(FOLDS, 4), parameters, "pspnet")
    plan = crossed(FOLDS, parameters, "pspnet")["P"]
    assert plan.target.cell.key == cells["P"].key
    assert [cell.key for cell in plan.target.references] == [cells["R"].key, cells["S"].key]


def test_without_further_trainings_the_shadows_of_the_main_benchmark_do():
    parameters = Parameters(every=4)
    cells = half_supervised(thinned(FOLDS, 4), parameters, "unet")
    ((fold, plan),) = on_hand(FOLDS, parameters, "unet").items()
    assert plan.beside is None
    assert plan.target.cell.key == cells[fold].key
    assert [shadow.cell.key for shadow in plan.shadows] == [cells["R"].key, cells["S"].key]
    assert [shadow.references[0].key for shadow in plan.shadows] == [cells["S"].key, cells["R"].key]


def test_every_variant_says_something_where_there_is_a_label_and_nothing_where_void():
    seen, _ = observed(3, size=(40, 50))
    for name, make in VARIANTS.items():
        values = make(seen)
        assert (np.isnan(values) == (seen.label == 255)).all(), name
        assert np.nanstd(values) > 0, name


def test_the_ratio_is_that_of_rmia():
    seen, _ = observed(1, size=(12, 13))
    (result,) = RMIA(block=1).start(AttackContext())([seen])
    np.testing.assert_allclose(PLAIN["ratio"](seen), result.maps["probability_ratio"], rtol=1e-5)


def test_variants_rise_where_the_target_is_surer_than_its_references():
    seen, _ = observed(1, size=(60, 60))
    surer = seen.true_log_probability if seen.true_log_probability is not None else np.log(probabilities(seen)[0])
    inside = np.zeros((60, 60), bool)
    inside[20:40, 20:40] = True
    seen = replace(seen, true_log_probability=np.where(inside, surer / 8, surer).astype(np.float32))
    for name, make in VARIANTS.items():
        if not name.startswith("won"):  # it looks at label maps, which have not changed
            values = make(seen)
            assert np.nanmean(values[inside]) > np.nanmean(values[~inside]), name


def test_centring_by_class_equals_a_plain_loop():
    seen, _ = observed(2, size=(30, 31))
    plain, found = difference(seen), within_class(seen, difference)
    for class_ in np.unique(seen.label[seen.label != 255]):
        here = seen.label == class_
        np.testing.assert_allclose(found[here], plain[here] - plain[here].mean(), atol=1e-12)


def test_ranks_within_difficulty_are_even_in_every_bin():
    seen, _ = observed(2, size=(30, 31))
    values = VARIANTS["difference, ranked within difficulty"](seen)
    known = values[~np.isnan(values)]
    assert np.histogram(known, 4, (0, 1))[0] == pytest.approx([len(known) / 4] * 4, abs=BINS)


def blocks(seed, noise=1.0):
    """Two useful maps, one of them turned round, and one of nothing; images differ in level."""
    rng = np.random.default_rng(seed)
    trained = np.stack([rng.permutation(12) < 6 for _ in range(40)])
    signal = trained[..., None] * np.array([1.0, -1.0, 0.0])
    level = rng.normal(0, 5, (40, 1, 3))
    means = signal + level + noise * rng.normal(size=(40, 12, 3))
    means[0, 0] = np.nan
    return BlockTable(means, trained, tuple(str(i) for i in range(40)))


def test_a_combination_weighs_maps_by_what_they_say_and_beats_each_alone():
    one, other, judged = blocks(1), blocks(2), blocks(3)
    weights = fit(one, other)
    assert weights.slopes[0] > 0 > weights.slopes[1]
    assert abs(weights.slopes[2]) < 0.3 * weights.slopes[0]
    alone = [np.nanmean(judged.within(judged.means[..., i])) for i in range(3)]
    together = np.nanmean(judged.within(weights.of(judged.means)))
    assert together > max(alone) + 0.05
    assert weights.held_out == pytest.approx(together, abs=0.05)
    assert np.isnan(weights.of(judged.means)[0, 0])


def test_a_combination_of_nothing_is_worth_nothing_on_the_shadow_it_was_not_fitted_to():
    one, other = (blocks(seed).only([2]) for seed in (5, 6))
    assert fit(one, other).held_out == pytest.approx(0.5, abs=0.06)


def test_a_target_is_judged_with_what_its_shadows_say(monkeypatch):
    plan = crossed(FOLDS, Parameters(every=4), "pspnet")["P"]
    seeds = {plan.target: 0, plan.shadows[0]: 100, plan.shadows[1]: 200, plan.beside: 0}
    monkeypatch.setattr(
        command.Bench,
        "_known",
        lambda _, judged: [replace(taught_image(seeds[judged] + n), group=f"{judged.fold}{n}") for n in range(6)],
    )
    few = {"loss": GlobalLoss(), "rmia, 11": RMIA(), "difference, 1": ProbabilityDifference(block=1)}
    monkeypatch.setattr(command, "offered", lambda *_, **__: few)
    found, note, groups = command.Bench(None, None).judged(plan)
    assert len(groups) == 6
    assert note.split("'")[1] in VARIANTS
    assert command.THIRD in found
    for name in (command.ON_OFFER, command.EVERYTHING, command.TABLE, command.RMIA, "difference"):
        shadows, values = found[name]
        assert shadows > 0.8, name
        assert np.mean(values) > 0.8, name
    rows = command.table_of("x", [found, found], groups * 2, [note]).rows
    assert len(rows) == len(found)


def test_gains_in_the_table_are_paired_over_the_images_of_both_targets():
    rng = np.random.default_rng(0)
    first, second = ({n: (0.6, rng.random(6)) for n in (command.LOSS, command.RMIA, "mine")} for _ in range(2))
    rows = {row[0]: row[1:] for row in command.table_of("x", [first, second], list("aabbccddeeff"), []).rows}
    values = np.concatenate([first["mine"][1], second["mine"][1]])
    held = np.concatenate([first[command.LOSS][1], second[command.LOSS][1]])
    assert rows["mine"][1] == pytest.approx(values.mean())
    assert rows["mine"][4] == pytest.approx((values - held).mean())
    assert rows[command.RMIA][7:] == (0, 0, 0)
