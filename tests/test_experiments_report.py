"""The table of attacks beside the loss: what it gains, with what interval, and what was not run."""

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
