"""What each class contributes."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.data.samples import Role
from gui.plots.classes_panel import MAP, ClassesPanel
from tests.gui.plots.helpers import result_of, settle, shown


@pytest.fixture
def classes(qtbot, selection, results):
    better = np.diag([5, 3, 2, 0, 0, 0, 0])
    better[0, 1] = 5
    results.put(result_of("argmax", counts=better))
    return shown(qtbot, ClassesPanel(selection, results))


def test_the_table_has_iou_per_class_and_the_change_and_sorts_by_number(classes):
    table = classes.table
    texts = table.texts()
    assert texts[0] == [
        "Class",
        "No defense",
        classes.selection.title("argmax"),
        f"Change: {classes.selection.title('argmax')}",
    ]
    by_name = {row[0]: row[1:] for row in texts[1:]}
    names = classes.selection.document.class_names or [f"class {i}" for i in range(7)]
    assert by_name[names[0]] == ["1.000", "0.500", "-0.500"]
    assert by_name[names[2]] == ["1.000", "1.000", "0.000"]  # no sign
    assert by_name[names[3]] == ["", "", ""]
    assert by_name["Mean of classes"][2] == f"{(0.5 + 3 / 8 + 1) / 3 - 1:+.3f}"
    table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert table.order[:3] == [2, 0, 1]
    assert [tick[1] for tick in classes.bars.y._tickLevels[0]][:3] == [names[2], names[0], names[1]]


def test_the_table_is_copied_with_ctrl_c(classes):
    QTest.keyClick(classes.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[0].split("\t")[0] == "Class"
    assert len(copied) == 9


def test_roles_without_label_maps_say_so(qtbot, classes):
    classes.role.setCurrentIndex(classes.role.findData(str(Role.SUSPECT)))
    classes.later()
    settle(qtbot)
    assert "No suspect has a label map" in classes.notice.words


def test_the_map_in_view_is_read_in_a_thread_and_an_audit_without_labels_says_so(qtbot, classes):
    classes.what.setCurrentIndex(classes.what.findData(MAP))
    classes.later()
    qtbot.waitUntil(lambda: "No map was kept" in classes.notice.words, timeout=5000)
    assert classes.state() == {"what": MAP, "role": "non-member"}


def test_the_right_button_offers_to_copy_the_table_and_to_sort_it(qtbot, classes):
    table = classes.table
    table.contextMenuEvent(QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint()))
    menu = QApplication.activePopupWidget()
    copy, sort = menu.actions()
    copy.trigger()
    assert QGuiApplication.clipboard().text().startswith("Class\t")
    assert [action.text().partition("\t")[0] for action in sort.menu().actions()] == table.texts()[0]
    sort.menu().actions()[2].trigger()
    assert table.horizontalHeader().sortIndicatorSection() == 2
    menu.close()
