"""The window's commands."""

from pathlib import Path

from PySide6.QtWidgets import QApplication

from core.errors import StoreError
from gui import audits
from gui.folders import DEMO_SPEC
from gui.settings.store import load
from gui.settings.table import Look
from tests.gui.window.helpers import open_audit, titles


def test_every_menu_command_can_be_called_in_every_state(qtbot, window, finished, monkeypatch):
    """Nothing raises, with an audit and without one; dialogs are closed as they come."""
    monkeypatch.setattr(audits.QFileDialog, "getExistingDirectory", lambda *args: "")
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(audits.QFileDialog, name, lambda *args: ("", ""))
    monkeypatch.setattr(audits.QDesktopServices, "openUrl", lambda url: None)
    skipped = {"app.quit", "audit.demo", "run.go-on"}
    for _ in range(2):
        for action in list(window.registry):
            if action.id not in skipped:
                window.registry.trigger(action.id)
                for widget in QApplication.topLevelWidgets():
                    if widget is not window and widget.isVisible() and hasattr(widget, "reject"):
                        widget.reject()
        open_audit(qtbot, window, finished)


def test_commands_have_icons_that_exist_and_words_that_end_right(window):
    for action in window.registry:
        assert not action.icon or not window.registry.qaction(action.id).icon().isNull()
        assert not action.title.endswith(".") or action.title.endswith("...")
        assert not action.tooltip or action.tooltip.endswith(".")


def test_a_theme_is_chosen_and_kept(window):
    window.registry.trigger("theme.dark")
    assert load()[0].look == Look("dark")
    assert window.registry.qaction("theme.dark").isChecked()
    assert not window.registry.qaction("theme.system").isChecked()


def test_an_expected_failure_of_a_view_becomes_a_banner(window):
    window.furniture.workbench.centre.failed.emit(StoreError("The log is full.", "Make room."))
    assert titles(window) == ["The log is full."]


def test_the_demos_spec_is_where_the_window_looks_for_it():
    assert Path(__file__).resolve().parents[3] / "resources" / "demo" / "demo.toml" == DEMO_SPEC
    assert DEMO_SPEC.is_file()
