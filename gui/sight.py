"""Whether somebody can see a widget."""

from PySide6.QtWidgets import QWidget


def in_front(widget: QWidget) -> bool:
    """Whether it can be seen: a panel behind another one's tab counts as visible for Qt."""
    return widget.isVisible() and not widget.visibleRegion().isEmpty()
