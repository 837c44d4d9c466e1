"""What tests of the real view share: its panes, what is on their screens, and the colours that should be there."""

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage

from gui.compare import CompareView
from gui.compare.look import Ends, Look
from gui.compare.overlay import Kind, levels

OPAQUE = Look(opacity=1.0, ends=Ends.HAND, hand=(0.0, 1.0))


def make_view(qtbot, selection, undo_stack=None):
    view = CompareView(selection, undo_stack)
    qtbot.addWidget(view, before_close_func=lambda v: v.close_threads())
    view.resize(1000, 700)
    view.show()
    return view


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
