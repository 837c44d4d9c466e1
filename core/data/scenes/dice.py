"""Random draws of a scene: streams that depend on the seed and on what they are for, on nothing else.

The numbers are the output of SHAKE-128 over seed, name and a counter: a counter-based generator whose streams cost a
microsecond to make, where a numpy generator costs thirty, and a scene has hundreds of them.
"""

import hashlib
from array import array
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Colour = tuple[float, float, float]

BLOCK = 64
"""Numbers drawn at a time."""
_STEP = 2.0**-32


class Dice:
    """A stream of draws. Streams of other names are independent, so adding draws to one thing moves no other."""

    def __init__(self, seed: int, name: str) -> None:
        self._seed = seed
        self._name = name
        self._key = f"{seed}\0{name}\0".encode()
        self._count = 0
        self._block: list[int] = []

    def child(self, name: object) -> "Dice":
        """The stream of a part."""
        return Dice(self._seed, f"{self._name}/{name}")

    def unit(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = array("I", self._bytes(BLOCK)).tolist()
        return self._block.pop() * _STEP

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
        level = self.between(-spread, spread)
        red, green, blue = (min(255.0, max(0.0, c + level + self.between(-spread, spread) / 2)) for c in colour)
        return red, green, blue

    def array(self, *shape: int) -> npt.NDArray[np.float64]:
        """Numbers in [0, 1) of that shape."""
        count = int(np.prod(shape))
        return (np.frombuffer(self._bytes(count), "<u4") * _STEP).reshape(shape)

    def _bytes(self, numbers: int) -> bytes:
        self._count += 1
        return hashlib.shake_128(self._key + self._count.to_bytes(4, "little")).digest(4 * numbers)
