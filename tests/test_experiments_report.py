"""The table of attacks beside the loss: what it gains, with what interval, and what was not run."""

import pytest
from matplotlib.axes import Axes

from benchmarks.experiments.figures import regimes
from benchmarks.experiments.report import tables


def row(attack, value, tpr=0.5):
    measured = {"value": value, "low": value - 0.1, "high": value + 0.1}
    found = {"value": tpr, "low": 0.25, "high": 0.75}
    miou = {"member": 0.5, "non-member": 0.25}
    return {"defense": "none", "attack": attack, "auc": measured, "tpr": {"0.05": found, "0.01": None}, "miou": miou}


def study(name, part, **more):
    about = {"name": name, "part": part, "title": name.title(), "defenses": {"none": "none"}, "attacks": ["loss"]}
    return about | {"done": True, "why": "", "rows": [], "differences": []} | more


def gain(attack, **ratios):
    return {"defense": "none", "attack": attack, "value": 0.1, "low": -0.05, "high": 0.2} | ratios


def lines(studies, part):
    return tables({"studies": studies, "folds": {}})[part].splitlines()[2:]


def test_a_ratio_is_shown_with_its_interval_and_infinity_by_name():
    ratio = {"value": 0.5, "low": 0.25, "high": None}
    rows = [row("loss", 0.7), row("rmia", 0.8)]
    found = lines([study("unet", "evidence", rows=rows, differences=[gain("rmia", distance=ratio)])], "evidence")
    assert found == [
        "| Unet | none | loss | 0.700 (0.60 to 0.80) |  |  | 0.50 (0.25 to 0.75) |  | 0.500 / 0.250 |",
        "|  |  | rmia | 0.800 (0.70 to 0.90) | +0.100 (-0.050 to +0.200) | 0.50 (0.25 to inf) | 0.50 (0.25 to 0.75) "
        "| n/m | 0.500 / 0.250 |",
    ]


def test_a_ratio_without_an_interval_stands_alone():
    ratio = {"value": 0.5}
    rows = [row("loss", 0.7), row("rmia", 0.8)]
    found = lines([study("unet", "evidence", rows=rows, differences=[gain("rmia", tpr=ratio)])], "evidence")
    assert "| n/m | 0.50 (0.25 to 0.75) | 0.50 | 0.500 / 0.250 |" in found[1]


def test_seed_by_seed_few_attacks_are_shown_and_what_was_not_run_is_said():
    rows = [row("loss", 0.7), row("lira", 0.8)]
    done, not_done = study("one", "evidence-seeds", rows=rows), study("two", "evidence-seeds", done=False)
    first, second = lines([done, not_done], "evidence-seeds")
    assert first.startswith("| One | none | loss |")
    assert second.startswith("| Two |  |  | not run |")


@pytest.mark.parametrize("whole", [False, True], ids=["seed by seed", "all seeds"])
def test_hardened_targets_are_drawn_seed_by_seed_until_all_seeds_are_there(whole, tmp_path, monkeypatch):
    marks = []
    errorbar = Axes.errorbar

    def noted(self, x, y, **how):
        marks.append((x, how["xerr"], how["mfc"]))
        return errorbar(self, x, y, **how)

    monkeypatch.setattr(Axes, "errorbar", noted)
    studies = [study("unet-overfitted", "evidence", rows=[row("loss", 0.9)])]
    studies += [study(f"unet-overfitted-dp-sgd-seed{n}", "evidence", rows=[row("loss", 0.5 + n / 8)]) for n in range(3)]
    studies += [study("unet-overfitted-dp-sgd", "evidence", rows=[row("loss", 0.625)])] if whole else []
    assert regimes({"studies": studies}, tmp_path / "figure.png")
    hardened = [0.625] if whole else [0.5, 0.625, 0.75]
    assert [x for x, _, _ in marks] == [0.9, *hardened]
    assert [bars is not None for _, bars, _ in marks] == [True, *[whole] * len(hardened)]
    assert [colour == "white" for _, _, colour in marks[1:]] == [not whole] * len(hardened)


def test_without_regimes_nothing_is_drawn(tmp_path):
    assert not regimes({"studies": []}, tmp_path / "figure.png")
    assert not (tmp_path / "figure.png").exists()
