"""Short work away from the window: only the last answer is given, and nothing of what is not wanted is kept."""

import gc
import threading
import weakref

import pytest

from core.errors import SegLeakError, StoreError
from gui.background import Background


class Document:
    """Something a task would hold."""


@pytest.fixture
def background(qtbot):
    made = Background()
    yield made
    made.close()


def test_only_the_last_answer_is_given(qtbot, background):
    gate, answers = threading.Event(), []
    background.run(lambda: gate.wait(10) and "first", answers.append)
    background.run(lambda: "second", answers.append)
    background.run(lambda: "third", answers.append)
    gate.set()
    qtbot.waitUntil(lambda: not background.busy)
    assert answers == ["third"]


def test_what_was_asked_in_between_is_never_begun(qtbot, background):
    gate, begun = threading.Event(), []
    background.run(lambda: gate.wait(10), begun.append)
    background.run(lambda: begun.append("in between"), begun.append)
    background.forget()
    gate.set()
    background.close()
    assert begun == []


def test_tasks_replaced_before_they_began_let_go_of_what_they_hold(qtbot, background):
    """The pool of Qt keeps the functions that are cleared from it for ever."""
    gate, answers = threading.Event(), []
    background.run(lambda: gate.wait(10), answers.append)
    document = Document()
    held = weakref.ref(document)
    background.run(lambda document=document: document, answers.append)
    background.run(lambda: "last", answers.append)
    del document
    gate.set()
    qtbot.waitUntil(lambda: answers == ["last"])
    gc.collect()
    assert held() is None


def test_a_task_that_is_done_holds_nothing(qtbot, background):
    document = Document()
    held = weakref.ref(document)
    background.run(lambda document=document: id(document), lambda _: None)
    del document
    qtbot.waitUntil(lambda: not background.busy)
    background.finish()
    gc.collect()
    assert held() is None


def test_what_went_wrong_goes_to_who_asked(qtbot, background):
    def work():
        raise SegLeakError("the file is gone")

    told = []
    background.run(work, told.append, told.append)
    qtbot.waitUntil(lambda: bool(told))
    assert isinstance(told[0], SegLeakError)
    background.run(lambda: "again", told.append)
    qtbot.waitUntil(lambda: told[-1] == "again")


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
