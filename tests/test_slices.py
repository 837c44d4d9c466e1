"""Slices of maps against scipy.ndimage, sklearn and plain loops."""

import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import ndimage
from sklearn.metrics import roc_auc_score

from core.audit import review
from core.audit.runner import open_audit
from core.audit.slices import slices_of
from core.audit.store import AuditStore
from core.cli import app
from core.errors import StoreError
from core.metrics.slices import (
    FEWEST_PIXELS,
    NOWHERE,
    all_parts,
    boundary_distance,
    by_boundary,
    by_place,
    by_size,
    leak_of,
    means,
    objects,
    region_score,
)
from tests.slices_world import leaky_audit

labels = arrays(np.uint8, st.tuples(st.integers(3, 24), st.integers(3, 24)), elements=st.sampled_from([0, 1, 255]))


def edges(label):
    """Pixels with a neighbour of another label, one by one."""
    found = np.zeros(label.shape, bool)
    for (y, x), value in np.ndenumerate(label):
        for dy, dx in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            if 0 <= y + dy < label.shape[0] and 0 <= x + dx < label.shape[1]:
                found[y, x] |= label[y + dy, x + dx] != value
    return found


@given(labels)
def test_the_distance_to_a_boundary_is_that_of_scipy(label):
    edge, found = edges(label), boundary_distance(label)
    if edge.any():
        assert found == pytest.approx(ndimage.distance_transform_edt(~edge), abs=1e-3)
    else:
        assert np.isinf(found).all()


@given(labels)
def test_objects_are_those_of_scipy(label):
    numbers, classes = objects(label)
    assert np.array_equal(numbers == NOWHERE, label == 255)
    for value in (0, 1):
        expected, count = ndimage.label(label == value, structure=np.ones((3, 3)))
        assert np.count_nonzero(classes == value) == count
        pairs = {(a, b) for a, b in zip(expected[label == value], numbers[label == value], strict=True)}
        assert len(pairs) == count


@given(labels)
def test_every_pixel_that_is_not_void_lies_in_one_part_of_each_kind(label):
    for kind in all_parts(("road", "car")):
        numbers = kind.number(label)
        known = np.ones(label.shape, bool) if kind.kind == "place" else label != 255
        assert np.array_equal(numbers != NOWHERE, known)
        assert numbers.max() < len(kind.names)


def test_parts_worked_out_by_hand():
    label = np.zeros((40, 50), np.uint8)
    label[:, 25:] = 1
    label[0, 0] = 255
    numbers = by_boundary(label)
    assert [numbers[20, x] for x in (24, 23, 21, 18, 5)] == [0, 1, 2, 3, 4]
    assert (numbers[20, 25], numbers[20, 49]) == (0, 4)
    assert by_size(label)[20, 3] == 3
    small = np.zeros((100, 100), np.uint8)
    small[50, 50:59] = 1
    assert (by_size(small)[50, 55], by_size(small)[0, 0]) == (0, 3)
    assert by_place(label)[0, 0] == 0 and by_place(label)[39, 49] == 8 and by_place(label)[20, 25] == 4


def test_means_leave_out_nan_and_parts_of_few_pixels():
    values, numbers = np.arange(100.0).reshape(10, 10), np.zeros((10, 10), np.int64)
    numbers[5:] = 1
    numbers[9, 9] = 2
    values[0, 0] = np.nan
    found = means(values, numbers, 4)
    assert found[:2] == pytest.approx([np.nanmean(values[:5]), np.mean(values[5:].ravel()[:-1])])
    assert np.isnan(found[2:]).all()
    assert means(values, np.where(np.arange(100).reshape(10, 10) < FEWEST_PIXELS + 1, 0, NOWHERE), 1)[0] > 0


def test_the_auc_of_a_part_is_that_of_the_images_that_have_it():
    rng = np.random.default_rng(1)
    inside, outside = rng.normal(1, 1, 30), rng.normal(0, 1, 40)
    inside[:5], outside[:9] = np.nan, np.nan
    leak = leak_of(inside, outside, resamples=200, seed=0, level=0.95)
    truth = np.r_[np.ones(25), np.zeros(31)]
    assert leak.auc == pytest.approx(roc_auc_score(truth, np.r_[inside[5:], outside[9:]]))
    assert leak.interval.low < leak.auc < leak.interval.high
    assert (leak.members, leak.non_members) == (25, 31)
    assert leak_of(np.array([np.nan]), outside, resamples=100, seed=0, level=0.95).auc is None


def test_a_region_is_compared_with_the_same_classes_elsewhere():
    label = np.zeros((4, 6), np.uint8)
    label[:, 3:] = 1
    label[0, 0] = 255
    values = np.where(label == 1, 10.0, 1.0)
    region = np.zeros(label.shape, bool)
    region[:2, 2:5] = True
    values[region] += 2
    found = region_score(values, label, region)
    assert found.difference == pytest.approx(2)
    assert (found.inside, found.pixels) == (pytest.approx((2 * 3 + 4 * 12) / 6), 6)
    assert region_score(values, label, label == 1) is None


# ---------------------------------------------------------------- of an audit


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    return leaky_audit(tmp_path_factory.mktemp("slices") / "leaky.segleak")


def found_in(folder, attack="loss"):
    store, spec = open_audit(folder)
    with store:
        return slices_of(store, spec, "none", attack)


def test_the_part_that_leaks_comes_first_and_the_others_do_not_leak(audit):
    found = found_in(audit)
    by_name = {one.name: one.leak for one in found.slices}
    assert by_name["class 6"].auc > 0.95 and 0.25 < by_name["class 0"].auc < 0.75
    assert "class 6" in [one.name for one in found.slices[:5]]
    assert {"middle right", "bottom right"} <= {one.name for one in found.slices[:6]}
    lows = [one.leak.interval.low for one in found.slices]
    assert lows == sorted(lows, reverse=True)
    assert "class 3" not in by_name


def test_the_scores_of_a_part_are_those_of_the_stored_maps(audit):
    (cars,) = (one for one in found_in(audit).slices if one.name == "class 6")
    with AuditStore.read(audit) as store:
        for image, score in cars.scores.items():
            assert score == pytest.approx(-store.maps(image, "none", "loss")["loss"][:, 24:].mean(), rel=1e-5)


def test_excluded_images_are_left_out(tmp_path):
    folder = leaky_audit(tmp_path / "leaky.segleak", count=4)
    review.append(folder, "exclude", image=0, why="blurred")
    assert found_in(folder).images == 7


def test_an_attack_without_stored_maps_is_refused_with_what_to_do(audit):
    with pytest.raises(StoreError, match='maps = "all"'):
        found_in(audit, "confidence")
    with pytest.raises(StoreError, match="no attack of this audit"):
        found_in(audit, "patch")


def test_the_command_line_prints_and_writes_slices(audit, tmp_path, capsys):
    assert app.run(["slices", str(audit), "--by", "class", "--out", str(tmp_path / "slices.csv")]) == 0
    out, err = capsys.readouterr()
    assert out.index("class 6") < out.index("class 0") and "exploratory" in err
    with (tmp_path / "slices.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["part"] for line in lines] == ["class 6", "class 0"]
    assert float(lines[0]["low"]) <= float(lines[0]["auc"]) <= float(lines[0]["high"])
