"""Opening audits, and the welcome page that offers those opened before."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent, QUndoCommand
from PySide6.QtWidgets import QTabBar, QWidget

from gui.banner import Severity
from gui.recent import read_recent
from tests.gui.window.helpers import docks, open_audit, titles

# ---------------------------------------------------------------- opening


def test_the_window_begins_with_the_welcome_page_and_no_panels(window):
    assert window.welcome.isVisible()
    assert not any(docks(window).values())
    assert not window.registry.qaction("audit.close").isEnabled()


def test_an_audit_is_opened_looked_at_and_closed(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    assert window.windowTitle() == "One - SegLeak"
    assert all(docks(window).values())
    assert not window.welcome.isVisible()
    assert window.registry.qaction("audit.close").isEnabled()
    assert titles(window) == []
    window.registry.trigger("audit.close")
    assert window.windowTitle() == "SegLeak"
    assert window.welcome.isVisible()
    assert not any(docks(window).values())


def test_panels_that_were_closed_stay_closed_for_the_next_audit(qtbot, window, finished, other):
    open_audit(qtbot, window, finished)
    window.furniture.workbench.docks["numbers"].close()
    window.registry.trigger("audit.close")
    open_audit(qtbot, window, other)
    assert docks(window) == {"images": True, "defenses": True, "numbers": False}
    window.registry.trigger("panel.reset")
    assert all(docks(window).values())


@pytest.mark.parametrize(("width", "beside"), [(1280, False), (2560, True)])
def test_a_wide_window_has_its_plots_beside_the_numbers(qtbot, window, finished, width, beside):
    open_audit(qtbot, window, finished)
    for before in (2560, 1280, width):
        window.resize(before, 1000)
        window.registry.trigger("panel.reset")
        qtbot.wait(50)
    there = window.furniture.workbench.docks
    tabs = {dock.objectName() for dock in window.tabifiedDockWidgets(there["numbers"])}
    assert tabs == ({"verdict", "jobs"} if beside else set(there) - {"images", "defenses", "numbers"})
    in_front = {name for name, dock in there.items() if not dock.visibleRegion().isEmpty()}
    assert in_front == {"images", "defenses", "numbers"} | ({"roc"} if beside else set())
    assert window.width() == width
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    assert sum(bar.isVisible() for bar in bars) == 1 + beside


def test_under_the_right_button_the_panels_are_offered_in_the_order_of_the_menu(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    menu = window.createPopupMenu()
    assert [action.text().removesuffix(" panel") for action in menu.actions()][:3] == ["Images", "Defenses", "Numbers"]
    menu.actions()[2].trigger()
    assert not window.shows_dock("numbers")


def test_a_file_of_an_audit_folder_means_the_folder(qtbot, window, finished):
    window.audits.open(finished / "audit.toml")
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    assert window.audits.document.folder == finished


@pytest.mark.parametrize("name", ["plain", "gone"])
def test_what_is_no_audit_is_refused_with_a_remedy_and_what_was_open_stays(qtbot, window, finished, tmp_path, name):
    (tmp_path / "plain").mkdir()
    open_audit(qtbot, window, finished)
    window.audits.open(tmp_path / name)
    qtbot.waitUntil(lambda: len(window.banners.shown) == 1, timeout=9000)
    assert name in titles(window)[0]
    assert window.banners.shown[0].remedy
    assert window.audits.document.folder == finished


def test_a_damaged_audit_is_refused(qtbot, window, tmp_path):
    (tmp_path / "results.sqlite").write_bytes(b"no data base")
    window.audits.open(tmp_path)
    qtbot.waitUntil(lambda: len(window.banners.shown) == 1, timeout=9000)
    assert window.banners.shown[0].severity is Severity.ERROR


def drop(window, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    none = Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, none)
    window.dropEvent(event)


def test_a_dropped_folder_is_opened(qtbot, window, finished):
    drop(window, finished)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)


def test_the_last_of_two_audits_asked_for_at_once_is_shown(qtbot, window, finished, other):
    window.audits.open(finished)
    window.audits.open(other)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    qtbot.wait(50)
    assert window.audits.document.folder == other


def test_an_audit_in_view_drops_what_could_be_undone_in_another(qtbot, window, finished, other):
    open_audit(qtbot, window, finished)
    window.undo_stack.push(QUndoCommand("step"))
    assert window.registry.qaction("edit.undo").isEnabled()
    open_audit(qtbot, window, other)
    assert not window.registry.qaction("edit.undo").isEnabled()


# ---------------------------------------------------------------- welcome page and recent audits


def test_opened_audits_are_offered_on_the_welcome_page_with_picture_and_line(qtbot, window, finished, other):
    open_audit(qtbot, window, finished)
    open_audit(qtbot, window, other)
    window.registry.trigger("audit.close")
    assert [card.audit.title for card in window.welcome.cards] == ["Two", "One"]
    assert read_recent()[0].line.startswith("AUC ")
    assert read_recent()[0].thumbnail.is_file()


def test_a_card_opens_its_audit_by_mouse_and_by_key_and_can_be_removed(qtbot, window, finished):
    open_audit(qtbot, window, finished)
    window.registry.trigger("audit.close")
    (card,) = window.welcome.cards
    qtbot.keyClick(card, Qt.Key.Key_Return)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    window.registry.trigger("audit.close")
    qtbot.mouseClick(card, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(window.audits.has_document, timeout=9000)
    window.audits.close()
    qtbot.waitUntil(lambda: not window.audits.opening._remembering.busy, timeout=9000)
    (card,) = window.welcome.cards
    qtbot.keyClick(card, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: read_recent() == [], timeout=9000)
    assert finished.is_dir()


def test_a_wide_page_that_is_not_in_view_does_not_make_the_window_wider(qtbot, window, finished):
    page = QWidget()
    page.setMinimumWidth(2000)
    window.add_page(page)
    open_audit(qtbot, window, finished)
    qtbot.wait(20)
    assert window.minimumSizeHint().width() < 1500
    window.show_page(page)
    assert window.minimumSizeHint().width() >= 2000
