import json
import sqlite3
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton

from gui.browser.arrange import Only
from tests.gui.browser.helpers import RIGHT_NOW, shown, titles
from tests.gui.small_audit import small_audit


def test_typing_filters_and_wrong_numbers_are_named(panel, document, qtbot):
    browser = panel(document)
    browser.filters._text.setText("0 7")
    qtbot.waitUntil(lambda: shown(browser) == [8], timeout=RIGHT_NOW)
    browser.filters._text.setText("")
    browser.filters._low.setText("a lot")
    qtbot.waitUntil(lambda: "“a lot” is no number" in browser.filters._wrong.text(), timeout=RIGHT_NOW)
    assert len(shown(browser)) == 12
    browser.filters._low.setText("0,5")
    scores = document.scores("none", "loss")
    expected = [row.id for row, score in zip(document.rows, scores, strict=True) if score >= 0.5]
    qtbot.waitUntil(lambda: shown(browser) == expected, timeout=RIGHT_NOW)
    assert browser.filters._wrong.isHidden()


def test_a_filter_that_nothing_passes_offers_to_show_all(panel, document, qtbot):
    browser = panel(document)
    browser.filters._text.setText("no such image")
    qtbot.waitUntil(lambda: browser.model.rowCount() == 0, timeout=RIGHT_NOW)
    assert "No image passes the filter" in browser.images.notice.words
    qtbot.mouseClick(browser.images.notice.findChild(QPushButton), Qt.MouseButton.LeftButton)
    assert len(shown(browser)) == 12
    assert browser.images.currentWidget() is browser.images.table


def test_classes_can_be_chosen_once_they_are_counted(panel, tmp_path, qtbot, opened):
    folder = small_audit(tmp_path / "classes.segleak", per_role=2)
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        connection.execute("INSERT INTO facts VALUES ('classes', ?)", (json.dumps({"names": list("abcdefg")}),))
        connection.execute("DELETE FROM confusions WHERE image = 2")
    connection.close()
    document = opened(folder)
    browser = panel(document)
    combo = browser.filters._class
    assert combo.isEnabled()
    assert [combo.itemText(i) for i in range(combo.count())] == ["Any class", *"abcdefg"]
    combo.setCurrentIndex(3)
    assert shown(browser) == [1, 3, 4]


def test_empty_places_say_what_to_do(panel, tmp_path, qtbot, opened):
    browser = panel(None)
    assert "Open one" in browser.images.notice.words
    empty = small_audit(tmp_path / "empty.segleak", per_role=0)
    document = opened(empty)
    browser.selection.document = document
    qtbot.waitUntil(lambda: "No images yet" in browser.images.notice.words, timeout=RIGHT_NOW)
    assert browser.images.currentWidget() is browser.images.notice


def test_an_audit_that_cannot_be_read_says_so(panel, folder, heard, qtbot, opened):
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        connection.execute("UPDATE confusions SET counts = x'00' WHERE image = 3")
    connection.close()
    document = opened(folder)
    browser = panel(None)
    failed = heard(browser.failed)
    browser.selection.document = document
    qtbot.waitUntil(lambda: bool(failed.got), timeout=RIGHT_NOW)
    assert "damaged" in str(failed.got[0])
    assert len(shown(browser)) == 12  # what could be read is there


def test_failed_images_show_why(panel, folder, qtbot, opened):
    connection = sqlite3.connect(folder / "results.sqlite")
    with connection:
        connection.execute("UPDATE images SET state = 'failed', reason = '04.png is cut short.' WHERE id = 5")
        path = connection.execute("SELECT path FROM images WHERE id = 5").fetchone()[0]
    connection.close()
    Path(path).write_bytes(b"no picture")
    document = opened(folder)
    browser = panel(document)
    row, state = browser.model.row_of(5), titles(browser).index("State")
    assert browser.model.data(browser.model.index(row, state)) == "Failed: 04.png is cut short."
    assert "04.png is cut short." in browser.model.data(browser.model.index(row, 0), Qt.ItemDataRole.ToolTipRole)
    browser.filters.show_only(Only.FAILED)
    assert shown(browser) == [5]
    qtbot.waitUntil(lambda: browser._loader.reason(5) is not None, timeout=RIGHT_NOW)
    assert "is not an image" in browser._loader.reason(5)
