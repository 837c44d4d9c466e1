"""Looking at a part of a plot: the arithmetic, and the real charts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QPainter, QPicture, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton

from gui.plots.axes import RateAxis
from gui.plots.roc_panel import RocPanel
from gui.plots.scales import Scale
from gui.plots.utility_panel import UtilityPanel
from gui.plots.zooming import SMALLEST, Area
from tests.gui.plots.helpers import click, result_of, settle, shown

WHOLE = Area((-2.0, 6.0), (0.0, 1.0))
SHARES = st.floats(0, 1)
FACTORS = st.lists(st.floats(0.05, 20), min_size=1, max_size=8)


@given(FACTORS, st.tuples(SHARES, SHARES), st.tuples(st.floats(-20, 20), st.floats(-3, 3)))
def test_whatever_is_zoomed_and_moved_stays_within_the_whole_and_keeps_its_shape(factors, share, by):
    area = WHOLE
    for factor in factors:
        about = tuple(low + s * (high - low) for s, (low, high) in zip(share, (area.x, area.y), strict=True))
        area = area.zoomed(factor, about, WHOLE).moved(by, WHOLE)
        assert area.is_within(WHOLE)
        for seen, most in zip(area.size, WHOLE.size, strict=True):
            assert SMALLEST * most * 0.999 <= seen <= most * 1.000001
    assert area.size[0] / WHOLE.size[0] == pytest.approx(area.size[1] / WHOLE.size[1], rel=1e-6)


@given(st.floats(1, 20), st.tuples(SHARES, SHARES))
def test_the_point_under_the_pointer_stays_where_it_is_when_one_looks_closer(factor, share):
    about = WHOLE.x[0] + share[0] * 8, share[1]
    area = WHOLE.zoomed(factor, about, WHOLE)
    for ends, at, part in zip((area.x, area.y), about, share, strict=True):
        assert (at - ends[0]) / (ends[1] - ends[0]) == pytest.approx(part, abs=1e-6)


@pytest.fixture
def roc(qtbot, selection, results, bands):
    return shown(qtbot, RocPanel(selection, results, bands), bands)


def view_of(chart):
    """Left, right, low and high end of what is seen."""
    (left, right), (low, high) = chart.box.viewRange()
    return [left, right, low, high]


def turn_wheel(chart, point, notches):
    place = QPointF(chart.on_screen(point))
    none = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False
    glob = chart.viewport().mapToGlobal(place)
    QApplication.sendEvent(chart.viewport(), QWheelEvent(place, glob, QPoint(), QPoint(0, 120 * notches), *none))


def all_button(panel):
    return next(button for button in panel.findChildren(QToolButton) if button.accessibleName() == "Whole plot")


def test_the_wheel_zooms_about_the_pointer_and_a_double_click_shows_all_again(roc, selection):
    chart, point = roc.chart, QPointF(0.25, 0.75)
    before, place = view_of(chart), chart.on_screen(point)
    turn_wheel(chart, point, 8)
    assert chart.box.viewRect().width() == pytest.approx((before[1] - before[0]) / 4, rel=1e-3)
    moved = chart.on_screen(point)
    assert abs(moved.x() - place.x()) <= 2
    assert abs(moved.y() - place.y()) <= 2
    assert all_button(roc).isVisible()
    QTest.mouseDClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view_of(chart) == pytest.approx(before)
    assert not all_button(roc).isVisible()


def test_an_operating_point_is_chosen_in_a_part_as_in_the_whole_and_shift_moves_the_part(roc, selection):
    chart = roc.chart
    turn_wheel(chart, QPointF(0.2, 0.75), 4)
    click(chart, 0.2, 0.75)
    assert selection.threshold == 1.5
    before = view_of(chart)
    start = chart.on_screen(QPointF(0.2, 0.75))
    shift, left = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.LeftButton
    QTest.mousePress(chart.viewport(), left, shift, start)
    QTest.mouseMove(chart.viewport(), start - QPoint(40, 0))
    QTest.mouseRelease(chart.viewport(), left, shift, start - QPoint(40, 0))
    assert selection.threshold == 1.5
    assert view_of(chart)[0] - before[0] == pytest.approx(40 / chart.stretch[0], rel=0.05)
    assert view_of(chart)[2:] == pytest.approx(before[2:])


def test_everything_can_be_reached_with_keys(roc, selection):
    chart = roc.chart
    whole = view_of(chart)
    QTest.keyClick(chart, Qt.Key.Key_Plus)
    closer = view_of(chart)
    assert closer[1] - closer[0] == pytest.approx((whole[1] - whole[0]) / 1.5)
    QTest.keyClick(chart, Qt.Key.Key_Right, Qt.KeyboardModifier.ControlModifier)
    assert view_of(chart)[0] > closer[0]
    assert selection.threshold is None
    QTest.keyClick(chart, Qt.Key.Key_Minus)
    assert view_of(chart) == pytest.approx(whole)
    QTest.keyClick(chart, Qt.Key.Key_Plus)
    QTest.keyClick(chart, Qt.Key.Key_Home)
    assert view_of(chart) == pytest.approx(whole)


def test_a_part_stays_in_view_while_numbers_come_and_is_left_with_other_axes_or_another_attack(
    qtbot,
    roc,
    results,
    selection,
):
    chart = roc.chart
    turn_wheel(chart, QPointF(0.5, 0.5), 4)
    part = view_of(chart)
    results.put(result_of("argmax", 0.5))
    settle(qtbot)
    assert view_of(chart) == pytest.approx(part)
    roc.set_log(True)
    settle(qtbot)
    assert not chart.zoomed
    chart.zoom(2)
    assert chart.zoomed
    selection.attack = "confidence"
    assert not chart.zoomed


@pytest.mark.parametrize(("low", "high"), [(-3.0, 0.0), (-1.4, -0.5), (-0.9, -0.2), (-0.32, -0.305)])
def test_a_logarithmic_axis_names_at_least_two_rates_however_small_the_part_is(qtbot, low, high):
    axis = RateAxis("bottom")
    axis.kind = Scale.LOG
    ticks = axis.tickValues(low, high, 400)
    words = {value: word for step, at in ticks for value, word in zip(at, axis.tickStrings(at, 1, step), strict=True)}
    named = [(value, word) for value, word in words.items() if word]
    assert len(named) >= 2
    for value, word in named:
        assert low <= value <= high
        assert float(word.removesuffix(" %")) == pytest.approx(100 * 10**value, rel=0.01)


def test_the_whole_roc_names_both_ends_of_its_axis_of_mistakes(qtbot, selection, results, bands):
    panel = shown(qtbot, RocPanel(selection, results, bands), bands)
    painter = QPainter(picture := QPicture())
    words = [text for _, _, text in panel.chart.x.generateDrawSpecs(painter)[2]]
    painter.end()
    assert not picture.isNull()
    assert (words[0], "100 %" in words) == ("0", True)


def test_dragging_moves_the_utility_plot_and_names_stay_with_their_points(qtbot, selection, results, bands, undo_stack):
    panel = shown(qtbot, UtilityPanel(selection, results, bands, undo_stack), bands)
    chart = panel.chart
    chart.zoom(4)
    before, middle = view_of(chart), chart.viewport().rect().center()
    QTest.mousePress(chart.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    QTest.mouseMove(chart.viewport(), middle + QPoint(0, 30))
    QTest.mouseRelease(chart.viewport(), Qt.MouseButton.LeftButton, pos=middle + QPoint(0, 30))
    assert view_of(chart)[2] > before[2]
    panel.whole_view()
    assert not chart.zoomed
    point = panel.points[0]
    near = chart.on_screen(QPointF(point.miou, point.auc)) - chart.on_screen(panel._dots[0]._name.pos())
    assert near.manhattanLength() < 200
