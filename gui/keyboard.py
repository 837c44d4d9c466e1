"""Where keys lead in the main window: with Tab through all of it as it is read, with F6 from panel to panel."""

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QDockWidget, QMainWindow, QScrollArea, QWidget

from gui.focus_ring import FocusRing
from gui.sight import in_front
from gui.tab_order import main_stop, next_section, next_stop, stops

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
SETTLING = 150
"""Milliseconds until a panel that comes up has drawn what it has."""


class Keyboard(QObject):
    """Moves the keyboard through a window.

    Parameters
    ----------
    window
        The window.

    Attributes
    ----------
    ring
        Shows where the keyboard is, in the window and its dialogs.
    """

    def __init__(self, window: QMainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.ring = FocusRing(self)

    def step(self, *, forward: bool) -> bool:
        """Go on with Tab, or back; False where the keyboard cannot go on, or where the system has its own rule."""
        if QGuiApplication.styleHints().tabFocusBehavior() != Qt.TabFocusBehavior.TabFocusAllControls:
            return False
        stop = next_stop(self._window, self._window.focusWidget(), forward=forward)
        if stop is None:
            return False
        reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
        stop.setFocus(reason)
        _scroll_to(stop)
        return True

    def press(self, event: QKeyEvent) -> bool:
        """Enter presses a button, as in dialogs; False where it is none, or another key."""
        button = self._window.focusWidget()
        if event.key() not in ENTER or not isinstance(button, QAbstractButton):
            return False
        button.click()
        return True

    def go_to_panel(self, *, forward: bool) -> None:
        """Go to the next panel, or to the one before."""
        stop = next_section(self._window, self._window.focusWidget(), forward=forward)
        if stop is not None:
            stop.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def toggle(self, panel: QDockWidget) -> None:
        """Bring a panel to the front and go there; hide it where it is in front already."""
        panel.setVisible(panel.isHidden() or not in_front(panel))
        panel.raise_()
        if not panel.isHidden():
            self._enter(panel)
            first = self._window.focusWidget()
            QTimer.singleShot(SETTLING, panel, lambda: self._enter(panel, first))

    def _enter(self, panel: QDockWidget, still: QWidget | None = None) -> None:
        """Go to its main stop; to the panel itself while there is none. `still`: only while the keyboard is there."""
        if still is None or still is self._window.focusWidget():
            (main_stop(stops(panel)) or panel).setFocus(Qt.FocusReason.ShortcutFocusReason)


class KeyboardWindow(QMainWindow):
    """A window in which Tab goes as it is read, and Enter presses buttons.

    Attributes
    ----------
    keyboard
        Where keys lead.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keyboard = Keyboard(self)

    def focusNextPrevChild(self, forward: bool) -> bool:  # noqa: N802 - Qt's name
        """Tab, and Shift with it."""
        return self.keyboard.step(forward=forward) or super().focusNextPrevChild(forward)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """What nobody else took."""
        if not self.keyboard.press(event):
            super().keyPressEvent(event)


def _scroll_to(stop: QWidget) -> None:
    """Bring it into view where it is on a page that scrolls."""
    above = stop.parentWidget()
    while above is not None:
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(stop)
        above = above.parentWidget()
