import gc
import os
import threading

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTEST_QT_API", "pyside6")

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QThreadPool, QTimer
from PySide6.QtWidgets import QApplication

from gui.engine import EngineClient

PATIENCE_MS = 5000


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Settings, caches and data of each test are its own."""
    monkeypatch.setenv("SEGLEAK_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def settled(qapp):
    """What was imported stays: looking through it again for each test would take most of the time."""
    gc.collect()
    gc.freeze()
    yield qapp
    gc.unfreeze()


def _after_deletions():
    """Let Qt delete what was told to go, and Python let go of it."""
    for _ in range(3):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QCoreApplication.processEvents()
        gc.collect()


def _windows():
    return {widget for widget in QApplication.topLevelWidgets() if not widget.parent()}


def _active_timers():
    found = [o for o in gc.get_objects() if isinstance(o, QTimer) and shiboken6.isValid(o)]
    return {timer for timer in found if timer.isActive() and not timer.isSingleShot()}


def _holders(widget):
    """Who keeps a widget alive, for the message of a failed test."""
    names = [type(holder).__name__ for holder in gc.get_referrers(widget)]
    return f"{type(widget).__name__} '{widget.windowTitle()}', held by {', '.join(names) or 'Qt alone'}"


@pytest.fixture(autouse=True)
def nothing_is_left_behind(request):
    """A test of the window that leaves windows, threads, busy pools or running timers behind has failed.

    Widgets that were handed to `qtbot.addWidget` are closed before this looks.
    """
    if "qtbot" not in request.fixturenames and "qapp" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("settled")
    _after_deletions()
    windows, threads, timers = _windows(), set(threading.enumerate()), _active_timers()
    yield
    _after_deletions()
    assert QThreadPool.globalInstance().waitForDone(PATIENCE_MS), "work is left in the thread pool"
    # A thread of a QThreadPool that Python has heard of counts as a dummy thread until it ends.
    left = {t for t in set(threading.enumerate()) - threads if not isinstance(t, threading._DummyThread)}
    assert not left, f"threads are left: {left}"
    assert not (_active_timers() - timers), f"timers are left: {_active_timers() - timers}"
    windows_left = [widget for widget in _windows() - windows if shiboken6.isValid(widget)]
    assert not windows_left, f"windows are left: {[_holders(w) for w in windows_left]}"


class SharedEngine(EngineClient):
    """Outlives the windows: it takes seconds to start."""

    def close(self):
        """Not yet."""


@pytest.fixture(scope="module")
def shared_engine(qapp, tmp_path_factory):
    """One real engine for all tests of a file that do not kill it; others hold that none is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEGLEAK_HOME", str(tmp_path_factory.mktemp("engine-home")))
        made = SharedEngine(1)
        made.start()
    yield made
    EngineClient.close(made)


class Keeper(QObject):
    """Collects what a signal sends."""

    def __init__(self, signal):
        super().__init__()
        self.got = []
        signal.connect(self._take)

    def _take(self, *values):
        self.got.append(values[0] if len(values) == 1 else values)


@pytest.fixture
def heard():
    """Makes a collector of what a signal sends: `heard(signal).got`."""
    keepers = []

    def make(signal):
        keepers.append(Keeper(signal))
        return keepers[-1]

    return make
