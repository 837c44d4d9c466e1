"""The panes follow the engine: the real window and the real engine process on a small audit."""

import numpy as np
import pytest

from core.audit.store import AuditStore
from core.defenses.chain import Chain
from tests.gui.live_world import (  # noqa: F401 - fixtures
    audited,
    frame_when,
    open_window,
    runner,
    settled,
    shows,
    world,
)
from tests.world import scores_of

TRIALS = [{"name": "gauss", "sigma": 0.3}, {"name": "topk", "k": 2}]


@pytest.fixture(scope="module")
def told(runner):  # noqa: F811
    """What the runner says of the trials: an audit that has them as its defenses."""
    with AuditStore.read(runner("told", TRIALS)) as store:
        yield store


@pytest.fixture
def window(open_window, shared_engine):  # noqa: F811
    return open_window(lambda threads, parent: shared_engine)


@pytest.fixture
def selection(window):
    return window.furniture.selection


@pytest.fixture
def compare(window):
    return window.furniture.workbench.centre


def test_a_trial_has_the_runners_maps_and_score_and_a_slider_is_followed(qtbot, window, selection, compare, told):
    first = Chain.parse(TRIALS[0])
    trial = selection.add_trial(first)
    selection.chains = ("none", trial)
    pane = frame_when(qtbot, compare, shows("none", first.id)).panes[1]
    stored = told.maps(selection.image, first.id, "patch")
    assert np.array_equal(pane.judged.maps["evidence"], stored["evidence"])
    assert np.array_equal(pane.judged.windows, stored["windows"])
    assert pane.standing.score == scores_of(told)[selection.image, first.id, "patch"][0]
    for sigma in (0.31, 0.32, 0.33):  # faster than the engine
        trial = selection.retune(trial, Chain.parse({"name": "gauss", "sigma": sigma}))
    last = Chain.parse(TRIALS[1])
    selection.retune(trial, last)
    pane = frame_when(qtbot, compare, shows("none", last.id)).panes[1]
    assert np.array_equal(pane.judged.maps["score"], told.maps(selection.image, last.id, "patch")["score"])
    title = window.furniture.workbench.selection.title(last.id)
    assert compare.grid.panes[1].canvas.accessibleName().startswith(title)


def test_while_a_slider_moves_the_pane_never_goes_blank(qtbot, selection, compare):
    trial = selection.add_trial(Chain.parse({"name": "gauss", "sigma": 0.5}))
    selection.chains = ("none", trial)
    frame_when(qtbot, compare, shows("none", trial))
    frames = []
    compare.presenter.framed.connect(frames.append)
    for step in range(8):
        trial = selection.retune(trial, Chain.parse({"name": "gauss", "sigma": 0.6 + step / 100}))
        qtbot.wait(15)
    frame_when(qtbot, compare, shows("none", trial))
    compare.presenter.framed.disconnect(frames.append)
    assert all(frame.panes[1].overlay is not None for frame in frames)
    assert [len(frame.panes) for frame in frames] == [2] * len(frames)
    assert len(compare.presenter._observing.live) == 2, "settings that were left are forgotten"


@pytest.mark.parametrize("layer", ["prediction", "error", "true_posterior"])
def test_layers_that_no_audit_stores_are_shown_and_read_out(qtbot, selection, compare, layer):
    selection.layer = layer
    frame = frame_when(qtbot, compare, lambda f: settled(f) and f.panes[0].overlay is not None)
    pane = frame.panes[0]
    label, prediction, loss = frame.seen.label, pane.judged.prediction, pane.judged.maps["loss"]
    row, column = np.argwhere(label != 255)[7]
    selection.hovered.emit((int(column), int(row)))
    words = compare.grid.panes[0]._reading._whole
    names = frame.seen.scheme.names
    expected = {
        "prediction": names[prediction[row, column]],
        "error": "right" if prediction[row, column] == label[row, column] else "wrong",
        "true_posterior": f"{np.exp(-loss[row, column]):.3g}",
    }
    assert expected[layer] in words
    assert names[prediction[row, column]] in words
    assert f"label: {names[label[row, column]]}" in compare._readout.text()
    assert np.array_equal((pane.overlay.pixels >> 24) == 255, label != 255), "void is transparent"


def test_a_defense_that_cannot_be_looked_at_says_why_in_its_pane(qtbot, selection, compare):
    missing = selection.add_trial(Chain.parse({"name": "hardened", "path": "nowhere.safetensors"}))
    selection.chains = ("none", missing)
    frame = frame_when(qtbot, compare, lambda f: len(f.panes) == 2 and "nowhere" in f.panes[1].shown.note)
    assert frame.panes[0].overlay is not None


def test_an_image_that_the_audit_could_not_score_is_not_shown_as_void_of_reasons(qtbot, window, selection, compare):
    suspect = next(row.id for row in window.audits.document.rows if row.label_path is None)
    selection.image = suspect
    frame = frame_when(qtbot, compare, lambda f: f.image == suspect and f.panes[0].shown.note != "")
    assert "needs a label map" in frame.panes[0].shown.note
