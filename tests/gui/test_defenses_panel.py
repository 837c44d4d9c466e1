"""The panel of the defenses in the real window, with an engine that does what the test says."""

import tomllib

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDrag, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDoubleSpinBox, QFileDialog, QLineEdit, QSlider, QSpinBox, QToolButton

from core.defenses import DEFENSES
from core.engine.jobs import Rescore
from gui.defenses.head import PLACE, Head, place_in
from gui.defenses.making import longer
from tests.gui.small_audit import CHAINS, small_audit
from tests.gui.stand_ins import make_window


@pytest.fixture
def window(qtbot, qapp, tmp_path):
    window = make_window(qtbot, qapp)
    window.audits.open(small_audit(tmp_path / "small.segleak"))
    qtbot.waitUntil(window.audits.has_document)
    return window


@pytest.fixture
def panel(window):
    return window.furniture.workbench.defenses


@pytest.fixture
def selection(window):
    return window.furniture.selection


def ids(selection):
    return [chain.id for chain in selection.trials]


def field(panel, kind, name):
    return next(form for form in panel.editor.forms if form is not None).findChild(kind, name)


def slider(panel):
    return panel.editor.widget().findChild(QSlider)


def press(panel, words):
    (button,) = [b for b in panel.editor.widget().findChildren(QToolButton) if b.accessibleName() == words]
    button.click()


def undo(window):
    window.registry.trigger("edit.undo")


def test_a_defense_is_tried_by_a_command_shown_with_its_fields_and_undone(window, panel, selection):
    window.registry.trigger("try.gauss")
    assert ids(selection) == ["gauss-sigma0.05"]
    assert selection.chains == (*CHAINS, "gauss-sigma0.05")
    assert panel.rows.current == panel.editor.trial == "gauss-sigma0.05"
    assert "trial" in panel.rows.item(3).text()
    undo(window)
    assert (ids(selection), selection.chains, panel.rows.count()) == ([], CHAINS, 3)
    window.registry.trigger("edit.redo")
    assert selection.chains == (*CHAINS, "gauss-sigma0.05")


def test_a_slider_is_followed_while_it_is_held_and_one_drag_is_one_step(window, panel, selection, heard):
    panel.try_kind(DEFENSES.get("gauss"))
    held = slider(panel)
    held.setSliderDown(True)
    retuned = heard(selection.retuned)
    for place in (100, 200, 300):
        held.setValue(place)
    held.setSliderDown(False)
    assert [new for _, new in retuned.got] == ["gauss-sigma0.2", "gauss-sigma0.4", "gauss-sigma0.6"]
    assert slider(panel) is held  # the fields were not built anew under the hand
    assert field(panel, QDoubleSpinBox, "sigma").value() == 0.6
    held.setSliderDown(True)
    held.setValue(400)
    held.setSliderDown(False)
    undo(window)
    assert ids(selection) == ["gauss-sigma0.6"]
    assert held.value() == 300
    undo(window)
    assert ids(selection) == ["gauss-sigma0.05"]
    assert selection.chains[-1] == "gauss-sigma0.05"


def test_a_slider_that_meets_a_defense_of_the_audit_says_so_and_passes_on(panel, selection):
    panel.try_kind(DEFENSES.get("gauss"))
    held, form = slider(panel), panel.editor.forms[0]
    held.setValue(150)
    assert ids(selection) == ["gauss-sigma0.05"]
    assert "there already" in form.problem("sigma")
    held.setValue(151)
    assert ids(selection) == ["gauss-sigma0.302"]
    assert form.problem("sigma") == ""


def test_what_is_typed_counts_when_it_is_complete_and_what_cannot_be_is_said_at_the_field(qtbot, panel, selection):
    panel.try_kind(DEFENSES.get("gauss"))
    box, form = field(panel, QDoubleSpinBox, "sigma"), panel.editor.forms[0]
    for text, problem in (("7", "a number from 0 to 1"), ("abc", "abc cannot be"), ("-1", "a number from 0 to 1")):
        box.selectAll()
        qtbot.keyClicks(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Return)
        assert problem in form.problem("sigma")
        assert ids(selection) == ["gauss-sigma0.05"]
    box.selectAll()
    qtbot.keyClicks(box, "0.25")
    assert ids(selection) == ["gauss-sigma0.05"]
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert ids(selection) == ["gauss-sigma0.25"]
    assert form.problem("sigma") == ""


@pytest.mark.parametrize("kind", [k for k in DEFENSES if k.name not in {"none", "argmax", "hardened"}])
def test_every_field_of_every_defense_refuses_what_cannot_be_and_says_what_can(qtbot, panel, selection, kind):
    panel.try_kind(kind)
    before = ids(selection)
    form = panel.editor.forms[0]
    boxes = [*form.findChildren(QSpinBox), *form.findChildren(QDoubleSpinBox)]
    assert boxes
    for box in boxes:
        for wrong in ("1e9", "x", "-99999"):
            box.selectAll()
            qtbot.keyClicks(box, wrong)
            qtbot.keyClick(box, Qt.Key.Key_Return)
            assert "it takes a" in form.problem(box.objectName())
    assert ids(selection) == before


def test_chains_grow_are_reordered_and_shrink(window, panel, selection):
    panel.try_kind(DEFENSES.get("gauss"))
    menu = panel.editor.widget().findChildren(QToolButton)[-1].menu()
    next(action for action in menu.actions() if action.text() == "Top-k").trigger()
    assert ids(selection) == ["gauss-sigma0.05+topk-k3"]
    press(panel, "Top-k: earlier in the chain")
    assert ids(selection) == ["topk-k3+gauss-sigma0.05"]
    press(panel, "Take Gauss noise out of the chain")
    assert ids(selection) == ["topk-k3"]
    for expected in ("topk-k3+gauss-sigma0.05", "gauss-sigma0.05+topk-k3", "gauss-sigma0.05"):
        undo(window)
        assert ids(selection) == [expected]
    assert len(panel.editor.forms) == 1


def heads(panel):
    return panel.editor.widget().findChildren(Head)


def drop(qtbot, head, place):
    """Pull what is in a place onto a head; says whether it would take it."""
    data = QMimeData()
    data.setData(PLACE, str(place).encode())
    where, move, left = QPoint(2, 2), Qt.DropAction.MoveAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(where, move, data, left, Qt.KeyboardModifier.NoModifier)
    enter.ignore()
    QApplication.sendEvent(head, enter)
    if enter.isAccepted():
        QApplication.sendEvent(head, QDropEvent(where, move, data, left, Qt.KeyboardModifier.NoModifier))
        qtbot.wait(1)
    return enter.isAccepted()


def test_a_defense_is_pulled_to_another_place_of_its_chain_and_undone(qtbot, window, panel, selection, monkeypatch):
    panel.try_kind(DEFENSES.get("dropout"))
    for kind in ("gauss", "argmax"):
        chain = longer(selection.trials[0], DEFENSES.make({"name": kind}))
        panel._retune(selection.trials[0].id, chain, gesture=99)
        panel.editor.show_trial(chain)

    def order():
        return [link.name for link in selection.trials[0].defenses]

    assert order() == ["dropout", "gauss", "argmax"]
    assert not drop(qtbot, heads(panel)[0], 2)  # dropout comes first
    assert not drop(qtbot, heads(panel)[1], 1)
    assert drop(qtbot, heads(panel)[1], 2)
    assert order() == ["dropout", "argmax", "gauss"]
    undo(window)
    assert order() == ["dropout", "gauss", "argmax"]
    pulled = []
    monkeypatch.setattr(QDrag, "exec", lambda drag, *_: pulled.append(place_in(drag.mimeData())))
    head = heads(panel)[2]
    QTest.mousePress(head, Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    QTest.mouseMove(head, QPoint(60, 3))
    QTest.mouseRelease(head, Qt.MouseButton.LeftButton, pos=QPoint(60, 3))
    assert pulled == [2]


def test_dropout_stays_in_front(panel, selection):
    panel.try_kind(DEFENSES.get("dropout"))
    menu = panel.editor.widget().findChildren(QToolButton)[-1].menu()
    assert "Dropout" not in [action.text() for action in menu.actions()]
    next(action for action in menu.actions() if action.text() == "Argmax").trigger()
    buttons = {b.accessibleName(): b for b in panel.editor.widget().findChildren(QToolButton)}
    assert not buttons["Dropout: later in the chain"].isEnabled()
    assert not buttons["Argmax: earlier in the chain"].isEnabled()


def test_a_defense_of_the_audit_is_copied_and_not_changed(window, panel, selection):
    panel.rows.current = "gauss-sigma0.3"
    assert panel.editor.trial == ""
    assert not window.registry["trial.remove"].enabled()
    window.registry.trigger("trial.copy")
    (copy,) = ids(selection)
    assert copy.startswith("gauss-sigma")
    assert copy != "gauss-sigma0.3"
    assert [chain.id for chain in selection.document.chains] == list(CHAINS)
    window.registry.trigger("trial.remove")
    assert ids(selection) == []
    undo(window)
    assert ids(selection) == [copy]
    panel.rows.current = "argmax"
    panel.copy()
    assert ids(selection) == [copy]
    assert "has none" in panel._hint.text()


def test_a_fifth_defense_is_tried_but_not_shown(panel, selection):
    panel.try_kind(DEFENSES.get("gauss"))
    panel.try_kind(DEFENSES.get("topk"))
    assert selection.chains == (*CHAINS, "gauss-sigma0.05")
    assert "4 defenses are shown at most" in panel._hint.text()
    assert panel.rows.item(4).checkState() == Qt.CheckState.Unchecked


def test_a_hardened_target_is_chosen_by_its_file_and_a_wrong_path_is_said_at_the_field(
    qtbot, panel, selection, tmp_path, monkeypatch
):
    file = tmp_path / "private.safetensors"
    file.write_bytes(b"x")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(file), ""))
    panel.try_hardened()
    panel.try_hardened()
    assert [chain.title for chain in selection.trials] == ["private", "private 2"]
    line, form = field(panel, QLineEdit, "path"), panel.editor.forms[0]
    for wrong in ("", "nowhere.pt"):
        line.selectAll()
        qtbot.keyClick(line, Qt.Key.Key_Backspace)
        qtbot.keyClicks(line, wrong)
        qtbot.keyClick(line, Qt.Key.Key_Return)
        assert "'path'" in form.problem("path")
    assert selection.trials[1].source.path == str(file)


def test_dropout_is_greyed_with_the_reason_where_the_format_has_none(window, panel, selection, monkeypatch):
    monkeypatch.setattr(selection.document, "fact", lambda key, default=None: {"format": "torchscript"})
    panel._add.menu().aboutToShow.emit()
    (dropout,) = [action for action in panel._add.menu().actions() if action.text() == "Dropout"]
    assert not dropout.isEnabled()
    assert "torchscript" in dropout.toolTip()
    assert not window.registry["try.dropout"].enabled()


def test_both_marks_are_told_apart_by_shape_and_words(panel, selection, monkeypatch):
    cards = {"attack_networks": {"loss": {"card": {"defense": "none | argmax"}}}}
    monkeypatch.setattr(selection.document, "fact", lambda key, default=None: cards.get(key, default))
    panel._show()
    texts = [panel.rows.item(row).text() for row in range(3)]
    assert texts[0] == "No defense\nreleased"
    assert "\N{BLACK DIAMOND} attacker knows the defense" in texts[1]
    assert "\N{WHITE DIAMOND} same attack" in texts[2]
    assert "learned" in panel.rows.item(1).toolTip()
    selection.attack = "confidence"
    assert "same attack" in panel.rows.item(1).text()


def test_the_spec_with_the_trials_is_saved_as_one_that_can_be_run(window, panel, selection, tmp_path, monkeypatch):
    assert not window.registry["trials.save"].enabled()
    panel.try_kind(DEFENSES.get("gauss"))
    path = tmp_path / "more.toml"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    window.registry.trigger("trials.save")
    table = tomllib.loads(path.read_text())
    assert table["defenses"][-1] == {"name": "gauss", "sigma": 0.05}
    assert len(table["defenses"]) == 4


def test_a_trial_is_scored_and_what_a_slider_has_left_is_cancelled(window, panel, selection):
    engine = window.furniture.engine
    panel.try_kind(DEFENSES.get("gauss"))
    (job,) = [job for job in engine.jobs if isinstance(job, Rescore)]
    assert (job.chain.id, job.attacks) == ("gauss-sigma0.05", ("loss",))
    slider(panel).setValue(100)
    assert ("cancel", engine.jobs.index(job) + 1) in engine.calls
    last = [job for job in engine.jobs if isinstance(job, Rescore)][-1]
    assert last.chain.id == "gauss-sigma0.2"
