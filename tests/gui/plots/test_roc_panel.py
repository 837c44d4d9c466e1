"""ROC curves, their operating point, and what a plot says that has nothing to draw."""

import math

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from gui.plots.roc_panel import HOW, RocPanel
from gui.plots.utility_panel import UtilityPanel
from tests.gui.plots.helpers import MEMBERS, OTHERS, click, result_of, settle, shown
from tests.gui.plots.world import SetResults, made_result
from tests.gui.small_audit import CHAINS


def test_a_click_chooses_the_nearest_operating_point_of_the_first_curve_and_everybody_hears_of_it(
    roc, selection, heard
):
    told = heard(selection.threshold_changed)
    click(roc.chart, 0.2, 0.75)  # 1 of 5 non-members, 3 of 4 members: 1.5 flags 1.8, 3, 2 and 1.5
    assert selection.threshold == 1.5
    assert told.got == [1.5]
    assert roc.point == pytest.approx((0.2, 0.75))
    assert "FPR 20 % (1 of 5)   TPR 75 % (3 of 4)" in roc.readout.words


def test_dragging_moves_the_operating_point_along_the_curve(roc, selection):
    chart = roc.chart
    QTest.mousePress(chart.viewport(), Qt.MouseButton.LeftButton, pos=chart.on_screen(QPointF(0.01, 0.5)))
    assert selection.threshold == 2.0
    chart.dragged.emit(QPointF(1.0, 1.0))
    assert selection.threshold == -3.0
    QTest.mouseRelease(chart.viewport(), Qt.MouseButton.LeftButton)


def test_the_keys_move_the_operating_point_and_escape_takes_it_away(roc, selection):
    keys = (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left)
    seen = []
    for key in keys:
        QTest.keyClick(roc.chart, key)
        seen.append(selection.threshold)
    assert seen == [3.0, 2.0, 1.8, 2.0]
    QTest.keyClick(roc.chart, Qt.Key.Key_PageUp)
    assert selection.threshold == -3.0
    QTest.keyClick(roc.chart, Qt.Key.Key_Escape)
    assert selection.threshold is None
    assert roc.point is None
    assert roc.readout.words == HOW


def test_a_threshold_set_elsewhere_moves_the_point(roc, selection):
    selection.threshold = 0.7
    assert roc.point == pytest.approx((0.2, 0.75))
    assert "Operating point on" in roc.readout.words


def test_hovering_reads_out_the_curve_under_the_pointer_and_rebuilds_nothing(qtbot, roc, monkeypatch):
    monkeypatch.setattr(roc, "draw", lambda document: pytest.fail("drawn anew"))
    roc.chart.hovered.emit(QPointF(0.6, 1.0))
    assert "TPR 100 %" in roc.readout.words
    roc.chart.hovered.emit(QPointF(0.9, 0.1))
    assert roc.readout.words == HOW
    qtbot.wait(10)


def test_the_legend_has_the_auc_of_each_curve_with_its_interval(roc, bands, results):
    first, second, chance = roc.chart.legend.words
    auc = np.mean([[(m > o) + 0.5 * (m == o) for o in OTHERS] for m in MEMBERS])
    interval = bands.of(results.of("none", "loss")).auc
    assert first == f"No defense   AUC {auc:.2f} ({interval.low:.2f} to {interval.high:.2f})"
    assert "AUC" in second
    assert "chance" in chance
    assert "100 resamples of whole images" in roc.chart.toolTip()
    assert first in roc.chart.accessibleDescription()


def test_logarithmic_axes_begin_where_something_can_be_measured(qtbot, roc):
    roc.toggle_log()
    settle(qtbot)
    (left, right), _ = roc.chart.box.viewRange()
    assert left < math.log10(1 / 5) < 0 <= right
    words = roc._behind._words
    assert words.isVisible()
    assert "20 %" in words.toPlainText()
    click(roc.chart, math.log10(0.2), math.log10(0.75))
    assert roc.selection.threshold == 1.5
    assert roc.state() == {"log": True}
    roc.restore_state({"log": "nonsense"})
    settle(qtbot)
    assert not words.isVisible()


def test_coarse_results_are_drawn_faint_without_a_band_and_say_so(qtbot, roc, results, bands):
    results.put(result_of("none", missing=11))
    settle(qtbot, bands)
    words = roc.chart.legend.words
    assert "coarse" in words[0]
    assert "Coarse: 11 of 22 images." in words
    assert roc._drawn[0]._line.opts["pen"].color().alpha() < 255
    assert not roc._drawn[0]._band.isVisible()
    assert roc._drawn[1]._band.isVisible()


def test_more_or_fewer_curves_use_the_same_items_in_the_colours_of_the_defenses(qtbot, roc, selection, bands):
    items = len(roc.chart.box.addedItems)
    selection.chains = CHAINS
    settle(qtbot, bands)
    pens = [drawn._line.opts["pen"] for drawn in roc._drawn if drawn._line.isVisible()]
    colours = selection.colours()
    assert [pen.color().name() for pen in pens] == [colours[chain] for chain in CHAINS]
    assert len({tuple(pen.dashPattern()) for pen in pens}) == 3
    selection.chains = CHAINS[1:2]
    settle(qtbot, bands)
    assert sum(drawn._line.isVisible() for drawn in roc._drawn) == 1
    assert len(roc.chart.box.addedItems) == items


def test_a_panel_that_cannot_be_seen_asks_for_nothing(qtbot, selection, results, bands):
    panel = RocPanel(selection, results, bands)
    qtbot.addWidget(panel)
    results.changed.emit("none", "loss")
    settle(qtbot)
    assert results.asked == []
    panel.show()
    settle(qtbot, bands)
    assert ("none", "loss") in results.asked


@pytest.mark.parametrize("kind", [RocPanel, UtilityPanel])
def test_a_plot_without_non_members_says_so(qtbot, selection, bands, kind, undo_stack):
    lonely = SetResults(made_result("none", members=MEMBERS), made_result("argmax", members=MEMBERS))
    more = (undo_stack,) if kind is UtilityPanel else ()
    panel = shown(qtbot, kind(selection, lonely, bands, *more), bands)
    assert panel.empty
    assert "No non-members with a score." in panel.notice.words


def test_a_plot_says_what_it_waits_for_or_why_nothing_comes(qtbot, selection, bands):
    results = SetResults()
    panel = shown(qtbot, RocPanel(selection, results, bands))
    assert "Reading the scores" in panel.notice.words
    results.reasons["argmax", "loss"] = "The target is gone."
    results.changed.emit("argmax", "loss")
    settle(qtbot)
    assert "The target is gone." in panel.notice.words
    panel.findChild(QPushButton).click()
    settle(qtbot)
    assert "Reading" in panel.notice.words
    selection.chains = ()
    settle(qtbot)
    assert "No defense is switched on" in panel.notice.words
    selection.document = None
    settle(qtbot)
    assert "No audit is open" in panel.notice.words
