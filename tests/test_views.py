"""Views: the middle of an image enlarged, which reference attacks ask about as well."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch.nn import functional

from core.attacks.base import AttackContext
from core.attacks.combination import Combination
from core.attacks.combiner import write_combiner
from core.attacks.hidden import without_label
from core.attacks.reference.difference import CorrectnessDifference, LossDifference
from core.attacks.reference.learned_ratio import LearnedRatio
from core.attacks.reference.lira import LiRA
from core.attacks.reference.rmia import RMIA
from core.attacks.views import MOST, VIEWS, View
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import AttackEntry, read_spec
from core.audit.store import AuditStore
from core.errors import AttackError
from core.grid import Grid
from core.targets.open import open_target
from tests.test_combination_attack import card
from tests.test_reference_attacks import observed
from tests.world import make_world, scores_of, write_target

ATTACKS = (LossDifference, CorrectnessDifference, RMIA, LiRA, LearnedRatio)


# ---------------------------------------------------------------- the parts


def test_a_part_worked_out_by_hand():
    label = np.arange(16, dtype=np.uint8).reshape(4, 4)
    assert View(2).label(label)[::2, ::2].tolist() == [[5, 6], [9, 10]]
    assert View(1).label(label).tolist() == label.tolist()
    assert View(1.25).id == "zoom1.25"


@given(st.integers(1, 30), st.integers(1, 30), st.floats(1, 50), st.integers(0, 99))
def test_a_part_is_as_large_as_the_image_and_holds_no_class_that_was_not_there(height, width, zoom, seed):
    label = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    found = View(zoom).label(label)
    assert found.shape == label.shape
    assert set(found.ravel()) <= set(label.ravel())


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.id)
def test_a_part_is_enlarged_as_torch_does_it(view, street_like):
    image, _ = street_like((45, 61), 3)
    height, width = image.shape[:2]
    rows, columns = round(height / view.zoom), round(width / view.zoom)
    top, left = (height - rows) // 2, (width - columns) // 2
    part = torch.tensor(image[top : top + rows, left : left + columns]).permute(2, 0, 1)[None].float()
    expected = functional.interpolate(part, (height, width), mode="bilinear", align_corners=False)[0]
    found = view.changed(image).astype(float)
    assert np.abs(found - expected.permute(1, 2, 0).numpy()).max() <= 1


def test_image_and_label_map_show_the_same_part(street_like):
    """Of an image that is its own label map, pixels away from edges agree."""
    label = np.kron(np.arange(12).reshape(3, 4) * 20, np.ones((32, 32))).astype(np.uint8)
    for view in VIEWS:
        image = view.changed(np.repeat(label[..., None], 3, axis=2))[..., 0]
        assert np.mean(image == view.label(label)) > 0.9


def test_no_view_is_asked_for_twice_and_all_are_parts():
    assert len(set(VIEWS)) == len(VIEWS) == MOST - 1
    assert all(view.zoom > 1 for view in VIEWS)


@given(st.integers(1, 200), st.integers(1, 200), st.sampled_from(VIEWS), st.integers(0, 99))
def test_the_points_of_a_view_lie_where_its_label_map_was_taken_from(height, width, view, seed):
    label = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    grid = Grid.of((height, width))
    np.testing.assert_array_equal(view.before(grid).take(label), grid.take(view.label(label)))


# ---------------------------------------------------------------- attacks


def with_views(count):
    """An image whose views are other images, and these."""
    parts = {view.id: observed(10 + i)[0] for i, view in enumerate(VIEWS[:count])}
    return replace(observed(1)[0], views=parts), list(parts.values())


def scored(attack, seen):
    return attack.start(AttackContext())([seen])[0]


@pytest.mark.parametrize("make", ATTACKS, ids=lambda a: a.name)
@pytest.mark.parametrize("views", [2, MOST])
def test_the_score_is_the_mean_over_image_and_views_and_the_map_is_of_the_image(make, views):
    seen, parts = with_views(MOST - 1)
    alone = [scored(make(), one) for one in (seen, *parts[: views - 1])]
    found = scored(make(views=views), seen)
    assert found.score == pytest.approx(np.mean([one.score for one in alone]))
    np.testing.assert_array_equal(found.maps[make.maps[0]], alone[0].maps[make.maps[0]])


def test_a_reader_is_told_where_the_map_does_not_say_all_of_the_score():
    assert AttackEntry("rmia", RMIA()).note == ""
    told = AttackEntry("rmia", RMIA(views=2)).note
    assert told == "The score is the mean over the image and its enlarged middle; the map is of the image alone."
    both = AttackEntry("rmia", RMIA(views=2), hidden=True).note
    assert both.startswith("The label maps are hidden") and both.endswith(told)


def test_a_part_that_is_void_everywhere_says_nothing():
    seen, parts = with_views(2)
    void = replace(parts[0], label=np.full_like(parts[0].label, 255))
    found = scored(RMIA(views=3), replace(seen, views={VIEWS[0].id: void, VIEWS[1].id: parts[1]}))
    assert found.score == pytest.approx(np.mean([scored(RMIA(), one).score for one in (seen, parts[1])]))


def test_a_part_that_nobody_was_asked_about_is_a_reason():
    with pytest.raises(AttackError, match="nobody was asked about enlarged views"):
        scored(RMIA(views=2), observed(1)[0])


def test_with_hidden_labels_views_are_judged_by_their_predictions():
    seen, parts = with_views(1)
    found = scored(LossDifference(views=2), without_label(seen))
    alone = [scored(LossDifference(), without_label(one)).score for one in (seen, *parts)]
    assert found.score == pytest.approx(np.mean(alone))


def test_a_combination_asks_for_the_views_of_its_attacks(tmp_path):
    write_combiner(tmp_path / "c.json", card([RMIA(views=3), LossDifference(views=2), LossDifference()]))
    context = AttackContext(folder=tmp_path)
    assert Combination("c.json").asked_views(context) == VIEWS[:2]
    assert RMIA().asked_views(context) == ()


# ---------------------------------------------------------------- audits


def test_an_audit_asks_target_and_references_about_the_parts_under_each_defense(tmp_path, street_like):
    world = make_world(tmp_path, street_like, members=2, non_members=2, suspects=0)
    write_target(tmp_path / "one.safetensors", 1)
    spec = read_spec(
        world.write_spec(
            images=[{"role": "member", "path": "members"}, {"role": "non-member", "path": "non-members"}],
            defenses=[{"name": "none"}, {"name": "temperature", "T": 2.0}],
            attacks=[{"name": "loss-difference", "views": 3}],
            references=[{"path": "one.safetensors"}],
            run={"batch": 1, "cache_gb": 0.0, "resamples": 100, "data_check": False},
        )
    )
    run_audit(spec, tmp_path / "a.segleak", RunOptions(device="cpu"))
    target, reference = (open_target(tmp_path / f"{name}.safetensors", device="cpu") for name in ("target", "one"))
    with AuditStore.read(tmp_path / "a.segleak") as store:
        images, scores = store.images(), scores_of(store)
    for row in images:
        image, label = (np.asarray(Image.open(path)) for path in (row.path, row.label_path))
        for defense, temperature in (("none", 1.0), ("temperature-T2", 2.0)):
            found = []
            for change in (None, *VIEWS[:2]):
                shown, truth = (image, label) if change is None else (change.changed(image), change.label(label))
                known = truth != 255
                own = np.log(target.posteriors([shown])[0].astype(float)) / temperature
                own -= np.log(np.exp(own).sum(axis=0))
                other = np.log(reference.posteriors([shown])[0].astype(float))
                at = np.where(known, truth, 0)[None].astype(int)
                found.append((np.take_along_axis(own - other, at, 0)[0][known]).mean())
            assert scores[row.id, defense, "loss-difference"][0] == pytest.approx(np.mean(found), abs=2e-3)
