"""Trials that are being scored, in the list of jobs."""

import pytest

from core.defenses import DEFENSES
from core.defenses.chain import Chain
from core.engine import events
from core.engine.jobs import Rescore
from gui.jobs.board import Board
from gui.jobs.entry import State
from gui.results.rescoring import Rescoring
from tests.gui.stand_ins import FakeEngine

SOFT, NOISY = (Chain((DEFENSES.make(table),)) for table in ({"name": "argmax"}, {"name": "gauss", "sigma": 0.1}))
KEY, OTHER = (SOFT.id, "loss"), (NOISY.id, "loss")


@pytest.fixture
def engine():
    return FakeEngine()


@pytest.fixture
def board(qtbot, monkeypatch):
    monkeypatch.setattr("gui.jobs.line.MOMENT_MS", 10)
    return Board()


@pytest.fixture
def rescoring(engine, board):
    made = Rescoring(engine, board)
    yield made
    made.forget()


def job_of(tmp_path, chain):
    return Rescore(tmp_path, chain, ("loss",), frozenset(), device="cpu")


def shown(board):
    return [(entry.title, entry.state) for entry in board.entries]


def test_a_trial_that_takes_long_says_how_far_it_is_and_is_stopped_from_the_list(
    qtbot, engine, board, rescoring, heard, tmp_path
):
    failed = heard(rescoring.failed)
    rescoring.ask(KEY, job_of(tmp_path, SOFT))
    qtbot.waitUntil(lambda: shown(board) == [(f"Numbers of {SOFT.words}", State.RUNNING)])
    engine.progressed.emit(events.JobProgress(1, "Scoring again", 30, 120, "", 15.0, 6.0))
    assert board.entries[0].words == "Scoring again 30/120, 15 images/s, 6 s left"
    board.entries[0].controls.stop()
    assert shown(board) == [(f"Numbers of {SOFT.words}", State.STOPPED)]
    assert failed.got == [(KEY, "It was stopped.")]
    assert rescoring.wanted == set()


def test_the_line_is_that_of_the_trial_at_work(qtbot, engine, board, rescoring, tmp_path):
    rescoring.ask(KEY, job_of(tmp_path, SOFT))
    qtbot.waitUntil(lambda: bool(board.entries))
    rescoring.ask(OTHER, job_of(tmp_path, NOISY))  # goes before it
    qtbot.waitUntil(lambda: shown(board) == [(f"Numbers of {NOISY.words}", State.RUNNING)])
    engine.failed.emit(events.JobFailed(len(engine.jobs), "The cache is gone."))
    qtbot.waitUntil(lambda: shown(board) == [(f"Numbers of {SOFT.words}", State.RUNNING)])  # its turn again
    rescoring.forget()
    assert shown(board) == [(f"Numbers of {SOFT.words}", State.STOPPED)]
