"""In which order Tab goes through a window: as it is read, whatever was made first.

Qt's own order is that in which widgets were made. Panels that are filled later would come last in it.
"""

from collections.abc import Iterator
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractScrollArea,
    QAbstractSpinBox,
    QComboBox,
    QDockWidget,
    QGridLayout,
    QLayout,
    QLineEdit,
    QMainWindow,
    QRadioButton,
    QScrollArea,
    QTabBar,
    QWidget,
)

from gui.sight import in_front

AREAS = (Qt.DockWidgetArea.LeftDockWidgetArea, None, Qt.DockWidgetArea.RightDockWidgetArea)
"""Of a window's panels, None being what is in the middle; all others follow from left to right."""
WHOLE = (QAbstractSpinBox, QComboBox, QLineEdit)
"""What is made of parts that are no stops of their own."""

LARGE = 0.5
"""Of the largest stop of a panel: so large is one that it begins with."""


def stops(root: QWidget) -> list[QWidget]:
    """What Tab stops at inside a widget, in the order in which it is read."""
    return list(_stops(root))


def next_stop(root: QWidget, now: QWidget | None, *, forward: bool) -> QWidget | None:
    """Where Tab leads from `now`; round at the end. None where nothing takes the keyboard."""
    found = stops(root)
    if not found:
        return None
    if now in found:
        return found[(found.index(now) + (1 if forward else -1)) % len(found)]
    inside = [stop for stop in found if now is not None and now.isAncestorOf(stop)]
    return (inside or found)[0 if forward else -1]


def main_stop(found: list[QWidget]) -> QWidget | None:
    """The first large one of some stops: the list, the table or the plot of a panel rather than a button above it."""
    areas = [stop.width() * stop.height() for stop in found]
    return next((stop for stop, area in zip(found, areas, strict=True) if area >= LARGE * max(areas)), None)


def sections(window: QMainWindow) -> list[list[QWidget]]:
    """The stops of each panel of a window and of its middle, in the order in which they are read."""
    return [found for part in _parts(window) if (found := stops(part)) and not isinstance(part, QTabBar)]


def next_section(window: QMainWindow, now: QWidget | None, *, forward: bool) -> QWidget | None:
    """The main stop of the panel after the one that `now` is in; round at the end."""
    found = sections(window)
    if not found:
        return None
    place = next((i for i, part in enumerate(found) if now in part), -1 if forward else 0)
    return main_stop(found[(place + (1 if forward else -1)) % len(found)])


def _stops(widget: QWidget) -> Iterator[QWidget]:
    if not widget.isVisible() or not widget.isEnabled():
        return
    if _takes_tab(widget):
        yield widget
    if not isinstance(widget, WHOLE):
        for child in _children(widget):
            yield from _stops(child)


def _takes_tab(widget: QWidget) -> bool:
    if not widget.focusPolicy() & Qt.FocusPolicy.TabFocus or widget.focusProxy() is not None:
        return False
    if isinstance(widget, QTabBar):
        return widget.count() > 0  # Qt leaves empty ones where panels were
    if isinstance(widget, QScrollArea):  # one that shows all has nothing to be scrolled
        return widget.verticalScrollBar().maximum() > 0 or widget.horizontalScrollBar().maximum() > 0
    return not isinstance(widget, QRadioButton) or _stands_for_group(widget)


def _stands_for_group(button: QRadioButton) -> bool:
    """Of radio buttons Tab reaches the one that is chosen, or the first; arrow keys reach the others."""
    above = button.parentWidget()
    if button.isChecked() or above is None or not button.autoExclusive():
        return True
    group = above.findChildren(QRadioButton)
    return group[0] is button and not any(other.isChecked() for other in group)


def _children(widget: QWidget) -> list[QWidget]:
    """As they are read: as layouts have them, otherwise from the top and from the left."""
    if isinstance(widget, QMainWindow):
        return _parts(widget)
    if isinstance(widget, QAbstractScrollArea):
        widget = widget.viewport()
    inside = [child for child in widget.children() if isinstance(child, QWidget) and not child.isWindow()]
    layout = widget.layout()
    laid = [] if layout is None else [child for child in _laid(layout) if child in inside]
    return [*laid, *sorted((child for child in inside if child not in laid), key=_place)]


def _laid(layout: QLayout) -> Iterator[QWidget]:
    """The widgets of a layout and of those in it."""
    places = list(range(layout.count()))
    if isinstance(layout, QGridLayout):
        corners = {place: cast(tuple[int, ...], layout.getItemPosition(place))[:2] for place in places}
        places.sort(key=corners.__getitem__)
    for item in (layout.itemAt(place) for place in places):
        if item is None:
            continue
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            yield widget
        elif inner is not None:
            yield from _laid(inner)


def _place(widget: QWidget) -> tuple[int, int]:
    place = widget.geometry()
    return place.y(), place.x()


def _parts(window: QMainWindow) -> list[QWidget]:
    """Tool bars have no stops: what they offer is in the menus."""
    docks = [dock for dock in window.findChildren(QDockWidget) if not dock.isFloating() and in_front(dock)]
    sides = {area: [dock for dock in docks if area and window.dockWidgetArea(dock) is area] for area in AREAS}
    parts: list[QWidget] = []
    middle = window.centralWidget()
    for area in AREAS:
        parts += sorted(sides[area], key=_place) if area else [] if middle is None else [middle]
    bars = window.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly)
    rest = [dock for dock in docks if dock not in parts]
    below = [*(bar for bar in bars if bar.count()), *rest]
    return parts + sorted(below, key=lambda part: (part.x(), isinstance(part, QDockWidget)))
