"""Quick ways to index the attack grid and to find the predicted class, against numpy's own."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.grid import Grid, places
from core.predicted import predicted_classes


@given(
    arrays.arrays(
        np.float32, arrays.array_shapes(min_dims=3, max_dims=3, max_side=6), elements=st.sampled_from([-1.0, 0.0, 2.5])
    )
)
@settings(max_examples=60, deadline=None)
def test_the_predicted_class_is_numpys_argmax_ties_included(values):
    np.testing.assert_array_equal(predicted_classes(values), values.argmax(axis=0))


def test_more_classes_than_a_byte_holds_are_told_apart():
    values = np.zeros((300, 2, 1))
    values[299, 0] = values[255, 1] = 1
    assert predicted_classes(values).tolist() == [[299], [255]]


def test_a_pixel_without_values_gets_the_lowest_class_and_leaves_the_others_alone():
    values = np.array([[np.nan, 0.0], [np.nan, 1.0], [np.nan, 0.5]])
    assert predicted_classes(values).tolist() == [0, 1]


@pytest.mark.parametrize("size", [(256, 512), (1024, 2048), (300, 455), (64, 90), (129, 1), (1, 7)])
def test_grid_points_are_read_and_written_as_with_index_arrays(size):
    grid = Grid.of(size)
    image = np.random.default_rng(0).random((2, *size))
    rows, cols = grid.rows[:, None], grid.cols[None, :]
    taken = grid.take(image)
    np.testing.assert_array_equal(taken, image[:, rows, cols])
    assert not np.shares_memory(taken, image)
    one, other = np.zeros_like(image), np.zeros_like(image)
    one[:, *places(grid.rows, grid.cols)] = taken
    other[:, rows, cols] = taken
    np.testing.assert_array_equal(one, other)


def test_evenly_spaced_grids_are_slices():
    grid = Grid.of((256, 512))
    assert places(grid.rows, grid.cols) == (slice(0, 255, 2), slice(0, 511, 2))
