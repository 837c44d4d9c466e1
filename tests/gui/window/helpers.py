"""What tests of the window share: opening audits, and what it says and shows."""

from PySide6.QtWidgets import QPushButton


def open_audit(qtbot, window, folder):
    window.audits.open(folder)
    qtbot.waitUntil(
        lambda: window.audits.document is not None and window.audits.document.folder == folder, timeout=9000
    )
    qtbot.waitUntil(lambda: not window.audits.opening._remembering.busy, timeout=9000)


def titles(window):
    return [message.title for message in window.banners.shown]


def docks(window):
    return {name: window.shows_dock(name) for name in ("images", "defenses", "numbers")}


def engine_of(window):
    return window.furniture.engine


def press(widget, title):
    """Press the one button of that title that is to be seen in a widget."""
    (button,) = [b for b in widget.findChildren(QPushButton) if b.text() == title and b.isVisibleTo(widget)]
    button.click()
