"""Layers side by side, and panes that follow an engine which the test plays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QObject, Signal

from core.audit.mean_maps import MapSum
from core.defenses.chain import Chain
from core.engine import events
from core.engine.client import EngineState
from core.engine.jobs import View
from gui.actions import ActionRegistry
from gui.compare.beside import FIRST, Beside
from gui.compare.beside_menu import BesideMenu
from gui.compare.layers import Comparison
from gui.compare.mean import BEING_MADE, NO_MEAN
from gui.compare.stage import Mode
from gui.live.looker import Looker
from gui.selection import GENERAL_LAYERS, MOST_PANES
from tests.gui.compare.helpers import canvases, settle
from tests.gui.compare_world import CHAINS
from tests.gui.stand_ins import FakeEngine

TRIAL = Chain.parse({"name": "gauss", "sigma": 0.5})
SHAPE = (128, 256)


class FakeResults(QObject):
    changed = Signal(str, str)

    def __init__(self):
        super().__init__()
        self.known = {}

    def of(self, chain, attack):
        return self.known.get((chain, attack))

    def reason(self, chain, attack):
        return ""


class FakeResult:
    def __init__(self, scores, exact, means=()):
        self.scores, self.exact, self.means = np.array(scores), exact, dict(means)


@pytest.fixture
def engine(qapp):
    return FakeEngine()


@pytest.fixture
def results(qapp):
    return FakeResults()


@pytest.fixture
def following(qtbot, view, selection, engine, results):
    view.follow(Looker(selection, engine, parent=view), results)
    settle(qtbot, view)
    return view


def answer(qtbot, view, engine, *views):
    for one in views:
        engine.partial.emit(events.JobPartial(len(engine.jobs), one))
    engine.done.emit(events.JobDone(len(engine.jobs), None))
    settle(qtbot, view)


def seen_through(chain, value, score=1.5):
    maps = {"score": np.full(SHAPE, value, np.float32), "evidence": np.full(SHAPE, value, np.float32)}
    return View(
        chain.id,
        scores={"patch": score},
        maps={"patch": maps},
        loss=np.full(SHAPE, value, np.float32),
        prediction=np.zeros(SHAPE, np.uint8),
        label_probability=np.full(SHAPE, np.exp(-value), np.float32),
    )


# ---------------------------------------------------------------- layers side by side


@given(st.lists(st.sampled_from(GENERAL_LAYERS), unique=True, max_size=6), st.sampled_from(GENERAL_LAYERS))
def test_beside_the_layer_in_view_stand_others_and_never_more_than_there_are_panes(layers, layer):
    beside = Beside(on=True, layers=tuple(layers))
    shown = (layer, *beside.shown(layer))
    assert len(set(shown)) == len(shown) <= MOST_PANES
    switched = beside.switched(layer)
    assert (layer in switched) != (layer in layers)
    assert len(switched) < max(MOST_PANES, len(layers) + 1)
    assert Beside.from_mapping(beside.to_mapping()) == beside
    assert Beside(layers=tuple(layers)).shown(layer) == ()


@pytest.mark.parametrize("kept", [{}, {"on": 1, "layers": "loss"}, {"layers": [3]}, {"on": "yes", "layers": None}])
def test_what_a_session_cannot_have_kept_is_passed_over(kept):
    assert Beside.from_mapping(kept) == Beside(layers=FIRST)


def test_a_pane_for_each_layer_shows_that_layer_of_the_defense_that_was_looked_at(qtbot, view, selection, world):
    view.grid._active = 1
    registry = ActionRegistry(view)
    registry.add(view.actions())
    registry.trigger("compare.layers")
    settle(qtbot, view)
    panes = view.display.frame.panes
    assert [(pane.chain, pane.shown.layer.id) for pane in panes] == [("argmax", n) for n in ("score", *FIRST)]
    assert np.array_equal(panes[0].shown.values, world.maps[0, "argmax"]["score"])
    assert np.array_equal(panes[1].shown.values, world.maps[0, "argmax"]["loss"], equal_nan=True)
    assert np.array_equal(panes[3].shown.classes, world.labels[0])
    names = [pane.canvas.accessibleName() for pane in view.grid.visible_panes]
    assert names[0].startswith("Score map")
    assert "score" in names[0].partition("Argmax")[2]
    assert names[1].startswith("Loss")
    selection.hovered.emit((100, 60))
    readings = [pane._reading._whole for pane in view.grid.visible_panes]
    assert readings[0].startswith("score map")
    assert readings[1].startswith("loss")
    registry.trigger("compare.layers")
    settle(qtbot, view)
    assert [pane.chain for pane in view.display.frame.panes] == list(CHAINS)


def test_layers_are_compared_under_a_curtain_and_in_turn(qtbot, view):
    view.toggle_layers()
    settle(qtbot, view)
    view.set_mode(Mode.CURTAIN)
    assert view.grid.panes[0]._title._whole.startswith("Score map  |  Loss")
    assert len(canvases(view)) == 1
    assert all(overlay is not None for overlay in canvases(view)[0].layers.overlays)
    view.set_mode(Mode.PANES)


def test_the_menu_switches_layers_and_says_which_cannot_be_shown(qtbot, view, selection):
    menu = view.findChild(BesideMenu)
    menu.fill()
    entries = {action.text(): action for action in menu.actions() if action.isCheckable()}
    assert "Score map" not in entries, "it is in view already"
    assert not entries["Prediction"].isEnabled()
    assert "engine" in entries["Prediction"].toolTip()
    entries["Evidence map"].trigger()
    settle(qtbot, view)
    shown = [pane.shown.layer.id for pane in view.display.frame.panes]
    assert shown == ["score", "prediction", "label", "evidence"]
    kept = view.state()
    view.presenter.beside = Beside()
    view.restore_state(kept)
    settle(qtbot, view)
    assert [pane.shown.layer.id for pane in view.display.frame.panes] == shown


# ---------------------------------------------------------------- following the engine


def test_what_no_audit_stores_is_asked_once_however_its_look_changes(qtbot, following, selection, engine):
    assert [(job.image, job.chains[0].id, job.layers) for job in engine.jobs] == [(0, "none", ("prediction",))]
    following.change_opacity(0.1)
    selection.layer = "prediction"
    settle(qtbot, following)
    assert len(engine.jobs) == 1
    assert canvases(following)[0].note == ""
    answer(qtbot, following, engine, View("none", prediction=np.full(SHAPE, 2, np.uint8)))
    assert canvases(following)[0].layers.overlays[0] is not None
    answer(qtbot, following, engine, View("argmax", failed="It broke."))
    assert canvases(following)[1].note == "It broke."
    assert [job.chains[0].id for job in engine.jobs] == list(CHAINS)


def test_who_waits_long_is_told_so_and_what_the_engine_does(qtbot, following, selection, engine):
    selection.layer = "prediction"
    qtbot.waitUntil(lambda: canvases(following)[0].note.startswith("Being worked out"), timeout=5000)
    engine.state = EngineState.STARTING
    engine.engine_started.emit(events.EngineStarted(1))
    qtbot.waitUntil(lambda: "is starting" in canvases(following)[0].note, timeout=5000)


def test_another_image_forgets_what_was_asked_and_worked_out(qtbot, following, selection, engine):
    selection.image = 1
    assert ("cancel", 1) in engine.calls
    settle(qtbot, following)
    assert engine.jobs[-1].image == 1
    engine.partial.emit(events.JobPartial(1, View("none", prediction=np.zeros(SHAPE, np.uint8))))
    settle(qtbot, following)
    assert following.display.frame.panes[0].judged.prediction is None


def test_a_trial_keeps_its_picture_name_and_colour_while_its_slider_moves(
    qtbot,
    following,
    selection,
    engine,
    results,
):
    trial = selection.add_trial(TRIAL)
    selection.chains = ("none", trial)
    settle(qtbot, following)
    assert following.grid.panes[1]._score.text() == "\N{HORIZONTAL ELLIPSIS}"
    answer(qtbot, following, engine, View("none", prediction=np.zeros(SHAPE, np.uint8)))
    answer(qtbot, following, engine, seen_through(TRIAL, 0.25))
    before = following.display.frame.panes
    moved = Chain.parse({"name": "gauss", "sigma": 0.6})
    selection.retune(trial, moved)
    settle(qtbot, following)
    panes = following.display.frame.panes
    assert [new.overlay is old.overlay for new, old in zip(panes, before, strict=True)] == [True, True]
    assert following.grid.panes[1]._title._whole == selection.title(moved.id)
    assert following.grid.panes[1]._score.text() == "score 1.50 \N{HORIZONTAL ELLIPSIS}"
    assert following.headings.colour(TRIAL.id) == selection.colours()[moved.id]
    answer(qtbot, following, engine, seen_through(moved, 0.75, score=2.5))
    assert following.display.frame.panes[1].shown.values[0, 0] == 0.75
    assert following.grid.panes[1]._score.text() == "score 2.50"


def test_a_trials_score_is_ranked_among_those_that_are_there_by_now(qtbot, following, selection, engine, results):
    trial = selection.add_trial(TRIAL)
    selection.chains = (trial,)
    settle(qtbot, following)
    answer(qtbot, following, engine, seen_through(TRIAL, 0.25))
    words = following.grid.panes[0]._score
    assert words.text() == "score 1.50"
    results.known[trial, "patch"] = FakeResult([3.0, 1.5, np.nan, 0.0], exact=False)
    results.changed.emit(trial, "patch")
    assert words.text() == "score 1.50   rank 2 of 3 so far"
    results.known[trial, "patch"] = FakeResult([3.0, 2.0, 1.5, 0.0], exact=True)
    results.changed.emit(trial, "patch")
    assert words.text() == "score 1.50   rank 3 of 4"


def test_the_mean_non_member_map_of_a_trial_comes_with_its_scores(qtbot, following, selection, engine, results):
    trial = selection.add_trial(TRIAL)
    selection.chains = (trial,)
    following.set_comparison(Comparison.MINUS_MEAN)
    settle(qtbot, following)
    answer(qtbot, following, engine, seen_through(TRIAL, 0.25))

    def pane():
        return following.display.frame.panes[0].shown

    assert (pane().values, pane().note) == (None, BEING_MADE)
    summed = MapSum(SHAPE)
    summed.add(np.full(SHAPE, 0.75, np.float32))
    results.known[trial, "patch"] = FakeResult([1.5], exact=False, means={("score", SHAPE): summed.mean()})
    results.changed.emit(trial, "patch")
    settle(qtbot, following)
    assert pane().values == pytest.approx(-0.5)
    assert pane().note == "Mean of 1 of 2 non-members."
    selection.layer = "loss"
    settle(qtbot, following)
    assert (pane().values, pane().note) == (None, BEING_MADE)
    results.known[trial, "patch"] = FakeResult([1.5], exact=True)
    results.changed.emit(trial, "patch")
    settle(qtbot, following)
    assert pane().note == NO_MEAN


def test_a_trial_that_ends_in_label_maps_has_their_range_of_losses(qtbot, following, selection, engine):
    hard = Chain.parse([{"name": "temperature", "T": 3.0}, "argmax"])
    soft, hard = selection.add_trial(TRIAL), selection.add_trial(hard)
    selection.chains, selection.layer = ("none", soft, hard), "loss"
    settle(qtbot, following)
    shared = following.presenter._wanted().document.value_range("loss", "loss")
    answer(qtbot, following, engine, View("none", prediction=np.zeros(SHAPE, np.uint8)))
    answer(qtbot, following, engine, seen_through(TRIAL, 0.25))
    answer(qtbot, following, engine, seen_through(selection.chain(hard), 69.0))
    plain, noisy, labels = following.display.frame.panes
    assert plain.ends == noisy.ends == shared
    assert labels.ends == pytest.approx((0.0, -np.log(1e-30)))


def test_regions_are_measured_under_trials_too(qtbot, following, selection, engine):
    trial = selection.add_trial(TRIAL)
    selection.chains = ("none", trial)
    settle(qtbot, following)
    following.marking.add(((0.0, 0.0), (64.0, 0.0), (64.0, 64.0), (0.0, 64.0)))
    answer(qtbot, following, engine, View("none", prediction=np.zeros(SHAPE, np.uint8)))
    answer(qtbot, following, engine, seen_through(TRIAL, 0.25))
    lines = [line.split("\t") for line in following.region_table.as_tsv().splitlines()]
    found = dict(zip(lines[0], lines[2], strict=True))
    assert found["Defense"] == selection.title(trial)
    assert (found["Mean score"], found["Mean loss"]) == ("0.250", "0.250")
    share = 100 * 32 * 32 / (SHAPE[0] * SHAPE[1])  # the evidence is the same everywhere
    assert found["Share"] == f"{share:.1f} %"
