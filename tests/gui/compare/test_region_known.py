"""Regions of an image beside known non-members, in the real view."""

import numpy as np
import pytest

from core.grid import Grid
from gui.compare import CompareView
from gui.compare.regions import rectangle
from gui.selection import Selection
from tests.gui.compare_world import make_compare_world

PERCENTILE, USUAL, MAP = 5, 4, 2


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_compare_world(tmp_path_factory.mktemp("known"), street_like, (128, 256), images=48)


@pytest.fixture
def view(qtbot, world):
    selection = Selection()
    made = CompareView(selection)
    qtbot.addWidget(made, before_close_func=lambda v: v.close_threads())
    made.resize(1200, 700)
    made.show()
    document = world.open()
    selection.document = document
    selection.chains = ("none", "argmax")
    selection.layer = "loss"
    settle(qtbot, made)
    yield made
    selection.document = None
    document.close()
    (document.folder / "review.jsonl").unlink(missing_ok=True)


def settle(qtbot, view):
    qtbot.wait(1)
    qtbot.waitUntil(lambda: not view.presenter.loader.busy and not view._known.busy, timeout=20_000)


def test_the_table_says_where_a_region_stands_among_the_non_members_that_count(qtbot, view, world):
    view.marking.add(rectangle((0, 60), (256, 128)))
    settle(qtbot, view)
    selection = view.selection
    selection.decide("exclude", 1, "blurred")
    settle(qtbot, view)
    lines = [line.split("\t") for line in view.region_table.as_tsv().splitlines()[1:]]
    assert [line[0] for line in lines] == ["A", "A"]
    for line, chain in zip(lines, ("none", "argmax"), strict=True):
        own, above, usual = world.labels[0][60:], 0, []
        loss = world.maps[0, chain]["loss"][60:]
        counts = {c: np.count_nonzero((own == c) & np.isfinite(loss)) for c in range(4)}
        for image in [i for i in range(2, 48) if i % 4 in {1, 2}]:
            label = Grid.of(world.size).take(world.labels[image]) if image in world.labels else None
            other = world.maps[image, chain].get("loss")
            if label is None:
                continue
            known = np.isfinite(other)
            has = [c for c in range(4) if counts[c] and np.count_nonzero((label == c) & known) >= 16]
            total = sum(counts[c] for c in has)
            if total < sum(counts.values()) / 2:
                continue
            theirs = sum(counts[c] * other[(label == c) & known].mean(dtype=np.float64) for c in has) / total
            mine = sum(counts[c] * np.nanmean(loss[own == c].astype(np.float64)) for c in has) / total
            usual.append(theirs)
            above += theirs > mine
        assert line[PERCENTILE] == f"{100 * above / len(usual):.0f} % of {len(usual)}"
        assert float(line[USUAL]) == pytest.approx(np.mean(usual), rel=5e-3)
        assert float(line[MAP]) == pytest.approx(np.nanmean(loss.astype(np.float64)), rel=5e-3)


def test_nothing_is_read_without_a_region_and_each_map_once(qtbot, view, monkeypatch):
    from gui.compare import region_known

    read, before = [], region_known._read
    monkeypatch.setattr(
        region_known, "_read", lambda questions, stop: read.append(questions) or before(questions, stop)
    )
    view.selection.image = 2
    settle(qtbot, view)
    assert read == []
    view.marking.add(rectangle((0, 60), (256, 128)))
    settle(qtbot, view)
    for image in (3, 2):
        view.selection.image = image
        settle(qtbot, view)
    assert [[q.chain for q in asked] for asked in read] == [["none", "argmax"]]
    view.selection.layer = "image"
    settle(qtbot, view)
    assert len(read) == 1
    view.selection.layer = "score"
    settle(qtbot, view)
    assert [q.layer for q in read[1]] == ["score", "score"]
    assert "%" in view.region_table.as_tsv().splitlines()[1].split("\t")[PERCENTILE]


def test_what_is_read_for_an_audit_that_is_left_is_dropped(qtbot, view):
    view.marking.add(rectangle((0, 60), (256, 128)))
    view.selection.document = None
    settle(qtbot, view)
    assert not view._known._kept
