"""What must not keep the window waiting, and what must not be left open behind it."""

import gc
import os
import sys
import threading
import weakref

import pytest
from PySide6.QtCore import QTimer

from core.places import CACHE_VARIABLE, cache_folder
from gui import app as gui_app
from gui.document import AuditDocument
from gui.following import Following
from gui.selection import Selection
from gui.settings.table import Computing, Look, Preferences
from tests.gui.small_audit import small_audit
from tests.gui.stand_ins import FakeEngine, make_window


def test_news_of_a_running_audit_is_read_away_from_the_windows_thread(qtbot, tmp_path, heard, monkeypatch):
    selection = Selection()
    selection.document = AuditDocument.open(small_audit(tmp_path / "one.segleak", done=1))
    following, grew, threads = Following(selection), heard(selection.document_grew), []
    going = threading.Event()

    def slow(self):
        threads.append(threading.current_thread())
        going.wait(10)
        return True

    monkeypatch.setattr(AuditDocument, "refresh", slow)
    following.look()
    qtbot.waitUntil(lambda: bool(threads))
    turns = []
    timer = QTimer()
    timer.timeout.connect(lambda: turns.append(1))
    timer.start(1)
    qtbot.waitUntil(lambda: len(turns) > 5)  # the loop goes on meanwhile
    timer.stop()
    assert grew.got == []
    going.set()
    qtbot.waitUntil(lambda: len(grew.got) == 1)
    assert threading.main_thread() not in threads
    following.close()


def test_news_of_an_audit_that_is_not_in_view_any_more_are_not_told(qtbot, tmp_path, heard):
    selection = Selection()
    one, other = (AuditDocument.open(small_audit(tmp_path / f"{name}.segleak")) for name in ("one", "other"))
    selection.document = one
    following, grew = Following(selection), heard(selection.document_grew)
    selection.document = other
    following._read((one, True, 0.0))
    assert grew.got == []
    following._read((other, True, 0.0))
    assert len(grew.got) == 1
    following.close()


def test_an_audit_that_nobody_holds_is_closed(tmp_path):
    document = AuditDocument.open(small_audit(tmp_path / "one.segleak"))
    connection, gone = document._store._connection, weakref.ref(document)
    del document
    gc.collect()
    assert gone() is None
    with pytest.raises(Exception, match="closed"):
        connection.execute("SELECT 1")


def test_the_audit_that_was_in_view_before_is_closed(qtbot, qapp, tmp_path):
    """With the real views: none of them holds on to what is not looked at any more."""
    window = make_window(qtbot, qapp, engine=FakeEngine, views=None)
    folders = [small_audit(tmp_path / f"{name}.segleak", title=name) for name in ("one", "two")]
    held = []
    for folder in folders:
        window.audits.open(folder)
        qtbot.waitUntil(lambda folder=folder: window.audits.has_document() and window.audits.document.folder == folder)
        qtbot.wait(300)
        held.append(weakref.ref(window.audits.document))

    def closed():
        gc.collect()
        assert held[0]() is None

    qtbot.waitUntil(closed, timeout=15_000)  # threads that still read let go of it
    assert held[1]() is not None


def test_threads_of_the_window_give_way_to_it_soon(qtbot, monkeypatch):
    """Python's own turns of 5 ms made a list that calls Qt 100 times wait half a second while files were read."""
    monkeypatch.setattr(gui_app, "application", lambda: (_ for _ in ()).throw(SystemExit))
    before = sys.getswitchinterval()
    try:
        with pytest.raises(SystemExit):
            gui_app.run()
        assert sys.getswitchinterval() == pytest.approx(gui_app.TURN)
    finally:
        sys.setswitchinterval(before)


def test_the_cache_is_where_the_settings_say_unless_the_environment_says_more(qtbot, qapp, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", dict(os.environ))
    gui_app._use_cache("")
    assert CACHE_VARIABLE not in os.environ
    gui_app._use_cache(str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"
    gui_app._use_cache(str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "here"


def test_the_colour_map_of_the_settings_is_used_at_once(qtbot, qapp, tmp_path):
    preferences = Preferences(look=Look(colours="magma"), computing=Computing("cpu"))
    window = make_window(qtbot, qapp, preferences=preferences, views=None)
    centre = window.furniture.workbench.centre
    assert centre.look.colours == "magma"
    window.take_preferences(Preferences(look=Look(colours="cividis")))
    assert centre.look.colours == "cividis"
