"""Banners: what is said above the views."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QToolButton

from core.errors import SegLeakError
from gui.banner import MOST, Banners, Message, Offer, Severity
from tests.gui.window.helpers import press


@pytest.fixture
def banners(qtbot):
    banners = Banners()
    qtbot.addWidget(banners)
    return banners


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
