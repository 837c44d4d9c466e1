"""What maps cost: the file has every map, and what is said follows the numbers."""

import json

import numpy as np
import pytest
import torch

from benchmarks import map_cost as benchmark
from benchmarks.peak_memory import peak_mb
from core.attacks.all import ATTACKS
from core.attacks.shipped import shipped_networks
from core.audit import map_cost
from core.audit.map_cost import Cost, Measured, cost_of, sentence


def test_every_map_that_an_attack_draws_was_measured_at_every_size():
    drawn = {(kind.name, name) for kind in ATTACKS for name in kind.maps}
    for classes in benchmark.CLASSES:
        found = [cost for cost in map_cost.measured().costs if cost.classes == classes]
        assert {(cost.attack, name) for cost in found for name in cost.maps if cost.attack} == drawn
        assert {cost.network for cost in found if cost.attack == "patch"} == set(shipped_networks())
        for name in ("lira", "rmia", "loss-difference", "combination"):
            assert {cost.references for cost in found if cost.attack == name} == set(benchmark.REFERENCES)
        (bare,) = (cost for cost in found if cost.attack == "loss")
        assert bare.times_loss == 1.0


def test_the_benchmark_measures_what_the_file_holds(monkeypatch, tmp_path):
    monkeypatch.setattr(benchmark, "GRID", (128, 128))
    monkeypatch.setattr(benchmark, "PATH", tmp_path / "map_cost.json")
    monkeypatch.setattr(benchmark, "ROUNDS", 1)
    threads = torch.get_num_threads()
    try:
        benchmark.main()
    finally:
        torch.set_num_threads(threads)
    again, kept = (json.loads(path.read_text()) for path in (tmp_path / "map_cost.json", map_cost.PATH))
    rows = [[(c["attack"], c["network"], c["classes"], c["references"]) for c in d["costs"]] for d in (again, kept)]
    assert rows[0] == rows[1]
    assert all(cost["ms"] > 0 and cost["times_loss"] > 0 for cost in again["costs"])


@pytest.mark.skipif(peak_mb(lambda: None) is None, reason="the system does not tell")
@pytest.mark.parametrize("make", [lambda: np.ones(12_500_000, np.float32), lambda: torch.ones(12_500_000)])
def test_the_peak_is_that_of_the_arrays_whoever_makes_them_also_where_they_are_let_go(make):
    assert peak_mb(make) == pytest.approx(50, abs=4)
    assert peak_mb(lambda: float((make() * 2).sum())) == pytest.approx(100, abs=6)
    assert peak_mb(lambda: None) < 2


@pytest.fixture
def table(monkeypatch):
    def cost(attack, classes, references, ms, mb=2.4):
        return Cost(attack, "", (attack,), classes, references, ms, ms / 2, mb)

    costs = cost("loss", 11, 0, 2.0, 0.3), cost("rmia", 11, 2, 8.0), cost("rmia", 19, 2, 9.0), cost("rmia", 19, 4, 12.0)
    monkeypatch.setattr(map_cost, "measured", lambda: Measured((128, 256), costs))


def test_the_nearest_measurement_is_told_with_what_it_was_measured_on(table):
    assert cost_of("rmia", "rmia", "", 12, 1).ms == 8.0
    assert cost_of("rmia", "rmia", "", 66, 2).ms == 9.0
    assert cost_of("rmia", "rmia", "", 11, 9).ms == 12.0
    assert sentence("rmia", "rmia", "", 19, 3) == (
        "Cost of one image (256x128 points, 19 classes, 2 references): 9 ms of one core and 2 MB, "
        "4.5 times the time of the raw loss. Each reference is also asked about every image, once."
    )
    assert sentence("loss", "loss", "", 4, 0) == (
        "Cost of one image (256x128 points, 11 classes): 2 ms of one core and less than 1 MB."
    )


def test_nothing_is_said_of_what_nobody_measured(table):
    assert sentence("rmia", "rmia", "own.safetensors", 19, 2) == ""
    assert sentence("lira", "likelihood_ratio", "", 19, 2) == ""
