import json
import sys
import threading

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton, QToolButton

from core.audit.summary import SUMMARY_NAME
from core.errors import SegLeakError, StoreError
from gui.about import CITATION, AboutDialog, versions_text
from gui.background import Background
from gui.banner import MOST, Banners, Message, Offer, Severity
from gui.errors import SHOWN, ErrorCatcher
from gui.help import FOLDER, Guide
from gui.jobs.words import time_left
from gui.numbers import COLUMNS, NOT_MEASURABLE, as_tsv, one_line, read_summary, summary_rows
from gui.recent import MOST as MOST_RECENT
from gui.recent import RecentAudit, forget, read_recent, recent_path, remember
from gui.session import Session, read_session, session_path, write_session
from gui.status import StatusLine
from gui.tables import NumbersModel, NumbersTable
from tests.gui.small_audit import CHAINS, small_audit
from tests.test_docs import ROOT

# ---------------------------------------------------------------- banners


@pytest.fixture
def banners(qtbot):
    banners = Banners()
    qtbot.addWidget(banners)
    return banners


def press(widget, title):
    (button,) = [b for b in widget.findChildren(QPushButton) if b.text() == title and not b.isHidden()]
    button.click()


def test_banners_take_no_room_while_there_is_nothing_to_say(banners):
    assert banners.isHidden()
    banners.show_message(Message(Severity.NOTE, "One"))
    assert not banners.isHidden()
    banners.findChild(QToolButton).click()
    assert banners.isHidden()


def test_the_newest_banner_is_first_and_the_oldest_gives_way(banners):
    for number in range(MOST + 2):
        banners.show_message(Message(Severity.NOTE, str(number)))
    assert [m.title for m in banners.shown] == [str(n) for n in range(MOST + 1, 1, -1)]


def test_the_same_message_is_not_shown_twice_and_a_subject_has_one_banner(banners):
    banners.show_message(Message(Severity.NOTE, "Same"))
    banners.show_message(Message(Severity.NOTE, "Same"))
    banners.show_message(Message(Severity.NOTE, "Begun", subject="run"))
    banners.show_message(Message(Severity.NOTE, "Ended", subject="run"))
    assert [m.title for m in banners.shown] == ["Ended", "Same"]
    banners.withdraw("run")
    assert [m.title for m in banners.shown] == ["Same"]


def test_an_offer_is_taken_once_and_closes_its_banner(banners):
    taken = []
    banners.show_message(Message(Severity.WARNING, "Stopped", offers=(Offer("Go on", lambda: taken.append(1)),)))
    press(banners, "Go on")
    assert (taken, banners.shown) == ([1], [])


def test_an_error_says_what_to_do_and_is_copied_with_its_details(banners):
    banners.show_message(Message.of_error(SegLeakError("a.pt: is damaged.", "Save it again."), details="line 3"))
    press(banners, "Copy")
    assert QGuiApplication.clipboard().text() == "a.pt: is damaged.\nSave it again.\nline 3"
    details = banners.findChild(QPlainTextEdit)
    assert details.isHidden()
    press(banners, "Details")
    assert not details.isHidden()
    assert details.toPlainText() == "line 3"


def test_file_names_are_no_markup(banners):
    banners.show_message(Message(Severity.NOTE, "<b>x</b>.png"))
    texts = [label.text() for label in banners.findChildren(object, "") if hasattr(label, "textFormat")]
    formats = {label.textFormat() for label in banners.findChildren(object) if hasattr(label, "textFormat")}
    assert "<b>x</b>.png" in texts
    assert Qt.TextFormat.RichText not in formats


# ---------------------------------------------------------------- unexpected errors


@pytest.fixture
def catcher(qapp, monkeypatch):
    printed = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: printed.append(error))
    monkeypatch.setattr(threading, "excepthook", printed.append)
    catcher = ErrorCatcher(qapp)
    catcher.printed = printed
    yield catcher
    catcher.release()
    catcher.deleteLater()


def dialogs():
    return [w for w in QApplication.topLevelWidgets() if type(w).__name__ == "ErrorDialog" and w.isVisible()]


def raise_it(error):
    try:
        raise error
    except type(error):
        sys.excepthook(*sys.exc_info())


def test_an_unexpected_error_ends_in_a_dialog_with_trace_and_versions(catcher, qtbot):
    raise_it(ValueError("no such thing"))
    (dialog,) = dialogs()
    assert "ValueError: no such thing" in dialog.text
    assert "in raise_it" in dialog.text
    assert dialog._text.verticalScrollBar().maximum() > dialog._text.verticalScrollBar().value() == 0
    assert versions_text() in dialog.text
    press(dialog, "Copy")
    assert QGuiApplication.clipboard().text() == dialog.text
    assert len(catcher.printed) == 1


def test_a_loop_of_errors_makes_one_dialog_that_does_not_grow_for_ever(catcher, qtbot):
    for number in range(SHOWN + 30):
        raise_it(ValueError(f"number {number} of many"))
    (dialog,) = dialogs()
    assert dialog.text.count("of many") == SHOWN
    assert dialog.windowTitle() == f"{SHOWN + 30} unexpected errors"


def test_after_the_dialog_was_closed_the_next_error_opens_another(catcher, qtbot):
    raise_it(ValueError("first"))
    dialogs()[0].close()
    qtbot.waitUntil(lambda: catcher._dialog is None)
    raise_it(ValueError("second"))
    assert "first" not in dialogs()[0].text


def test_an_error_in_a_thread_is_shown_too(catcher, qtbot):
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: len(dialogs()) == 1)
    assert "ZeroDivisionError" in dialogs()[0].text


def test_an_expected_failure_gets_no_report(catcher, heard):
    told = heard(catcher.expected)
    raise_it(StoreError("It is full.", "Make room."))
    assert [error.remedy for error in told.got] == ["Make room."]
    assert dialogs() == []


# ---------------------------------------------------------------- background


@pytest.fixture
def background(qapp):
    background = Background()
    yield background
    background.close()
    background.deleteLater()


def test_an_answer_comes_back_into_the_windows_thread(background, qtbot):
    got = []
    background.run(threading.get_ident, lambda there: got.append((there, threading.get_ident())))
    qtbot.waitUntil(lambda: bool(got))
    there, here = got[0]
    assert here == threading.get_ident()
    assert there != here


def test_only_the_last_question_is_answered(background, qtbot):
    got, gate = [], threading.Event()
    background.run(lambda: gate.wait(5) and "first", got.append)
    background.run(lambda: "second", got.append)
    gate.set()
    qtbot.waitUntil(lambda: bool(got))
    qtbot.wait(30)
    assert got == ["second"]


def test_what_is_forgotten_is_not_told(background, qtbot):
    got = []
    background.run(lambda: 1, got.append)
    background.close()
    qtbot.wait(30)
    assert got == []
    assert not background.busy


def test_expected_failures_are_told_and_others_raised(background, qtbot):
    failures = []

    def full():
        raise StoreError("Full.")

    background.run(full, pytest.fail, failures.append)
    qtbot.waitUntil(lambda: bool(failures))
    with qtbot.capture_exceptions() as raised:
        background.run(lambda: 1 / 0, pytest.fail, failures.append)
        qtbot.waitUntil(lambda: bool(raised))
    assert raised[0][0] is ZeroDivisionError


# ---------------------------------------------------------------- numbers


@pytest.fixture(scope="module")
def audit(tmp_path_factory):
    return small_audit(tmp_path_factory.mktemp("numbers") / "small.segleak", per_role=12)


def test_the_table_holds_the_numbers_of_the_summary(audit):
    summary = json.loads((audit / SUMMARY_NAME).read_text())
    rows = summary_rows(read_summary(audit))
    assert [(r.chain, r.attack) for r in rows] == [(c, a) for c in CHAINS for a in ("loss", "confidence")]
    first, metrics = rows[0], summary["results"][0]["metrics"]
    assert {len(row.cells) for row in rows} == {len(COLUMNS)}
    assert first.cells[0].text == "No defense"
    assert first.cells[1].text == "loss *"
    assert first.cells[2].value == metrics["auc"]
    assert first.cells[2].text == f"{metrics['auc']:.3f}"
    assert first.cells[3].text.split(" to ")[0] == f"{metrics['auc_interval']['low']:.3f}"
    # 12 non-members: 10 % can be measured, 1 % and 0.1 % cannot.
    assert first.cells[4].value == metrics["tpr_at"][0]["value"]
    assert [cell.text for cell in first.cells[5:7]] == [NOT_MEASURABLE] * 2
    assert "12 non-members" in first.cells[5].why
    assert first.cells[8].value == summary["segmentation"]["none"]["member"]["miou"]


def test_an_audit_without_non_members_says_what_is_missing(audit):
    summary = json.loads((audit / SUMMARY_NAME).read_text())
    for result in summary["results"]:
        result["metrics"] |= {"auc": None, "auc_interval": None, "tpr_at": [], "advantage": None}
        result["metrics"]["needs"] = "needs known non-members"
    del summary["segmentation"]["none"]["non-member"]
    row = summary_rows(summary)[0]
    assert [cell.why for cell in row.cells[2:8]] == ["needs known non-members"] * 6
    assert row.cells[9].text == ""
    assert one_line(summary) == "12 members, 12 non-members; AUC needs known non-members"


def test_the_line_names_counts_and_the_primary_attack(audit):
    metrics = read_summary(audit)["results"][0]["metrics"]
    low, high = metrics["auc_interval"]["low"], metrics["auc_interval"]["high"]
    expected = f"AUC {metrics['auc']:.2f} ({low:.2f} to {high:.2f}) for loss, undefended; 12 members, 12 non-members"
    assert one_line(read_summary(audit)) == expected


@pytest.mark.parametrize("damage", ["{", "[]", "{}", '{"results": [{}], "defenses": []}', "\x00"])
def test_a_damaged_summary_is_named(tmp_path, damage):
    (tmp_path / SUMMARY_NAME).write_text(damage)
    with pytest.raises(StoreError, match="is damaged"):
        read_summary(tmp_path)


def test_before_the_end_there_is_no_summary(tmp_path):
    assert read_summary(tmp_path) is None


def test_texts_with_tabs_and_line_ends_keep_their_cells():
    assert as_tsv([["a\tb", "c\nd"], ["", "1"]]) == "a b\tc d\n\t1\n"


@pytest.fixture
def table(audit, qtbot):
    model = NumbersModel()
    model.show_rows(summary_rows(read_summary(audit)), {})
    table = NumbersTable(model)
    qtbot.addWidget(table)
    table.kept = model
    return table


def test_the_table_copies_everything_or_what_is_selected(table):
    lines = table.as_tsv().splitlines()
    assert lines[0].split("\t") == [column.title for column in COLUMNS]
    assert len(lines) == 1 + len(CHAINS) * 2
    how = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
    table.selectionModel().select(table.model().index(1, 0), how)
    table.copy()
    assert QGuiApplication.clipboard().text().splitlines()[1:] == [lines[2]]


def test_the_table_sorts_by_numbers_and_not_by_their_texts(table):
    table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    aucs = [float(line.split("\t")[2]) for line in table.as_tsv().splitlines()[1:]]
    assert aucs == sorted(aucs, reverse=True)
    top = table.source_row(table.model().index(0, 0))
    assert table.kept.row(top).cells[2].text == f"{max(aucs):.3f}"


# ---------------------------------------------------------------- recent audits and the session


def recent(tmp_path, number):
    return RecentAudit(tmp_path / f"{number}.segleak", f"Audit {number}", "line")


def test_the_last_audit_is_first_and_each_stands_once(tmp_path):
    for number in (1, 2, 3, 1):
        remember(recent(tmp_path, number))
    assert read_recent() == [recent(tmp_path, n) for n in (1, 3, 2)]
    for number in range(MOST_RECENT + 5):
        remember(recent(tmp_path, number))
    assert len(read_recent()) == MOST_RECENT


def test_an_audit_is_forgotten_with_its_picture(tmp_path):
    one = recent(tmp_path, 1)
    remember(one)
    one.thumbnail.parent.mkdir(parents=True)
    one.thumbnail.write_bytes(b"png")
    assert forget(one.folder) == []
    assert not one.thumbnail.exists()


@pytest.mark.parametrize("text", ["", "audits = 3", "[[audits]]\nfolder = 3", "[[audits]]\nfolder = ''", "\x00"])
def test_a_damaged_list_is_as_if_it_were_empty(text):
    recent_path().parent.mkdir(parents=True)
    recent_path().write_text(text)
    assert read_recent() == []


def test_a_session_is_read_as_it_was_written():
    session = Session("/a.segleak", 4, ("none", "argmax"), "loss", "score", {"compare": {"zoom": 2.0, "at": [1, 2]}})
    write_session(session)
    assert read_session() == session


@pytest.mark.parametrize("text", ["", "audit = 3\nimage = 'x'", "views = {a = 3}", "chains = [1]", "[", "\x00"])
def test_a_damaged_session_is_an_empty_one(text):
    session_path().parent.mkdir(parents=True)
    session_path().write_text(text)
    assert read_session() == Session()


# ---------------------------------------------------------------- status, about, guide


def test_times_left_are_said_in_words_that_do_not_flicker():
    assert [time_left(s) for s in (None, 0.2, 59, 61, 3599, 5400)] == [
        "",
        "1 s left",
        "59 s left",
        "1 min left",
        "60 min left",
        "1.5 h left",
    ]


def test_the_status_line_shows_a_job_while_it_runs(qtbot, heard):
    line = StatusLine()
    qtbot.addWidget(line)
    line.show_engine("warm", "Engine ready on cpu")
    assert line.text == "Engine ready on cpu"
    line.show_job("Auditing 3/12", 3, 12, 90.0)
    assert line.text == "Auditing 3/12, 2 min left, Engine ready on cpu"
    told = heard(line.cancelled)
    line._stop.click()
    assert told.got == [()]
    line._pause.click()
    line.show_job("Auditing 4/12", 4, 12, 80.0)
    assert "paused" in line.text
    line.end_job()
    assert line.text == "Engine ready on cpu"
    assert not line._pause.isChecked()


def test_the_citation_is_that_of_the_readme():
    assert CITATION in (ROOT / "README.md").read_text("utf-8")


def test_about_copies_versions_and_citation(qtbot):
    dialog = AboutDialog()
    qtbot.addWidget(dialog)
    for title, text in (("Copy citation", CITATION), ("Copy versions", versions_text())):
        press(dialog, title)
        assert QGuiApplication.clipboard().text() == text
    assert "PySide6 6." in versions_text()


def test_the_guide_shows_all_its_drawings(qtbot):
    guide = Guide()
    qtbot.addWidget(guide)
    named = {part.partition(")")[0] for part in (FOLDER / "guide.md").read_text("utf-8").split("](")[1:]}
    assert named == {path.name for path in FOLDER.glob("*.svg")}
    for name in named:
        picture = guide.loadResource(2, name)
        assert not picture.isNull()
        assert picture.width() > 300


def test_no_timer_is_left_by_the_parts(qapp):
    assert not [t for t in qapp.findChildren(QTimer) if t.isActive() and not t.isSingleShot()]
