"""A rectangle marked by its numbers, without the mouse."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialogButtonBox

from gui.compare.region_dialog import RegionDialog, middle_of
from gui.compare.viewport import View
from tests.gui.compare.helpers import canvases

IMAGE = (512, 256)


def ask(view):
    """The dialog that the command opens."""
    next(action for action in view.actions() if action.id == "region.numbers").callback()
    (dialog,) = view.findChildren(RegionDialog)
    return dialog


def type_in(qtbot, dialog, *numbers):
    """As a person does who has the keyboard alone."""
    for field, number in zip(dialog.fields, numbers, strict=True):
        field.setFocus()
        field.selectAll()
        qtbot.keyClicks(field, str(number))
    qtbot.keyClick(dialog.fields[-1], Qt.Key.Key_Return)


def test_typed_numbers_mark_the_rectangle_and_the_outline_follows_while_they_are_typed(qtbot, view):
    dialog = ask(view)
    dialog.fields[0].setValue(20)
    outlines = [canvas._marks for canvas in canvases(view)]
    assert all(len(marks) == 1 and marks[0].points == dialog.corners for marks in outlines)
    assert view.marking.regions == ()
    type_in(qtbot, dialog, 100, 60, 200, 50)
    (region,) = view.marking.regions
    assert region.points == ((100.0, 60.0), (300.0, 60.0), (300.0, 110.0), (100.0, 110.0))
    assert int(region.mask(IMAGE[::-1]).sum()) == 200 * 50
    assert [marks[0].name for marks in (canvas._marks for canvas in canvases(view))] == ["A"] * len(canvases(view))
    view.marking.undo_stack.undo()
    assert view.marking.regions == ()


def test_escape_marks_nothing_and_leaves_no_outline(qtbot, view):
    dialog = ask(view)
    assert canvases(view)[0]._marks
    qtbot.keyClick(dialog.fields[1], Qt.Key.Key_Escape)
    assert view.marking.regions == () and canvases(view)[0]._marks == ()


@pytest.mark.parametrize(("left", "width", "ends"), [(500, 400, 512), (9999, 9999, 512), (0, 512, 512), (10, 20, 30)])
def test_no_rectangle_reaches_beyond_the_image(qtbot, left, width, ends):
    dialog = RegionDialog(IMAGE, (128, 64, 256, 128))
    qtbot.addWidget(dialog)
    dialog.fields[2].setValue(width)
    dialog.fields[0].setValue(left)
    dialog.fields[2].setValue(width)
    (x0, _), (x1, _), *_ = dialog.corners
    assert x1 == ends and x0 < x1


def test_the_dialog_begins_in_the_middle_of_what_is_seen(qtbot):
    whole = View((256.0, 128.0), 1.0)
    assert middle_of(whole, (512.0, 256.0), IMAGE) == (128, 64, 256, 128)
    assert middle_of(whole, (1024.0, 1024.0), IMAGE) == (128, 64, 256, 128)
    corner = View((0.0, 0.0), 4.0)  # a quarter of the pane shows the 64 x 32 pixels in the corner
    assert middle_of(corner, (512.0, 256.0), IMAGE) == (16, 8, 32, 16)
    far = View((512.0, 256.0), 64.0)
    left, top, width, height = middle_of(far, (64.0, 64.0), IMAGE)
    assert 0 <= left < left + width <= 512 and 0 <= top < top + height <= 256


def test_the_dialog_takes_over_what_it_begins_with_whatever_the_image(qtbot):
    for begin in [(0, 0, 1, 1), (511, 255, 1, 1), (100, 50, 412, 206)]:
        dialog = RegionDialog(IMAGE, begin)
        qtbot.addWidget(dialog)
        assert tuple(field.value() for field in dialog.fields) == begin
        assert dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Ok).text() == "Mark"
