import gc
import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QUndoStack
from PySide6.QtTest import QTest

from gui.actions import ActionRegistry
from gui.browser.deciding import ReasonDialog
from gui.compare import CompareView
from gui.compare.canvas import Canvas
from gui.compare.layers import Comparison
from gui.compare.look import Ends, Look
from gui.compare.overlay import Kind, levels
from gui.compare.region_tool import Shape
from gui.compare.stage import Mode
from gui.selection import Selection
from tests.gui.compare_world import CHAINS, make_compare_world

OPAQUE = Look(opacity=1.0, ends=Ends.HAND, hand=(0.0, 1.0))


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_compare_world(tmp_path_factory.mktemp("compare"), street_like)


@pytest.fixture
def document(world):
    opened = world.open()
    review = opened.folder / "review.jsonl"
    yield opened
    opened.close()
    review.unlink(missing_ok=True)


def make_view(qtbot, selection, undo_stack=None):
    view = CompareView(selection, undo_stack)
    qtbot.addWidget(view, before_close_func=lambda v: v.close_threads())
    view.resize(1000, 700)
    view.show()
    return view


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection, document):
    made = make_view(qtbot, selection)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, made)
    return made


def settle(qtbot, view):
    """Wait until what is selected is shown."""
    qtbot.wait(1)  # the question is asked when the event loop is reached
    qtbot.waitUntil(lambda: not view.presenter.loader.busy, timeout=5000)


def canvases(view):
    return view.grid.canvases


def screen(canvas):
    """What a canvas shows, `(H, W, 3)`."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def on_screen(canvas, x, y):
    """The middle of an image pixel on a canvas."""
    place = canvas._viewport.view.to_pane((x + 0.5, y + 0.5), canvas.room)
    return QPoint(*(int(p) for p in place))


def colours_of(values, look=OPAQUE, kind=Kind.SEQUENTIAL):
    """RGB `(..., 3)` of values in a look's own range set by hand."""
    packed = look.table(kind)[levels(values, look.hand)]
    return np.stack([packed >> 16 & 255, packed >> 8 & 255, packed & 255], axis=-1).astype(np.uint8)


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


# ---------------------------------------------------------------- zoom, pan, crosshair, readout


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


# ---------------------------------------------------------------- curtain, blink, hide


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


# ---------------------------------------------------------------- settings


def test_opacity_needs_no_new_frame_and_colours_do(qtbot, view, heard):
    frames = heard(view.presenter.framed)
    view.change_opacity(0.1)
    qtbot.wait(20)
    assert frames.got == []
    assert canvases(view)[0].layers.opacity == pytest.approx(0.7)
    for _ in range(9):
        view.change_opacity(0.1)
    assert view.look.opacity == 1.0
    view.set_look(Look(colours="magma"))
    settle(qtbot, view)
    assert len(frames.got) == 1


def test_the_colour_menu_changes_the_look(qtbot, view):
    menu = view._controls._colours
    menu._draw_swatches()
    menu._maps.setCurrentIndex(2)
    menu._maps.activated.emit(2)
    menu._backwards.setChecked(True)
    menu._ends.setCurrentIndex(2)
    menu._ends.activated.emit(2)
    menu._high.setValue(0.5)
    assert (view.look.colours, view.look.backwards, view.look.ends) == ("magma", True, Ends.HAND)
    assert view.look.hand == (0.0, 0.5)
    menu._low.setValue(3.0)  # above the high end: not taken
    assert view.look.hand == (0.0, 0.5)
    settle(qtbot, view)
    assert view.display.frame.panes[0].ends == (0.0, 0.5)


def test_the_comparison_is_grey_for_layers_without_values(qtbot, view, selection):
    assert view._controls._comparisons.isEnabled()
    selection.layer = "label"
    settle(qtbot, view)
    assert not view._controls._comparisons.isEnabled()
    selection.layer = "score"
    settle(qtbot, view)
    view._controls._comparisons.setCurrentIndex(1)
    view._controls._comparisons.activated.emit(1)
    assert view.comparison is Comparison.MINUS_FIRST


def test_all_commands_can_be_registered_together_and_run(qtbot, view, selection):
    registry = ActionRegistry(view)
    registry.add(view.actions())
    registry.trigger("compare.curtain")
    assert view.mode is Mode.CURTAIN
    assert registry.qaction("compare.curtain").isChecked()
    registry.trigger("compare.curtain")
    assert view.mode is Mode.PANES
    registry.trigger("layer.2")
    assert selection.layer == selection.layers[1]
    registry.trigger("layer.8")
    registry.trigger("region.polygon")
    assert view.tool is Shape.POLYGON
    registry.trigger("with.minus-mean")
    assert view.comparison is Comparison.MINUS_MEAN
    registry.trigger("zoom.actual")
    assert view.viewport.view.scale == pytest.approx(1 / view.devicePixelRatioF())
    for action in view.actions():
        assert action.title
        assert action.menu or action.id.startswith("layer.")


def test_the_operating_point_is_marked_where_the_image_score_is_above_it(qtbot, view, selection, world):
    score = world.scores[0, "none"]
    words = view.grid.panes[0]._score
    selection.threshold = score - 0.01
    assert words.text().endswith("\N{BLACK UP-POINTING TRIANGLE}")
    assert "Above the operating point" in words.toolTip()
    selection.threshold = score + 0.01
    assert not words.text().endswith("\N{BLACK UP-POINTING TRIANGLE}")
    assert "operating point" not in view.grid.panes[1]._score.toolTip()


# ---------------------------------------------------------------- patches and regions


def test_visited_patches_are_drawn_where_the_grid_says(qtbot, view):
    view.switch("patches")
    settle(qtbot, view)
    first, second = canvases(view)[0]._marks
    # 90 grid points of two pixels each; the second one reaches to the lower border of the grid.
    assert first.points == ((0.0, 0.0), (180.0, 0.0), (180.0, 180.0), (0.0, 180.0))
    assert second.points == ((20.0, 76.0), (200.0, 76.0), (200.0, 256.0), (20.0, 256.0))
    assert first.colour != second.colour
    view.switch("patches")
    assert canvases(view)[0]._marks == ()


def draw(canvas, *pixels, double=False):
    places = [on_screen(canvas, x, y) for x, y in pixels]
    for place in places:
        QTest.mouseMove(canvas, place)
        QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    if double:
        QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=places[-1])


def pull(canvas, start, end):
    first, last = on_screen(canvas, *start), on_screen(canvas, *end)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=first)
    QTest.mouseMove(canvas, last)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=last)


def log_of(document):
    path = document.folder / "review.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []


def test_a_rectangle_pulled_in_one_pane_is_marked_in_all_logged_and_measured(qtbot, view, document):
    view.take_tool(Shape.RECTANGLE)
    pull(canvases(view)[1], (100, 60), (300, 160))
    (entry,) = log_of(document)
    assert (entry["action"], entry["image"], entry["value"]["id"]) == ("region", 0, "A")
    assert np.allclose(entry["value"]["points"], [[100, 60], [300, 60], [300, 160], [100, 160]], atol=4)
    assert [len(canvas._marks) for canvas in canvases(view)] == [1, 1, 1]
    assert view.region_table.isVisible()
    assert view.region_table.rowCount() == 3
    lines = view.region_table.as_tsv().splitlines()
    assert lines[0].split("\t")[0] == "Region"
    assert [line.split("\t")[:2] for line in lines[1:]] == [
        ["A", "No defense"],
        ["A", "argmax"],
        ["A", "gauss(sigma=0.3)"],
    ]


def test_marking_and_removing_regions_can_be_undone_and_the_log_only_grows(qtbot, selection, document):
    stack = QUndoStack()
    view = make_view(qtbot, selection, stack)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, view)
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    stack.undo()
    assert view.marking.regions == ()
    stack.redo()
    view.marking.remove("A")
    assert view.marking.regions == ()
    assert not view.region_table.isVisible()
    stack.undo()
    assert [region.id for region in view.marking.regions] == ["A"]
    assert [bool(e["value"].get("removed")) for e in log_of(document)] == [False, True, False, True, False]


def test_a_note_on_a_region_stands_in_its_rows_and_among_the_images_notes_and_can_be_undone(qtbot, selection, document):
    stack = QUndoStack()
    view = make_view(qtbot, selection, stack)
    selection.document = document
    selection.layer = "score"
    settle(qtbot, view)
    for corners in (((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)), ((60.0, 10.0), (90.0, 10.0), (90.0, 50.0))):
        view.marking.add(corners)
    table = view.region_table
    table.setCurrentCell(len(CHAINS), 0)
    assert table.current_region == "B"
    menu = table.menu()
    assert [a.text() for a in menu.actions()] == ["Note on region B...", "Remove region B", "Copy the table"]
    menu.close()
    QTest.keyClick(table, Qt.Key.Key_Return)
    (dialog,) = view.findChildren(ReasonDialog)
    dialog._words.setPlainText("A number plate.")
    dialog.accept()
    assert [line.split("\t")[-1] for line in table.as_tsv().splitlines()[1:]] == [
        *[""] * len(CHAINS),
        *["A number plate."] * len(CHAINS),
    ]
    assert [note.why for note in document.notes(selection.image)] == ["Region B: A number plate."]
    stack.undo()
    assert document.notes(selection.image) == () and "plate" not in table.as_tsv()
    stack.redo()
    assert "plate" in table.as_tsv() and len(view.marking.regions) == 2


def test_a_polygon_ends_with_a_double_click_or_enter_and_escape_drops_it(qtbot, view, document):
    view.take_tool(Shape.POLYGON)
    canvas = canvases(view)[0]
    draw(canvas, (50, 50), (150, 50), (150, 150), double=True)
    assert len(log_of(document)[0]["value"]["points"]) == 3
    draw(canvas, (200, 50), (300, 50), (300, 150), (200, 150))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert len(log_of(document)[1]["value"]["points"]) == 4
    draw(canvas, (20, 20), (40, 20))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not view.marking.tool.drawing
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert view.tool is None
    assert len(log_of(document)) == 2


def test_a_click_without_pulling_marks_nothing(qtbot, view, document):
    view.take_tool(Shape.RECTANGLE)
    pull(canvases(view)[0], (100, 60), (100, 60))
    assert log_of(document) == []


def test_regions_belong_to_their_image_and_are_there_when_the_audit_is_opened_again(qtbot, view, selection, world):
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    selection.image = 1
    settle(qtbot, view)
    assert canvases(view)[0]._marks == ()
    assert not view.region_table.isVisible()
    again = world.open()
    selection.document = again
    selection.layer = "score"
    settle(qtbot, view)
    assert [mark.name for mark in canvases(view)[0]._marks] == ["A"]
    selection.document = None
    settle(qtbot, view)
    again.close()


def test_a_region_that_cannot_be_written_down_is_not_there_and_is_told_of(qtbot, view, document, monkeypatch, heard):
    from core.audit import review

    def full(path, line):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(review, "_append_line", full)
    told = heard(view.failed)
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    assert "No space left" in str(told.got[0])
    assert view.marking.regions == ()


def test_the_table_copies_itself_and_delete_removes_the_region_of_its_row(qtbot, view, document):
    view.marking.add(((10.0, 10.0), (50.0, 10.0), (50.0, 50.0)))
    table = view.region_table
    table.setCurrentCell(1, 0)
    QTest.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == table.as_tsv()
    QTest.keyClick(table, Qt.Key.Key_Delete)
    assert view.marking.regions == ()


# ---------------------------------------------------------------- pictures


def test_a_pane_can_be_copied_and_saved_as_a_picture(qtbot, view, tmp_path, monkeypatch):
    view.grid._hover(1, (1, 1))
    view.pictures.copy()
    copied = QGuiApplication.clipboard().image()
    assert copied.size() == view.grid.panes[1].grab().toImage().size()
    target = tmp_path / "pane"
    monkeypatch.setattr("gui.compare.saving.QFileDialog.getSaveFileName", lambda *a: (str(target), ""))
    view.pictures.save()
    assert QImage(str(tmp_path / "pane.png")).size() == copied.size()
    monkeypatch.setattr(
        "gui.compare.saving.QFileDialog.getSaveFileName", lambda *a: (str(tmp_path / "no" / "x.png"), "")
    )
    with pytest.raises(Exception, match="cannot be written"):
        view.pictures.save()


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
