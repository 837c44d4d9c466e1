"""The pretrained attack networks that come with the program."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from core.attacks.all import ATTACKS
from core.attacks.networks import load_attack, read_card
from core.attacks.shipped import DEFAULT, FOLDER, is_short_name, network_path, shipped_networks
from core.audit.spec import parse_spec
from core.errors import AttackError
from core.training.manifest import read_manifest
from resources.attack_networks.cards import PAGE, page
from resources.attack_networks.recipes import NETWORKS, SHADOWS

MEGABYTE = 1 << 20
NAMES = shipped_networks()


def test_the_default_network_is_there():
    assert DEFAULT in NAMES
    assert ATTACKS.make({"name": "patch"}).network == DEFAULT


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_network_is_small_class_free_and_says_what_it_is_and_is_not_for(name):
    path = FOLDER / f"{name}.safetensors"
    assert path.stat().st_size <= 25 * MEGABYTE
    card = read_card(path)
    assert (card.representation, card.classes, card.channels) == ("slm", None, 1)
    assert card.threshold is not None and card.threshold_source
    assert card.extra["not_for"]
    judged = card.extra["judged"]
    assert {"none", "argmax"} <= {finding["defense"] for finding in judged}
    assert all(0 <= finding["auc"] <= 1 and finding["non_members"] >= 100 for finding in judged)


@pytest.mark.parametrize("name", NAMES)
def test_the_images_a_shipped_network_was_trained_on_are_listed(name):
    manifest = read_manifest(FOLDER / f"{name}.safetensors")
    assert len(manifest.shadows) >= 8
    # Exchanged halves: every image is a member of one shadow and a non-member of another.
    assert set(manifest.members) == set(manifest.non_members)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_network_judges_maps_of_any_shape_whatever_the_losses(name):
    loaded = load_attack(FOLDER / f"{name}.safetensors")
    rng = np.random.default_rng(0)
    for shape in ((128, 256), (128, 171), (90, 90)):
        loss = rng.exponential(1.0, (1, 1, *shape)).astype(np.float32)
        for scale in (0.0, 1e-6, 1.0, 69.0):
            margins = loaded.network.window_margins(torch.from_numpy(scale * loss), 90)
            assert bool(torch.isfinite(margins).all()) and float(margins.abs().max()) < 1e3


def test_short_names_and_files_are_told_apart(tmp_path):
    assert is_short_name("slm")
    assert not is_short_name("slm.safetensors") and not is_short_name("nets/slm")
    assert network_path("own.safetensors", tmp_path) == tmp_path / "own.safetensors"
    with pytest.raises(AttackError, match="slm"):
        network_path("nonsense", tmp_path)


def test_a_moved_spec_keeps_the_short_name(tmp_path):
    table = {
        "name": "x",
        "target": {"path": "t.pt"},
        "images": [{"role": "member", "path": "m"}],
        "attacks": [{"name": "patch"}],
    }
    spec = parse_spec(json.loads(json.dumps(table)), tmp_path)
    moved = spec.moved_to(Path(tmp_path / "elsewhere"))
    assert moved.attacks[0].attack.network == DEFAULT


def test_the_page_of_cards_is_that_of_the_networks_and_names_every_shadow():
    text = PAGE.read_text("utf-8")
    assert text == page(), "run `python -m resources.attack_networks.cards`"
    for recipe in NETWORKS:
        assert f"## {recipe.name}" in text
    for fleet in SHADOWS:
        assert text.count(fleet.training.architecture) == len(NETWORKS)
