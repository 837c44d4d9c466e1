"""Seeds that were run one by one, told together."""

import pytest

from benchmarks.experiments.report import tables
from benchmarks.experiments.seeds import with_means
from tests.test_experiments_report import gain, row, study

VALUES = (0.5, 0.75, 0.55)


def of_seed(number, value, **more):
    rows = [row("loss", value) | COUNTS, row("rmia", value + 0.1, tpr=value) | COUNTS]
    ratio = {"value": value, "low": value / 2, "high": None if number == more.get("infinite") else 2 * value}
    differences = [gain("rmia", distance=ratio, **({"tpr": {"value": value}} if more.get("tpr", True) else {}))]
    name = f"unet-dp-sgd-seed{number}"
    return study(name, "evidence", title=f"Unet, seed {number}", rows=rows, differences=differences)


COUNTS = {"targets": 2, "members": 10, "non_members": 12, "curve": [0.0, 1.0], "at_threshold": None}


def together(*seeds, **more):
    pooled = study("unet-dp-sgd", "evidence", **{"title": "Unet, 3 seeds", "done": False} | more)
    return with_means({"studies": [*seeds, pooled], "folds": {}})["studies"][-1]


def test_a_number_of_all_seeds_is_the_mean_of_theirs_and_so_are_the_ends_of_its_interval():
    found = together(*(of_seed(n, value) for n, value in enumerate(VALUES)))
    assert found["done"] and found["title"] == "Unet, mean of 3 seeds"
    loss, rmia = found["rows"]
    assert loss["auc"] == pytest.approx({"value": 0.6, "low": 0.5, "high": 0.7})
    assert rmia["tpr"]["0.05"] == pytest.approx({"value": 0.6, "low": 0.25, "high": 0.75})
    assert rmia["tpr"]["0.01"] is None, "no seed could measure it"
    assert rmia["miou"] == {"member": 0.5, "non-member": 0.25}
    assert (rmia["targets"], rmia["members"], rmia["non_members"]) == (6, 30, 36)
    (difference,) = found["differences"]
    assert difference["value"] == pytest.approx(0.1)
    assert difference["distance"] == pytest.approx({"value": 0.6, "low": 0.3, "high": 1.2})
    assert difference["tpr"] == pytest.approx({"value": 0.6}), "no seed had an interval"


def test_what_is_infinite_with_one_seed_is_infinite_with_all():
    found = together(*(of_seed(n, value, infinite=1) for n, value in enumerate(VALUES)))
    assert found["differences"][0]["distance"]["high"] is None


def test_a_ratio_that_one_seed_does_not_have_is_left_out():
    found = together(*(of_seed(n, value, tpr=n != 2) for n, value in enumerate(VALUES)))
    assert "tpr" not in found["differences"][0]


def test_an_attack_that_one_seed_does_not_have_is_left_out():
    seeds = [of_seed(n, value) for n, value in enumerate(VALUES)]
    seeds[1]["rows"] = seeds[1]["rows"][:1]
    assert [r["attack"] for r in together(*seeds)["rows"]] == ["loss"]


def test_where_a_seed_was_not_run_there_is_no_mean():
    seeds = [of_seed(n, value) for n, value in enumerate(VALUES)]
    for missing in range(3):
        assert not together(*seeds[:missing], *seeds[missing + 1 :])["done"]
    seeds[2] |= {"done": False, "rows": []}
    assert not together(*seeds)["done"]


def test_what_was_pooled_stays_as_it_is():
    rows = [row("loss", 0.9)]
    assert together(*(of_seed(n, value) for n, value in enumerate(VALUES)), done=True, rows=rows)["rows"] == rows


def test_the_table_shows_the_mean():
    results = {"studies": [*(of_seed(n, v) for n, v in enumerate(VALUES))], "folds": {}}
    results["studies"].append(study("unet-dp-sgd", "evidence", title="Unet, 3 seeds", done=False))
    lines = tables(with_means(results))["evidence"].splitlines()
    assert lines[-2].startswith("| Unet, mean of 3 seeds | none | loss | 0.600 (0.50 to 0.70) |")
