import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.attacks import cropped, dense
from core.attacks.boxes import box_means, box_sums
from core.attacks.padding import folded, padded

quick = settings(max_examples=40, deadline=None)
sizes = st.tuples(st.integers(90, 150), st.integers(90, 230))


def random_cells(shape, seed, scale=10.0):
    cells = tuple(dense.cells(n) for n in shape)
    return np.random.default_rng(seed).normal(1, scale, cells)


def plain_windows(cell_margins, k):
    height, width = cell_margins.shape
    return [
        [sum(cell_margins[i + a, j + b] for a in range(k) for b in range(k)) / k**2 for j in range(width - k + 1)]
        for i in range(height - k + 1)
    ]


def test_a_patch_of_90_has_12_cells():
    assert [dense.cells(n) for n in (1, 8, 9, 90, 128)] == [1, 1, 2, 12, 16]


def test_window_margins_equal_plain_loops():
    cells = random_cells((50, 70), 0)
    np.testing.assert_allclose(dense.window_margins(cells, 4), plain_windows(cells, 4), rtol=1e-12)


def test_window_places_run_in_reading_order_eight_points_apart():
    assert dense.window_places((2, 3)).tolist() == [[0, 0], [0, 8], [0, 16], [8, 0], [8, 8], [8, 16]]


@given(length=st.integers(1, 30), data=st.data())
@quick
def test_coverage_counts_the_windows_over_each_cell(length, data):
    k = data.draw(st.integers(1, length))
    plain = [sum(i <= cell < i + k for i in range(length - k + 1)) for cell in range(length)]
    assert dense.coverage(length, k).tolist() == plain


@given(shape=sizes, seed=st.integers(0, 1000), scale=st.sampled_from([0.01, 1.0, 100.0]))
@quick
def test_the_evidence_map_sums_to_the_image_score(shape, seed, scale):
    cells = random_cells(shape, seed, scale)
    score = dense.window_margins(cells, 12).mean()
    evidence = dense.evidence_map(cells, 12, shape)
    assert evidence.shape == shape
    assert np.isfinite(evidence).all()
    assert abs(evidence.astype(np.float32).sum(dtype=np.float64) - score) <= 1e-4 * max(1, abs(score))


def test_evidence_is_shared_equally_by_the_points_of_a_cell():
    cells = np.zeros((2, 2))
    cells[0, 1] = 8.0
    evidence = dense.evidence_map(cells, 2, (16, 10))
    assert np.allclose(evidence[:8, 8:], 8.0 / 4 / 16)
    assert np.count_nonzero(evidence) == 16


@given(shape=sizes, seed=st.integers(0, 1000))
@quick
def test_the_smooth_map_passes_through_the_cells_and_stays_between_them(shape, seed):
    cells = random_cells(shape, seed)
    smooth = dense.smooth_map(cells, shape)
    assert smooth.shape == shape
    np.testing.assert_allclose(smooth[::8, ::8], cells)
    assert cells.min() - 1e-9 <= smooth.min() <= smooth.max() <= cells.max() + 1e-9


def test_the_smooth_map_is_linear_between_cells():
    smooth = dense.smooth_map(np.array([[0.0, 8.0]]), (3, 12))
    np.testing.assert_allclose(smooth, np.tile([0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8], (3, 1)))


def plain_score_map(margins, patch, shape):
    """For each point the mean over the windows that hold it, and the nearest window where none does."""
    result = np.zeros(shape)
    rows, cols = margins.shape
    for y in range(shape[0]):
        for x in range(shape[1]):
            over = [i for i in range(rows) if 8 * i <= y < 8 * i + patch] or [rows - 1]
            across = [j for j in range(cols) if 8 * j <= x < 8 * j + patch] or [cols - 1]
            probabilities = [1 / (1 + np.exp(-margins[i, j])) for i in over for j in across]
            result[y, x] = np.mean(probabilities)
    return result


@pytest.mark.parametrize("shape", [(30, 30), (33, 47), (40, 55), (31, 38)])
def test_the_score_map_equals_plain_loops(shape):
    k = dense.cells(30)
    margins = dense.window_margins(random_cells(shape, 3, 2.0), k)
    np.testing.assert_allclose(dense.score_map(margins, 30, shape), plain_score_map(margins, 30, shape), atol=1e-12)


@given(shape=sizes, seed=st.integers(0, 1000))
@quick
def test_the_score_map_covers_the_whole_image_with_probabilities(shape, seed):
    margins = dense.window_margins(random_cells(shape, seed), 12)
    scores = dense.score_map(margins, 90, shape)
    assert scores.shape == shape
    assert scores.min() >= 0
    assert scores.max() <= 1


def test_the_member_probability_does_not_overflow():
    np.testing.assert_allclose(dense.sigmoid(np.array([-1e4, 0.0, 1e4])), [0.0, 0.5, 1.0])


box = st.tuples(st.integers(0, 12), st.integers(0, 15), st.integers(1, 9), st.integers(1, 9))


@given(boxes=st.lists(box, min_size=1, max_size=12), seed=st.integers(0, 99))
@quick
def test_box_sums_and_means_equal_painting_box_by_box(boxes, seed):
    corners = np.array([(t, left, t + h, left + w) for t, left, h, w in boxes])
    values = np.random.default_rng(seed).normal(size=len(boxes))
    total, count = np.zeros((10, 14)), np.zeros((10, 14))
    for (top, left, bottom, right), value in zip(corners, values, strict=True):
        total[top:bottom, left:right] += value
        count[top:bottom, left:right] += 1
    np.testing.assert_allclose(box_sums(corners, values, (10, 14)), total, atol=1e-12)
    means = box_means(corners, values, (10, 14))
    assert np.array_equal(np.isnan(means), count == 0)
    np.testing.assert_allclose(means[count > 0], total[count > 0] / count[count > 0], atol=1e-12)


def random_windows(seed, n=7, patch=30, shape=(50, 61)):
    random = np.random.default_rng(seed)
    k = dense.cells(patch)
    places = random.integers(0, [shape[0] - patch, shape[1] - patch], (n, 2), endpoint=True)
    return random.normal(1, 5, (n, k, k)), places, patch, shape


@given(seed=st.integers(0, 1000), n=st.integers(1, 20))
@quick
def test_cropped_evidence_sums_to_the_mean_window_margin(seed, n):
    values, places, patch, shape = random_windows(seed, n)
    evidence = cropped.evidence_map(values, places, patch, shape)
    assert evidence.sum() == pytest.approx(values.mean(), abs=1e-9)


def test_cropped_maps_equal_painting_window_by_window():
    values, places, patch, shape = random_windows(5)
    evidence, total, count = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for window, (top, left) in zip(values, places, strict=True):
        here = np.s_[top : top + patch, left : left + patch]
        evidence[here] += dense.spread(window / window.size, (patch, patch)) / len(values)
        total[here] += np.repeat(np.repeat(window, 8, 0), 8, 1)[:patch, :patch]
        count[here] += 1
    np.testing.assert_allclose(cropped.evidence_map(values, places, patch, shape), evidence, atol=1e-12)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(cropped.mean_cell_map(values, places, patch, shape), total / count, atol=1e-9)


def test_crops_are_the_windows_at_their_places():
    values = np.random.default_rng(0).random((3, 20, 25)).astype(np.float32)
    cut = cropped.crops(values, np.array([[0, 0], [5, 9]]), 12)
    assert np.array_equal(cut[0], values[:, :12, :12])
    assert np.array_equal(cut[1], values[:, 5:17, 9:21])


def test_small_images_are_padded_with_zeros_at_the_bottom_and_right():
    values = np.ones((2, 5, 12), dtype=np.float32)
    wide = padded(values, 9)
    assert wide.shape == (2, 9, 12)
    assert np.array_equal(wide[:, :5], values)
    assert not wide[:, 5:].any()


@given(seed=st.integers(0, 1000), height=st.integers(1, 40), width=st.integers(1, 40))
@quick
def test_the_evidence_of_the_padding_is_shared_by_the_real_points(seed, height, width):
    evidence = np.random.default_rng(seed).normal(size=(max(30, height), max(30, width)))
    inside = folded(evidence, (height, width))
    assert inside.shape == (height, width)
    assert inside.sum() == pytest.approx(evidence.sum(), abs=1e-9)
    difference = inside - evidence[:height, :width]
    np.testing.assert_allclose(difference, difference[0, 0], atol=1e-9)
