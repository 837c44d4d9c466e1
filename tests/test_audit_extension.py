"""Defenses that an audit takes in after it has ended."""

import shutil
from dataclasses import replace

import pytest

from core.audit import extension
from core.audit.cache import PosteriorCache
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import parse_spec, read_spec, to_mapping, write_spec
from core.audit.store import SPEC_NAME, AuditStore
from core.defenses.chain import Chain
from core.engine.jobs import RunAudit, SpecTable
from core.engine.jobs.base import Desk
from core.engine.models import Models
from core.errors import Cancelled, StoreError
from core.progress import Progress
from tests.world import CancelAfter, make_world, same_maps, scores_of

FIRST = [{"name": "none"}, {"name": "temperature", "T": 2.0}]
MORE = [*FIRST, {"name": "gauss", "sigma": 0.3}, {"chain": [{"name": "dropout", "p": 0.3}, {"name": "argmax"}]}]
ATTACKS = [{"name": "loss", "primary": True}, {"name": "entropy"}]
RUN = {"batch": 2, "cache_gb": 1.0, "resamples": 100, "data_check": False}


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like, members=3, non_members=2, suspects=1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return PosteriorCache(tmp_path_factory.mktemp("cache"), 10**9)


@pytest.fixture(scope="module")
def asked(world):
    """The specs with few defenses and with more."""
    return [read_spec(world.write_spec(defenses=d, attacks=ATTACKS, run=RUN)) for d in (FIRST, MORE)]


@pytest.fixture(scope="module")
def originals(world, cache, asked):
    """Audits that were run with few defenses, and with more from the beginning."""
    folders = [world.folder / f"{len(spec.defenses)}.segleak" for spec in asked]
    summaries = [run_audit(spec, f, options(cache)) for spec, f in zip(asked, folders, strict=True)]
    return folders, summaries


@pytest.fixture
def ended(originals):
    """A copy of the audit with few defenses, where its relative paths lead to the same files."""
    folder = originals[0][0].with_name("copy.segleak")
    shutil.copytree(originals[0][0], folder)
    yield folder
    shutil.rmtree(folder)


def options(cache, *, extend=False):
    return RunOptions("cpu", cache=cache, extend=extend)


def assert_same(one, two):
    with AuditStore.read(one) as first, AuditStore.read(two) as second:
        assert scores_of(first) == scores_of(second)
        assert all(same_maps(first, second, *key) for key in scores_of(first))
        for chain in read_spec(one / SPEC_NAME).defenses:
            counts = [{i: c.tolist() for i, c in store.confusions(chain.id)} for store in (first, second)]
            assert counts[0] == counts[1]


def test_an_extended_audit_is_the_one_that_was_asked_with_all_defenses_at_once(originals, asked, ended, cache):
    summary = run_audit(asked[1], ended, options(cache, extend=True))
    assert_same(originals[0][1], ended)
    for key in ("results", "segmentation", "defenses", "images", "released", "primary"):
        assert summary[key] == originals[1][1][key]
    with AuditStore.read(ended) as store:
        (entry,) = store.fact(extension.EXTENDED)
        assert entry["defenses"] == [chain.describe() for chain in asked[1].defenses[2:]]
        assert [entry["from"], entry["to"]] == [spec.moved_to(ended).sha256 for spec in asked]
        assert store.fact("finished") is not None
        assert len(store.fact("runs")) == 2
    assert read_spec(ended / SPEC_NAME).sha256 == asked[1].moved_to(ended).sha256


def test_only_what_is_added_is_computed_and_from_the_cache(asked, ended, cache, monkeypatch):
    monkeypatch.setattr("core.targets.base.Target.outputs", lambda *_: pytest.fail("the target was asked again"))
    judged = []
    monkeypatch.setattr(
        "core.audit.pipeline.attack_all",
        lambda source, *rest: judged.extend(chain.id for chain in source.chains),
    )
    added = replace(asked[0], defenses=(*asked[0].defenses, Chain.parse({"name": "temperature", "T": 3.0})))
    run_audit(added, ended, options(cache, extend=True))
    assert set(judged) == {"temperature-T3"}


def test_an_extension_that_was_stopped_goes_on_with_the_folders_own_spec(originals, asked, ended, cache):
    with pytest.raises(Cancelled):
        run_audit(asked[1], ended, options(cache, extend=True), CancelAfter(1))
    with AuditStore.read(ended) as store:
        assert store.fact("finished") is None
        assert 0 < len(store.unscored(asked[1].defenses[-1].id)) < 6
        assert store.unscored("none") == frozenset()
    run_audit(read_spec(ended / SPEC_NAME), ended, options(cache))
    assert_same(originals[0][1], ended)


def test_an_extension_that_was_killed_before_it_began_harms_nothing(originals, asked, ended, cache):
    less, more = (spec.moved_to(ended) for spec in asked)
    with AuditStore.create(ended) as store:
        extension.take_in(store, more, less)
    run_audit(read_spec(ended / SPEC_NAME), ended, options(cache))
    assert_same(originals[0][0], ended)
    with AuditStore.create(ended) as store:
        extension.take_in(store, more, less)
    write_spec(more, ended / SPEC_NAME)  # and killed before the store knew of it
    run_audit(read_spec(ended / SPEC_NAME), ended, options(cache))
    assert_same(originals[0][1], ended)


def test_another_spec_is_refused_also_where_defenses_may_be_added(world, asked, ended, cache):
    less, more = asked
    others = {
        "not asked for": (more, False),
        "fewer": (replace(less, defenses=less.defenses[:1]), True),
        "another order": (replace(more, defenses=more.defenses[::-1]), True),
        "another seed": (replace(more, seed=7), True),
        "another attack": (replace(more, attacks=more.attacks[:1]), True),
        "another release": (replace(more, released=2), True),
    }
    for what, (spec, extend) in others.items():
        with pytest.raises(StoreError, match="another spec"):
            run_audit(spec, ended, options(cache, extend=extend))
        with AuditStore.read(ended) as store:
            assert store.fact("finished") is not None, what
            assert store.fact(extension.EXTENDED) is None


def test_the_engine_extends_an_audit_where_its_job_says_so(originals, asked, ended, tmp_path, monkeypatch):
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "home"))
    spec = asked[1].moved_to(ended)
    assert parse_spec(to_mapping(spec), ended).sha256 == spec.sha256
    job = RunAudit(SpecTable(to_mapping(spec), ended), ended, device="cpu", extend=True)
    job.run(Desk(Progress(), Models(), lambda _: None))
    assert_same(originals[0][1], ended)
    assert job.gentler().job.extend
