"""The measured power of maps: the file is what the benchmark measured, and the first map is one that earned it."""

import json
from itertools import permutations
from pathlib import Path

import pytest

from benchmarks.pixel_truth import power
from core.attacks.all import ATTACKS
from core.audit import map_power
from core.audit.map_power import IN_BLOCKS, Measured, first_map, measured, sentences


def test_the_file_says_what_the_benchmark_measured(tmp_path, monkeypatch):
    monkeypatch.setattr(power, "PATH", tmp_path / "map_power.json")
    power.main()
    assert (tmp_path / "map_power.json").read_text() == map_power.PATH.read_text()


def test_numbers_are_those_of_the_row_of_the_map():
    table = json.loads((Path(power.RESULTS) / "half-supervised-pspnet-every-4.json").read_text())["tables"][0]
    row = next(r for r in table["rows"] if r[0] == "rmia, 11")
    found = measured("probability_ratio")[0]
    assert (found.auc, found.low, found.high, found.gain) == pytest.approx(row[1:5], abs=1e-4)


def test_numbers_of_references_taught_in_blocks_are_those_of_all_of_them():
    table = json.loads((Path(power.RESULTS) / "knowing-pspnet.json").read_text())["tables"][0]
    row = next(r for r in table["rows"] if r[:2] == ["log-ratio", "8, halves"])
    found = measured("log_ratio", asked=IN_BLOCKS)[0]
    assert (found.auc, found.low, found.high, found.gain) == pytest.approx(row[2:6], abs=1e-4)
    assert found.low > 0.85, "the aim of the default map"


def test_every_measured_map_is_one_that_an_attack_draws():
    drawn = {name for attack in ATTACKS for name in attack.maps}
    assert {name for name, *_ in map_power._maps()} <= drawn


@pytest.fixture
def table(monkeypatch):
    def of(auc, gain_low):
        return (Measured("somewhere", auc, auc - 0.1, auc + 0.1, gain_low + 0.1, gain_low, gain_low + 0.2),)

    found = {
        ("loss", "", ""): of(0.6, 0),
        ("a", "", ""): of(0.9, -0.01),
        ("b", "", ""): of(0.7, 0.01),
        ("c", "net", ""): of(0.8, 0.02),
        ("a", "", IN_BLOCKS): of(0.95, 0.1),
    }
    monkeypatch.setattr(map_power, "_maps", lambda: found)


def test_the_first_map_beats_the_loss_beyond_its_interval(table):
    for names in permutations(("a", "b", "loss")):
        assert first_map(names) == "b"
    assert first_map(["a", "loss"]) == "loss", "a higher AUC alone is not enough"


def test_a_network_is_known_by_its_own_numbers_only(table):
    assert first_map(["c", "loss"], "net") == "c"
    assert first_map(["c", "loss"], "another") == "loss"
    assert first_map(["c"], "another") is None


def test_what_was_measured_of_other_references_does_not_count(table):
    assert first_map(["a", "b", "loss"], asked=IN_BLOCKS) == "a"
    assert first_map(["b", "loss"], asked=IN_BLOCKS) == "loss"
    assert any("0.95" in line for line in sentences("a", asked=IN_BLOCKS))
    assert "Nobody has measured" in sentences("b", asked=IN_BLOCKS)[0]


def test_what_is_said_follows_the_numbers(table):
    assert "It has not been shown to beat the raw loss." in sentences("a")
    assert "It beats the raw loss beyond its interval in every setting." in sentences("b")
    assert any("0.70 (0.60 to 0.80)" in line for line in sentences("b"))
    assert "Nobody has measured" in sentences("something else")[0]
