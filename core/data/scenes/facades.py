"""Fronts of houses, drawn flat: walls, windows, doors, shops, balconies."""

from dataclasses import dataclass

import numpy as np

from core.data._cv import cv2
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.light import Light
from core.data.scenes.tiles import Rgb, bricks, coloured, cut, plaster

PLASTERS: tuple[Colour, ...] = (
    (206, 194, 168), (188, 176, 152), (214, 208, 196), (196, 158, 118), (178, 146, 124), (172, 178, 176),
    (204, 180, 136), (160, 122, 98), (150, 158, 148), (226, 218, 200), (186, 150, 140), (140, 134, 128),
)  # fmt: skip
BRICKS: tuple[Colour, ...] = ((150, 84, 66), (132, 76, 62), (164, 110, 82), (122, 92, 80), (172, 136, 104))
CLADDINGS: tuple[Colour, ...] = ((120, 128, 134), (92, 102, 112), (150, 154, 156), (84, 88, 92), (170, 166, 158))
SIGNS: tuple[Colour, ...] = (
    (178, 42, 40),
    (30, 70, 130),
    (36, 110, 66),
    (222, 176, 40),
    (40, 40, 44),
    (220, 216, 208),
    (120, 50, 110),
)
LIT: Colour = (252, 208, 138)
GLASS: Colour = (66, 78, 88)

FINE = 12
"""Below this many pixels a floor, curtains, goods and writing are left out."""

Area = tuple[float, float, float, float]
"""Top, bottom, left, right of a part, as shares of its cell."""


@dataclass(frozen=True)
class Facade:
    """How the fronts of one house look; lengths in metres.

    Attributes
    ----------
    brick
        Whether the wall is of bricks, else of plaster or panels.
    storey, bay
        Height of a floor, distance of the windows.
    floors
        Number of floors, the ground floor included.
    window
        Place of the window in its cell.
    panes
        Number of panes across.
    ground
        What is at street level: "shop", "door" or "blank".
    bands
        Whether a cornice runs along each floor.
    balconies
        Share of bays with a balcony.
    """

    wall: Colour
    brick: bool
    frame: Colour
    storey: float
    bay: float
    floors: int
    window: Area
    panes: int
    ground: str
    bands: bool
    balconies: float

    @property
    def tall(self) -> float:
        """Height in metres up to the eaves."""
        return self.storey * self.floors + 0.5


def make_facade(dice: Dice, kind: str) -> Facade:
    """Draw a look for a kind of house: "block", "office", "house" or "hall"."""
    brick = dice.chance(0.3)
    wall = dice.near(dice.pick(BRICKS if brick else PLASTERS), 16)
    frame = dice.near(dice.pick(((228, 226, 220), (228, 226, 220), (84, 64, 50), (62, 64, 66))), 8)
    top, left = dice.between(0.18, 0.3), dice.between(0.16, 0.32)
    window = (top, dice.between(0.72, 0.86), left, 1 - left)
    storey, bay = dice.between(2.8, 3.6), dice.between(1.9, 3.2)
    bands, balconies = dice.chance(0.4), dice.between(0.15, 0.5) if dice.chance(0.3) else 0.0
    panes = dice.pick((1, 2, 2, 3))
    ground = "shop" if dice.chance(0.55) else "door"
    if kind == "office":
        wall = dice.near(dice.pick(CLADDINGS), 14)
        window = (dice.between(0.08, 0.35), 0.94, 0.05, 0.95)
        return Facade(
            wall, False, dice.near((90, 94, 98), 20), storey, bay, dice.whole(4, 12), window, 1, ground, bands, 0
        )
    if kind == "house":
        return Facade(wall, brick, frame, 2.7, bay, dice.whole(1, 3), window, panes, "door", False, 0)
    if kind == "hall":
        wall = dice.near(dice.pick(CLADDINGS), 20)
        window = (0.2, 0.5, 0.1, 0.9)
        return Facade(
            wall,
            brick,
            frame,
            dice.between(3.4, 4.5),
            dice.between(3, 5),
            dice.whole(1, 3),
            window,
            3,
            "blank",
            bands,
            0,
        )
    return Facade(wall, brick, frame, storey, bay, dice.whole(3, 6), window, panes, ground, bands, balconies)


def draw_facade(look: Facade, long: float, light: Light, z: float, facing: float, density: float, dice: Dice) -> Rgb:
    """The front as seen from straight ahead, in the light `z` metres away, `density` pixels a metre."""
    bays = max(1, round(long / look.bay))
    tall, wide = max(3, round(look.storey * density)), max(3, round(long / bays * density))
    wall = light.shade(look.wall, 0, facing)
    size = look.floors * tall, bays * wide
    grain = cut(
        bricks() if look.brick else plaster(),
        dice,
        *size,
        texel=60 / density if density > 30 else 2.0 if look.brick and density > 8 else 1.0,
    )
    texture = coloured(grain, _floats(wall), 0.55)
    cells = texture.reshape(look.floors, tall, bays, wide, 3)
    draw = _Cells(cells, light, facing, dice)
    upper = slice(0, look.floors - (look.ground == "shop" and look.floors > 1))
    draw.windows(look, upper)
    if look.bands:
        draw.part((slice(None), slice(None)), (0.0, 0.07, 0, 1), _lighter(look.wall, 1.14))
        draw.part((slice(None), slice(None)), (0.07, 0.1, 0, 1), _lighter(look.wall, 0.72))
    if look.balconies:
        draw.balconies(look, slice(0, look.floors - 1))
    if look.ground == "shop" and look.floors > 1:
        draw.shops(look)
    elif look.ground == "door":
        draw.door(look)
    texture[: max(1, tall // 9)] = light.shade(_lighter(look.wall, 0.8), 0, facing)
    base = max(1, tall // 8)
    texture[-base:] = cv2.convertScaleAbs(texture[-base:], alpha=0.72)
    return light.veil(texture, z)


class _Cells:
    """A front cut into floors (from the top) and bays: an array `(floors, tall, bays, wide, 3)`."""

    def __init__(self, cells: Rgb, light: Light, facing: float, dice: Dice) -> None:
        self._cells = cells
        self._light = light
        self._facing = facing
        self._dice = dice

    def part(self, where: tuple[slice, slice], area: Area, colour: Colour) -> None:
        """Fill the same part of many cells."""
        self._view(where, area)[:] = self._light.shade(colour, 0, self._facing)

    def windows(self, look: Facade, floors: slice) -> None:
        """Windows with frames and panes, each with its own reflection, curtain or lamp."""
        where = (floors, slice(None))
        top, bottom, left, right = look.window
        self.part(where, (top, bottom, left, right), look.frame)
        self.part(where, (bottom, bottom + 0.05, left - 0.03, right + 0.03), _lighter(look.wall, 1.2))
        edge = 0.09 * (right - left)
        width = (right - left - edge) / look.panes
        shape = (self._cells[floors].shape[0], 1, self._cells.shape[2], 1, 1)
        glass = self._glass(shape)
        fine = self._cells.shape[1] >= FINE
        curtain, drawn = self._dice.array(*shape) < 0.3, self._dice.between(0.25, 0.9)
        for pane in range(look.panes):
            begin = left + edge + pane * width
            area = (top + 0.05, bottom - 0.04, begin, begin + width - edge)
            view = self._view(where, area)
            view[:] = glass
            if not fine:
                continue
            half = view[:, : max(1, round(view.shape[1] * drawn))]
            pale = np.asarray(self._light.shade((196, 188, 174), 0, self._facing))
            half[:] = np.where(curtain, (0.45 * glass + 0.5 * pale).astype(np.uint8), half)

    def balconies(self, look: Facade, floors: slice) -> None:
        """Railings before the lower part of some bays' windows."""
        step = max(2, round(1 / look.balconies))
        where = (floors, slice(self._dice.whole(0, 1), None, step))
        self.part(where, (0.62, 0.95, 0.04, 0.96), _lighter(look.wall, self._dice.between(0.5, 1.1)))
        self.part(where, (0.95, 1.0, 0.0, 1.0), _lighter(look.wall, 0.55))

    def shops(self, look: Facade) -> None:
        """Shop windows, doors, sign boards and awnings at street level."""
        bays, dice = self._cells.shape[2], self._dice
        ground = slice(self._cells.shape[0] - 1, None)
        first = 0
        while first < bays:
            last = min(bays, first + dice.whole(2, 4))
            where = (ground, slice(first, last))
            self.part(where, (0.0, 1.0, 0.0, 1.0), dice.near(dice.pick(CLADDINGS), 20))
            view = self._view(where, (0.3, 0.9, 0.06, 0.94))
            view[:] = self._glass((1, 1, last - first, 1, 1))
            sign = dice.near(dice.pick(SIGNS), 14)
            self.part(where, (0.06, 0.25, 0.0, 1.0), sign)
            if self._cells.shape[1] < FINE:
                first = last
                continue
            goods = dice.array(1, view.shape[1], last - first, 4, 1)
            shown = np.repeat(goods, -(-view.shape[3] // 4), 3)[:, :, :, : view.shape[3]]
            view[:] = (view * (0.7 + 0.7 * shown)).clip(0, 255).astype(np.uint8)
            letters = (ground, slice(first, max(first + 1, last - 1)))
            self._letters(letters, _lighter((235, 232, 224), 1.0) if sum(sign) < 420 else (40, 40, 44))
            if dice.chance(0.35):
                self.part(where, (0.26, 0.42, 0.0, 1.0), dice.near(dice.pick(SIGNS), 20))
            self.part((ground, slice(first, first + 1)), (0.36, 1.0, 0.1, 0.5), _lighter(look.frame, 0.45))
            first = last

    def door(self, look: Facade) -> None:
        """A front door with a step."""
        ground = slice(self._cells.shape[0] - 1, None)
        bay = self._dice.whole(0, self._cells.shape[2] - 1)
        where = (ground, slice(bay, bay + 1))
        self.part(where, (0.16, 1.0, 0.22, 0.8), look.frame)
        self.part(
            where,
            (0.24, 1.0, 0.3, 0.72),
            self._dice.near(self._dice.pick(((92, 58, 40), (46, 66, 52), (60, 62, 84), (120, 40, 36))), 14),
        )
        self.part(where, (0.24, 0.36, 0.3, 0.72), GLASS)

    def _letters(self, where: tuple[slice, slice], colour: Colour) -> None:
        """Marks of uneven width that read as writing from afar."""
        view = self._view(where, (0.11, 0.2, 0.1, 0.9))
        marks = np.repeat(self._dice.array(1, 1, view.shape[2], -(-view.shape[3] // 2), 1) < 0.6, 2, 3)
        view[:] = np.where(marks[:, :, :, : view.shape[3]], self._light.shade(colour, 0, self._facing), view)

    def _glass(self, shape: tuple[int, ...]) -> Rgb:
        """Colours of panes: dark rooms, reflections of the sky, lamps at night; `(*shape[:-1], 3)`."""
        draws = self._dice.array(*shape)
        room = np.asarray(self._light.shade(GLASS, 0, self._facing)) * (0.45 + 0.8 * draws)
        room = room + (self._dice.array(*shape) < 0.25) * 0.4 * np.asarray(self._light.low)
        if self._light.night:
            lamp = np.asarray(self._light.glow(LIT, 0)) * (0.6 + 0.4 * draws)
            room = np.where(self._dice.array(*shape) < 0.35, lamp, room)
        return room.clip(0, 255).astype(np.uint8)

    def _view(self, where: tuple[slice, slice], area: Area) -> Rgb:
        tall, wide = self._cells.shape[1], self._cells.shape[3]
        rows, columns = _pixels(area[0], area[1], tall), _pixels(area[2], area[3], wide)
        view: Rgb = self._cells[where[0], rows, where[1], columns]
        return view


def _pixels(begin: float, end: float, size: int) -> slice:
    """Shares of a cell as pixels: at least one."""
    first = min(size - 1, max(0, round(begin * size)))
    return slice(first, max(first + 1, min(size, round(end * size))))


def _lighter(colour: Colour, level: float) -> Colour:
    return min(255.0, colour[0] * level), min(255.0, colour[1] * level), min(255.0, colour[2] * level)


def _floats(colour: tuple[int, int, int]) -> Colour:
    return float(colour[0]), float(colour[1]), float(colour[2])
