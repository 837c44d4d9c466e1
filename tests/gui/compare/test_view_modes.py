"""Defenses in one pane: the curtain, taking turns, and hiding the overlay."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gui.compare.stage import Mode
from tests.gui.compare.helpers import OPAQUE, canvases, colours_of, screen, settle
from tests.gui.compare_world import CHAINS


def test_the_curtain_shows_the_first_defense_left_of_its_edge_and_another_right(qtbot, view, world):
    view.set_look(OPAQUE)
    view.grid._hover(2, (1, 1))  # the pane that is looked at is the one to compare with
    view.set_mode(Mode.CURTAIN)
    settle(qtbot, view)
    (canvas,) = canvases(view)
    y = canvas.height() // 2
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(canvas.width() // 2, y))
    QTest.mouseMove(canvas, QPoint(canvas.width() // 4, y))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(canvas.width() // 4, y))
    assert view.display._curtain.edge == pytest.approx(0.25, abs=0.01)
    QTest.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.display._curtain.edge == pytest.approx(0.30, abs=0.01)
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert view.display._curtain.edge == pytest.approx(0.25, abs=0.01)
    QTest.mouseMove(canvas, QPoint(0, 0))
    view.viewport.zoom(4.0 / view.viewport.view.scale, (256.0, 128.0))
    seen, scale = screen(canvas), view.viewport.view
    for x, chain in ((canvas.width() // 8, CHAINS[0]), (canvas.width() // 2, CHAINS[2])):
        ix, iy = (int(v) for v in scale.to_image((x + 0.5, 50.5), canvas.room))
        assert np.array_equal(seen[50, x], colours_of(world.maps[0, chain]["score"])[iy // 2, ix // 2])
    assert scale == view.viewport.view
    view.display.point_at((256, 128))
    left, right = view.grid.panes[0]._reading._whole.split("|")
    for words, chain in ((left, CHAINS[0]), (right, CHAINS[2])):
        assert f"{world.maps[0, chain]['score'][64, 128]:.3g}" in words


def test_blink_shows_the_defenses_in_turn_in_one_pane(qtbot, view):
    view.set_mode(Mode.BLINK)
    titles = []
    for _ in range(4):
        titles.append(view.grid.panes[0]._title._whole)
        view.display._next_turn()
    assert len(canvases(view)) == 1
    assert titles[0] == titles[3] == "No defense"
    assert len(set(titles)) == 3
    view.set_mode(Mode.PANES)
    assert not view.display._blinking.isActive()
    assert len(canvases(view)) == 3


def test_blinking_a_single_defense_takes_turns_with_the_bare_image(qtbot, view, selection):
    selection.chains = CHAINS[:1]
    settle(qtbot, view)
    view.set_mode(Mode.BLINK)
    shown = []
    for _ in range(4):
        shown.append(canvases(view)[0].layers.overlays[0] is not None)
        view.display._next_turn()
    assert shown == [True, False, True, False]


def press_h(view, hold_ms, qtbot):
    QTest.keyPress(view, Qt.Key.Key_H)
    view.hide_overlay()  # what the shortcut does
    hidden = view.look.hidden
    view.hide_overlay()  # what it does again while the key repeats
    qtbot.wait(hold_ms)
    QTest.keyRelease(view, Qt.Key.Key_H)
    return hidden


def test_tapping_the_key_hides_the_overlay_until_the_next_tap_and_holding_it_only_as_long(qtbot, view):
    assert press_h(view, 10, qtbot)
    assert view.look.hidden
    assert canvases(view)[0].layers.overlays == ()
    view.hide_overlay()
    assert not view.look.hidden
    assert press_h(view, 350, qtbot)
    assert not view.look.hidden
    assert canvases(view)[0].layers.overlays[0] is not None
