import csv
import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QUndoStack
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton

from core.data.samples import Role
from core.errors import StoreError
from gui.document import AuditDocument
from gui.plots import exporting
from gui.plots.bands import Bands
from gui.plots.classes_panel import MAP, ClassesPanel
from gui.plots.roc_panel import HOW, RocPanel
from gui.plots.scores_panel import ScoresPanel
from gui.plots.utility_panel import UtilityPanel
from gui.selection import Selection
from gui.theme import DARK, LIGHT, Theme
from tests.gui.plots_world import SetResults, made_result
from tests.gui.small_audit import CHAINS, small_audit

MEMBERS, OTHERS, SUSPECTS = [3.0, 2.0, 1.5, 0.5], [1.8, 0.0, -1.0, -2.0, -3.0], [2.5, -2.5]


def result_of(chain, shift=0.0, **more):
    counts = more.pop("counts", np.diag([5, 3, 2, 0, 0, 0, 0]))
    return made_result(
        chain,
        members=np.array(MEMBERS) - shift,
        non_members=OTHERS,
        suspects=SUSPECTS,
        confusions={Role.NON_MEMBER: counts},
        counted={Role.NON_MEMBER: 5},
        **more,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("plots") / "small.segleak", per_role=6)


@pytest.fixture
def selection(qapp, folder):
    document = AuditDocument.open(folder)
    made = Selection()
    made.document = document
    made.chains = CHAINS[:2]
    yield made
    made.document = None
    document.close()


@pytest.fixture
def results():
    return SetResults(result_of("none"), result_of("argmax", 1.0), result_of("gauss-sigma0.3", 2.0))


@pytest.fixture
def bands(qtbot, selection):
    made = Bands(selection)
    yield made
    made.close()


def shown(qtbot, panel, bands=None):
    qtbot.addWidget(panel, before_close_func=lambda p: p.close_threads())
    panel.resize(1000, 320)
    panel.show()
    settle(qtbot, bands)
    return panel


def settle(qtbot, bands=None):
    """Wait until everything that is due is drawn."""
    qtbot.wait(20)
    if bands is not None:
        qtbot.waitUntil(lambda: not bands.busy, timeout=9000)
        qtbot.wait(20)


@pytest.fixture
def roc(qtbot, selection, results, bands):
    return shown(qtbot, RocPanel(selection, results, bands), bands)


def click(chart, x, y):
    """Click on the chart at plot coordinates."""
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=chart.on_screen(QPointF(x, y)))


# ---------------------------------------------------------------- ROC


def test_a_click_chooses_the_nearest_operating_point_of_the_first_curve_and_everybody_hears_of_it(
    roc, selection, heard
):
    told = heard(selection.threshold_changed)
    click(roc.chart, 0.2, 0.75)  # 1 of 5 non-members, 3 of 4 members: 1.5 flags 1.8, 3, 2 and 1.5
    assert selection.threshold == 1.5
    assert told.got == [1.5]
    assert roc.point == pytest.approx((0.2, 0.75))
    assert "FPR 20 % (1 of 5 non-members)   TPR 75 % (3 of 4 members)" in roc.readout.text()


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
    assert roc.readout.text() == HOW


def test_a_threshold_set_elsewhere_moves_the_point(roc, selection):
    selection.threshold = 0.7
    assert roc.point == pytest.approx((0.2, 0.75))
    assert "Operating point on" in roc.readout.text()


def test_hovering_reads_out_the_curve_under_the_pointer_and_rebuilds_nothing(qtbot, roc, monkeypatch):
    monkeypatch.setattr(roc, "draw", lambda document: pytest.fail("drawn anew"))
    roc.chart.hovered.emit(QPointF(0.6, 1.0))
    assert "TPR 100 %" in roc.readout.text()
    roc.chart.hovered.emit(QPointF(0.9, 0.1))
    assert roc.readout.text() == HOW
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


# ---------------------------------------------------------------- scores


@pytest.fixture
def scores(qtbot, selection, results):
    return shown(qtbot, ScoresPanel(selection, results))


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
    assert selection.document.row(11).key in scores.readout.text()
    assert "4 of 4 members (100 %)" in scores.readout.text()


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


# ---------------------------------------------------------------- classes


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


# ---------------------------------------------------------------- utility


@pytest.fixture
def undo_stack(selection):
    return QUndoStack(selection)


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


# ---------------------------------------------------------------- pictures and data


def test_a_plot_is_saved_as_drawing_picture_and_data(roc, tmp_path):
    for name in ("a.svg", "a.png", "a.csv"):
        exporting.save_as(roc, tmp_path / name)
    assert QSvgRenderer(str(tmp_path / "a.svg")).isValid()
    assert "AUC" in (tmp_path / "a.svg").read_text("utf-8")
    picture = QImage(str(tmp_path / "a.png"))
    assert picture.width() == 2 * roc.chart.width()
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8")))
    found = [(float(r["Threshold"]), float(r["FPR"]), float(r["TPR"])) for r in rows if r["Defense"] == "No defense"]
    expected = [
        (t, np.mean([s >= t for s in OTHERS]), np.mean([s >= t for s in MEMBERS]))
        for t in [math.inf, *sorted(MEMBERS + OTHERS, reverse=True)]
    ]
    assert np.allclose(found, expected)


def test_a_plot_that_cannot_be_written_says_where(roc, tmp_path):
    (tmp_path / "file").write_text("no folder")
    for kind in exporting.KINDS:
        with pytest.raises(StoreError, match="file"):
            exporting.save_as(roc, tmp_path / "file" / f"plot{kind}")


def test_the_name_that_is_asked_for_gets_the_ending_of_the_kind(roc, tmp_path, monkeypatch):
    monkeypatch.setattr(
        exporting.QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "plot"), exporting.KINDS[".csv"])
    )
    exporting.save(roc)
    assert (tmp_path / "plot.csv").is_file()
    monkeypatch.setattr(exporting.QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    exporting.save(roc)


def test_a_plot_is_copied_as_picture_and_as_data(scores):
    exporting.copy_data(scores)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0].split("\t") == ["Defense", "From score", "To score", "Members", "Non-members"]
    exporting.copy_picture(scores)
    copied = QGuiApplication.clipboard().image()
    assert copied.width() == 2 * sum(chart.width() for chart in scores.charts)


def test_plots_follow_the_theme_at_once(qtbot, qapp, roc):
    theme = Theme(qapp)
    for choice, colours in (("dark", DARK), ("light", LIGHT)):
        theme.apply(choice)
        settle(qtbot)
        seen = roc.chart.grab().toImage()
        assert seen.pixelColor(QPoint(roc.chart.width() - 3, roc.chart.height() - 3)).name() == colours.base
        assert roc._y.textPen().color().name() == colours.text
    qapp.setStyleSheet("")
    theme.deleteLater()
