"""An audit that somebody else runs: looked at while it grows, left to them, and taken in when it ends."""

import subprocess
import sys

import pytest

from core.audit.store import AuditStore
from core.audit.summary import summarise, write_summary
from gui.banner import Severity
from gui.folders import demo_folder
from tests.gui.small_audit import small_audit
from tests.gui.window.helpers import engine_of, open_audit, press, titles

SOON = 9000
RUN = """
import sys
from pathlib import Path
from core.audit.store import AuditStore
with AuditStore.create(Path(sys.argv[1])):
    print("runs", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run():
    """Makes another process that runs the audit of a folder until it is told to end."""
    others = []

    def begin(folder):
        other = subprocess.Popen(
            [sys.executable, "-c", RUN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        others.append(other)
        assert other.stdout.readline() == "runs\n"
        return other

    yield begin
    for other in others:
        other.communicate(timeout=20)


def said_of(other, title="Half"):
    return [f"{title} is being run by another window or command (process {other.pid})."]


def test_an_audit_that_another_process_runs_is_looked_at_and_not_offered(qtbot, window, unfinished, run):
    other = run(unfinished)
    open_audit(qtbot, window, unfinished)
    assert titles(window) == said_of(other)
    assert window.banners.shown[0].severity is Severity.NOTE and not window.banners.shown[0].offers
    assert "2 of 6" in window.furniture.workbench.numbers.note
    assert not window.registry.qaction("run.go-on").isEnabled()
    other.communicate(timeout=20)
    qtbot.waitUntil(lambda: titles(window) == ["Half has not ended: 2 of 6 images are done."], timeout=SOON)
    press(window.banners, "Go on")
    assert window.audits.is_running() and titles(window) == []


def test_an_audit_in_view_that_another_process_begins_to_run_says_so_and_is_offered_no_longer(
    qtbot, window, unfinished, run
):
    open_audit(qtbot, window, unfinished)
    assert window.registry.qaction("run.go-on").isEnabled()
    other = run(unfinished)
    window.audits.go_on()  # faster than the window has heard of it
    assert engine_of(window).jobs == []
    qtbot.waitUntil(lambda: titles(window) == said_of(other), timeout=SOON)
    assert not window.registry.qaction("run.go-on").isEnabled()


def test_the_end_of_a_run_elsewhere_brings_its_numbers_into_view(qtbot, window, unfinished):
    with AuditStore.create(unfinished) as store:
        open_audit(qtbot, window, unfinished)
        assert "is being run" in titles(window)[0]
        store.set_fact("finished", "2026-01-01T00:00:00+00:00")
        write_summary(unfinished, summarise(store, window.audits.document.spec))
    qtbot.waitUntil(lambda: titles(window) == [], timeout=SOON)
    numbers = window.furniture.workbench.numbers
    qtbot.waitUntil(lambda: numbers.note == "" and numbers.table.model().rowCount() > 0, timeout=SOON)
    assert not window.registry.qaction("run.go-on").isEnabled()


def test_a_finished_audit_that_takes_in_a_defense_elsewhere_says_so_too(qtbot, window, tmp_path, run):
    folder = small_audit(tmp_path / "half.segleak", title="Half")
    open_audit(qtbot, window, folder)
    assert titles(window) == []
    other = run(folder)
    qtbot.waitUntil(lambda: titles(window) == said_of(other), timeout=SOON)


def test_the_demo_that_another_window_runs_is_opened_as_soon_as_it_can_be(qtbot, window, run):
    demo_folder().parent.mkdir(parents=True)
    other = run(demo_folder())
    window.demo.open()
    assert window.demo.is_coming() and engine_of(window).jobs == []
    other.communicate(timeout=20)
    small_audit(demo_folder(), title="Demo", done=2)
    other = run(demo_folder())
    qtbot.waitUntil(lambda: window.audits.document is not None, timeout=SOON)
    qtbot.waitUntil(lambda: said_of(other, "Demo")[0] in titles(window), timeout=SOON)
    assert engine_of(window).jobs == []


def test_the_windows_own_run_is_not_taken_for_somebody_elses(qtbot, window, unfinished):
    open_audit(qtbot, window, unfinished)
    window.audits.go_on()
    with AuditStore.create(unfinished):
        document = window.audits.document
        qtbot.waitUntil(lambda: document.writer is not None, timeout=SOON)
        qtbot.wait(50)
        assert titles(window) == []
