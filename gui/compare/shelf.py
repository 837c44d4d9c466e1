"""Keeps what threads have loaded, as far as there is room. Knows nothing of Qt."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar


class Sized(Protocol):
    """Something whose size is known."""

    @property
    def nbytes(self) -> int:
        """Its size in memory, in bytes."""


T = TypeVar("T", bound=Sized)


class Shelf:
    """The most recently used things, up to `room` bytes, but always the last one. Safe to use from several threads."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._lock = threading.Lock()
        self._things: OrderedDict[Hashable, Future[Any]] = OrderedDict()

    def take(self, key: Hashable, load: Callable[[], T]) -> T:
        """What is kept under `key`, or what `load` gives. Two threads that ask at once share one loading.

        Whatever `load` raises goes to all who wait for it, and the next one tries again.
        """
        with self._lock:
            known = self._things.get(key)
            thing: Future[Any] = known or Future()
            self._things[key] = thing
            self._things.move_to_end(key)
        if known is None:
            self._load(key, thing, load)
        taken: T = thing.result()
        return taken

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._things.clear()

    @property
    def nbytes(self) -> int:
        """Size of what is kept, in bytes."""
        with self._lock:
            return sum(map(_size, self._things.values()))

    def _load(self, key: Hashable, thing: "Future[Any]", load: Callable[[], Sized]) -> None:
        try:
            thing.set_result(load())
        except BaseException as error:
            thing.set_exception(error)
            with self._lock:
                if self._things.get(key) is thing:
                    del self._things[key]
        self._tidy()

    def _tidy(self) -> None:
        with self._lock:
            size = sum(map(_size, self._things.values()))
            for key in list(self._things)[:-1]:
                if size <= self.room:
                    return
                if self._things[key].done():
                    size -= _size(self._things.pop(key))


def _size(thing: "Future[Any]") -> int:
    return thing.result().nbytes if thing.done() and thing.exception() is None else 0
