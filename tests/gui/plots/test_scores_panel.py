"""Histograms of image scores."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from tests.gui.plots.helpers import click, settle
from tests.gui.small_audit import CHAINS


def test_each_defense_has_a_histogram_and_only_the_last_one_the_legend(scores):
    assert [chart.heading.words[0] for chart in scores.charts] == ["No defense", scores.selection.title("argmax")]
    assert [chart.legend.words for chart in scores.charts] == [[], ["Members", "Non-members", "Suspects"]]


def test_a_click_in_the_first_histogram_sets_the_operating_point_and_in_another_one_does_not(scores, selection):
    second, first = scores.charts[1], scores.charts[0]
    click(second, 0.0, 0.1)
    assert selection.threshold is None
    click(first, 0.7, 0.1)
    assert selection.threshold == pytest.approx(0.7, abs=0.1)
    first.dragged.emit(QPointF(1.25, 0.0))
    assert selection.threshold == 1.25
    QTest.keyClick(first, Qt.Key.Key_Right)
    assert selection.threshold == pytest.approx(1.25 + 6 / 100)


def test_a_click_on_the_tick_of_a_suspect_shows_the_image(scores, selection):
    plot = scores.plots[0]
    low = plot.chart.box.viewRange()[1][0]
    click(plot.chart, 2.5, 0.5 * low)
    assert selection.threshold is None
    assert selection.image == 10  # after 4 members and 5 non-members
    plot.pointed.emit(-2.5)
    assert selection.document.row(11).key in scores.readout.words
    assert "4 of 4 members (100 %)" in scores.readout.words


def test_the_score_of_the_image_in_view_is_marked(scores, selection):
    selection.image = 1
    marked = [plot.bars._image.getData()[0][0] for plot in scores.plots[:2]]
    assert marked == [3.0, 2.0]
    selection.image = 12
    assert not scores.plots[0].bars._image.isVisible()


def test_plots_whose_results_are_gone_hear_of_images_and_thresholds_without_harm(qtbot, scores, selection, results):
    stale = scores.plots[0]
    results.kept.clear()
    scores.later()
    settle(qtbot)
    selection.image, selection.threshold = 1, 0.5
    stale.pointed.emit(2.5)
    stale.chosen.emit(0.1)
    assert scores.charts == []
    assert selection.threshold == 0.5


def test_the_pointer_over_plots_of_the_audit_before_asks_nothing_of_the_next_one(scores, selection):
    stale = scores.plots[0]
    selection.document = None
    stale.pointed.emit(2.5)
    selection.image = 1
    assert scores.charts == []


def test_histograms_that_would_be_narrow_stand_in_two_rows_where_there_is_height(qtbot, scores, selection):
    selection.chains = CHAINS
    settle(qtbot)
    assert len({chart.mapTo(scores, QPoint()).y() for chart in scores.charts}) == 1
    scores.resize(620, 500)
    settle(qtbot)
    places = [chart.mapTo(scores, QPoint()) for chart in scores.charts]
    assert places[0].y() == places[1].y() < places[2].y()
    assert places[0].x() == places[2].x() < places[1].x()
    assert [bool(chart.legend.words) for chart in scores.charts] == [False, True, False]
    assert places[2].y() - places[0].y() == pytest.approx(scores.charts[2].height(), abs=4)
    scores.resize(620, 200)  # two rows would be too low
    settle(qtbot)
    places = [chart.mapTo(scores, QPoint()) for chart in scores.charts]
    assert len({place.y() for place in places}) == 1
    assert len({place.x() for place in places}) == 3
