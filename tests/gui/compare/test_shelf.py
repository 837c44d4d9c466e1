"""What was looked at is kept at hand, within its room."""

import threading

import pytest

from gui.compare.shelf import Shelf


class Thing:
    def __init__(self, nbytes):
        self.nbytes = nbytes


def test_the_shelf_keeps_what_was_used_last_within_its_room_and_always_the_newest():
    shelf, loaded = Shelf(100), []

    def take(key, size=40):
        return shelf.take(key, lambda: loaded.append(key) or Thing(size))

    for key in "ab":
        take(key)
    take("a")
    take("c")
    assert loaded == ["a", "b", "c"]
    take("a")
    take("b")
    assert loaded == ["a", "b", "c", "b"]
    take("large", 1000)
    assert shelf.nbytes == 1000


def test_two_threads_that_want_the_same_thing_load_it_once():
    shelf, gate, loads = Shelf(100), threading.Event(), []

    def load():
        loads.append(1)
        gate.wait(5)
        return Thing(1)

    found = []
    threads = [threading.Thread(target=lambda: found.append(shelf.take("key", load))) for _ in range(4)]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert len(loads) == 1
    assert len({id(thing) for thing in found}) == 1


def test_a_failed_loading_is_told_to_all_and_tried_again_by_the_next():
    shelf = Shelf(100)

    def fail():
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        shelf.take("key", fail)
    assert shelf.take("key", lambda: Thing(3)).nbytes == 3
