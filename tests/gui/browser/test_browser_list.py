import json
import sqlite3

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication

from core.data.samples import Role
from gui.browser.arrange import Only
from gui.minus import plain
from tests.gui.browser.helpers import RIGHT_NOW, shown, titles
from tests.gui.small_audit import small_audit


def test_the_columns_are_those_of_the_defenses_in_view(panel, document, qtbot):
    browser = panel(document)
    assert titles(browser) == ["Image", "Score", "Argmax", "Gauss noise, sigma 0.3", "Loss", "mIoU", "Role", "State"]
    browser.selection.chains = ("argmax",)
    qtbot.waitUntil(lambda: titles(browser) == ["Image", "Argmax", "Loss", "mIoU", "Role", "State"], timeout=RIGHT_NOW)
    score = float(plain(browser.model.data(browser.model.index(0, 1))))
    assert score == pytest.approx(document.scores("argmax", "loss")[0], abs=0.01)
    loss = float(plain(browser.model.data(browser.model.index(0, 2))))
    assert loss == pytest.approx(-document.scores("argmax", "loss")[0], abs=0.01)


def test_the_list_the_keys_and_the_selection_go_together(panel, document, qtbot):
    browser = panel(document)
    selection, table = browser.selection, browser.images.table
    assert table.currentIndex().row() == 0
    for key, row in (
        (Qt.Key.Key_Down, 1),
        (Qt.Key.Key_Right, 2),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_End, 11),
        (Qt.Key.Key_Home, 0),
    ):
        qtbot.keyClick(
            table,
            key,
            Qt.KeyboardModifier.ControlModifier
            if key in {Qt.Key.Key_End, Qt.Key.Key_Home}
            else Qt.KeyboardModifier.NoModifier,
        )
        assert selection.image == browser.model.image_at(row)
    selection.image = 7
    assert browser.images.images == [7]
    browser.model.sort_by("score:none", descending=True)
    assert browser.images.images == [7]
    assert table.currentIndex().row() == browser.model.row_of(7)


def test_stepping_ends_at_both_ends_and_enters_at_the_first_image_from_a_hidden_one(panel, document):
    browser = panel(document)
    steps = {action.id: action.callback for action in browser.actions()}
    steps["image.previous"]()
    assert browser.selection.image == 1
    steps["image.last"]()
    steps["image.next"]()
    assert browser.selection.image == 12
    browser.filters.show_role(str(Role.MEMBER))
    assert shown(browser) == [1, 2, 3, 4, 5, 6]
    assert browser.images.images == []
    assert browser.selection.image == 12
    steps["image.next"]()
    assert browser.selection.image == 1


def test_a_new_audit_does_not_inherit_the_selected_images(panel, document, tmp_path, qtbot, opened):
    browser = panel(document)
    browser.images.table.selectAll()
    other = opened(small_audit(tmp_path / "other.segleak", per_role=2))
    browser.selection.document = other
    assert browser.model.rowCount() == 0
    qtbot.waitUntil(lambda: browser.model.rowCount() == 4, timeout=RIGHT_NOW)
    assert browser.images.images == [1]


def test_scores_above_the_operating_point_stand_out(panel, document):
    browser = panel(document)
    scores = document.scores("none", "loss")
    browser.selection.threshold = float(np.sort(scores)[-3])
    bold = [
        r
        for r in range(12)
        if (font := browser.model.data(browser.model.index(r, 1), Qt.ItemDataRole.FontRole)) and font.bold()
    ]
    assert bold == np.flatnonzero(scores >= np.sort(scores)[-3]).tolist()
    assert browser.model.data(browser.model.index(bold[0], 2), Qt.ItemDataRole.FontRole) is None
    browser.filters.show_only(Only.ABOVE)
    assert shown(browser) == [document.rows[row].id for row in bold]


def test_selected_rows_are_copied_for_a_spreadsheet(panel, document, qtbot):
    browser = panel(document)
    browser.selection.image = 2
    qtbot.keyClick(browser.images.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    head, line, _ = QGuiApplication.clipboard().text().split("\n")
    assert head.split("\t")[:2] == ["Image", "Score"]
    assert line.split("\t")[0] == document.rows[1].key
    assert len(line.split("\t")) == len(head.split("\t"))


def test_a_running_audit_fills_the_list_and_leaves_the_selection_alone(panel, tmp_path, qtbot, opened):
    folder = small_audit(tmp_path / "run.segleak", per_role=6, done=3)
    document = opened(folder)
    browser = panel(document)
    browser.model.sort_by("score:none", descending=True)
    browser.selection.image = 9
    assert browser.model.data(browser.model.index(browser.model.row_of(9), titles(browser).index("State"))) == "Waiting"
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        connection.execute("INSERT INTO scores VALUES (9, 'none', 'loss', 99.0, NULL)")
        connection.execute("UPDATE images SET state = 'done' WHERE id = 9")
    connection.close()
    document.refresh()
    browser.selection.grown()
    qtbot.waitUntil(lambda: browser.model.row_of(9) == 0, timeout=RIGHT_NOW)
    assert browser.images.images == [9]


def test_the_grid_goes_by_lines_and_pages(panel, document, qtbot):
    browser = panel(document)
    browser.toggle_grid()
    grid = browser.images.grid
    assert browser.images.currentWidget() is grid
    across = grid.across
    assert across == grid.viewport().width() // (grid.viewport().width() // across) > 1
    qtbot.keyClick(grid, Qt.Key.Key_Down)
    assert browser.selection.image == 1 + across
    qtbot.keyClick(grid, Qt.Key.Key_Right)
    qtbot.keyClick(grid, Qt.Key.Key_Up)
    assert browser.selection.image == 2
    qtbot.keyClick(grid, Qt.Key.Key_Up)
    assert browser.selection.image == 2
    qtbot.keyClick(grid, Qt.Key.Key_End)
    assert browser.selection.image == 12
    assert grid.viewport().rect().contains(grid.visualRect(browser.model.index(11, 0)))
    assert 11 in grid.visible_rows()
    assert 0 not in grid.visible_rows()


def test_a_click_in_the_grid_finds_the_cell_that_is_painted_there(panel, document, qtbot):
    browser = panel(document)
    browser.toggle_grid()
    grid = browser.images.grid
    for row in grid.visible_rows():
        middle = grid.visualRect(browser.model.index(row, 0)).center()
        if grid.viewport().rect().contains(middle):
            assert grid.indexAt(middle).row() == row
            qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)
            assert browser.selection.image == browser.model.image_at(row)
    assert not grid.indexAt(QPoint(-1, 5)).isValid()
    first, fourth = (grid.visualRect(browser.model.index(row, 0)).center() for row in (0, 3))
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=first)
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, fourth)
    assert browser.images.images == [1, 2, 3, 4]
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=fourth)
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, first)
    assert browser.images.images == [1, 2, 3, 4]


def test_the_grid_is_sorted_by_what_its_chooser_says(panel, document, qtbot):
    browser = panel(document)
    browser.toggle_grid()
    assert browser.sorting.isVisible()
    browser.sorting._columns.setCurrentIndex(1)
    browser.sorting._columns.activated.emit(1)
    browser.sorting._turn()
    assert browser.model.sorted_by == ("score:none", True)
    best = int(np.argmax(document.scores("none", "loss")))
    assert browser.model.image_at(0) == document.rows[best].id
    assert browser.images.table.horizontalHeader().sortIndicatorSection() == 1


def test_how_the_images_are_shown_is_remembered(panel, document):
    browser = panel(document)
    browser.toggle_grid()
    browser.model.sort_by("loss", descending=True)
    other = panel(document)
    other.restore_state(json.loads(json.dumps(browser.state())))
    assert other.shows_grid()
    assert shown(other) == shown(browser)
    other.restore_state({"grid": "yes", "sort": 7})
    assert not other.shows_grid()
    assert sorted(shown(other)) == list(range(1, 13))
