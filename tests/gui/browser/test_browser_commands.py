import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication, QUndoStack
from PySide6.QtWidgets import QMainWindow, QMenu

from core.data.samples import Role
from core.errors import SegLeakError
from gui.actions import ActionRegistry
from gui.browser import BrowserPanel
from gui.browser.arrange import Filter, Marks
from gui.browser.model import ImageModel
from gui.selection import Selection
from tests.gui.browser.helpers import RIGHT_NOW, run
from tests.gui.small_audit import small_audit


def test_the_commands_can_be_registered_and_ask_whether_they_can_be_used(panel, document, qtbot):
    browser = panel(None)
    window = QMainWindow()
    qtbot.addWidget(window)
    registry = ActionRegistry(window)
    registry.add(browser.actions())
    assert not any(
        registry.qaction(action.id).isEnabled() for action in browser.actions() if action.id != "images.grid"
    )
    browser.selection.document = document
    qtbot.waitUntil(lambda: browser.model.rowCount() == 12, timeout=RIGHT_NOW)
    registry.refresh()
    assert all(registry.qaction(action.id).isEnabled() for action in browser.actions())
    registry.trigger("images.grid")
    assert registry.qaction("images.grid").isChecked()


def menus_of(browser):
    return browser.findChildren(QMenu, options=Qt.FindChildOption.FindDirectChildrenOnly)


def test_a_right_click_offers_what_can_be_done_with_the_image(panel, document, folder, qtbot):
    browser = panel(document)
    table = browser.images.table
    browser.selection.image = 3
    table.customContextMenuRequested.emit(table.visualRect(browser.model.index(2, 0)).center())
    (menu,) = menus_of(browser)
    assert [action.text() for action in menu.actions()] == [
        "Flag or take the flag off",
        "Add a note...",
        "Exclude or include again...",
        "Show in the file manager",
        "Copy the path",
        "",  # a line
        "Sort by",
    ]
    menu.actions()[0].trigger()
    assert document.flagged == {3}
    menu.close()
    table.customContextMenuRequested.emit(QPoint(10, table.viewport().height() + 500))
    assert all(other is menu for other in menus_of(browser))


def test_paths_are_copied_and_folders_opened(panel, document, monkeypatch, qtbot):
    browser = panel(document)
    opened = []
    monkeypatch.setattr("gui.browser.panel.QDesktopServices.openUrl", lambda url: opened.append(url.toLocalFile()))
    browser.selection.image = 3
    run(browser, "file.copy-path")
    assert QGuiApplication.clipboard().text() == document.rows[2].path
    run(browser, "file.reveal-image")
    assert opened == [str(Path(document.rows[2].path).parent)]
    for row in document.rows:
        Path(row.path).unlink()
    Path(document.rows[2].path).parent.rmdir()
    with pytest.raises(SegLeakError, match="is not there"):
        run(browser, "file.reveal-image")


def test_a_hundred_thousand_images_cost_what_is_in_view(qtbot, thumbnails, monkeypatch, tmp_path, opened):
    from core.audit.store import AuditStore, ImageRow

    folder = small_audit(tmp_path / "many.segleak", per_role=0)
    count = 100_000
    with AuditStore.create(folder) as store:
        store.add_images(
            ImageRow(i, Role.MEMBER, 0, f"{i % 97:02d}/{i:06d}.png", f"/none/{i}.png", state="done")
            for i in range(count)
        )
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        connection.executemany(
            "INSERT INTO scores VALUES (?, 'none', 'loss', ?, NULL)", ((i, (i * 7919) % count) for i in range(count))
        )
    connection.close()
    asked = []
    answer = ImageModel.data
    monkeypatch.setattr(
        ImageModel, "data", lambda self, index, role=0: asked.append(index.row()) or answer(self, index, role)
    )
    start = time.process_time()
    document = opened(folder)
    selection = Selection()
    browser = BrowserPanel(selection, QUndoStack(selection), thumbnails)
    qtbot.addWidget(browser)
    browser.resize(500, 400)
    browser.show()
    selection.document = document
    qtbot.waitUntil(lambda: browser.model.rowCount() == count, timeout=60_000)
    browser.repaint()
    assert time.process_time() - start < 4  # seconds of CPU; twice the aim, for slow machines
    assert len(set(asked)) < 60
    for grid in (False, True):
        browser.restore_state({"grid": grid, "sort": "score:none", "descending": True})
        asked.clear()
        browser.images.go_to(count // 2)
        browser.images.view.viewport().repaint()
        assert len(set(asked)) < 60
        assert selection.image == browser.model.image_at(count // 2)
        assert document.scores("none", "loss")[selection.image] == count - 1 - count // 2
    start = time.thread_time()
    browser.model.set_filter(Filter(text="42/"))
    assert time.thread_time() - start < 0.5
    assert browser.model.rowCount() == sum(1 for i in range(count) if i % 97 == 42)
    browser.close_threads()


def test_marks_follow_a_listing_whatever_its_ids(document):
    document.decide("exclude", 12, "last")
    marks = Marks.of(document, document.listing, None)
    assert np.flatnonzero(marks.excluded).tolist() == [11]
