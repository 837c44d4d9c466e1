"""The cache of posteriors."""

import os

import numpy as np
import pytest

from core.audit.cache import CacheEntry, PosteriorCache, cache_key
from core.audit.observe import record


def entry(seed=0, size=(8, 10), label=True):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(3, *size)).astype(np.float32)
    log_posteriors = logits - np.log(np.exp(logits).sum(0))
    labels = rng.integers(0, 3, size).astype(np.uint8) if label else None
    return CacheEntry(record(log_posteriors, labels), rng.integers(0, 9, (3, 3)) if label else None)


@pytest.mark.parametrize("label", [True, False])
def test_the_cache_gives_back_what_was_put_in(tmp_path, label):
    cache = PosteriorCache(tmp_path, 10**6)
    key, put = cache_key("a", "b"), entry(label=label)
    assert cache.get(key) is None
    cache.put(key, put)
    got = PosteriorCache(tmp_path, 10**6).get(key)
    np.testing.assert_array_equal(got.recorded.log_posteriors, put.recorded.log_posteriors)
    if label:
        np.testing.assert_array_equal(got.recorded.true_log_probability, put.recorded.true_log_probability)
        np.testing.assert_array_equal(got.recorded.label, put.recorded.label)
        np.testing.assert_array_equal(got.confusion, put.confusion)
    else:
        assert got.recorded.label is None
        assert got.confusion is None
    np.testing.assert_allclose(got.recorded.posteriors().sum(0), 1, atol=1e-5)


def test_the_cache_stays_within_its_quota_and_drops_what_was_used_longest_ago(tmp_path):
    one = PosteriorCache(tmp_path / "one", 10**9)
    one.put(cache_key("x"), entry())
    size = one.size()
    cache = PosteriorCache(tmp_path / "many", 4 * size)
    keys = [cache_key(str(i)) for i in range(8)]
    for age, key in enumerate(keys):
        cache.put(key, entry(age))
        os.utime(tmp_path / "many" / key[:2] / f"{key}.npz", (age, age))
    assert cache.size() <= 4 * size
    assert cache.get(keys[-1]) is not None
    assert cache.get(keys[0]) is None
    assert cache.purge() > 0
    assert cache.size() == 0


def test_a_damaged_cache_entry_counts_as_absent_and_is_removed(tmp_path):
    cache = PosteriorCache(tmp_path, 10**6)
    key = cache_key("x")
    cache.put(key, entry())
    path = tmp_path / key[:2] / f"{key}.npz"
    path.write_bytes(path.read_bytes()[:100])
    assert cache.get(key) is None
    assert not path.exists()


def test_keys_do_not_run_into_each_other():
    assert cache_key("ab", "c") != cache_key("a", "bc")
