import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import jaccard_score, roc_auc_score, roc_curve

from core.data.samples import Role
from core.grid import Grid
from core.metrics.bands import roc_band
from core.metrics.segmentation import confusion
from core.progress import Progress
from gui.plots.class_maps import at_grid, class_means, means_by_class
from gui.plots.classes import iou_table
from gui.plots.curves import band_line, band_of, curve_of, no_curve, percent
from gui.plots.histograms import MOST, bin_edges, histogram_of, rows_of
from gui.plots.scales import Scale
from gui.plots.utility import placed_labels, point_of
from tests.gui.compare_world import make_compare_world
from tests.gui.plots.world import made_result

SCORES = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30)


# ---------------------------------------------------------------- curves


@given(SCORES, SCORES)
def test_a_curve_has_the_area_and_the_corners_of_scikit_learn(members, others):
    curve = curve_of(made_result(members=members, non_members=others))
    labels, scores = [1] * len(members) + [0] * len(others), members + others
    assert curve.auc == pytest.approx(roc_auc_score(labels, scores))
    fpr, tpr, _ = roc_curve(labels, scores)
    x, y = curve.line(Scale.LINEAR)
    assert np.allclose(np.interp(fpr, x, y)[fpr > 0], np.interp(fpr, fpr, tpr)[fpr > 0])


@given(SCORES, SCORES, st.floats(-7, 7))
def test_the_point_of_a_threshold_flags_the_scores_from_there_on(members, others, threshold):
    curve = curve_of(made_result(members=members, non_members=others))
    place = curve.place_of(threshold)
    assert curve.roc.flagged_members[place] == sum(score >= threshold for score in members)
    assert curve.roc.flagged_non_members[place] == sum(score >= threshold for score in others)


@given(SCORES, SCORES, st.floats(0, 1), st.floats(0, 1), st.sampled_from(list(Scale)))
def test_the_nearest_point_is_that_of_a_search_through_all(members, others, x, y, scale):
    curve = curve_of(made_result(members=members, non_members=others))
    stretch = (300.0, 100.0)
    if scale is Scale.LOG:
        x, y = -2 * x, -2 * y
    place, far = curve.nearest(x, y, stretch, scale)
    distances = {}
    for i in range(1, len(curve.roc.thresholds)):
        px, py = curve.point(i, scale)
        distances[i] = math.hypot((px - x) * stretch[0], (py - y) * stretch[1])
    assert far == pytest.approx(min(distances.values()))
    assert distances[place] == pytest.approx(far)


def test_a_logarithmic_curve_begins_at_one_non_member_and_nothing_is_drawn_before():
    curve = curve_of(made_result(members=[9, 8, 3, 2], non_members=[7, 1, 0, -1, -2]))
    x, y = curve.line(Scale.LOG)
    assert x[0] == pytest.approx(np.log10(1 / 5))
    assert y[0] == pytest.approx(np.log10(2 / 4))
    assert (x[-1], y[-1]) == (0, 0)


def test_an_operating_point_is_read_out_with_rates_counts_and_score():
    curve = curve_of(made_result(members=[3, 2, 1], non_members=[2.5, 0, -1, -2]))
    words = curve.words(curve.place_of(2.0))
    assert words == "FPR 25 % (1 of 4)   TPR 66.7 % (2 of 3)   score at least 2.00"
    assert "flags nothing" in curve.words(0)
    assert [curve.stepped(2, by) for by in (-5, 1, 99)] == [1, 3, len(curve.roc.thresholds) - 1]
    assert percent(1 / 240) == "0.417 %"


def test_a_result_without_one_side_has_no_curve_and_says_which():
    assert curve_of(made_result(members=[1.0])) is None
    assert no_curve(made_result(members=[1.0])) == "No non-members with a score."
    assert no_curve(made_result(suspects=[1.0])) == "No members and no non-members with a score."


def test_the_band_of_a_result_takes_groups_and_leaves_out_images_without_a_score():
    result = made_result(
        members=[3, 2, math.nan, 1], non_members=[2, 0, -1, -2], groups=("a", "a", "b", "c", None, None, "d", "d")
    )
    band = band_of(result, 200, 5, 0.9)
    expected = roc_band(
        [3, 2, 1], [2, 0, -1, -2], ["a", "a", "c"], [None, None, "d", "d"], resamples=200, seed=5, level=0.9
    )
    assert np.array_equal(band.low, expected.low)
    assert band.auc == expected.auc
    x, low, high = band_line(band, curve_of(result), Scale.LOG)
    assert x[0] == pytest.approx(np.log10(1 / 4))
    assert np.all(low <= high)


# ---------------------------------------------------------------- histograms


@given(SCORES, SCORES, SCORES)
def test_a_histogram_counts_every_score_once_in_bins_that_both_roles_share(members, others, suspects):
    made = histogram_of(made_result(members=members, non_members=others, suspects=suspects))
    for role, scores in ((Role.MEMBER, members), (Role.NON_MEMBER, others)):
        counts = made.counts[role]
        assert counts.sum() == len(scores)
        last = len(counts) - 1
        for i, count in enumerate(counts):
            inside = [s for s in scores if made.edges[i] <= s and (s < made.edges[i + 1] or i == last)]
            assert count == len(inside)
    assert made.scores.tolist() == sorted(suspects)
    assert len(rows_of(made, "x")) == len(made.edges) - 1


def test_suspects_are_found_by_their_score_and_keep_their_ids():
    made = histogram_of(made_result(members=[1.0], non_members=[0.0], suspects=[0.9, math.nan, 0.2]))
    assert made.suspects.tolist() == [5, 3]
    assert made.suspect_near(0.85, 0.1) == 1
    assert made.suspect_near(0.5, 0.1) is None


def test_bins_are_even_and_neither_too_few_nor_too_many():
    rng = np.random.default_rng(0)
    assert len(bin_edges(np.array([2.0, 2.0]))) >= 2
    assert len(bin_edges(np.append(np.zeros(100), 1.0))) == MOST + 1
    edges = bin_edges(rng.normal(0, 1, 500))
    assert np.allclose(np.diff(edges), np.diff(edges)[0])


def test_nothing_scored_has_no_histogram():
    assert histogram_of(made_result(members=[math.nan])) is None


# ---------------------------------------------------------------- classes


def test_the_table_of_classes_is_the_iou_of_scikit_learn_with_differences():
    rng = np.random.default_rng(4)
    label = rng.integers(0, 4, (20, 30))
    label[label == 2] = 1
    predictions = {"none": rng.integers(0, 4, label.shape), "argmax": label.copy()}
    results = {
        chain: made_result(chain, confusions={Role.NON_MEMBER: confusion(label, predicted, 5)})
        for chain, predicted in predictions.items()
    }
    table = iou_table(results, ("sky", "road"), Role.NON_MEMBER, "none")
    expected = jaccard_score(label.ravel(), predictions["none"].ravel(), average=None, labels=[0, 1, 2, 3])
    assert table.values["none"][:4] == pytest.approx(expected)
    assert math.isnan(table.values["none"][4])
    assert table.names == ("sky", "road", "class 2", "class 3", "class 4")
    assert table.others == ["argmax"]
    assert table.differences("argmax")[1] == pytest.approx(1 - expected[0])
    assert table.differences("argmax")[0] == pytest.approx(1 - expected.mean())
    assert iou_table(results, (), Role.MEMBER, "none") is None


@settings(max_examples=30)
@given(st.integers(1, 300), st.integers(1, 300))
def test_the_label_at_the_points_of_a_map_is_that_of_the_attack_grid(height, width):
    label = np.arange(height * width).reshape(height, width).astype(np.uint8)
    grid = Grid.of((height, width))
    if min(height, width) <= 128:
        assert np.array_equal(at_grid(label, grid.shape), grid.take(label))


def test_the_label_of_a_frame_of_cityscapes_is_taken_at_every_eighth_pixel():
    label = np.random.default_rng(0).integers(0, 19, (1024, 2048)).astype(np.uint8)
    assert np.array_equal(at_grid(label, (128, 256)), label[::8, ::8])


def test_means_by_class_are_those_of_a_loop_over_pixels():
    rng = np.random.default_rng(1)
    values = rng.normal(0, 1, (9, 11)).astype(np.float32)
    values[0] = np.nan
    label = rng.choice([0, 1, 3, 255], values.shape).astype(np.uint8)
    found = means_by_class(values, label, 4)
    for train_id in range(4):
        inside = [values[y, x] for y in range(1, 9) for x in range(11) if label[y, x] == train_id]
        assert found[train_id] == pytest.approx(np.mean(inside)) if inside else math.isnan(found[train_id])


def test_means_of_an_audit_count_each_image_alike_and_pass_over_those_without_a_label(tmp_path, street_like):
    world = make_compare_world(tmp_path, street_like, images=4)
    document = world.open()
    told = []
    progress = Progress(lambda p: told.append((p.done, p.total)))
    found = class_means(document, ("none", "argmax"), "patch", "score", Role.NON_MEMBER, progress)
    assert (found.images, found.of) == (2, 2)
    assert told == [(0, 2), (1, 2), (2, 2)]
    grid = Grid.of(world.size)
    parts = [means_by_class(world.maps[i, "argmax"]["score"], grid.take(world.labels[i]), 4) for i in (1, 2)]
    assert found.values["argmax"] == pytest.approx(np.nanmean(parts, axis=0), nan_ok=True)
    none = class_means(document, ("none",), "patch", "score", Role.SUSPECT, Progress())
    assert none.values == {}
    document.close()


# ---------------------------------------------------------------- utility


PLACES = st.tuples(st.floats(0, 700), st.floats(0, 300))


@settings(max_examples=60)
@given(st.lists(PLACES, min_size=1, max_size=5), st.floats(20, 120))
def test_labels_cover_neither_each_other_nor_a_point_where_there_is_room(points, width):
    sizes = [(width, 16.0)] * len(points)
    room = (-400.0, -400.0, 1600.0, 1200.0)
    boxes = placed_labels(points, sizes, room)
    for i, (x, y, w, h) in enumerate(boxes):
        for j, (ox, oy, ow, oh) in enumerate(boxes):
            assert i == j or x + w <= ox or ox + ow <= x or y + h <= oy or oy + oh <= y
        assert not any(x < px < x + w and y < py < y + h for px, py in points)


def test_a_point_needs_an_auc_and_a_miou():
    counts = {Role.NON_MEMBER: np.diag([4, 4])}
    result = made_result(members=[2.0, 1.0], non_members=[0.0, -1.0], confusions=counts)
    point = point_of(result, None)
    assert (point.miou, point.auc, point.low, point.high) == (1.0, 1.0, 1.0, 1.0)
    assert point_of(made_result(members=[2.0], non_members=[0.0]), None) is None
    assert point_of(made_result(members=[2.0], confusions=counts), None) is None
