"""Small buttons with an icon in the place of words."""

from PySide6.QtWidgets import QToolButton

from gui.icons import icon


def icon_button(drawing: str, name: str, tip: str = "", *, checkable: bool = False) -> QToolButton:
    """A flat button; `name` is what a screen reader says, and the tip where there is no other one."""
    button = QToolButton()
    button.setIcon(icon(drawing))
    button.setAutoRaise(True)
    button.setCheckable(checkable)
    button.setToolTip(tip or name)
    button.setAccessibleName(name)
    return button
