"""The measured power of a map is one click away from it, and decides which map is shown first."""

import pytest
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QApplication, QWhatsThis

from core.audit.asked_alike import TAUGHT_IN_BLOCKS
from core.audit.map_cost import sentence
from core.audit.map_power import IN_BLOCKS, OFFLINE, measured, sentences
from core.audit.spec import attack_entries
from gui.compare.power import NO_MAP, power_note
from gui.compare.view import CompareView
from gui.selection import Selection
from tests.gui.compare_world import make_compare_world


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_compare_world(tmp_path_factory.mktemp("power"), street_like)


@pytest.fixture
def selection(world, qapp):
    made, document = Selection(), world.open()
    made.document = document
    yield made
    made.document = None
    document.close()


def test_the_loss_is_shown_first_where_no_map_was_shown_to_beat_it(selection):
    assert selection.attack == selection.document.primary
    assert "loss" not in selection.document.map_names(selection.attack), "the attack has maps of its own"
    assert selection.layer == "loss"


def test_a_map_of_a_network_nobody_measured_says_so(selection):
    selection.layer = "score"
    assert power_note(selection)[1:] == sentences("score", selection.document.shipped_network(selection.attack))


def test_the_note_says_what_a_map_costs_where_that_was_measured(selection):
    selection.layer = "loss"
    *_, cost = power_note(selection)
    assert cost == sentence("loss", "loss", "", 4, 0) and "ms of one core" in cost
    selection.layer = "score"
    assert not any("ms of one core" in line for line in power_note(selection)), "a network of one's own"


@pytest.mark.parametrize("mode", ["offline", "online"])
def test_what_was_measured_offline_is_not_claimed_of_an_attack_that_asks_online(selection, monkeypatch, mode):
    (entry,) = attack_entries([{"name": "rmia", "mode": mode}])
    monkeypatch.setattr(selection.document, "attacks", (*selection.document.attacks, entry))
    selection.attack, selection.layer = "rmia", entry.attack.maps[0]
    assert measured(selection.layer), "else there is nothing to take back"
    assert (OFFLINE in power_note(selection)) is (mode == "online")


def test_beside_references_taught_in_blocks_the_note_and_the_first_map_are_those_of_such_references(
    selection, monkeypatch
):
    """Asked online about whole images nobody measured the log ratio, and what is known of it is less."""
    (entry,) = attack_entries([{"name": "log-ratio", "mode": "online"}])
    document = selection.document
    monkeypatch.setattr(document, "attacks", (*document.attacks, entry))
    monkeypatch.setattr(document, "fact", lambda key, default=None: 8 if key == TAUGHT_IN_BLOCKS else default)
    selection.layer = "score"  # a map that the attack does not draw
    selection.attack = "log-ratio"
    assert selection.layer == "log_ratio", "it beats the raw loss"
    said = power_note(selection)
    assert OFFLINE not in said
    assert set(sentences("log_ratio", asked=IN_BLOCKS)) <= set(said)
    assert measured("log_ratio", asked=IN_BLOCKS)[0].low > measured("log_ratio")[0].high
    selection.layer = "loss"
    assert set(sentences("loss")) <= set(power_note(selection))


@pytest.mark.parametrize("layer", ["image", "label", "prediction", "error"])
def test_layers_that_are_no_maps_promise_nothing(selection, layer):
    selection.layer = layer
    assert power_note(selection)[1:] == (NO_MAP,)


def test_without_an_audit_there_is_no_map():
    assert power_note(Selection())[1:] == (NO_MAP,)


def test_the_note_opens_from_the_commands_and_closes(qtbot, selection):
    view = CompareView(selection, QUndoStack())
    qtbot.addWidget(view, before_close_func=lambda v: v.close_threads())
    view.show()
    command = next(action for action in view.actions() if action.id == "compare.power")
    command.callback()
    assert any(w.metaObject().className() == "QWhatsThat" for w in QApplication.topLevelWidgets())
    QWhatsThis.hideText()
