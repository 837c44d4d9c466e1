"""What the panes show of an image, whatever was looked at before."""

import gc
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtTest import QTest

from gui.compare.canvas import Canvas
from gui.compare.pane import Heading, Pane
from gui.compare.viewport import Viewport
from tests.gui.compare.helpers import OPAQUE, canvases, colours_of, make_view, on_screen, screen, settle
from tests.gui.compare_world import CHAINS, make_compare_world

# ---------------------------------------------------------------- what is shown


def test_there_is_a_pane_for_each_defense_shown_and_panes_are_used_again(qtbot, view, selection):
    before = {id(canvas) for canvas in canvases(view)}
    assert len(before) == 3
    selection.chains = CHAINS[:1]
    settle(qtbot, view)
    assert len(canvases(view)) == 1
    selection.chains = (*CHAINS, "gauss-sigma0.9")
    settle(qtbot, view)
    assert len(canvases(view)) == 4
    assert before <= {id(canvas) for canvas in canvases(view)}
    assert len(view.findChildren(Canvas)) == 4
    selection.chains = ()
    settle(qtbot, view)
    assert canvases(view) == []
    assert "No defense is switched on" in view._message.text()


def test_each_pane_paints_the_map_of_its_defense_pixel_by_pixel(qtbot, view, world):
    view.set_look(OPAQUE)
    view.viewport.zoom(4.0 / view.viewport.view.scale, (100.0, 80.0))
    settle(qtbot, view)
    assert view.viewport.view.scale == pytest.approx(4.0)
    for chain, canvas in zip(CHAINS, canvases(view), strict=True):
        seen = screen(canvas)
        expected = colours_of(world.maps[0, chain]["score"])
        for x, y in ((100, 80), (90, 81), (110, 71), (85, 90)):
            place = on_screen(canvas, x, y)
            assert np.array_equal(seen[place.y(), place.x()], expected[y // 2, x // 2]), (chain, x, y)


def test_without_an_overlay_the_images_own_pixels_are_on_the_screen(qtbot, view, selection, world):
    selection.layer = "image"
    view.viewport.zoom(3.0 / view.viewport.view.scale, (200.0, 100.0))
    settle(qtbot, view)
    seen = screen(canvases(view)[1])
    for x, y in ((200, 100), (190, 95), (221, 110)):
        place = on_screen(canvases(view)[1], x, y)
        assert np.array_equal(seen[place.y(), place.x()], world.images[0][y, x])


def test_a_pane_at_full_view_looks_like_its_map(qtbot, view, world):
    """Coarsely: the picture of a fitted pane, against the map scaled to it."""
    view.set_look(replace(OPAQUE, clear_void=False))
    settle(qtbot, view)
    canvas = canvases(view)[0]
    (left, top), (right, bottom) = (canvas._viewport.view.to_pane(p, canvas.room) for p in ((0, 0), (512, 256)))
    part = screen(canvas)[round(top) : round(bottom), round(left) : round(right)].astype(float)
    expected = colours_of(world.maps[0, "none"]["score"]).astype(float)
    rows, cols = (np.linspace(0, n, 9).astype(int) for n in part.shape[:2])
    for i in range(8):
        for j in range(8):
            block = part[rows[i] : rows[i + 1], cols[j] : cols[j + 1]].mean(axis=(0, 1))
            same = expected[16 * i : 16 * (i + 1), 32 * j : 32 * (j + 1)].mean(axis=(0, 1))
            assert np.abs(block - same).max() < 12


def test_a_new_image_brings_picture_maps_and_words_together(qtbot, view, selection):
    texts = []
    for image in (1, 2, 3, 0):
        selection.image = image
        settle(qtbot, view)
        assert view.display.frame.image == image
        texts.append(view.grid.panes[0]._score.text())
    assert len(set(texts)) == 4
    assert all("rank" in text for text in texts)


def test_switching_through_images_never_shows_the_map_of_another_one(qtbot, view, selection, world):
    view.set_look(OPAQUE)
    selection.chains = CHAINS[:1]
    settle(qtbot, view)
    fingerprints = {i: world.maps[i, "none"]["score"] for i in world.images}

    def check(frame):
        if frame is not None:
            assert np.array_equal(frame.panes[0].shown.values, fingerprints[frame.image])
            assert frame.seen.picture.levels[0].pixelColor(5, 5).getRgb()[:3] == tuple(world.images[frame.image][5, 5])

    view.presenter.framed.connect(check)
    for turn in range(60):
        selection.image = turn % 4
        qtbot.wait(turn % 3)
    settle(qtbot, view)
    assert view.display.frame.image == 59 % 4


def test_without_an_audit_it_says_what_to_do(qtbot, selection):
    view = make_view(qtbot, selection)
    qtbot.wait(5)
    assert "Choose one" in view._message.text()
    assert not view.grid.isVisible()
    assert not view.pictures.possible


def test_closing_the_audit_empties_the_panes(qtbot, view, selection):
    selection.document = None
    settle(qtbot, view)
    assert view.display.frame is None
    assert canvases(view) == []
    assert view.presenter.loader.nbytes == 0


def test_an_image_that_cannot_be_decoded_shows_the_reason_in_its_panes(qtbot, tmp_path, street_like, selection):
    own = make_compare_world(tmp_path, street_like, size=(64, 96))
    document = own.open()
    document.path(0).unlink()
    view = make_view(qtbot, selection)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, view)
    assert "000.png" in canvases(view)[0].note
    selection.image = 1
    settle(qtbot, view)
    assert canvases(view)[0].note == ""
    view.close_threads()
    document.close()


# ---------------------------------------------------------------- memory


def test_two_hundred_image_switches_leave_no_memory_behind(qtbot, tmp_path, street_like, selection):
    resource = pytest.importorskip("resource")
    document = make_compare_world(tmp_path, street_like, size=(96, 160)).open()
    view = make_view(qtbot, selection)
    selection.document = document
    selection.layer = "score"
    selection.chains = CHAINS[:1]
    view.presenter.loader._workshop.shelf.room = 1  # nothing is kept: each switch loads anew

    def switch(times):
        for turn in range(times):
            selection.image = turn % 4
            QTest.qWait(1)
            while view.presenter.loader.busy:
                QTest.qWait(1)
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, len(gc.get_objects())

    before, objects = switch(40)
    after, more = switch(200)
    assert after - before < 8_000  # KB; a frame is 0.5 MB
    assert more - objects < 1000
    assert view.presenter.loader.nbytes < 1 << 20
    view.close_threads()
    document.close()


def test_a_narrow_pane_keeps_the_name_of_its_defense_and_leaves_out_the_rank(qtbot):
    pane = Pane(Viewport())
    qtbot.addWidget(pane)
    pane.show()
    pane.resize(600, 200)
    pane.show_heading(Heading("No defense", "#112233", "score 1.02   rank 20 of 52"))
    assert pane._score.text() == "score 1.02   rank 20 of 52"
    pane.resize(pane.fontMetrics().horizontalAdvance("No defense   score 1.02") + 60, 200)
    qtbot.wait(10)
    assert (pane._title.text(), pane._score.text()) == ("No defense", "score 1.02")
    assert pane.minimumSizeHint().width() <= 120  # of the image and the colour scale
    assert "rank 20 of 52" in pane._score.toolTip()


def test_at_no_width_is_a_name_cut_while_there_is_a_rank_that_could_go(qtbot):
    pane = Pane(Viewport())
    qtbot.addWidget(pane)
    pane.show()
    pane.show_heading(Heading("Gauss noise, sigma 0.1", "#112233", "score 5.80   rank 6 of 352"))
    seen = set()
    for width in range(600, 150, -3):
        pane.resize(width, 200)
        qtbot.wait(1)
        cut, ranked = pane._title.text() != "Gauss noise, sigma 0.1", "rank" in pane._score.text()
        assert not (cut and ranked), width
        seen.add((cut, ranked))
    assert seen == {(False, True), (False, False), (True, False)}
    assert pane._title.toolTip().startswith("Gauss noise, sigma 0.1")
