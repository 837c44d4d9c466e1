"""Fronts of houses, drawn flat."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.canvas import Window
from core.data.scenes.dice import Dice
from core.data.scenes.facades import Coat
from core.data.scenes.light import Light
from core.data.scenes.patterns import BAYS, Pattern
from core.data.scenes.tiles import PERIOD, Grey, Rgba, bricks, grey_of, painted, plaster


@dataclass(frozen=True)
class Part:
    """What is seen of a front, as shares: from and to across, and where its upper and lower edge lie."""

    left: float = 0.0
    right: float = 1.0
    top: float = 0.0
    bottom: float = 1.0


WHOLE = Part()


def draw_front(
    pattern: Pattern,
    coat: Coat,
    long: float,
    paints: tuple[Light, float, float],
    density: tuple[float, float],
    dice: Dice,
    part: Part = WHOLE,
) -> tuple[Rgba, Window]:
    """A part of the front of a house, `long` metres, as seen from straight ahead, and where it lies in the whole.

    Parameters
    ----------
    paints
        The light, the distance in metres, and the share of the light that the front catches.
    density
        Pixels a metre, upwards and across.
    """
    look = pattern.look
    bays = max(1, round(long / look.bay))
    tall, wide = max(3, round(look.storey * density[0])), max(3, round(long / bays * density[1]))
    high, along = look.floors * tall, bays * wide
    rows, columns = _pixels(part.top, part.bottom, high), _pixels(part.left, part.right, along)
    wall = _window(_wall(coat.brick, density[0] > 8), dice, rows, columns)
    numbers = _stretched(pattern, dice.whole(0, BAYS - 1), (tall, wide), (rows, columns))
    np.maximum(wall, numbers, out=numbers)
    plain, dark = pattern.inks.tables(coat, *paints, 0.72)
    front = painted(numbers, plain)
    base = max(0, high - max(1, tall // 8) - rows.start)
    if base < len(front):
        front[base:] = painted(numbers[base:], dark)
    return front, (rows.start, columns.start, high, along)


def _pixels(begin: float, end: float, count: int) -> range:
    """The pixels that a part needs, two at least."""
    first = min(max(0, math.floor(begin * (count - 1))), count - 2)
    return range(first, max(first + 2, min(count, math.ceil(end * (count - 1)) + 2)))


def _window(tile: Grey, dice: Dice, rows: range, columns: range) -> Grey:
    """A part of a wall's texture, which begins at a random place."""
    top, left = int(dice.unit() * PERIOD) + rows.start, int(dice.unit() * PERIOD) + columns.start
    top, left = top % PERIOD, left % PERIOD
    if top + len(rows) <= 2 * PERIOD and left + len(columns) <= 2 * PERIOD:
        return tile[top : top + len(rows), left : left + len(columns)]
    down, across = np.arange(top, top + len(rows)) % PERIOD, np.arange(left, left + len(columns)) % PERIOD
    return tile.take(down, axis=0).take(across, axis=1)


def _stretched(pattern: Pattern, first: int, cell: tuple[int, int], part: tuple[range, range]) -> Grey:
    """A part of a pattern from a bay on, with so many pixels for a cell."""
    floors, rows, _, columns = pattern.cells.shape
    (tall, wide), (high, long) = cell, part
    bays = np.arange(long.start // wide, -(-long.stop // wide))
    storeys = np.arange(high.start // tall, -(-high.stop // tall))
    across = np.add.outer((bays + first) % BAYS * columns, _cut(pattern.columns, wide)).ravel()
    down = np.add.outer((storeys - storeys[0]) * rows, _cut(pattern.rows, tall)).ravel()
    flat = pattern.cells.reshape(floors, rows * BAYS * columns)[storeys[0] : storeys[-1] + 1]
    flat = flat.reshape(-1, BAYS * columns)
    from_left, from_top = long.start - bays[0] * wide, high.start - storeys[0] * tall
    flat = flat.take(across[from_left : from_left + len(long)], axis=1)
    stretched: Grey = flat.take(down[from_top : from_top + len(high)], axis=0)
    return stretched


def _cut(shares: npt.NDArray[np.float64], size: int) -> npt.NDArray[np.int64]:
    """Which part of a cell each of its `size` pixels shows."""
    return np.searchsorted(np.rint(shares[1:-1] * size), np.arange(size), side="right")


@lru_cache
def _wall(brick: bool, fine: bool) -> Grey:
    """The wall's texture in the first half of the numbers, bricks of half the size for a fine drawing."""
    tile = bricks() if brick else plaster()
    if brick and fine:
        half = cv2.resize(tile[:PERIOD, :PERIOD], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_LINEAR)
        tile = np.tile(grey_of(half), (4, 4))
    return np.asarray(tile >> 1, np.uint8)
