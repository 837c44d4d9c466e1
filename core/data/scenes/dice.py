"""Random draws of a scene: streams that depend on the seed and on what they are for, on nothing else.

The numbers are the output of SHAKE-128 over seed, name and a counter: a counter-based generator whose streams cost a
microsecond to make, where a numpy generator costs thirty, and a scene has hundreds of them.
"""

import hashlib
import itertools
import math
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Colour = tuple[float, float, float]

BLOCK = 64
"""Numbers drawn at a time."""
_STEP = 2.0**-32


class Dice:
    """A stream of draws. Streams of other names are independent, so adding draws to one thing moves no other.

    Attributes
    ----------
    unit
        Gives the next number in [0, 1).
    """

    __slots__ = ("_arrays", "_name", "_seed", "unit")

    def __init__(self, seed: int, name: str) -> None:
        self._seed = seed
        self._name = name
        self._arrays = 0
        self.unit: Callable[[], float] = _numbers(f"{seed}\0{name}\0".encode()).__next__

    def child(self, name: object) -> "Dice":
        """The stream of a part."""
        return Dice(self._seed, f"{self._name}/{name}")

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + (high - low) * self.unit()

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return low + int(self.unit() * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True in that share of cases."""
        return self.unit() < share

    def pick(self, things: Sequence[T]) -> T:
        """One of the things, each as likely."""
        return things[int(self.unit() * len(things))]

    def near(self, colour: Colour, spread: float) -> Colour:
        """A colour with brightness and each channel moved by up to `spread`."""
        unit = self.unit
        level = spread * (2 * unit() - 1.5)
        red, green, blue = colour
        red, green, blue = (
            red + level + spread * unit(),
            green + level + spread * unit(),
            blue + level + spread * unit(),
        )
        return (
            (0.0 if red < 0 else red) if red < 255 else 255.0,
            (0.0 if green < 0 else green) if green < 255 else 255.0,
            (0.0 if blue < 0 else blue) if blue < 255 else 255.0,
        )

    def array(self, *shape: int) -> npt.NDArray[np.float64]:
        """Numbers in [0, 1) of that shape."""
        return (np.frombuffer(self._drawn(4 * math.prod(shape)), "<u4") * _STEP).reshape(shape)

    def octets(self, *shape: int) -> npt.NDArray[np.uint8]:
        """Whole numbers from 0 to 255 of that shape."""
        return np.frombuffer(self._drawn(math.prod(shape)), np.uint8).reshape(shape)

    def _drawn(self, count: int) -> bytes:
        self._arrays += 1
        key = f"{self._seed}\0{self._name}\0array {self._arrays}"
        return hashlib.shake_128(key.encode()).digest(count)


def _numbers(key: bytes) -> Iterator[float]:
    """All numbers of a stream."""
    for count in itertools.count(1):
        block = hashlib.shake_128(key + count.to_bytes(4, "little")).digest(4 * BLOCK)
        for number in reversed(array("I", block)):
            yield number * _STEP
