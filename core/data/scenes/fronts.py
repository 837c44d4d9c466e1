"""Fronts of houses, drawn flat."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.dice import Dice
from core.data.scenes.facades import Coat
from core.data.scenes.light import Light
from core.data.scenes.patterns import BAYS, Pattern
from core.data.scenes.tiles import PERIOD, Grey, Rgba, bricks, cut, grey_of, painted, plaster


def draw_front(
    pattern: Pattern,
    coat: Coat,
    long: float,
    light: Light,
    z: float,
    facing: float,
    density: tuple[float, float],
    dice: Dice,
) -> Rgba:
    """The front of a house, `long` metres, as seen from straight ahead, in the light `z` metres away.

    Parameters
    ----------
    facing
        Share of the light that it catches.
    density
        Pixels a metre, upwards and across.
    """
    look = pattern.look
    bays = max(1, round(long / look.bay))
    tall, wide = max(3, round(look.storey * density[0])), max(3, round(long / bays * density[1]))
    wall = cut(_wall(coat.brick, density[0] > 8), dice, look.floors * tall, bays * wide)
    numbers = np.maximum(wall, _stretched(pattern, dice.whole(0, BAYS - 1) + np.arange(bays), tall, wide))
    plain, dark = pattern.inks.tables(coat, light, z, facing, 0.72)
    front = painted(numbers, plain)
    base = max(1, tall // 8)
    front[-base:] = painted(numbers[-base:], dark)
    return front


def _stretched(pattern: Pattern, bays: npt.NDArray[np.int64], tall: int, wide: int) -> Grey:
    """Some bays of a pattern with so many pixels for a cell."""
    floors, rows, _, columns = pattern.cells.shape
    across = np.repeat(np.arange(columns), np.diff(np.rint(pattern.columns * wide).astype(int)))
    down = np.repeat(np.arange(rows), np.diff(np.rint(pattern.rows * tall).astype(int)))
    flat = pattern.cells.reshape(floors * rows, BAYS * columns)
    flat = flat.take((((bays % BAYS) * columns)[:, None] + across).ravel(), axis=1)
    stretched: Grey = flat.reshape(floors, rows, -1).take(down, axis=1).reshape(floors * tall, len(bays) * wide)
    return stretched


@lru_cache
def _wall(brick: bool, fine: bool) -> Grey:
    """The wall's texture in the first half of the numbers, bricks of half the size for a fine drawing."""
    tile = bricks() if brick else plaster()
    if brick and fine:
        half = cv2.resize(tile[:PERIOD, :PERIOD], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_LINEAR)
        tile = np.tile(grey_of(half), (4, 4))
    return np.asarray(tile >> 1, np.uint8)
