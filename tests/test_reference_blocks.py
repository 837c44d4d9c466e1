"""Audits beside references that learned from half of the blocks of each image."""

import argparse
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.attacks.views import VIEWS
from core.audit.asked_alike import SEEN_BY_REFERENCES, TAUGHT_IN_BLOCKS
from core.audit.references import open_reference, taught_in_blocks
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import ReferenceEntry, read_spec
from core.audit.store import AuditStore
from core.cli.offered import with_offered_attacks
from core.data.layouts import open_images
from core.data.scheme import load_scheme
from core.files import sha256_of_file
from core.grid import Grid
from core.targets.open import open_target
from core.training.fleet import train_shadows
from core.training.half import Halves
from core.training.manifest import TrainingManifest, read_manifest, write_manifest
from tests.training_world import TINY
from tests.world import make_world, scores_of, write_target

SIZE, SIDE, SEED = (48, 64), 16, 4
NAMES = ("one.safetensors", "two.safetensors")
ATTACKS = [
    {"name": "loss", "primary": True},
    {"name": "log-ratio", "mode": "online", "block": 1},
    {"name": "log-ratio", "id": "views", "mode": "online", "views": 3},
    {"name": "log-ratio", "id": "hidden", "mode": "online", "labels": "hidden"},
    {"name": "log-ratio", "id": "offline"},
]
SETTINGS = {"half_supervised": SIDE, "size": list(SIZE)}


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    made = make_world(tmp_path_factory.mktemp("blocks"), street_like, members=2, non_members=2, suspects=2)
    images = [path for path in made.folder.glob("*/*.png") if "mask" not in path.name]
    hashes = tuple(sorted(sha256_of_file(path) for path in images))
    for number, name in enumerate(NAMES):
        write_target(made.folder / name, number + 1)
        said = SETTINGS | ({"other_half": True} if number else {})
        told = TrainingManifest("target", sha256_of_file(made.folder / name), hashes, settings=said, seed=SEED + number)
        write_manifest(made.folder / name, told)
    return made


@pytest.fixture(scope="module")
def finished(world):
    references = [{"path": name} for name in NAMES]
    run = {"batch": 2, "cache_gb": 0.0, "resamples": 100, "data_check": False, "maps": "all"}
    spec = world.write_spec(defenses=[{"name": "none"}], attacks=ATTACKS, references=references, run=run)
    folder = world.folder / "finished.segleak"
    run_audit(read_spec(spec), folder, RunOptions(device="cpu"))
    with AuditStore.read(folder) as store:
        yield store


def by_hand(world, row):
    """The log ratio of each pixel, from the models asked by hand; the attack grid is the image's own."""
    image, label = (np.asarray(Image.open(path)) for path in (row.path, row.label_path))
    known = label != 255

    def of(name):
        posteriors = open_target(world.folder / name, device="cpu").posteriors([image])[0]
        return np.take_along_axis(posteriors, np.where(known, label, 0)[None].astype(int), 0)[0].astype(float)

    target, one, two = (of(name) for name in ("target.safetensors", *NAMES))
    # Each pixel taught one of the two: the one is inside, the other outside.
    return np.where(known, np.log(target) - np.log((one + two) / 2), np.nan)


def test_each_pixel_is_held_against_the_reference_it_taught_and_the_one_it_did_not(world, finished):
    scores = scores_of(finished)
    rows = [row for row in finished.images() if row.label_path]
    assert len(rows) == 5
    for row in rows:
        expected = by_hand(world, row)
        score, _ = scores[row.id, "none", "log-ratio"]
        assert score == pytest.approx(np.nanmean(expected), abs=1e-3)
        shown = finished.maps(row.id, "none", "log-ratio")["log_ratio"]
        np.testing.assert_allclose(shown, expected, atol=0.02)


def test_scores_of_views_and_of_hidden_label_maps_are_there_and_offline_says_why_not(finished):
    scores = scores_of(finished)
    for row in finished.images():
        assert np.isfinite(scores[row.id, "none", "hidden"][0])
        if row.label_path:
            assert np.isfinite(scores[row.id, "none", "views"][0])
            assert "or on part of it" in scores[row.id, "none", "offline"][1]


def test_the_record_says_what_the_references_learned_from(finished):
    assert finished.fact(TAUGHT_IN_BLOCKS) == 2
    assert set(finished.fact(SEEN_BY_REFERENCES).values()) == {2}
    assert [line for line in finished.fact("independence") if "one.safetensors" in line] == [
        "References one.safetensors, two.safetensors: each was trained on half of the blocks of 6 of the 6 images of "
        "this audit."
    ]


def test_where_a_view_shows_a_block_it_was_taught_there_too(world):
    reference = open_reference(ReferenceEntry(str(world.folder / NAMES[0])), "cpu", frozenset())
    sha256 = min(reference.members)
    grid, mask = Grid.of(SIZE), Halves(SIDE, SEED).mask(sha256, SIZE)
    np.testing.assert_array_equal(reference.taught(sha256, grid), mask)
    for view in VIEWS:
        enlarged = view.label(mask.astype(np.uint8))
        np.testing.assert_array_equal(reference.taught(sha256, grid, view), enlarged.astype(bool))
    assert reference.taught("ef" * 32, grid) is None, "it has not seen that image"


def test_images_that_shaped_it_otherwise_count_as_whole(world):
    reference = open_reference(ReferenceEntry(str(world.folder / NAMES[0])), "cpu", frozenset())
    sha256 = min(reference.members)
    whole = replace(reference, whole=frozenset({sha256}))
    assert whole.taught(sha256, Grid.of(SIZE)) is None
    assert whole.trained(sha256)


def test_shadows_that_exchange_blocks_serve_as_such_references(world, tmp_path):
    images = open_images(world.folder / "members")
    scheme = load_scheme(str(world.folder / "scheme.toml"))
    fleet = train_shadows(images, scheme, [replace(TINY, epochs=1)], 2, tmp_path / "fleet", exchange="blocks")
    sha256 = read_manifest(fleet.folder / fleet.membership.shadows[0]).members[0]
    one, other = (
        open_reference(ReferenceEntry(str(fleet.folder / name)), "cpu", frozenset()).taught(sha256, Grid.of(SIZE))
        for name in fleet.membership.shadows
    )
    np.testing.assert_array_equal(one, ~other)


@pytest.mark.parametrize("other", ["whole", "shaped", "elsewhere"])
def test_they_count_as_such_only_where_all_that_know_an_image_are(world, other):
    halves = [open_reference(ReferenceEntry(str(world.folder / name)), "cpu", frozenset()) for name in NAMES]
    images = halves[0].members
    assert taught_in_blocks(halves, images) == 2
    more = {
        "whole": replace(halves[1], truth=None),
        "shaped": replace(halves[1], whole=frozenset(list(images)[:1])),
        "elsewhere": replace(halves[1], truth=None, members=frozenset({"ef" * 32})),
    }[other]
    assert taught_in_blocks([*halves, more], images) == (2 if other == "elsewhere" else 0)
    assert taught_in_blocks([*halves, more], {"00" * 32}) == 0


@pytest.mark.parametrize("how", ["blocks", "one whole", "unknown", "other images"])
def test_where_nobody_names_attacks_such_references_are_asked_as_they_can_be(world, tmp_path, how):
    """Offline they would say nothing of any image."""
    references = [str(world.folder / name) for name in NAMES]
    if how == "other images":
        copy = tmp_path / "elsewhere.safetensors"
        write_target(copy, 1)
        write_manifest(copy, TrainingManifest("target", sha256_of_file(copy), ("ab" * 32,), settings=SETTINGS))
        references = [str(copy)]
    elif how != "blocks":
        other = tmp_path / "three.safetensors"
        write_target(other, 3)
        told = TrainingManifest("target", sha256_of_file(other), ("ab" * 32,), settings={"size": list(SIZE)})
        if how == "one whole":
            write_manifest(other, told)
        references.append(str(other))
    spec = read_spec(world.write_spec(attacks=[{"name": "loss"}], references=[{"path": path} for path in references]))
    args = argparse.Namespace(device="cpu", released=None, trust=[])
    found = [(entry.attack.name, vars(entry.attack).get("mode")) for entry in with_offered_attacks(spec, args).attacks]
    assert found[-1] == (("log-ratio", "online") if how == "blocks" else ("rmia", "offline"))
