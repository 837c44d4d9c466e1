"""The panels of defenses and of numbers, in the window."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QListWidget

from core.audit.summary import summarise, write_summary
from tests.gui.small_audit import CHAINS, small_audit
from tests.gui.window.helpers import open_audit

# ---------------------------------------------------------------- defenses


def switch(panel, row):
    item = panel.findChild(QListWidget).item(row)
    on = item.checkState() == Qt.CheckState.Checked
    item.setCheckState(Qt.CheckState.Unchecked if on else Qt.CheckState.Checked)


def test_switching_a_defense_changes_the_selection_and_is_undone(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    selection, panel = window.furniture.selection, window.furniture.workbench.defenses
    assert selection.chains == CHAINS
    switch(panel, 1)
    assert selection.chains == ("none", "gauss-sigma0.3")
    window.registry.trigger("edit.undo")
    assert selection.chains == CHAINS
    assert panel.findChild(QListWidget).item(1).checkState() == Qt.CheckState.Checked
    window.registry.trigger("edit.redo")
    assert selection.chains == ("none", "gauss-sigma0.3")


def test_a_chain_that_is_not_in_the_audit_stays_when_others_are_switched(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    selection = window.furniture.selection
    selection.chains = ("none", "temperature-t2")
    switch(window.furniture.workbench.defenses, 1)
    assert selection.chains == ("none", "argmax", "temperature-t2")


def test_attack_and_layer_are_chosen_and_follow_the_selection(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    selection, panel = window.furniture.selection, window.furniture.workbench.defenses
    assert panel.choosers.attacks.currentText() == "Global loss (primary)"
    panel.choosers.attacks.setCurrentIndex(1)
    panel.choosers.attacks.activated.emit(1)
    assert selection.attack == "confidence"
    selection.layer = "label"
    assert panel.choosers.layers.currentData() == "label"
    worked_out = panel.choosers.layers.model().item(panel.choosers.layers.findData("prediction"))
    assert worked_out.isEnabled()
    assert worked_out.toolTip()


# ---------------------------------------------------------------- numbers


def test_the_numbers_stand_in_the_table_and_a_double_click_shows_them(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    numbers = window.furniture.workbench.numbers
    qtbot.waitUntil(lambda: numbers.table.model().rowCount() == 6, timeout=9000)
    assert numbers.note == ""
    window.furniture.selection.chains = ("none",)
    numbers.table.activated.emit(numbers.table.model().index(3, 0))
    assert window.furniture.selection.attack == "confidence"
    assert window.furniture.selection.chains == ("argmax", "none")
    window.registry.trigger("numbers.copy")
    assert QApplication.clipboard().text().count("\n") == 7


def test_exclusions_after_the_numbers_are_told(qtbot, window, tmp_path):
    folder = small_audit(tmp_path / "three.segleak")
    open_audit(qtbot, window, folder)
    numbers = window.furniture.workbench.numbers
    qtbot.waitUntil(numbers.table.isVisible, timeout=9000)
    window.furniture.selection.decide("exclude", 1, "blurred")
    assert "now 1" in numbers.note
    document = window.audits.document
    write_summary(folder, summarise(document._store, document.spec))
    window.furniture.selection.summarised.emit()
    qtbot.waitUntil(lambda: numbers.note == "" and numbers.table.isVisible(), timeout=9000)
