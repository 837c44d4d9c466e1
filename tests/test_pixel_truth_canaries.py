"""Planted canaries: objects that no class has, in images whose label maps say otherwise, and how maps rank them."""

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from benchmarks.experiments.folds import Frame
from benchmarks.pixel_truth import canaries
from benchmarks.pixel_truth.canary_images import SIDES, draw_canary, place, plant_all, read_frame
from benchmarks.pixel_truth.canary_score import Found, find_canary, table_of
from benchmarks.pixel_truth.offered import offered
from benchmarks.pixel_truth.resampled import Draws, estimate
from core.targets.base import Output

CLASSES = 11


@pytest.fixture
def street(tmp_path):
    """Four frames; the lower half of each is class 3, the upper class 0."""
    rng = np.random.default_rng(0)
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    for stem in "abcd":
        colours = np.repeat(np.repeat(rng.integers(60, 120, (20, 26, 3)), 10, 0), 10, 1).astype(np.uint8)
        label = np.repeat([0, 3], 100).astype(np.uint8)[:, None].repeat(260, 1)
        Image.fromarray(colours).save(tmp_path / "images" / f"{stem}.jpg", quality=95)
        Image.fromarray(label).save(tmp_path / "labels" / f"{stem}.png")
    return tmp_path


def test_no_two_canaries_are_alike_and_each_follows_from_its_number():
    drawn = [draw_canary(number, 0, CLASSES) for number in range(40)]
    assert len({(c.colours.tobytes(), c.mask.tobytes()) for c in drawn}) == 40
    assert all(SIDES[0] <= len(c.mask) <= SIDES[1] and 0 <= c.train_id < CLASSES for c in drawn)
    assert all(c.mask.mean() > 0.3 for c in drawn)
    again = draw_canary(7, 0, CLASSES)
    assert (again.colours == drawn[7].colours).all()
    assert (again.mask == drawn[7].mask).all()


def test_a_canary_lies_where_its_class_is_in_none_of_the_images():
    labels = [np.full((120, 160), 3, np.uint8), np.full((120, 160), 3, np.uint8)]
    labels[0][:, :80], labels[1][:60] = 5, 5
    canary = next(c for c in (draw_canary(n, 0, CLASSES) for n in range(400)) if c.train_id == 5)
    row, column = place(canary, labels, np.random.default_rng(0))
    for label in labels:
        assert 5 not in label[row : row + len(canary.mask), column : column + len(canary.mask)][canary.mask]
    with pytest.raises(ValueError, match="class 5"):
        place(canary, [np.full((120, 160), 5, np.uint8)], np.random.default_rng(0))


def test_images_and_label_maps_change_under_the_mask_alone(street, tmp_path):
    frames = [Frame(stem, f"block-{stem}") for stem in "abcd"]
    worlds = plant_all(street, frames[:2], frames[2:], CLASSES, tmp_path / "planted")
    for world, stems in (("members", "ab"), ("same", "cd"), ("fresh", "cd")):
        made = worlds[world]
        assert [frame.stem for frame in made.fold.frames] == list(stems)
        for frame in made.fold.frames:
            mask = made.mask(frame.stem)
            (plain, before), (image, label) = read_frame(street, frame), read_frame(made.data, frame)
            assert (label[~mask] == before[~mask]).all()
            (planted,) = np.unique(label[mask])
            assert planted not in before[mask]
            far = np.abs(image.astype(int) - plain).max(axis=-1)
            assert far[mask].mean() > 40
            assert far[~mask].mean() < 5
    for one, other in zip("ab", "cd", strict=True):
        assert (worlds["members"].mask(one) == worlds["same"].mask(other)).all()
    assert (worlds["same"].mask("c") != worlds["fresh"].mask("c")).any()
    assert worlds["members"].fold.digest != worlds["same"].fold.digest


def test_a_canary_that_stands_out_has_rank_one_and_one_that_does_not_has_any():
    rng = np.random.default_rng(1)
    mask = np.zeros((128, 170), bool)
    mask[30:48, 100:118] = True
    values = rng.normal(size=mask.shape)
    values[:, :20] = np.nan
    outstanding, sunken = (find_canary(values + by * mask, mask, "g") for by in (2, -2))
    assert (outstanding.rank, sunken.rank) == (1, 0)
    assert find_canary(np.zeros(mask.shape), mask, "g").rank == 0.5
    ranks = [find_canary(rng.normal(size=mask.shape), mask, "g").rank for _ in range(60)]
    assert np.mean(ranks) == pytest.approx(0.5, abs=0.12)
    known = ~np.isnan(values)
    expected = roc_auc_score(mask[known], (values + 2 * mask)[known])
    assert outstanding.pixel == pytest.approx(expected)
    assert outstanding.mean == pytest.approx((values + 2 * mask)[mask].mean())


def test_the_table_compares_members_with_both_kinds_of_others():
    def many(mean, rank):
        return [Found(mean + 0.01 * i, rank, 0.9, f"block {i // 2}") for i in range(6)]

    worlds = {"members": many(1, 1.0), "same": many(1, 0.5), "fresh": many(0, 0.2)}
    ((name, *numbers),) = table_of("a target", {"a map": worlds}).rows
    assert name == "a map"
    assert numbers[:9:3] == pytest.approx([1.0, 0.5, 0.2])
    assert numbers[9] == pytest.approx(0.5)
    assert numbers[12:15] == [1.0, 1.0, 1.0]
    assert numbers[15] == 1.0
    assert numbers[-1] == 1.0


class Knower:
    """Answers with the label map that it knows of an image, or else, unsurely, with class 0 above class 3."""

    def __init__(self, known=()):
        self._known = {
            read_frame(planted.data, frame)[0].tobytes(): read_frame(planted.data, frame)[1]
            for planted in known
            for frame in planted.fold.frames
        }

    def outputs(self, images):
        return [self._output(image) for image in images]

    def _output(self, image):
        half = np.repeat([0, 3], 100)[:, None].repeat(260, 1)
        label = self._known.get(image.tobytes(), half)
        values = torch.nn.functional.one_hot(torch.from_numpy(label.astype(np.int64)), CLASSES)
        return Output(3.0 * values.permute(2, 0, 1).float(), "logits", label.shape, CLASSES)


def test_a_target_that_learned_its_canaries_shows_them_and_not_those_it_never_saw(street, tmp_path, monkeypatch):
    frames = [Frame(stem, f"block-{stem}") for stem in "abcd"]
    worlds = plant_all(street, frames[:2], frames[2:], CLASSES, tmp_path / "planted")
    monkeypatch.setattr(canaries, "offered", lambda _, references: offered((1,), references=references))
    found = canaries.measured(Knower([worlds["members"]]), [Knower(), Knower()], worlds, tmp_path)
    rows = {row[0]: row[1:] for row in table_of("a target", found).rows}
    ranks = rows["loss-difference, 1: loss_difference"][:9:3]
    assert ranks == pytest.approx([1, 0.5, 0.5])
    assert rows["rmia, 1: probability_ratio"][:9:3] == pytest.approx([1, 0, 0])
    assert rows["rmia, 1: probability_ratio"][12] == 1


def test_resamples_draw_whole_blocks_and_each_kind_by_itself():
    draws = Draws.of(["a", "a", "b", "c"], ["x", "y"], resamples=50)
    one, other = draws.counts
    assert (one[0] == 1).all()
    assert (other[0] == 1).all()
    assert (one[:, 0] == one[:, 1]).all()
    assert (other.sum(axis=1) == 2).all()
    assert (one[:, 1:].sum(axis=1) == 3).all()


def test_aucs_and_means_of_resamples_equal_those_of_repeated_images():
    rng = np.random.default_rng(2)
    inside, outside = rng.integers(0, 5, 12).astype(float), rng.integers(-1, 4, 9).astype(float)
    draws = Draws.of([str(i // 3) for i in range(12)], [str(i // 2) for i in range(9)], resamples=20)
    means, aucs = draws.means(inside), draws.aucs(inside, outside)
    for row, (one, other) in enumerate(zip(*draws.counts, strict=True)):
        a, b = np.repeat(inside, one.astype(int)), np.repeat(outside, other.astype(int))
        truth = np.repeat([1, 0], [len(a), len(b)])
        assert means[row] == pytest.approx(a.mean())
        assert aucs[row] == pytest.approx(roc_auc_score(truth, np.concatenate([a, b])))
    assert estimate(aucs)[0] == aucs[0]
    assert estimate(aucs).low == pytest.approx(np.quantile(aucs[1:], 0.025))
