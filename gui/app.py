"""Starts the window: the first frame at once, everything else behind it."""

import gc
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QStyle

from core import __version__
from core.errors import SegLeakError
from core.files import expanded
from core.places import CACHE_VARIABLE
from gui.background import Background
from gui.banner import Message, Severity
from gui.errors import ErrorCatcher
from gui.session import nothing_opened_yet, read_session
from gui.settings.store import load
from gui.theme import Theme
from gui.window import Window

EVERY_MS = 200
"""How often Python gets a chance to hear of Ctrl-C in the terminal."""
CALM_MS = 2000
"""Milliseconds until what may be asked for later is made: what was asked for goes first."""
SETTLED_MS = 4000
"""Milliseconds until all that the start makes is there."""
TURN = 0.0005
"""Seconds after which a thread that wants to run Python may have its turn; Python's own 0.005 made the window stall.

Painting a list calls Qt some hundred times, each call lets go of Python's lock, and getting it back from a thread
that reads a file takes one turn: measured, a repaint of 30 ms became one of 645.
"""


class FirstFrame(QObject):
    """Calls back once, right after a window was painted for the first time."""

    def __init__(self, window: Window, callback: Callable[[], None]) -> None:
        super().__init__(window)
        self._callback = callback
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Wait for the paint event to be over."""
        if event.type() == QEvent.Type.Paint:
            watched.removeEventFilter(self)
            QTimer.singleShot(0, self._callback)
        return False


def application() -> QApplication:
    """The application, with its names."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("SegLeak")
    app.setApplicationDisplayName("SegLeak")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("segleak")
    return app


def opened_window(app: QApplication) -> Window:
    """The window with the settings applied, not shown yet."""
    preferences, problems = load()
    _use_cache(preferences.computing.cache_folder)
    theme = Theme(app)
    theme.apply(preferences.look.theme, preferences.look.font_scale)
    window = Window(preferences, theme)
    for problem in problems:
        window.say(Message(Severity.WARNING, problem.message, problem.remedy))
    return window


def fit_on_screen(window: Window) -> None:
    """Fill the screen where it has no room for the window and its title: the foot would be below it."""
    room = window.screen().availableSize()
    title = window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight)
    if window.width() > room.width() or window.height() + title > room.height():
        window.setWindowState(window.windowState() | Qt.WindowState.WindowMaximized)


def keep_what_is_there() -> None:
    """What the start has made stays: looking through it for garbage stopped the window for 80 ms, now and then."""
    gc.freeze()


def _use_cache(folder: str) -> None:
    """Keep the cache in this folder, here and in the engine, unless whoever started the program named another."""
    if folder:
        os.environ.setdefault(CACHE_VARIABLE, str(expanded(folder).absolute()))


def furnish(window: Window, path: Path | None, *, demo: bool = False) -> None:
    """Load the rest away from the window's thread; then open `path`, the demo audit, or what was open last."""

    def arrived(_: object) -> None:
        try:
            window.furniture.engine.start()
        except SegLeakError as error:
            window.show_error(error)
        window.furniture.running.keeping.offer()
        _open_first(window, path, demo=demo)
        QTimer.singleShot(CALM_MS, window.beginning, window.beginning.prepare)

    Background(window).run(_load, arrived)


def _open_first(window: Window, path: Path | None, *, demo: bool) -> None:
    """Open what the window begins with, unless a person was faster and has begun something else."""
    if path is not None:
        window.beginning.take([path])
    elif demo:
        if window.demo.is_coming():
            _open_demo(window)
    elif window.preferences.look.restore and window.welcome.isVisible():
        window.audits.restore(read_session())


def _open_demo(window: Window) -> None:
    try:
        window.demo.open()
    except SegLeakError as error:
        window.show_error(error)
        window.demo.give_up()


def _load() -> None:
    """In a thread: importing is most of what furnishing costs."""
    import gui.furniture
    import gui.wizard.ahead
    import gui.workbench

    gui.workbench.program_views()


def run(path: Path | None = None, first_frame: Callable[[], None] | None = None, *, demo: bool = False) -> int:
    """Show the window until it is closed; returns the exit code.

    Parameters
    ----------
    path
        An audit, a spec, a model or images to open.
    first_frame
        Called when the window has been painted for the first time, in place of loading the rest: to measure the start.
    demo
        Whether to open the built-in demo audit, in place of what was open last.
    """
    sys.setswitchinterval(TURN)
    app = application()
    catcher = ErrorCatcher(app)
    window = opened_window(app)
    fit_on_screen(window)
    demo = path is None and (demo or nothing_opened_yet())
    if demo:
        window.demo.announce()
    catcher.expected.connect(window.show_error)
    FirstFrame(window, (lambda: furnish(window, path, demo=demo)) if first_frame is None else first_frame)
    window.show()
    QTimer.singleShot(SETTLED_MS, keep_what_is_there)
    beat = _hear_ctrl_c(window)
    code = app.exec()
    beat.stop()
    catcher.release()
    return code


def _hear_ctrl_c(window: Window) -> QTimer:
    """Let Ctrl-C in the terminal close the window. Qt's loop alone would never let Python hear of it."""
    signal.signal(signal.SIGINT, lambda number, frame: window.close())
    beat = QTimer()
    beat.timeout.connect(lambda: None)
    beat.start(EVERY_MS)
    return beat
