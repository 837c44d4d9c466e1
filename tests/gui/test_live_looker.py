"""What is asked of the engine, in which order, and what becomes of the answers; with an engine that the test plays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.defenses.chain import Chain
from core.engine import events
from core.engine.client import EngineState
from core.engine.jobs import LAYERS, View
from core.errors import SegLeakError
from gui.compare.live import Live, handed_on, live_of, taken_in
from gui.live.asking import EVERYTHING, Ask, missing
from gui.live.looker import Looker
from gui.selection import Selection
from tests.gui.compare_world import make_compare_world
from tests.gui.stand_ins import FakeEngine


@pytest.fixture(scope="module")
def document(tmp_path_factory, street_like):
    opened = make_compare_world(tmp_path_factory.mktemp("looker"), street_like, size=(64, 96)).open()
    yield opened
    opened.close()


@pytest.fixture
def selection(qapp, document):
    made = Selection()
    made.document = document
    return made


@pytest.fixture
def engine(qapp):
    return FakeEngine()


@pytest.fixture
def looker(selection, engine):
    return Looker(selection, engine)


def gauss(sigma):
    return Chain.parse({"name": "gauss", "sigma": sigma})


@pytest.fixture
def ask(document):
    return lambda chain, image=0, **more: Ask(document, image, chain, "patch", **more)


def answer(engine, view, number=None):
    number = number or len(engine.jobs)
    engine.partial.emit(events.JobPartial(number, view))
    engine.done.emit(events.JobDone(number, None))


def chains_asked(engine):
    return [job.chains[0].id for job in engine.jobs]


def test_one_question_is_in_the_engine_at_a_time_and_the_next_follows_its_answer(looker, engine, ask, heard):
    seen = heard(looker.seen)
    looker.look((ask(gauss(0.2)), ask(Chain())))
    assert chains_asked(engine) == ["gauss-sigma0.2"]
    answer(engine, View("gauss-sigma0.2", scores={"patch": 1.0}))
    assert chains_asked(engine) == ["gauss-sigma0.2", "none"]
    answer(engine, View("none"))
    assert [(chain, own) for _, chain, _, own in seen.got] == [("gauss-sigma0.2", True), ("none", True)]
    assert not looker.busy


def test_a_slider_that_moves_on_gets_the_answer_on_its_way_and_then_only_the_newest(
    looker, engine, selection, ask, heard
):
    seen = heard(looker.seen)
    before = selection.add_trial(gauss(0.2))
    looker.look((ask(gauss(0.2)),))
    for sigma in (0.21, 0.22, 0.23):
        before = selection.retune(before, gauss(sigma))
        looker.look((ask(gauss(sigma)),))
    assert chains_asked(engine) == ["gauss-sigma0.2"]
    answer(engine, View("gauss-sigma0.2"))
    assert chains_asked(engine) == ["gauss-sigma0.2", "gauss-sigma0.23"]
    answer(engine, View("gauss-sigma0.23"))
    assert [(chain, own) for _, chain, _, own in seen.got] == [("gauss-sigma0.23", False), ("gauss-sigma0.23", True)]
    assert not any(isinstance(call, tuple) for call in engine.calls), "nothing was cancelled"


def test_another_image_cancels_what_is_asked_and_drops_what_still_comes_of_it(looker, engine, ask, heard):
    seen = heard(looker.seen)
    looker.look((ask(Chain()),))
    looker.look((ask(Chain(), image=1),))
    assert engine.calls == [("cancel", 1)]
    answer(engine, View("none"), number=1)
    assert seen.got == []
    answer(engine, View("none"), number=2)
    assert [image for image, *_ in seen.got] == [1]
    looker.look((ask(Chain(), image=1),))
    looker.forget()
    assert not looker.busy


def test_asking_the_same_again_changes_nothing(looker, engine, ask):
    for quick in (False, True, False):
        looker.look((ask(Chain(), quick=quick),))
    assert (len(engine.jobs), engine.calls) == (1, [])


def test_what_died_with_the_engine_is_asked_once_more_and_then_says_why(looker, engine, ask, heard):
    seen = heard(looker.seen)
    looker.look((ask(Chain()),))
    engine.failed.emit(events.JobFailed(1, "The engine crashed.", "It can be submitted again.", again=engine.jobs[0]))
    assert (len(engine.jobs), seen.got) == (2, [])
    engine.failed.emit(events.JobFailed(2, "The engine crashed.", "It can be submitted again.", again=engine.jobs[0]))
    assert len(engine.jobs) == 2
    ((_, _, view, own),) = seen.got
    assert ("The engine crashed." in view.failed, own) == (True, True)


def test_where_memory_ran_out_the_gentler_job_is_tried(looker, engine, ask):
    looker.look((ask(Chain()),))
    engine.failed.emit(events.JobFailed(1, "Memory ran out.", again=engine.jobs[0].on_cpu()))
    assert engine.jobs[1].device == "cpu"


def test_an_image_that_cannot_be_looked_at_says_why_and_the_next_is_asked(looker, engine, ask, heard):
    seen = heard(looker.seen)
    looker.look((ask(gauss(0.2)), ask(Chain())))
    engine.failed.emit(events.JobFailed(1, "a.png: is broken.", "Mend it."))
    assert seen.got[0][2].failed == "a.png: is broken. Mend it."
    assert chains_asked(engine)[1:] == ["none"]


def test_an_engine_that_cannot_be_started_says_why(looker, engine, ask, heard, monkeypatch):
    seen = heard(looker.seen)

    def refuse(job):
        raise SegLeakError("The engine cannot be started.", "Close other programs.")

    monkeypatch.setattr(engine, "submit", refuse)
    looker.look((ask(gauss(0.2)), ask(Chain())))
    assert ["cannot be started" in view.failed for _, _, view, _ in seen.got] == [True, True]
    assert not looker.busy


def test_a_stopped_engine_is_said(looker, engine, ask, heard):
    seen = heard(looker.seen)
    looker.look((ask(Chain()),))
    engine.cancelled.emit(events.JobCancelled(1))
    assert "The engine was stopped." in seen.got[0][2].failed


def test_those_who_wait_are_told_that_the_engine_starts(looker, engine, heard):
    stirred = heard(looker.stirred)
    assert looker.words.startswith("Being worked out")
    engine.state = EngineState.STARTING
    engine.engine_started.emit(events.EngineStarted(1))
    assert "starting" in looker.words
    assert len(stirred.got) == 1


# ---------------------------------------------------------------- what is asked


@given(st.sets(st.sampled_from(LAYERS), min_size=1), st.booleans())
def test_a_job_asks_for_the_layers_wanted_with_the_quick_ones_first_where_one_is_looked_at(layers, quick):
    class Document:
        folder = None

    job = Ask(Document(), 3, Chain(), "loss", frozenset(layers), quick=quick).job("cpu")
    assert set(job.layers) == layers
    judged = [layer in ("scores", "maps") for layer in job.layers]
    assert judged == sorted(judged, reverse=not quick)
    assert (job.image, job.attacks, job.device) == (3, ("loss",), "cpu")


def test_only_what_the_audit_lacks_is_asked_of_its_own_defenses():
    maps = ("score", "evidence")
    assert missing({*maps, "loss", "true_posterior"}, maps, labelled=True) == {"prediction"}
    assert missing({*maps}, maps, labelled=True) == {"prediction", "loss", "label_probability"}
    assert missing({*maps}, maps, labelled=False) == {"prediction"}
    assert missing({"score", "prediction"}, maps, labelled=False) == {"scores", "maps"}
    assert missing(set(), maps, labelled=True) == EVERYTHING


# ---------------------------------------------------------------- what is made of the answers


def ones(value=1.0):
    return np.full((2, 3), value, np.float32)


def test_a_part_that_comes_ahead_leaves_the_rest_as_it_was_until_the_whole_is_there():
    old = Live({"evidence": ones(1), "loss": ones(1)}, score=5.0, prediction=ones().astype(np.uint8))
    moved = handed_on({"a": old, "c": old}, "a", "b")
    assert set(moved) == {"b", "c"}
    assert (moved["b"].score, moved["b"].settled) == (5.0, False)
    ahead = taken_in(moved, "b", live_of(View("b", loss=ones(2), whole=False), "patch"))["b"]
    assert (ahead.maps["loss"][0, 0], ahead.maps["evidence"][0, 0], ahead.score, ahead.settled) == (2, 1, 5.0, False)
    assert ahead.prediction is old.prediction
    whole = live_of(View("b", scores={"patch": 7.0}, maps={"patch": {"evidence": ones(3)}}, loss=ones(2)), "patch")
    now = taken_in({"b": ahead}, "b", whole)["b"]
    assert (now.maps["evidence"][0, 0], now.score, now.settled, now.prediction) == (3, 7.0, True, None)


def test_an_answer_for_a_setting_that_was_left_never_replaces_the_own_one():
    own, late = Live(score=1.0), Live(score=2.0, own=False)
    assert taken_in({"a": own}, "a", late)["a"] is own
    assert taken_in({}, "a", late)["a"] is late
    assert handed_on({"a": late, "b": own}, "a", "b") == {"b": own}
