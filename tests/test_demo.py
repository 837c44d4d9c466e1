"""The built-in demo audit: its files are what its README says, and its scores come out of them again."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.audit.runner import RunOptions, open_audit, run_audit
from core.audit.spec import read_spec
from core.data.layouts import open_images
from core.data.samples import Role
from core.files import sha256_of_file
from core.metrics.roc import auc, roc_curve
from core.targets.open import open_target
from core.training.manifest import read_manifest
from resources.demo import recipe

DEMO = Path(__file__).resolve().parents[1] / "resources" / "demo"
TARGETS = ("target", "dp-sgd", "distilled")
FOLDERS = {"members": recipe.MEMBERS, "non-members": recipe.NON_MEMBERS, "suspects": recipe.SUSPECTS}
TOLERANCE = 2e-3
"""Between processors: the fast convolutions of two makers differ in the last digits."""


@pytest.fixture(scope="module")
def recorded():
    with (DEMO / "scores.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def scores(rows, defense, attack, role):
    return [float(r["score"]) for r in rows if (r["defense"], r["attack"], r["role"]) == (defense, attack, role)]


def area(rows, defense, attack="patch"):
    return float(auc(roc_curve(scores(rows, defense, attack, "member"), scores(rows, defense, attack, "non-member"))))


def test_the_demo_has_its_images_with_labels_and_stays_small():
    for folder, count in FOLDERS.items():
        samples = open_images(DEMO / folder, recipe.LAYOUT).samples
        assert len(samples) == count and all(s.label for s in samples)
    assert sum(p.stat().st_size for p in DEMO.rglob("*") if p.is_file()) <= 40 << 20


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_of_the_demo_is_small_and_lists_its_images(name):
    path = DEMO / f"{name}.safetensors"
    target = open_target(path)
    assert sum(p.numel() for p in target.module().parameters()) <= 3_000_000
    members = {sha256_of_file(s.image) for s in open_images(DEMO / "members", recipe.LAYOUT).samples}
    others = {sha256_of_file(s.image) for s in open_images(DEMO / "non-members", recipe.LAYOUT).samples}
    suspects = [sha256_of_file(s.image) for s in open_images(DEMO / "suspects", recipe.LAYOUT).samples]
    manifest = read_manifest(path)
    assert members <= set(manifest.members)
    assert not others & (set(manifest.members) | set(manifest.others))
    assert tuple(i for i, s in enumerate(suspects) if s in manifest.members) == recipe.TRAINED_SUSPECTS


def test_the_readme_names_the_suspects_that_were_trained_on():
    text = (DEMO / "README.md").read_text(encoding="utf-8")
    names = [s.image.name for s in open_images(DEMO / "suspects", recipe.LAYOUT).samples]
    trained = text.partition("Trained on:")[2].partition("\n\n")[0]
    assert {n for n in names if n in trained} == {names[i] for i in recipe.TRAINED_SUSPECTS}


def test_dp_sgd_of_the_demo_reports_its_budget():
    report = read_manifest(DEMO / "dp-sgd.safetensors").report
    assert report["epsilon"] == pytest.approx(recipe.DP_SGD["epsilon"], rel=0.02)
    assert 0 < report["delta"] < 1 / 100


def test_the_target_leaks_and_hardened_targets_leak_less(recorded):
    defenses = list(dict.fromkeys(r["defense"] for r in recorded))
    areas = {d: area(recorded, d) for d in defenses}
    plain = areas.pop("none")
    assert plain >= 0.80
    hardened = [a for d, a in areas.items() if d.startswith("hardened")]
    assert len(hardened) == 2 and max(hardened) < plain - 0.1


def test_suspects_that_were_trained_on_score_higher_than_the_others(recorded):
    found = scores(recorded, "none", "patch", "suspect")
    trained = [found[i] for i in recipe.TRAINED_SUSPECTS]
    rest = [s for i, s in enumerate(found) if i not in recipe.TRAINED_SUSPECTS]
    assert np.median(trained) > max(np.median(rest), np.quantile(scores(recorded, "none", "patch", "non-member"), 0.9))


def test_the_recorded_scores_come_out_of_the_files_again(recorded, tmp_path):
    spec = read_spec(DEMO / "demo.toml")
    few = {Role.MEMBER: 4, Role.NON_MEMBER: 4, Role.SUSPECT: 4}
    images = tuple(replace(entry, limit=few[entry.role]) for entry in spec.images)
    spec = replace(spec, images=images, run=replace(spec.run, maps="none", data_check=False, cache_gb=0.0))
    run_audit(spec, tmp_path / "demo.segleak", RunOptions(device="cpu"))
    expected = {(r["sha256"], r["defense"], r["attack"]): float(r["score"]) for r in recorded}
    store, _ = open_audit(tmp_path / "demo.segleak")
    with store:
        sha256 = {row.id: row.sha256 for row in store.images()}
        found = {(sha256[s.image], s.defense, s.attack): s.score for s in store.scores()}
    assert len(found) == 12 * len(spec.defenses) * len(spec.attacks)
    for key, score in found.items():
        assert score == pytest.approx(expected[key], abs=TOLERANCE, rel=TOLERANCE), key
