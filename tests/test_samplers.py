import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.attacks.samplers import SAMPLERS, PlaceContext
from core.attacks.samplers.dense import Dense
from core.attacks.samplers.random import Random
from core.attacks.samplers.rejection import Rejection, patch_means
from core.attacks.samplers.sliding import Sliding
from core.errors import AttackError

SHA = "ab" * 32


@st.composite
def fits(draw):
    patch = draw(st.integers(1, 12))
    return (patch + draw(st.integers(0, 20)), patch + draw(st.integers(0, 20))), patch


def context(loss=None, seed=0, sha=SHA):
    return PlaceContext(seed, sha, loss)


@given(case=fits(), n=st.integers(1, 30), stride=st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_every_patch_lies_within_the_image(case, n, stride):
    shape, patch = case
    loss = np.zeros(shape, np.float32)
    for sampler in [Random(n), Sliding(stride), Rejection(n, 0.1, 2)]:
        places = sampler.places(shape, patch, context(loss))
        assert places.dtype == np.int64
        assert places.shape[1] == 2
        assert (places >= 0).all()
        assert (places + patch <= shape).all()
        if sampler.name != "sliding":
            assert len(places) == n


@given(case=fits(), stride=st.integers(1, 15))
@settings(max_examples=60, deadline=None)
def test_sliding_visits_what_plain_loops_visit(case, stride):
    shape, patch = case

    def starts(length):
        found = list(range(0, length - patch + 1, stride))
        return found if found[-1] == length - patch else [*found, length - patch]

    expected = [[row, col] for row in starts(shape[0]) for col in starts(shape[1])]
    assert Sliding(stride).places(shape, patch, context()).tolist() == expected


def test_sliding_over_the_paper_s_grid_gives_105_windows_and_the_flush_ones():
    places = Sliding(8).places((128, 256), 90, context())
    regular = places[(places % 8 == 0).all(axis=1)]
    assert len(regular) == 5 * 21
    assert places[:, 0].max() == 38
    assert places[:, 1].max() == 166


@given(case=fits(), stride=st.integers(1, 12))
@settings(max_examples=40, deadline=None)
def test_sliding_leaves_no_pixel_out_when_the_stride_is_at_most_the_patch(case, stride):
    shape, patch = case
    covered = np.zeros(shape, bool)
    for row, col in Sliding(min(stride, patch)).places(shape, patch, context()):
        covered[row : row + patch, col : col + patch] = True
    assert covered.all()


def test_random_places_are_keyed_by_seed_and_image():
    places = Random(20).places((60, 80), 10, context())
    np.testing.assert_array_equal(Random(20).places((60, 80), 10, context()), places)
    assert not np.array_equal(Random(20).places((60, 80), 10, context(seed=1)), places)
    assert not np.array_equal(Random(20).places((60, 80), 10, context(sha="cd" * 32)), places)


def test_random_places_are_uniform_up_to_the_border():
    places = Random(10_000).places((12, 11), 10, context())
    counts = np.zeros((3, 2))
    np.add.at(counts, tuple(places.T), 1)
    expected = 10_000 / 6
    assert ((counts - expected) ** 2 / expected).sum() < 20.5  # chi-square, 5 degrees of freedom, p = 0.001


@given(case=fits(), seed=st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_patch_means_equal_the_means_of_the_patches(case, seed):
    shape, patch = case
    loss = np.random.default_rng(seed).exponential(5, shape).astype(np.float32)
    places = Random(10).places(shape, patch, context())
    expected = [loss[r : r + patch, c : c + patch].mean(dtype=np.float64) for r, c in places]
    np.testing.assert_allclose(patch_means(loss, places, patch), expected, rtol=1e-9)


@given(seed=st.integers(0, 1000), floor=st.floats(0, 2), n=st.integers(1, 12))
@settings(max_examples=80, deadline=None)
def test_rejection_equals_drawing_one_by_one(seed, floor, n):
    shape, patch, tries = (30, 40), 8, 3
    loss = np.zeros(shape, np.float32)
    loss[:, 20:] = np.random.default_rng(seed).exponential(1, (30, 20))
    drawn = Random(n * tries).places(shape, patch, context(loss, seed)).tolist()
    mean = {(r, c): loss[r : r + patch, c : c + patch].mean(dtype=np.float64) for r, c in drawn}
    assume(floor == 0 or all(abs(value - floor) > 1e-9 for value in mean.values()))
    good = [place for place in drawn if mean[tuple(place)] >= floor]
    easy = sorted((p for p in drawn if mean[tuple(p)] < floor), key=lambda p: -mean[tuple(p)])
    found = Rejection(n, floor, tries).places(shape, patch, context(loss, seed)).tolist()
    assert found[: len(good)] == good[:n]
    chosen = [mean[tuple(place)] for place in found]
    np.testing.assert_allclose(chosen, [mean[tuple(p)] for p in (good + easy)[:n]], rtol=1e-9, atol=1e-12)


def test_rejection_avoids_the_easy_half():
    loss = np.zeros((40, 80), np.float32)
    loss[:, 40:] = 1
    places = Rejection(6, 0.5).places((40, 80), 10, context(loss))
    assert (places[:, 1] >= 35).all()


def test_rejection_falls_back_to_the_hardest_patches():
    loss = np.zeros((40, 80), np.float32)
    loss[:, 79] = 0.01
    places = Rejection(3, 5.0, 500).places((40, 80), 10, context(loss))
    assert (places[:, 1] == 70).all()


def test_without_a_floor_rejection_is_the_random_sampler():
    loss = np.random.default_rng(0).exponential(1, (40, 50)).astype(np.float32)
    expected = Random(6).places((40, 50), 9, context())
    np.testing.assert_array_equal(Rejection(6, 0.0).places((40, 50), 9, context(loss)), expected)


def test_rejection_without_a_label_map_says_so():
    with pytest.raises(AttackError, match="needs a label map"):
        Rejection().places((40, 50), 9, context())


def test_dense_chooses_no_places():
    assert Dense.dense
    assert Dense().places((128, 256), 90, context()).shape == (0, 2)
    assert [cls.name for cls in SAMPLERS if cls.dense] == ["dense"]


@pytest.mark.parametrize("sampler", [Random(), Sliding(), Rejection()], ids=lambda s: s.name)
def test_a_patch_that_does_not_fit_is_refused(sampler):
    with pytest.raises(ValueError, match="does not fit into 80 x 100"):
        sampler.places((80, 100), 90, context(np.zeros((80, 100), np.float32)))


def test_all_samplers_are_registered():
    assert set(SAMPLERS.names()) == {"random", "sliding", "rejection", "dense"}
