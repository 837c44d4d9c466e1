"""Answers from a thread: kept while they are wanted, and never given to a question that was dropped."""

import threading

import pytest

from core.errors import SegLeakError
from gui.answers import Answers


class Lengths(Answers[str, int]):
    """How long words are. Each word is looked at when its gate is open."""

    most = 3

    def __init__(self):
        super().__init__()
        self.begun, self.ended, self.gate = [], [], threading.Event()
        self.gate.set()

    def ask(self, *words):
        self._ask(words, lambda progress: [self._length(word, progress) for word in progress.over("", words, 2)])

    def _length(self, word, progress):
        self.begun.append(word)
        self.gate.wait(10)
        progress.check()
        if word == "bad":
            raise SegLeakError("not a word")
        self.ended.append(word)
        return len(word)

    @property
    def kept(self):
        return dict(self._kept)

    @property
    def asked(self):
        return self._asked


@pytest.fixture
def lengths(qtbot):
    made = Lengths()
    yield made
    made.gate.set()
    made.close()


def settle(qtbot, lengths):
    qtbot.waitUntil(lambda: not lengths.busy, timeout=10_000)


def test_each_question_has_its_answer_and_steps_are_told(qtbot, lengths):
    told = []
    lengths.progressed.connect(lambda done, of: told.append((done, of)))
    with qtbot.waitSignal(lengths.came):
        lengths.ask("one", "three")
    assert lengths.kept == {"one": 3, "three": 5}
    assert lengths.asked == () and not lengths.busy
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_later_question_stops_the_one_before(qtbot, lengths):
    lengths.gate.clear()
    lengths.ask("first", "second")
    qtbot.waitUntil(lambda: lengths.begun == ["first"])
    lengths.ask("third")
    lengths.gate.set()
    settle(qtbot, lengths)
    assert lengths.kept == {"third": 5}
    assert lengths.begun == ["first", "third"] and lengths.ended == ["third"]


def test_what_is_forgotten_while_it_is_worked_out_never_comes(qtbot, lengths):
    came = []
    lengths.came.connect(lambda: came.append(1))
    lengths.gate.clear()
    lengths.ask("word")
    qtbot.waitUntil(lambda: lengths.begun == ["word"])
    lengths.clear()
    lengths.gate.set()
    lengths.close()
    qtbot.wait(20)
    assert came == [] and lengths.kept == {} and not lengths.busy


def test_what_failed_is_told_and_stays_asked(qtbot, lengths):
    told = []
    lengths.failed.connect(told.append)
    lengths.ask("bad")
    qtbot.waitUntil(lambda: bool(told))
    assert str(told[0].message) == "not a word"
    assert lengths.asked == ("bad",) and lengths.kept == {} and not lengths.busy


def test_the_oldest_answers_go_when_there_are_too_many(qtbot, lengths):
    for words in (("a",), ("bb", "ccc"), ("dddd",)):
        lengths.ask(*words)
        settle(qtbot, lengths)
    assert lengths.kept == {"bb": 2, "ccc": 3, "dddd": 4}
