"""Patches that an attack visited, and regions that a person marks."""

import json

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QUndoStack
from PySide6.QtTest import QTest

from gui.browser.deciding import ReasonDialog
from gui.compare.region_tool import Shape
from tests.gui.compare.helpers import canvases, make_view, on_screen, settle
from tests.gui.compare_world import CHAINS


def test_visited_patches_are_drawn_where_the_grid_says(qtbot, view):
    view.switch("patches")
    settle(qtbot, view)
    first, second = canvases(view)[0]._marks
    # 90 grid points of two pixels each; the second one reaches to the lower border of the grid.
    assert first.points == ((0.0, 0.0), (180.0, 0.0), (180.0, 180.0), (0.0, 180.0))
    assert second.points == ((20.0, 76.0), (200.0, 76.0), (200.0, 256.0), (20.0, 256.0))
    assert first.colour != second.colour
    view.switch("patches")
    assert canvases(view)[0]._marks == ()


def draw(canvas, *pixels, double=False):
    places = [on_screen(canvas, x, y) for x, y in pixels]
    for place in places:
        QTest.mouseMove(canvas, place)
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    if double:
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=places[-1])


def pull(canvas, start, end):
    first, last = on_screen(canvas, *start), on_screen(canvas, *end)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(canvas, last)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=last)


def log_of(document):
    path = document.folder / "review.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def test_a_rectangle_pulled_in_one_pane_is_marked_in_all_logged_and_measured(qtbot, view, document):
    view.take_tool(Shape.RECTANGLE)
    pull(canvases(view)[1], (100, 60), (300, 160))
    (entry,) = log_of(document)
    assert (entry["action"], entry["image"], entry["value"]["id"]) == ("region", 0, "A")
    assert np.allclose(entry["value"]["points"], [[100, 60], [300, 60], [300, 160], [100, 160]], atol=4)
    assert [len(canvas._marks) for canvas in canvases(view)] == [1, 1, 1]
    assert view.region_table.isVisible()
    assert view.region_table.rowCount() == 3
    lines = view.region_table.as_tsv().splitlines()
    assert lines[0].split("\t")[0] == "Region"
    assert [line.split("\t")[:2] for line in lines[1:]] == [
        ["A", "No defense"],
        ["A", "Argmax"],
        ["A", "Gauss noise, sigma 0.3"],
    ]


def test_marking_and_removing_regions_can_be_undone_and_the_log_only_grows(qtbot, selection, document):
    stack = QUndoStack()
    view = make_view(qtbot, selection, stack)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, view)
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    stack.undo()
    assert view.marking.regions == ()
    stack.redo()
    view.marking.remove("A")
    assert view.marking.regions == ()
    assert not view.region_table.isVisible()
    stack.undo()
    assert [region.id for region in view.marking.regions] == ["A"]
    assert [bool(e["value"].get("removed")) for e in log_of(document)] == [False, True, False, True, False]


def test_a_note_on_a_region_stands_in_its_rows_and_among_the_images_notes_and_can_be_undone(qtbot, selection, document):
    stack = QUndoStack()
    view = make_view(qtbot, selection, stack)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, view)
    for corners in (((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)), ((60.0, 10.0), (90.0, 10.0), (90.0, 50.0))):
        view.marking.add(corners)
    table = view.region_table
    table.setCurrentCell(len(CHAINS), 0)
    assert table.current_region == "B"
    menu = table.menu()
    assert [a.text() for a in menu.actions()] == ["Note on region B...", "Remove region B", "Copy the table"]
    menu.close()
    QTest.keyClick(table, Qt.Key.Key_Return)
    (dialog,) = view.findChildren(ReasonDialog)
    dialog.field.setPlainText("A number plate.")
    dialog.accept()
    assert [line.split("\t")[-1] for line in table.as_tsv().splitlines()[1:]] == [
        *[""] * len(CHAINS),
        *["A number plate."] * len(CHAINS),
    ]
    assert [note.why for note in document.notes(selection.image)] == ["Region B: A number plate."]
    stack.undo()
    assert document.notes(selection.image) == () and "plate" not in table.as_tsv()
    stack.redo()
    assert "plate" in table.as_tsv() and len(view.marking.regions) == 2


def test_a_polygon_ends_with_a_double_click_or_enter_and_escape_drops_it(qtbot, view, document):
    view.take_tool(Shape.POLYGON)
    canvas = canvases(view)[0]
    draw(canvas, (50, 50), (150, 50), (150, 150), double=True)
    assert len(log_of(document)[0]["value"]["points"]) == 3
    draw(canvas, (200, 50), (300, 50), (300, 150), (200, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert len(log_of(document)[1]["value"]["points"]) == 4
    draw(canvas, (20, 20), (40, 20))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not view.marking.tool.drawing
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert view.tool is None
    assert len(log_of(document)) == 2


def test_a_click_without_pulling_marks_nothing(qtbot, view, document):
    view.take_tool(Shape.RECTANGLE)
    pull(canvases(view)[0], (100, 60), (100, 60))
    assert log_of(document) == []


def test_regions_belong_to_their_image_and_are_there_when_the_audit_is_opened_again(qtbot, view, selection, world):
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    selection.image = 1
    settle(qtbot, view)
    assert canvases(view)[0]._marks == ()
    assert not view.region_table.isVisible()
    again = world.open()
    selection.document = again
    selection.layer = "score"
    settle(qtbot, view)
    assert [mark.name for mark in canvases(view)[0]._marks] == ["A"]
    selection.document = None
    settle(qtbot, view)
    again.close()


def test_a_region_that_cannot_be_written_down_is_not_there_and_is_told_of(qtbot, view, document, monkeypatch, heard):
    from core.audit import review

    def full(path, line):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(review, "_append_line", full)
    told = heard(view.failed)
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    assert "No space left" in str(told.got[0])
    assert view.marking.regions == ()


def test_the_table_copies_itself_and_delete_removes_the_region_of_its_row(qtbot, view, document):
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    table = view.region_table
    table.setCurrentCell(1, 0)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == table.as_tsv()
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert view.marking.regions == ()
