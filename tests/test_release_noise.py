import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.defenses.chain import Chain
from core.defenses.gauss import Gauss
from core.defenses.noise import BandNoise, GridNoise
from core.defenses.topk import TopK
from core.grid import Grid
from core.randomness import generator

SHA = "ab" * 32


def full_noise(size, cuts, purpose="gauss", short_side=8, channels=3):
    noise = BandNoise(5, SHA, Grid.of(size, short_side))
    edges = [0, *cuts, size[0]]
    bands = [noise.band(a, b).normal((channels, b - a, size[1]), purpose) for a, b in itertools.pairwise(edges)]
    return np.concatenate(bands, axis=1)


@given(
    size=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    cuts=st.sets(st.integers(1, 29), max_size=5),
)
@settings(max_examples=40, deadline=None)
def test_noise_does_not_depend_on_how_bands_are_cut(size, cuts):
    inside = sorted(cut for cut in cuts if cut < size[0])
    whole = full_noise(size, [])
    assert whole.dtype == np.float32
    np.testing.assert_array_equal(full_noise(size, inside), whole)


@pytest.mark.parametrize("size", [(32, 64), (37, 51), (64, 20), (8, 8), (5, 9)])
def test_grid_pixels_get_the_draws_the_attack_sees(size):
    grid = Grid.of(size, 8)
    seen = GridNoise(5, SHA).normal((3, *grid.shape), "gauss")
    np.testing.assert_array_equal(grid.take(full_noise(size, [2])), seen)


def test_bands_can_be_asked_for_in_any_order():
    noise = BandNoise(5, SHA, Grid.of((20, 30), 8))
    lower, upper = (noise.band(a, b).normal((3, 10, 30), "gauss") for a, b in [(10, 20), (0, 10)])
    np.testing.assert_array_equal(np.concatenate([upper, lower], axis=1), full_noise((20, 30), []))


def test_pixels_off_the_grid_repeat_neither_the_grid_nor_each_other():
    draws = full_noise((32, 64), []).reshape(-1)
    assert len(np.unique(draws)) > 0.99 * draws.size
    assert abs(draws.mean()) < 0.05
    assert abs(draws.std() - 1) < 0.05


def test_grid_and_rest_are_uncorrelated():
    size = (128, 128)
    whole = full_noise(size, [], short_side=64)
    on_grid, beside = whole[:, ::2, ::2], whole[:, 1::2, 1::2]
    assert abs(np.corrcoef(on_grid.ravel(), beside.ravel())[0, 1]) < 0.03


def test_noise_depends_on_seed_image_and_purpose():
    shape = (2, 3, 4)
    base = GridNoise(1, SHA).normal(shape, "a")
    np.testing.assert_array_equal(GridNoise(1, SHA).normal(shape, "a"), base)
    others = [GridNoise(2, SHA), GridNoise(1, "cd" * 32)]
    assert not any(np.array_equal(noise.normal(shape, "a"), base) for noise in others)
    assert not np.array_equal(GridNoise(1, SHA).normal(shape, "b"), base)


def test_a_defended_band_equals_the_defended_grid_where_they_meet():
    size = (40, 60)
    grid = Grid.of(size, 16)
    p = generator(0, SHA, "p").dirichlet(np.ones(4), size).transpose(2, 0, 1).astype(np.float32)
    chain = Chain((Gauss(0.2), TopK(2), Gauss(0.1)))
    noise = BandNoise(5, SHA, grid)
    bands = [chain.apply(p[:, a:b], noise.band(a, b)) for a, b in [(0, 15), (15, 40)]]
    attacked = chain.apply(grid.take(p), GridNoise(5, SHA))
    np.testing.assert_allclose(grid.take(np.concatenate(bands, axis=1)), attacked, atol=1e-6)


def test_wrong_bands_are_refused():
    noise = BandNoise(5, SHA, Grid.of((20, 30), 8))
    for start, stop in [(-1, 3), (4, 4), (10, 21)]:
        with pytest.raises(ValueError, match="no band"):
            noise.band(start, stop)
    with pytest.raises(ValueError, match="5 x 30"):
        noise.band(0, 5).normal((3, 6, 30), "gauss")
