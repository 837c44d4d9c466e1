"""What fronts of houses look like, without their colours: made once for each of a number of houses of a kind."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from core.data.scenes.dice import Colour, Dice
from core.data.scenes.facades import CLADDINGS, Area, Facade, make_facade
from core.data.scenes.inks import FRAME, GLASS, TONES, WALL, WALLS, Inks, pane_numbers
from core.data.scenes.tiles import Grey

PATTERNS = 64
"""Fronts of each kind of house; how long they are, where they begin and their colours come on top."""
BAYS = 16
"""Bays after which a front begins again."""
SIGNS: tuple[Colour, ...] = (
    (178, 42, 40), (30, 70, 130), (36, 110, 66), (222, 176, 40), (40, 40, 44), (220, 216, 208), (120, 50, 110),
)  # fmt: skip
DOORS: tuple[Colour, ...] = ((92, 58, 40), (46, 66, 52), (60, 62, 84), (120, 40, 36))
ALL = slice(None)


@dataclass(frozen=True)
class Pattern:
    """A front in floors (from the top) and bays, each cell cut into the same rows and columns.

    Attributes
    ----------
    cells
        Numbers of inks `(floors, rows, BAYS, columns)`; 0 shows the wall.
    rows, columns
        Their borders in a cell, 0 to 1: one more than there are rows and columns.
    """

    look: Facade
    inks: Inks
    cells: Grey
    rows: npt.NDArray[np.float64]
    columns: npt.NDArray[np.float64]


@cache
def pattern(kind: str, number: int) -> Pattern:
    """One of the fronts of a kind of house."""
    dice = Dice(number, f"front {kind}")
    look = make_facade(dice.child("look"), kind)
    draw = _Cells(look, dice)
    shops = look.ground == "shop" and look.floors > 1
    draw.windows(slice(0, look.floors - shops))
    if look.bands:
        draw.part((ALL, ALL), (0.0, 0.07, 0, 1), draw.inks.of(WALL, 1.14))
        draw.part((ALL, ALL), (0.07, 0.1, 0, 1), draw.inks.of(WALL, 0.72))
    if look.balconies:
        draw.balconies(slice(0, look.floors - 1))
    if shops:
        draw.shops()
    elif look.ground == "door":
        draw.doors()
    draw.part((slice(0, 1), ALL), (0.0, 0.11, 0.0, 1.0), draw.inks.of(WALL, 0.8))
    return draw.pattern()


class _Cells:
    """Notes parts of cells; where they begin and end becomes the pattern's rows and columns."""

    def __init__(self, look: Facade, dice: Dice) -> None:
        self.inks = Inks()
        self._look = look
        self._dice = dice
        self._parts: list[tuple[tuple[slice, slice], Area, int | Grey]] = []

    def part(self, where: tuple[slice, slice], area: Area, ink: int | Grey) -> None:
        """Fill the same part of many cells, with one ink or one for each: `(floors, 1, bays, 1)`."""
        self._parts.append((where, area, ink))

    def pattern(self) -> Pattern:
        """All parts over each other."""
        areas = [area for _, area, _ in self._parts]
        rows = sorted({0.0, 1.0, *(border for area in areas for border in area[:2])})
        columns = sorted({0.0, 1.0, *(border for area in areas for border in area[2:])})
        cells = np.zeros((self._look.floors, len(rows) - 1, BAYS, len(columns) - 1), np.uint8)
        for (floors, bays), (top, bottom, left, right), ink in self._parts:
            high, wide = slice(rows.index(top), rows.index(bottom)), slice(columns.index(left), columns.index(right))
            cells[floors, high, bays, wide] = ink
        return Pattern(self._look, self.inks, cells, np.array(rows), np.array(columns))

    def windows(self, floors: slice) -> None:
        """Windows with frames and panes, each with its own reflection, curtain or lamp."""
        where, look = (floors, ALL), self._look
        top, bottom, left, right = look.window
        frame = self.inks.of(FRAME)
        self.part(where, (top, bottom, left, right), frame)
        self.part(where, (bottom, bottom + 0.05, left - 0.03, right + 0.03), self.inks.of(WALL, 1.2))
        edge = 0.09 * (right - left)
        low, high = top + 0.05, bottom - 0.04
        plain, behind = pane_numbers(self._dice, floors.stop - floors.start, 1, BAYS, 1)
        self.part(where, (low, high, left + edge, right - edge), plain)
        drawn = self._dice.between(0.25, 0.9)
        self.part(where, (low, low + drawn * (high - low), left + edge, right - edge), behind)
        width = (right - left - edge) / look.panes
        for number in range(1, look.panes):
            bar = left + number * width
            self.part(where, (low, high, bar, bar + edge), frame)

    def balconies(self, floors: slice) -> None:
        """Railings before the lower part of some bays' windows."""
        step = max(2, round(1 / self._look.balconies))
        where = (floors, slice(self._dice.whole(0, 1), None, step))
        self.part(where, (0.62, 0.95, 0.04, 0.96), self.inks.of(WALL, self._dice.between(0.5, 1.1)))
        self.part(where, (0.95, 1.0, 0.0, 1.0), self.inks.of(WALL, 0.55))

    def shops(self) -> None:
        """Shop windows, doors, sign boards and awnings at street level."""
        pale, black, door = self.inks.colour((235, 232, 224)), self.inks.colour((40, 40, 44)), self.inks.of(FRAME, 0.45)
        first = 0
        while first < BAYS:
            last = min(BAYS, first + self._dice.whole(2, 4))
            self._shop(slice(first, last), (pale, black), door)
            first = last

    def _shop(self, bays: slice, writing: tuple[int, int], door: int) -> None:
        dice, ground = self._dice, slice(self._look.floors - 1, None)
        where = (ground, bays)
        self.part(where, (0.0, 1.0, 0.0, 1.0), self.inks.colour(dice.near(dice.pick(CLADDINGS), 20)))
        self._goods(where)
        sign = dice.near(dice.pick(SIGNS), 14)
        self.part(where, (0.06, 0.25, 0.0, 1.0), self.inks.colour(sign))
        self._letters((ground, slice(bays.start, max(bays.start + 1, bays.stop - 1))), writing[sum(sign) >= 420])
        if dice.chance(0.35):
            self.part(where, (0.26, 0.42, 0.0, 1.0), self.inks.colour(dice.near(dice.pick(SIGNS), 20)))
        self.part((ground, slice(bays.start, bays.start + 1)), (0.36, 1.0, 0.1, 0.5), door)

    def _goods(self, where: tuple[slice, slice]) -> None:
        """A pane for each bay, and behind it goods of all tones in shelves."""
        count = where[1].stop - where[1].start
        panes, _ = pane_numbers(self._dice, 1, 1, count, 1)
        self.part(where, (0.3, 0.9, 0.06, 0.94), panes)
        tones = self._dice.octets(len(_SHELVES) - 1, len(_GOODS) - 1, 1, 1, count, 1) % TONES
        for row, shelf in enumerate(tones):
            for column, tone in enumerate(shelf):
                area = (_SHELVES[row], _SHELVES[row + 1], _GOODS[column], _GOODS[column + 1])
                self.part(where, area, panes - (panes - WALLS) % TONES + tone)

    def _letters(self, where: tuple[slice, slice], ink: int) -> None:
        """Marks of uneven width that read as writing from afar."""
        for left, right in zip(_LETTERS[::2], _LETTERS[1::2], strict=True):
            for bay in range(where[1].start, where[1].stop):
                if self._dice.chance(0.8):
                    self.part((where[0], slice(bay, bay + 1)), (0.11, 0.2, left, right), ink)

    def doors(self) -> None:
        """Front doors with a step."""
        ground = slice(self._look.floors - 1, None)
        where = (ground, slice(self._dice.whole(0, 3), None, self._dice.whole(4, 8)))
        self.part(where, (0.16, 1.0, 0.22, 0.8), self.inks.of(FRAME))
        door = self.inks.colour(self._dice.near(self._dice.pick(DOORS), 14))
        self.part(where, (0.24, 1.0, 0.3, 0.72), door)
        self.part(where, (0.24, 0.36, 0.3, 0.72), self.inks.colour(GLASS))


_SHELVES = (0.42, 0.49, 0.5, 0.6, 0.61, 0.7, 0.71, 0.8)
_GOODS = (0.06, 0.28, 0.5, 0.72, 0.94)
_LETTERS = (0.1, 0.16, 0.2, 0.31, 0.36, 0.42, 0.44, 0.5, 0.56, 0.69, 0.72, 0.78, 0.82, 0.88)
