"""Frames are made away from the window's thread, and late ones are never shown."""

import time

import numpy as np
import pytest

from core.errors import StoreError
from gui.compare.live import Live
from gui.compare.loader import Loader
from gui.compare.look import Look
from gui.compare.workshop import Workshop
from tests.gui.compare.frames import never, wanted


class SlowDocument:
    """Passes everything on, but images take their time and can be held back."""

    def __init__(self, document, delays):
        self._document, self._delays, self.asked = document, delays, []

    def __getattr__(self, name):
        return getattr(self._document, name)

    def image(self, image):
        self.asked.append(image)
        time.sleep(self._delays.get(image, 0))
        return self._document.image(image)


@pytest.fixture
def loader(qapp):
    made = Loader()
    yield made
    made.close()


def test_a_frame_that_comes_late_is_never_shown_after_another_one_was_asked_for(loader, document, qtbot, heard):
    slow = SlowDocument(document, {0: 0.3})
    frames = heard(loader.loaded)
    loader.ask(wanted(slow, 0))
    qtbot.wait(30)
    loader.ask(wanted(slow, 1))
    qtbot.waitUntil(lambda: bool(frames.got), timeout=5000)
    qtbot.wait(400)
    assert [frame.image for frame in frames.got] == [1]


def test_of_many_questions_in_a_row_only_the_last_is_answered_and_few_are_worked_on(loader, document, qtbot, heard):
    slow = SlowDocument(document, dict.fromkeys(range(4), 0.1))
    frames = heard(loader.loaded)
    for turn in range(40):
        loader.ask(wanted(slow, turn % 4))
    qtbot.waitUntil(lambda: bool(frames.got), timeout=5000)
    assert [frame.image for frame in frames.got] == [3]
    assert len(slow.asked) <= 2


def test_while_a_slider_moves_the_frame_that_was_begun_is_shown_and_then_only_the_newest(
    loader, document, qtbot, heard
):
    slow = SlowDocument(document, {0: 0.1})
    frames = heard(loader.loaded)
    live = {f"gauss-sigma0.{n}": Live(score=float(n)) for n in range(5, 9)}
    for chain in live:
        loader.ask(wanted(slow, 0, chains=("none", chain), live=live))
    qtbot.waitUntil(lambda: len(frames.got) == 2 and not loader.busy, timeout=5000)
    assert [frame.panes[1].chain for frame in frames.got] == ["gauss-sigma0.5", "gauss-sigma0.8"]
    loader.ask(wanted(SlowDocument(document, {1: 0.2}), 1, chains=("none", "argmax")))
    loader.ask(wanted(slow, 0, chains=("none", "argmax"), layer="loss"))
    qtbot.waitUntil(lambda: not loader.busy, timeout=5000)
    assert [(frame.image, frame.panes[0].shown.layer.id) for frame in frames.got[2:]] == [(0, "loss")]


def test_only_panes_that_show_something_else_are_painted_anew(world, document, qapp):
    workshop = Workshop(1 << 28)
    first = workshop.frame(wanted(document), never)
    live = {"argmax": Live({"score": np.full((128, 256), 0.5, np.float32)})}
    second = workshop.frame(wanted(document, live=live), never)
    same = [one.overlay is other.overlay for one, other in zip(first.panes, second.panes, strict=True)]
    assert same == [True, False, True]
    for changed in ({"look": Look(backwards=True)}, {"image": 1}, {"layer": "evidence"}):
        other = workshop.frame(wanted(document, **changed), never)
        assert not any(one.overlay is two.overlay for one, two in zip(second.panes, other.panes, strict=True))
        workshop.frame(wanted(document, live=live), never)


def test_after_a_frame_its_neighbours_are_loaded_so_that_the_next_needs_no_file(loader, document, qtbot, heard):
    slow = SlowDocument(document, {})
    frames = heard(loader.loaded)
    loader.ask(wanted(slow, 1), [wanted(slow, 2), wanted(slow, 0)])
    qtbot.waitUntil(lambda: sorted(slow.asked) == [0, 1, 2], timeout=5000)
    loader.ask(wanted(slow, 2))
    qtbot.waitUntil(lambda: len(frames.got) == 2, timeout=5000)
    assert sorted(slow.asked) == [0, 1, 2]


def test_asking_takes_no_time_in_the_windows_thread(loader, document, qtbot, heard):
    slow = SlowDocument(document, {0: 0.3})
    frames = heard(loader.loaded)
    start = time.perf_counter()
    loader.ask(wanted(slow, 0))
    assert time.perf_counter() - start < 0.1
    qtbot.waitUntil(lambda: bool(frames.got), timeout=5000)


def test_nothing_is_sent_after_closing(qapp, document, qtbot, heard):
    loader = Loader()
    frames = heard(loader.loaded)
    loader.ask(wanted(SlowDocument(document, {0: 0.1}), 0))
    loader.close()
    qtbot.wait(50)
    assert frames.got == []


def test_results_that_cannot_be_read_are_told_of(loader, document, qtbot, heard):
    class Broken(SlowDocument):
        def scores(self, chain, attack):
            raise StoreError("results.sqlite: is damaged.")

    told = heard(loader.failed)
    loader.ask(wanted(Broken(document, {})))
    qtbot.waitUntil(lambda: bool(told.got), timeout=5000)
    assert "damaged" in str(told.got[0])
