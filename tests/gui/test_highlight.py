"""Parts and objects made out in the panes, against slow loops over pixels and what is on the screen."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage

from core.data.scheme import VOID
from core.grid import Grid
from gui.actions import ActionRegistry
from gui.compare import CompareView
from gui.compare.frame import Seen
from gui.compare.picture import Picture
from gui.compare.spotlight import NO_LABELS, NOT_HERE, WHOLE, spotlight
from gui.highlight import Highlight
from gui.selection import Selection
from tests.gui.compare_world import make_compare_world

SIZES = [(128, 256), (300, 417), (512, 1024), (90, 120)]


def class_of(number, title="Class, some"):
    return Highlight("class", number, title)


def label_of(size, seed=5):
    rng = np.random.default_rng(seed)
    small = rng.choice([0, 1, 2, VOID], (7, 9)).astype(np.uint8)
    rows, columns = (np.arange(n) * s // n for n, s in zip(size, small.shape, strict=True))
    return small[rows][:, columns]


def seen_of(size, label):
    return Seen(Picture.of(np.full((*size, 3), 200, np.uint8)), label)


def shown_by(size):
    """The label map's row and column that each row and column of the image shows: the last grid point before it."""
    grid = Grid.of(size)
    return tuple(
        [max(int(t) for t in taken if t <= i) for i in range(n)]
        for taken, n in zip((grid.rows, grid.cols), size, strict=True)
    )


@pytest.mark.parametrize("size", SIZES)
def test_what_is_not_of_the_part_is_dimmed_pixel_by_pixel(qapp, size):
    label = label_of(size)
    found = spotlight(class_of(1), seen_of(size, label))
    rows, columns = shown_by(size)
    inside = label[rows][:, columns] == 1
    assert np.array_equal(found.shade.pixels == 0, inside)
    assert len(set(found.shade.pixels[~inside].tolist())) == 1
    assert found.share == pytest.approx(inside.mean())
    y, x = np.nonzero(inside)
    assert found.bounds.getCoords() == (x.min(), y.min(), x.max() + 1, y.max() + 1)


@pytest.mark.parametrize("size", SIZES)
def test_the_line_runs_between_the_pixels_of_the_part_and_the_others_and_nowhere_else(qapp, size):
    found = spotlight(class_of(2), seen_of(size, label_of(size)))
    inside = found.shade.pixels == 0
    expected = {(y, x, "below") for y, x in np.argwhere(inside[1:] != inside[:-1]).tolist()}
    expected |= {(y, x, "right") for y, x in np.argwhere(inside[:, 1:] != inside[:, :-1]).tolist()}
    path, lines = found.outline, set()
    ends = [path.elementAt(i) for i in range(path.elementCount())]
    for one, other in zip(ends[::2], ends[1::2], strict=True):
        if one.y == other.y:
            steps = {(int(one.y) - 1, x, "below") for x in range(int(one.x), int(other.x))}
        else:
            steps = {(y, int(one.x) - 1, "right") for y in range(int(one.y), int(other.y))}
        assert steps and not steps & lines
        lines |= steps
    assert lines == expected


def test_what_cannot_be_made_out_says_why(qapp):
    size = (128, 256)
    assert spotlight(class_of(5), seen_of(size, label_of(size))).reason == NOT_HERE
    assert spotlight(class_of(1), seen_of(size, np.ones(size, np.uint8))).reason == WHOLE
    bare = Seen(seen_of(size, None).picture)
    assert spotlight(class_of(1), bare).reason == NO_LABELS
    ninth = spotlight(Highlight("place", 4, "Place, middle"), bare)
    assert ninth.share == pytest.approx(1 / 9, abs=0.01) and ninth.bounds.contains(QPointF(128, 64))


# ---------------------------------------------------------------- in the panes


@pytest.fixture(scope="module")
def world(tmp_path_factory, street_like):
    return make_compare_world(tmp_path_factory.mktemp("highlight"), street_like)


@pytest.fixture
def selection(qapp):
    return Selection()


@pytest.fixture
def view(qtbot, selection, world):
    made = CompareView(selection)
    qtbot.addWidget(made, before_close_func=lambda v: v.close_threads())
    made.resize(1000, 700)
    made.show()
    document = world.open()
    selection.document = document
    selection.chains = ("none",)
    selection.layer = "image"
    settle(qtbot, made)
    yield made
    selection.document = None
    document.close()


def settle(qtbot, view):
    qtbot.wait(1)
    qtbot.waitUntil(lambda: not view.presenter.loader.busy, timeout=5000)


def on_screen(view, x, y):
    """The colours of the first pane in the middle of an image pixel."""
    canvas = view.grid.canvases[0]
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    place = view.viewport.view.to_pane((x + 0.5, y + 0.5), canvas.room)
    colour = image.pixelColor(int(place[0]), int(place[1]))
    return np.array([colour.red(), colour.green(), colour.blue()])


def far_inside(mask):
    """A pixel (x, y) of a mask with only such pixels around it."""
    reach, size = 8, mask.shape
    return next(
        (x, y)
        for y in range(reach, size[0] - reach, 4)
        for x in range(reach, size[1] - reach, 4)
        if mask[y - reach : y + reach, x - reach : x + reach].all()
    )


def test_a_part_stands_out_in_the_image_and_in_the_next_one(qtbot, view, selection, world):
    number = int(np.bincount(world.labels[0].ravel()).argmax())
    plain = {}
    for image in (0, 1):
        selection.image = image
        settle(qtbot, view)
        places = far_inside(world.labels[image] == number), far_inside(world.labels[image] != number)
        plain[image] = places, [on_screen(view, *place) for place in places]
    selection.highlight = class_of(number, "Class, road")
    for image in (1, 0):
        selection.image = image
        settle(qtbot, view)
        (inside, outside), before = plain[image]
        assert np.array_equal(on_screen(view, *inside), before[0])
        assert on_screen(view, *outside) == pytest.approx(before[1] / 2, abs=3)
        share = 100 * np.mean(view.display.frame.spotlight.shade.pixels == 0)
        assert view.highlight_bar.words.endswith(f"{share:.2g} % of the image.")
    qtbot.mouseClick(view.highlight_bar.clear, Qt.MouseButton.LeftButton)
    settle(qtbot, view)
    assert np.array_equal(on_screen(view, *plain[0][0][1]), plain[0][1][1])
    assert not view.highlight_bar.isVisible() and selection.highlight is None


def test_hiding_the_overlay_shows_the_bare_image(qtbot, view, selection, world):
    number = int(np.bincount(world.labels[0].ravel()).argmax())
    place = far_inside(world.labels[0] != number)
    before = on_screen(view, *place)
    selection.highlight = class_of(number)
    settle(qtbot, view)
    view.switch("hidden")
    assert np.array_equal(on_screen(view, *place), before)
    view.switch("hidden")
    assert not np.array_equal(on_screen(view, *place), before)


def test_the_highlight_goes_by_its_command_and_with_attack_and_audit(qtbot, view, selection, world):
    registry = ActionRegistry(view)
    registry.add(view.actions())
    for leave in (
        lambda: registry.trigger("compare.highlight"),
        lambda: setattr(selection, "attack", "loss"),
        lambda: setattr(selection, "document", None),
    ):
        selection.highlight = class_of(1)
        settle(qtbot, view)
        leave()
        assert selection.highlight is None and not view.highlight_bar.isVisible()
    registry.refresh()
    assert not registry.qaction("compare.highlight").isEnabled()


def test_an_object_comes_into_the_middle_once_and_goes_with_its_image(qtbot, view, selection, world):
    from core.metrics.slices import objects

    grid = Grid.of(world.size).take(world.labels[1])
    numbers, _ = objects(grid)
    number = int(np.argmin(np.abs(np.bincount(numbers[numbers >= 0]) - 200)))
    whole = view.viewport.view
    selection.highlight = Highlight("object", number, "car", 1)
    selection.image = 1
    settle(qtbot, view)
    y, x = np.nonzero(view.display.frame.spotlight.shade.pixels == 0)
    assert view.viewport.view.centre == ((x.min() + x.max() + 1) / 2, (y.min() + y.max() + 1) / 2)
    assert whole.scale < view.viewport.view.scale <= 4 * whole.scale
    inside = numbers[y * grid.shape[0] // world.size[0], x * grid.shape[1] // world.size[1]]
    assert set(inside.tolist()) == {number}
    view.viewport.fit()
    selection.layer = "score"
    settle(qtbot, view)
    assert view.viewport.view.scale == whole.scale
    selection.image = 2
    assert selection.highlight is None
    settle(qtbot, view)
    assert view.display.frame.spotlight is None


def test_an_overlay_is_not_painted_anew_for_a_highlight(qtbot, view, selection):
    selection.layer = "score"
    settle(qtbot, view)
    before = view.display.frame.panes[0].overlay
    selection.highlight = class_of(1)
    settle(qtbot, view)
    assert view.display.frame.spotlight is not None
    assert view.display.frame.panes[0].overlay is before


def test_only_what_was_chosen_last_is_made_out_and_never_in_another_image(qtbot, view, selection, world):
    seen = []
    view.presenter.framed.connect(seen.append)
    for step in range(12):
        selection.highlight = class_of(step % 3)
        selection.image = step % 3
        qtbot.wait(step % 4)
    settle(qtbot, view)
    assert view.display.frame.image == 2 and view.display.frame.spotlight.highlight == class_of(2)
    for frame in seen:
        spot = frame.spotlight
        if spot is not None and spot.shade is not None:
            label = Grid.of(world.size).take(world.labels[frame.image])
            shown = spot.shade.pixels[::2, ::2] == 0  # the grid is every 2nd pixel
            assert np.array_equal(shown, label == spot.highlight.number)
