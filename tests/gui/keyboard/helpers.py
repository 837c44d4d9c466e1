"""What tests of the keyboard share: what can be used, where Tab goes, and what it misses."""

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDockWidget,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QScrollBar,
    QTabBar,
    QToolBar,
    QWidget,
)

from gui.compare.canvas import Canvas
from gui.plots.chart import Chart

USED = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    Canvas,
    Chart,
)
"""What a person uses, whatever its focus policy says."""
MOST = 400
SOON = 9000


def used(root):
    """What can be used with the mouse in a widget, and so must be reached with the keyboard."""
    found = [w for w in root.findChildren(QWidget) if isinstance(w, USED) and w.isVisible() and w.isEnabled()]
    return [w for w in found if not _needs_no_stop(w)]


def _needs_no_stop(widget):
    """Scroll bars, parts of fields, what a menu offers too, and all but one of the radio buttons of a group."""
    above = widget.parentWidget()
    inside = isinstance(above, QComboBox | QAbstractSpinBox | QLineEdit | QTabBar | QToolBar | QDockWidget)
    corner = isinstance(widget, QAbstractButton) and isinstance(above, QAbstractItemView)
    empty = isinstance(widget, QTabBar) and not widget.count()
    other = isinstance(widget, QRadioButton) and not widget.isChecked()
    return inside or corner or empty or other or isinstance(widget, QScrollBar | QHeaderView) or _behind(widget)


def _behind(widget):
    """A panel behind the tab of another one is visible for Qt."""
    above = widget
    while above is not None and not isinstance(above, QDockWidget):
        above = above.parentWidget()
    return above is not None and above.visibleRegion().isEmpty()


def walk(qtbot, window, modifier=Qt.KeyboardModifier.NoModifier):
    """Where Tab stops, from where the keyboard is until it comes round."""
    seen = []
    for _ in range(MOST):
        before = QApplication.focusWidget() or window
        qtbot.keyClick(before, Qt.Key.Key_Tab, modifier)
        now = QApplication.focusWidget()
        assert now is not before or len(used(window)) <= 1, f"Tab is caught in {told(before)}"
        if now in seen:
            return seen
        seen.append(now)
    raise AssertionError(f"Tab does not come round: {[told(w) for w in seen[-9:]]}")


def told(widget):
    words = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or words!r} in {type(widget.parentWidget()).__name__}"


def missed(qtbot, window):
    """What Tab does not reach."""
    reached = walk(qtbot, window)
    return Counter(told(widget) for widget in used(window) if widget not in reached)


def press(qtbot, key, modifier=Qt.KeyboardModifier.NoModifier):
    qtbot.keyClick(QApplication.focusWidget() or QApplication.activeWindow(), key, modifier)
