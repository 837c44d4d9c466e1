"""The export of a snapshot in the list of jobs: with the real window, and without its dialog."""

import pytest
from pypdf import PdfReader
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMessageBox, QToolButton

from core.engine import events
from core.engine.jobs import Observe, Observed, View
from core.errors import StoreError
from core.snapshot.asking import STAGE
from gui.banner import Severity
from gui.elided import ElidedLabel
from gui.jobs.entry import State
from gui.jobs.panel import JobsPanel
from gui.snapshot import writing
from gui.snapshot.dialog import SnapshotDialog
from gui.snapshot.writing import Writing
from tests.gui.snapshot_stand_ins import AnsweringEngine, SilentEngine
from tests.gui.stand_ins import make_window
from tests.snapshot_world import make_snapshot_world

LONG_MS = 20_000
IMAGES = 3


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_snapshot_world(tmp_path_factory.mktemp("job") / "w", members=3, others=4, suspects=IMAGES)


@pytest.fixture
def open_window(qtbot, qapp, world):
    """Opens a window on an audit, with the snapshot's dialog in front of it."""

    def make(engine):
        window = make_window(qtbot, qapp, engine=engine)
        window.audits.open(world.audit)
        qtbot.waitUntil(window.audits.has_document, timeout=LONG_MS)
        window.registry.trigger("audit.snapshot")
        dialog = window.findChild(SnapshotDialog)
        qtbot.waitUntil(lambda: "MB" in dialog.state.text(), timeout=LONG_MS)
        return window, dialog

    return make


def board_of(window):
    return window.furniture.running.board


def answer(window):
    """Let the engine answer the last question."""
    engine = window.furniture.engine
    job = engine.jobs[-1]
    assert isinstance(job, Observe)
    value = Observed(job.image, (View(job.chains[0].id, failed="not now"),))
    engine.done.emit(events.JobDone(len(engine.jobs), value))


def asked(window):
    return sum(isinstance(job, Observe) for job in window.furniture.engine.jobs)


def card_texts(window):
    window.furniture.workbench.docks["jobs"].show()
    panel = window.findChild(JobsPanel)
    (card,) = panel._cards.values()
    return card, [label.words for label in card.findChildren(ElidedLabel)]


def stop_button(window):
    card, _ = card_texts(window)
    return next(b for b in card.findChildren(QToolButton) if b.accessibleName().startswith("Stop"))


def test_it_is_listed_with_stage_count_and_time_left_and_its_end(open_window, qtbot, tmp_path, world):
    window, dialog = open_window(SilentEngine)
    dialog.write(tmp_path / "s.pdf")
    (entry,) = board_of(window).entries
    assert entry.title == f"{window.audits.document.title}: s.pdf"
    assert entry.lasting and entry.state is State.RUNNING
    for done in range(IMAGES):
        qtbot.waitUntil(lambda done=done: entry.step.count == f"{STAGE} {done}/{IMAGES}", timeout=LONG_MS)
        qtbot.waitUntil(lambda done=done: asked(window) == done + 1, timeout=LONG_MS)
        if done:
            assert "left" in entry.words
        qtbot.waitUntil(lambda: entry.words in card_texts(window)[1], timeout=LONG_MS)
        answer(window)
    qtbot.waitUntil(lambda: entry.state is State.DONE, timeout=LONG_MS)
    pages = len(PdfReader(tmp_path / "s.pdf").pages)
    assert entry.step.count == f"Writing pages {pages}/{pages}"
    assert any(f"Writing pages: {pages}." in line for line in entry.log)
    assert dialog.state.text() == f"Written: {tmp_path / 's.pdf'}"
    dialog.done(0)


def test_it_is_stopped_in_the_list_and_the_dialog_says_so(open_window, qtbot, tmp_path):
    window, dialog = open_window(SilentEngine)
    dialog.write(tmp_path / "s.pdf")
    qtbot.waitUntil(lambda: asked(window) == 1, timeout=LONG_MS)
    stop_button(window).click()
    (entry,) = board_of(window).entries
    qtbot.waitUntil(lambda: entry.state is State.STOPPED, timeout=LONG_MS)
    assert "Stopped" in dialog.state.text() and dialog.pdf.isEnabled() and dialog.bar.isHidden()
    assert ("cancel", len(window.furniture.engine.jobs)) in window.furniture.engine.calls
    assert not list(tmp_path.glob("*.pdf"))
    dialog.done(0)


def test_it_goes_on_when_its_dialog_is_closed_and_the_window_says_where_it_is(open_window, qtbot, tmp_path):
    window, dialog = open_window(SilentEngine)
    dialog.write(tmp_path / "s.pdf")
    qtbot.waitUntil(lambda: asked(window) == 1, timeout=LONG_MS)
    (work,) = window.furniture.exports.findChildren(Writing)
    files, closed = work.draft._files, []
    files.callback(lambda: closed.append(True))
    dialog.reject()
    qtbot.waitUntil(lambda: window.findChild(SnapshotDialog) is None, timeout=LONG_MS)
    (entry,) = board_of(window).entries
    assert entry.state is State.RUNNING and not closed
    for number in range(IMAGES):
        qtbot.waitUntil(lambda number=number: asked(window) == number + 1, timeout=LONG_MS)
        answer(window)
    qtbot.waitUntil(lambda: entry.state is State.DONE, timeout=LONG_MS)
    assert closed == [True]
    assert PdfReader(tmp_path / "s.pdf").pages
    assert [m.title for m in window.banners.shown] == [f"Written: {tmp_path / 's.pdf'}"]


@pytest.mark.parametrize(("chosen", "closes"), [("Keep running", False), ("Stop and close", True)])
def test_closing_the_window_asks_while_it_is_written(open_window, qtbot, tmp_path, monkeypatch, chosen, closes):
    window, dialog = open_window(SilentEngine)
    dialog.write(tmp_path / "s.pdf")
    qtbot.waitUntil(lambda: asked(window) == 1, timeout=LONG_MS)
    dialog.reject()
    seen = []

    def answer_box(box):
        seen.append(box.text())
        button = next(b for b in box.buttons() if b.text() == chosen)
        monkeypatch.setattr(QMessageBox, "clickedButton", lambda _: button)

    monkeypatch.setattr(QMessageBox, "exec", answer_box)
    event = QCloseEvent()
    window.closeEvent(event)
    assert seen == [f"{window.audits.document.title}: s.pdf is running. Stop and close?"] if not closes else seen
    assert event.isAccepted() is closes
    assert not list(tmp_path.glob("*.pdf"))
    if not closes:
        (entry,) = board_of(window).entries
        assert entry.state is State.RUNNING
        entry.controls.stop()
        qtbot.waitUntil(lambda: entry.state is State.STOPPED, timeout=LONG_MS)


def test_a_place_that_cannot_be_written_is_told_in_the_list_the_dialog_and_a_banner(open_window, qtbot, tmp_path):
    window, dialog = open_window(AnsweringEngine)
    (tmp_path / "file").write_text("x", "utf-8")
    dialog.write(tmp_path / "file" / "s.pdf")
    (entry,) = board_of(window).entries
    qtbot.waitUntil(lambda: entry.state is State.FAILED, timeout=LONG_MS)
    assert "cannot be written" in entry.outcome and "cannot be written" in dialog.state.text()
    (message,) = window.banners.shown
    assert message.severity is Severity.ERROR and "cannot be written" in message.title
    dialog.done(0)


def test_what_nobody_expected_ends_the_line_and_is_raised(open_window, qtbot, tmp_path, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a hole")

    monkeypatch.setattr(writing, "refusal", broken)
    window, dialog = open_window(SilentEngine)
    with qtbot.captureExceptions() as caught:
        dialog.write(tmp_path / "s.pdf")
        (entry,) = board_of(window).entries
        qtbot.waitUntil(lambda: bool(caught), timeout=LONG_MS)
    assert caught[0][0] is ZeroDivisionError
    assert entry.state is State.FAILED and "a hole" in entry.outcome
    assert dialog.pdf.isEnabled() and "a hole" in dialog.state.text()
    dialog.done(0)


def test_a_folder_that_is_full_leaves_the_pages_in_view(open_window, qtbot, tmp_path, monkeypatch):
    window, dialog = open_window(AnsweringEngine)

    def full(*_):
        raise StoreError("The disk is full.", "Make room.")

    with monkeypatch.context() as patched:
        patched.setattr("gui.snapshot.export.Draft.write", full)
        dialog.write(tmp_path / "s.pdf")
        qtbot.waitUntil(lambda: "full" in dialog.state.text(), timeout=LONG_MS)
    with qtbot.waitSignal(dialog.written, timeout=LONG_MS):
        dialog.write(tmp_path / "s.pdf")
    assert [entry.state for entry in board_of(window).entries] == [State.FAILED, State.DONE]
    dialog.done(0)
