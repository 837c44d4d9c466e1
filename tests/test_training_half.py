"""Half-supervised targets: a random half of each member's blocks teaches, and the truth can be had again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import DataError, SpecError
from core.progress import Progress
from core.training.half import Halves, Truth
from core.training.images import TrainingImages, labelled_samples
from core.training.manifest import TrainingManifest, read_manifest
from core.training.settings import TargetTraining
from core.training.target import train_target
from tests.training_world import SCHEME, TINY, same_weights, write_street

SHA = "ab" * 32


@settings(max_examples=60)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 64), st.integers(0, 9))
def test_blocks_are_squares_in_reading_order_and_half_of_them_teach(height, width, side, seed):
    halves = Halves(side, seed)
    blocks, taught = halves.blocks((height, width)), halves.taught(SHA, (height, width))
    across = -(-width // side)
    for row, column in ((0, 0), (height - 1, width - 1), (height // 2, width // 3)):
        assert blocks[row, column] == row // side * across + column // side
    assert len(taught) == across * -(-height // side)
    assert taught.sum() == len(taught) // 2
    np.testing.assert_array_equal(halves.mask(SHA, (height, width)), taught[blocks])


def test_the_half_depends_on_the_image_and_on_the_seed_alone():
    first = Halves(16, 1).mask(SHA, (96, 128))
    np.testing.assert_array_equal(first, Halves(16, 1).mask(SHA, (96, 128)))
    assert (first != Halves(16, 2).mask(SHA, (96, 128))).any()
    assert (first != Halves(16, 1).mask("cd" * 32, (96, 128))).any()


def test_the_other_half_is_what_the_seed_before_leaves_out():
    one = Halves.of(vars(replace(TINY, half_supervised=16, seed=4)))
    other = Halves.of(vars(replace(TINY, half_supervised=16, seed=5, other_half=True)))
    np.testing.assert_array_equal(other.mask(SHA, (96, 128)), ~one.mask(SHA, (96, 128)))
    assert Halves.of(vars(TINY)) is None


@pytest.mark.parametrize("changes", [{"other_half": True, "seed": 1}, {"other_half": True, "half_supervised": 16}])
def test_there_is_no_other_half_without_a_first_one(changes):
    with pytest.raises(SpecError, match="other_half"):
        replace(TINY, **changes)


@pytest.mark.parametrize("budget", [1 << 30, 1])
def test_labels_outside_the_half_are_void_and_the_others_stay(tmp_path, street_like, budget):
    samples = labelled_samples([write_street(tmp_path, street_like, 2)], SCHEME)
    halves = Halves(16, 3)
    whole = TrainingImages(samples, SCHEME, (64, 64), budget)
    half = TrainingImages(samples, SCHEME, (64, 64), budget, halves)
    whole.load(Progress(), "reading")
    half.load(Progress(), "reading")
    for place, sha256 in enumerate(half.sha256):
        mask = torch.from_numpy(halves.mask(sha256, (64, 64)))
        (pixels, label), (same_pixels, full) = half.batch([place]), whole.batch([place])
        assert torch.equal(pixels, same_pixels)
        assert torch.equal(label[0][mask], full[0][mask])
        assert (label[0][~mask] == 255).all()


def test_a_half_supervised_target_says_so_and_does_not_learn_from_the_other_half(tmp_path, street_like):
    """Other labels in the blocks that do not teach give the same weights; other labels elsewhere do not."""
    images = write_street(tmp_path / "images", street_like, 4, size=(64, 64))
    chosen = TargetTraining(**{**vars(TINY), "epochs": 1, "half_supervised": 32})
    outs = [tmp_path / f"{name}.safetensors" for name in ("plain", "other", "changed")]
    train_target([images], SCHEME, chosen, outs[0])
    manifest = read_manifest(outs[0])
    halves = Halves(manifest.settings["half_supervised"], manifest.seed)
    change_labels(images, halves, taught=False)
    train_target([images], SCHEME, chosen, outs[1])
    assert same_weights(outs[0], outs[1])
    change_labels(images, halves, taught=True)
    train_target([images], SCHEME, chosen, outs[2])
    assert not same_weights(outs[0], outs[2])


@pytest.mark.parametrize(
    "broken",
    [
        *({"size": size} for size in (None, [64], [0, 64], [64, -64], [10**7, 10**7], [64.5, 64], [True, 64])),
        *({"half_supervised": side} for side in ("many", -64, float("inf"), float("nan"), 10**6)),
        {"half_supervised": 1, "size": [8192, 8192]},
    ],
)
def test_a_list_that_does_not_say_which_blocks_taught_is_refused(broken):
    told = TrainingManifest("target", "ab" * 32, (SHA,), settings={"half_supervised": 16, "size": [64, 64]} | broken)
    with pytest.raises(DataError, match="does not say which blocks taught"):
        Truth.told_by(told)


def change_labels(images, halves, *, taught):
    import cv2

    from core.files import sha256_of_file

    for sample in images.samples:
        label = cv2.imread(str(sample.label), cv2.IMREAD_UNCHANGED)
        mask = halves.mask(sha256_of_file(sample.image), label.shape) == taught
        cv2.imwrite(str(sample.label), np.where(mask, (label + 1) % 4, label).astype(np.uint8))
