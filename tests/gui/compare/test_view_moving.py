"""Moving about in an image: zoom, pan, the crosshair and what is under it."""

import json

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from gui.compare.layers import Comparison
from gui.compare.look import Look
from gui.compare.stage import Mode
from gui.selection import Selection
from tests.gui.compare.helpers import canvases, make_view, on_screen, settle
from tests.gui.compare_world import CHAINS


def test_the_wheel_over_one_pane_zooms_all_about_the_pointer(qtbot, view):
    canvas, other = canvases(view)[:2]
    place = QPointF(50, 40)
    before = canvas.image_point(place)
    for _ in range(5):
        send_wheel(canvas, place, 120)
    assert np.allclose(canvas.image_point(place), before, atol=1e-9)
    middle = QPointF(other.width() / 2, other.height() / 2)
    assert np.allclose(other.image_point(middle), view.viewport.view.centre)
    for _ in range(5):
        send_wheel(canvas, place, -120)
    assert view.viewport.view.scale == pytest.approx(min(c.width() / 512 for c in canvases(view)), rel=0.35)


def send_wheel(canvas, place, delta):
    from PySide6.QtGui import QWheelEvent
    from PySide6.QtWidgets import QApplication

    none = Qt.KeyboardModifier.NoModifier
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, delta),
        Qt.MouseButton.NoButton,
        none,
        Qt.ScrollPhase(0),
        False,
    )
    QApplication.sendEvent(canvas, event)


def test_pulling_the_image_moves_it_with_the_pointer_in_every_pane(qtbot, view):
    view.viewport.zoom(3.0)
    canvas = canvases(view)[0]
    before = canvas.image_point(QPointF(60, 50))
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(60, 50))
    QTest.mouseMove(canvas, QPoint(80, 45))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(80, 45))
    assert np.allclose(canvas.image_point(QPointF(80, 45)), before, atol=1e-6)


def test_arrow_keys_move_the_image_when_the_keyboard_is_in_a_pane(qtbot, view):
    view.viewport.zoom(4.0)
    x, y = view.viewport.view.centre
    canvases(view)[0].setFocus()
    QTest.keyClick(canvases(view)[0], Qt.Key.Key_Right)
    QTest.keyClick(canvases(view)[0], Qt.Key.Key_Down)
    scale = view.viewport.view.scale
    assert view.viewport.view.centre == pytest.approx((x + 40 / scale, y + 40 / scale))


def test_the_reading_stays_under_a_resting_pointer_when_the_image_changes(qtbot, view, selection, world):
    selection.hovered.emit((120, 60))
    selection.image = 1
    settle(qtbot, view)
    assert "x 120   y 60" in view._readout.text()
    assert f"{world.maps[1, 'none']['score'][30, 60]:.3g}" in view.grid.panes[0]._reading._whole


def test_the_pointer_in_one_pane_reads_out_in_all_of_them(qtbot, view, selection, world, heard):
    hovered = heard(selection.hovered)
    canvas = canvases(view)[0]
    place = on_screen(canvas, 120, 60)
    QTest.mouseMove(canvas, place)
    x, y = hovered.got[-1]
    assert abs(x - 120) <= 2
    assert abs(y - 60) <= 2
    assert f"x {x}   y {y}" in view._readout.text()
    for chain, pane in zip(CHAINS, view.grid.visible_panes, strict=True):
        assert f"{world.maps[0, chain]['score'][y // 2, x // 2]:.3g}" in pane._reading._whole
        assert pane.canvas._cross == (x + 0.5, y + 0.5)
    QTest.mouseMove(view, QPoint(2, 2))
    selection.hovered.emit(None)
    assert view._readout.text() == ""
    assert {pane.canvas._cross for pane in view.grid.visible_panes} == {None}


def test_a_session_brings_back_settings_and_place(qtbot, view, document):
    view.set_look(Look(opacity=0.2, colours="cividis", backwards=True))
    view.set_comparison(Comparison.MINUS_FIRST)
    view.set_mode(Mode.CURTAIN)
    view.viewport.zoom(5.0, (100.0, 100.0))
    kept = json.loads(json.dumps(view.state()))
    selection = Selection()
    other = make_view(qtbot, selection)
    other.restore_state(kept)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, other)
    assert (other.look, other.comparison, other.mode) == (view.look, Comparison.MINUS_FIRST, Mode.CURTAIN)
    assert other.viewport.view == view.viewport.view
    other.restore_state({"look": 3, "mode": "sideways", "place": [1]})
    assert other.mode is Mode.CURTAIN
