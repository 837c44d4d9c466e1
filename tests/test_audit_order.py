"""The order in which an audit takes its images: first numbers come early, and nothing else depends on it."""

import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.audit import runner
from core.audit.plan import batches, in_turns
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import SUMMARY_NAME, AuditStore, ImageRow
from core.audit.summary import summarise
from core.data.samples import Role
from core.errors import Cancelled
from tests.world import CancelAfter, make_world, same_maps, scores_of

CPU = RunOptions(device="cpu")
SIZES = st.sampled_from([(48, 64), (64, 48), (4000, 4000)])


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_world(tmp_path_factory.mktemp("world"), street_like)


@pytest.fixture(scope="module")
def spec(world):
    return read_spec(world.write_spec())


@pytest.fixture(scope="module")
def finished(world, spec):
    folder = world.folder / "finished.segleak"
    run_audit(spec, folder, CPU)
    return folder


def stopped_after_two_batches(spec, folder):
    """The images done by then: two batches, and what of the third was whole when the stop came."""
    with pytest.raises(Cancelled):
        run_audit(spec, folder, CPU, CancelAfter(3))
    with AuditStore.read(folder) as store:
        return [row for row in store.images() if row.state == "done"]


def summary_of(folder):
    kept = json.loads((folder / SUMMARY_NAME).read_text("utf-8"))
    return {key: value for key, value in kept.items() if key != "finished"}


def assert_same(one, two):
    with AuditStore.read(one) as first, AuditStore.read(two) as second:
        assert scores_of(first) == scores_of(second)
        assert all(same_maps(first, second, *key) for key in scores_of(first))
        assert [r.batch for r in first.images()] == [r.batch for r in second.images()]
        assert [(r.id, r.key, r.role) for r in first.images()] == [(r.id, r.key, r.role) for r in second.images()]
    assert summary_of(one) == summary_of(two)


# ---------------------------------------------------------------- the order


@given(st.lists(st.tuples(st.sampled_from(Role), SIZES), max_size=60), st.integers(1, 8))
def test_turns_leave_the_batches_as_they_are_and_each_role_in_its_order(images, size):
    rows = [ImageRow(i, role, 0, "k", "p", height=h, width=w) for i, (role, (h, w)) in enumerate(images)]
    planned = batches(rows, size)
    order = in_turns(planned)
    assert sorted(order, key=lambda batch: batch[0].id) == sorted(planned, key=lambda batch: batch[0].id)
    for role in Role:
        assert [b for b in order if b[0].role is role] == [b for b in planned if b[0].role is role]


@given(st.dictionaries(st.sampled_from(Role), st.integers(1, 30), min_size=1), st.integers(1, 4))
def test_no_role_gets_ahead_of_one_that_has_batches_left(counts, size):
    rows = [
        ImageRow(1000 * place + i, role, place, "k", "p", height=48, width=64)
        for place, (role, count) in enumerate(counts.items())
        for i in range(count * size)
    ]
    taken = Counter()
    for batch in in_turns(batches(rows, size)):
        taken[batch[0].role] += 1
        behind = [taken[role] for role, count in counts.items() if taken[role] < count]
        assert all(taken[batch[0].role] <= 1 + fewest for fewest in behind)


# ---------------------------------------------------------------- audits


def test_two_batches_are_enough_for_a_first_auc(spec, tmp_path):
    done = stopped_after_two_batches(spec, tmp_path / "early.segleak")
    counts = Counter(row.role for row in done)
    assert min(counts[Role.MEMBER], counts[Role.NON_MEMBER]) == 2 and len(done) <= 6
    with AuditStore.read(tmp_path / "early.segleak") as store:
        results = summarise(store, spec)["results"]
        for one in results:
            scores = {s.image: s.score for s in store.scores(one["defense"], one["attack"])}
            members, others = (
                [scores[r.id] for r in done if r.role is role] for role in (Role.MEMBER, Role.NON_MEMBER)
            )
            wins = [(m > o) + (m == o) / 2 for m in members for o in others]
            assert one["metrics"]["auc"] == pytest.approx(sum(wins) / len(wins))


@pytest.mark.parametrize("order", [list, lambda planned: planned[::-1]], ids=["as planned", "backwards"])
def test_results_do_not_depend_on_the_order(spec, finished, tmp_path, monkeypatch, order):
    monkeypatch.setattr(runner, "in_turns", order)
    run_audit(spec, tmp_path / "other.segleak", CPU)
    assert_same(finished, tmp_path / "other.segleak")


def test_an_audit_begun_in_the_order_of_the_spec_goes_on_with_roles_in_turns(spec, finished, tmp_path, monkeypatch):
    folder = tmp_path / "begun.segleak"
    with monkeypatch.context() as before:
        before.setattr(runner, "in_turns", list)
        done = stopped_after_two_batches(spec, folder)
    assert [row.id for row in done][:4] == [0, 1, 2, 3]
    with AuditStore.read(folder) as store:
        early = scores_of(store)
    run_audit(spec, folder, CPU)
    assert_same(finished, folder)
    with AuditStore.read(folder) as store:
        assert early.items() <= scores_of(store).items()
