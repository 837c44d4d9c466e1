"""Means of maps against numpy's own, and those that scoring again gathers against those of the runner's maps."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.audit.mean_maps import MOST, MOST_SIZES, MapSum, MeanMaps
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.data.samples import Role
from core.defenses.chain import Chain
from core.engine.jobs import Rescore
from core.engine.jobs.base import Desk
from core.engine.models import Models
from core.progress import Progress
from tests.world import make_world

GAUSS = {"name": "gauss", "sigma": 0.2}
RUN = {"batch": 2, "cache_gb": 1.0, "resamples": 100, "data_check": False}


@given(st.lists(st.lists(st.none() | st.floats(-100, 100, width=32), min_size=6, max_size=6), min_size=1, max_size=8))
def test_the_mean_at_each_point_is_that_of_the_maps_that_say_something_there(lists):
    maps = [np.array([np.nan if v is None else v for v in one], np.float32).reshape(2, 3) for one in lists]
    whole, first = MapSum((2, 3)), MapSum((2, 3))
    for values in maps:
        whole.add(values)
    for values in maps[: len(maps) // 2]:
        first.add(values)
    taken_up = MapSum.of(first.mean())
    for values in maps[len(maps) // 2 :]:
        taken_up.add(values)
    said = ~np.isnan(maps)
    expected = np.full((2, 3), np.nan)
    for point in zip(*np.nonzero(said.any(axis=0)), strict=True):
        expected[point] = np.mean([values[point] for values in maps if not np.isnan(values[point])], dtype=np.float64)
    for summed in (whole, taken_up):
        mean = summed.mean()
        np.testing.assert_allclose(mean.values, expected, rtol=1e-5, atol=1e-4)
        np.testing.assert_array_equal(mean.counts, said.sum(axis=0))
        assert mean.images == len(maps)


def test_maps_of_many_sizes_or_many_images_do_not_grow_without_end():
    means = MeanMaps()
    for side in range(1, MOST_SIZES + 3):
        means.add({"loss": np.ones((1, side), np.float32), "score": np.ones((2, 2), np.float32)})
    assert [name for name, _ in means.means()].count("loss") == MOST_SIZES
    for _ in range(MOST):
        means.add({"score": np.zeros((2, 2), np.float32)})
    assert means.means()["score", (2, 2)].images == MOST


def test_scoring_again_gives_the_means_of_the_runners_maps_of_non_members_also_when_it_was_stopped(
    tmp_path, street_like, monkeypatch
):
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("core.engine.jobs.rescore.BETWEEN", -1.0)  # every image is sent at once
    world = make_world(tmp_path, street_like, members=2, non_members=3)
    spec = read_spec(
        world.write_spec(defenses=[{"name": "none"}, GAUSS], attacks=[{"name": "loss"}, {"name": "entropy"}], run=RUN)
    )
    run_audit(spec, tmp_path / "a.segleak", RunOptions("cpu"))
    chain, models, parts = Chain.parse(GAUSS), Models(), []
    job = Rescore(tmp_path / "a.segleak", chain, ("entropy", "loss"), frozenset({4}), device="cpu")
    whole = job.run(Desk(Progress(), models, parts.append))
    begun = Rescore(job.audit, chain, job.attacks, job.excluded, parts[1], device="cpu")
    rest = begun.run(Desk(Progress(), models, lambda _: None))
    with AuditStore.read(tmp_path / "a.segleak") as store:
        ids = [row.id for row in store.images() if row.role is Role.NON_MEMBER and row.id != 4]
        assert len(ids) == 2
        for found in (whole, rest):
            for attack, name in (("entropy", "entropy"), ("loss", "loss")):
                maps = [store.maps(image, chain.id, attack)[name] for image in ids]
                mean = found.means[attack][name, maps[0].shape]
                np.testing.assert_allclose(mean.values, np.mean(maps, axis=0), rtol=1e-3, atol=1e-5)
                assert mean.images == 2
            loss = np.mean([store.maps(image, chain.id, "loss")["loss"] for image in ids], axis=0)
            np.testing.assert_allclose(found.means["entropy"]["loss", loss.shape].values, loss, rtol=1e-3, atol=1e-5)
            assert ("true_posterior", loss.shape) in found.means["entropy"]
