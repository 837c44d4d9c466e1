"""What a defense costs and what it brings."""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.plots.utility_panel import UtilityPanel
from tests.gui.plots.helpers import click, result_of, shown
from tests.gui.small_audit import CHAINS


@pytest.fixture
def utility(qtbot, selection, results, bands, undo_stack):
    worse = np.diag([5, 3, 2, 0, 0, 0, 0])
    worse[0, 1] = 5
    results.put(result_of("argmax", 1.0, counts=worse))
    return shown(qtbot, UtilityPanel(selection, results, bands, undo_stack), bands)


def test_every_defense_of_the_audit_is_a_point_with_its_interval(utility):
    assert [point.chain for point in utility.points] == list(CHAINS)
    assert all(point.low <= point.auc <= point.high for point in utility.points)
    assert utility.points[1].miou == pytest.approx((0.5 + 3 / 8 + 1) / 3)
    assert len(utility.rows()) == 4


def test_a_click_shows_that_defense_first_and_can_be_undone(utility, selection, undo_stack):
    point = utility.points[1]
    click(utility.chart, point.miou, point.auc)
    assert selection.chains == ("argmax", "none")
    click(utility.chart, 0.0, 0.0)
    click(utility.chart, point.miou, point.auc)
    assert selection.chains == ("argmax", "none")
    assert undo_stack.count() == 1  # a click beside all points, or on the first defense, is no step
    undo_stack.undo()
    assert selection.chains == ("none", "argmax")


def test_keys_go_from_point_to_point_and_enter_shows_that_defense_first(utility, selection):
    order = sorted(utility.points, key=lambda point: point.miou)
    QTest.keyClick(utility.chart, Qt.Key.Key_Right)
    assert f"mIoU {order[0].miou:.3f}" in utility.readout.words
    for _ in range(len(order)):  # one further than there are points
        QTest.keyClick(utility.chart, Qt.Key.Key_Right)
    assert f"mIoU {order[-1].miou:.3f}" in utility.readout.words
    QTest.keyClick(utility.chart, Qt.Key.Key_Escape)
    QTest.keyClick(utility.chart, Qt.Key.Key_Return)
    assert selection.chains == ("none", "argmax")
    QTest.keyClick(utility.chart, Qt.Key.Key_Right)
    QTest.keyClick(utility.chart, Qt.Key.Key_Return)
    assert selection.chains[0] == order[0].chain == "argmax"
