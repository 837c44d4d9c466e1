"""The status line, the dialog about the program, and the guide."""

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication

from gui.about import CITATION, AboutDialog, versions_text
from gui.help import FOLDER, Guide
from gui.jobs.words import time_left
from gui.status import StatusLine
from tests.gui.window.helpers import press
from tests.test_docs import ROOT


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
