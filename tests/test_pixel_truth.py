"""Maps against composites of two models, of which one was trained on the image."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from benchmarks.pixel_truth.composites import auc_of, composite, draw_blocks
from benchmarks.pixel_truth.half_supervised import spilled
from benchmarks.pixel_truth.known import Known
from benchmarks.pixel_truth.learned import learn, learned_map
from benchmarks.pixel_truth.measure import Models, measure
from benchmarks.pixel_truth.offered import offered
from core.attacks.base import ATTACKS
from core.attacks.baselines.loss import GlobalLoss
from core.attacks.losses import loss_map
from core.attacks.patch import PatchAttack
from core.attacks.reference.difference import CorrectnessDifference, LossDifference, ProbabilityDifference
from core.attacks.reference.learned_ratio import LearnedRatio
from core.attacks.reference.rmia import RMIA
from core.attacks.shipped import shipped_networks
from core.audit.observe import record
from core.data.layouts import open_images
from core.data.scheme import load_scheme
from core.grid import Grid
from core.targets.open import open_target
from core.training.half import Halves, Truth
from tests.test_reference_attacks import observed

DEMO = Path(__file__).parents[1] / "resources" / "demo"
IMAGES = 12


@pytest.mark.parametrize("size", [(256, 512), (360, 480), (100, 130)])
def test_blocks_have_64_pixels_a_side_and_half_of_them_come_from_the_trained_model(size):
    blocks = draw_blocks(size, np.random.default_rng(0))
    grid = Grid.of(size)
    assert blocks.mask.shape == grid.shape
    places = {
        (int(grid.rows[i]) // 64, int(grid.cols[j]) // 64): blocks.number[i, j] for i, j in np.ndindex(*grid.shape)
    }
    assert sorted(places.values()) == list(range(len(blocks.trained)))
    assert blocks.trained.sum() == len(blocks.trained) // 2
    assert (draw_blocks(size, np.random.default_rng(0)).mask == blocks.mask).all()
    assert (draw_blocks(size, np.random.default_rng(1)).mask != blocks.mask).any()


def test_a_composite_has_the_losses_of_the_one_model_in_its_blocks_and_of_the_other_elsewhere():
    one, _ = observed(1, size=(128, 130))
    other, _ = observed(2, size=(128, 130))
    other = type(other)(other.image_sha256, other.posteriors, one.label)
    blocks = draw_blocks((128, 130), np.random.default_rng(0))
    made = composite(one, other, blocks)
    np.testing.assert_array_equal(loss_map(made), np.where(blocks.mask, loss_map(one), loss_map(other)))
    assert made.references == one.references


def test_block_means_and_aucs_equal_plain_loops_and_scikit_learn():
    rng = np.random.default_rng(4)
    blocks = draw_blocks((200, 300), rng)
    values = rng.normal(size=blocks.number.shape) + 0.1 * blocks.mask
    values[blocks.number == 3] = np.nan
    values[rng.random(values.shape) < 0.1] = np.nan
    means = blocks.means(values)
    for number in range(len(blocks.trained)):
        inside = values[(blocks.number == number) & ~np.isnan(values)]
        assert (np.isnan(means[number]) and number == 3) or means[number] == pytest.approx(inside.mean())
    known = ~np.isnan(means)
    assert auc_of(means, blocks.trained) == pytest.approx(roc_auc_score(blocks.trained[known], means[known]))
    assert np.isnan(auc_of(means, np.ones_like(blocks.trained)))


def test_every_attack_with_a_map_and_without_a_file_of_its_own_is_held_to_the_truth():
    names = {attack.name for attack in offered((1,), references=2).values()}
    drawn = {kind.name for kind in ATTACKS if kind.maps} - {"image", "combination"}
    # Of the rest: two say nothing that the loss' map does not, one looks at boundaries only, one asks again.
    assert drawn - names == {"dice", "entropy", "boundary", "stability"}
    assert {a.network for a in offered((1,), references=0).values() if isinstance(a, PatchAttack)} == set(
        shipped_networks()
    )


@pytest.fixture(scope="module")
def truth():
    """The demo's members; a model that never saw them makes the other half, another one is the reference."""
    models = Models(
        *(open_target(DEMO / f"{name}.safetensors", device="cpu") for name in ("target", "distilled")),
        (open_target(DEMO / "dp-sgd.safetensors", device="cpu"),),
    )
    attacks = {"loss": GlobalLoss(), "rmia": RMIA(), "learned ratio": LearnedRatio()}
    attacks |= {"loss difference": LossDifference()}
    attacks |= {"probability": ProbabilityDifference(), "correctness": CorrectnessDifference()}
    attacks |= {name: PatchAttack(network=name) for name in shipped_networks()}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return measure(models, open_images(DEMO / "members").samples[:IMAGES], load_scheme("cityscapes19"), attacks)
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", ["rmia", "loss difference", "learned ratio", "probability", "correctness"])
def test_maps_with_a_reference_point_at_what_was_memorised_better_than_the_raw_loss(truth, name):
    (score,) = (score for key, score in truth.items() if key.startswith(f"{name}: "))
    assert score.images == IMAGES
    assert score.block.low > 0.5
    assert score.gain.low > 0, f"{score.block.mean:.3f} where the loss has {truth['loss: loss'].block.mean:.3f}"


def test_maps_of_every_shipped_network_are_measured_and_do_not_beat_the_raw_loss(truth):
    """What is known of them and said in the documentation; a network that does better should change both."""
    for name in shipped_networks():
        for kind in PatchAttack.maps:
            score = truth[f"{name}: {kind}"]
            assert score.images == IMAGES
            assert score.gain.low < 0.05


# ---------------------------------------------------------------- half-supervised targets


def test_the_truth_of_a_half_supervised_target_lies_on_the_attack_grid_where_it_lay_in_training():
    truth = Truth(Halves(64, 5), (192, 256))
    grid = Grid.of((360, 480))
    blocks = truth.blocks("ab" * 32, grid)
    at_training_size = Halves(64, 5).mask("ab" * 32, (192, 256))
    for i, j in ((0, 0), (60, 85), (127, 170), (33, 140)):
        row, column = int(grid.rows[i]) * 192 // 360, int(grid.cols[j]) * 256 // 480
        assert blocks.mask[i, j] == at_training_size[row, column]
    assert len(blocks.trained) == 12


def test_a_learned_map_finds_the_blocks_that_taught_and_says_nothing_of_void():
    """Shadows are surer of their labels than the reference where they were taught, nowhere else."""
    network = learn([taught_image(seed) for seed in range(16)])
    found = []
    for seed in range(100, 108):
        image = taught_image(seed)
        values = learned_map(network, image.observation)
        assert (np.isnan(values) == (image.observation.label == 255)).all()
        found.append(auc_of(image.blocks.means(values), image.blocks.trained))
    assert np.mean(found) > 0.8


def taught_image(seed):
    seen, _ = observed(seed, size=(128, 128))
    rng = np.random.default_rng(seed)
    blocks = draw_blocks((128, 128), rng, side=32)
    truth = np.eye(len(seen.posteriors))[np.where(seen.label == 255, 0, seen.label)].transpose(2, 0, 1)
    surer = (0.5 * blocks.mask * truth + (1 - 0.5 * blocks.mask) * seen.posteriors).astype(np.float32)
    plain = recorded_like(seen)
    return Known(replace(seen, posteriors=surer, true_log_probability=None, references=(plain,)), blocks)


def recorded_like(seen):
    return record(np.log(seen.posteriors), seen.label).reference(trained=False)


def test_what_is_memorised_beside_the_blocks_that_taught_is_counted():
    table = spilled("a target", [taught_image(seed) for seed in range(3)])
    (taught, other) = table.rows
    assert taught[3] == pytest.approx(taught[2] - taught[1])
    assert taught[3] > 0.3
    assert other[3] == pytest.approx(0, abs=0.02)
