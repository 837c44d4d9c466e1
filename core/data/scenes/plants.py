"""Trees, bushes and hedges: blobs of leaves with ragged borders."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from core.data._cv import cv2
from core.data.scenes.camera import Points
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import VEGETATION
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.figures import Figure
from core.data.scenes.street import Street
from core.data.scenes.things import Thing, rectangle
from core.data.scenes.tiles import PERIOD, Grey, cut, grey_of, leaves, painted, ramp

GREENS: tuple[tuple[Colour, Colour], ...] = (
    ((22, 34, 14), (134, 160, 76)), ((26, 38, 22), (112, 142, 84)), ((34, 44, 16), (164, 176, 84)),
    ((18, 30, 20), (90, 126, 78)), ((40, 40, 18), (150, 152, 78)),
)  # fmt: skip
AUTUMN: tuple[tuple[Colour, Colour], ...] = (
    ((60, 34, 12), (214, 150, 54)), ((64, 26, 14), (196, 92, 48)), ((58, 46, 14), (206, 182, 76)),
)  # fmt: skip
FIELD = 24
"""Side of the coarse field that shapes a crown."""
FIELDS = 96
"""Fields of each kind; leaves, size and colours come on top."""
LEAF_TEXELS = 46.0
"""Tile pixels a metre."""
LEAF_SIZES = (1.6, 1.25, 0.95, 0.7)
"""Tile pixels a pixel in which leaves are kept."""


@dataclass(frozen=True)
class Crown:
    """A mass of leaves around a point above the ground, in metres."""

    x: float
    y: float
    z: float
    wide: float
    tall: float
    kind: str

    def paint(self, canvas: Canvas, tones: tuple[Colour, Colour], dice: Dice) -> None:
        """Draw the part inside the frame, in dark and bright tones of leaves."""
        camera = canvas.camera
        scale = camera.scale(self.z)
        wide, tall = max(1, round(self.wide * scale)), max(1, round(self.tall * scale))
        x, y = camera.at(self.x, self.y, self.z)
        left, top = round(x - wide / 2), round(y - tall / 2)
        rows, columns = _inside(top, tall, camera.height), _inside(left, wide, camera.width)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        place = rows, columns, tall, wide
        field, lit = (_stretched(coarse, *place) for coarse in _field(self.kind, dice.whole(1, FIELDS)))
        leaf = cut(_leaves(_nearest(scale)), dice, *field.shape)
        ragged = grey_of(cv2.addWeighted(field, 1.0, leaf, 0.45, -148))
        shaded = grey_of(cv2.addWeighted(leaf, 0.85, lit, 0.6, -62))
        shade = canvas.light.shader(self.z, VEGETATION)
        dark, bright = (shade(tone) for tone in tones)
        canvas.stamp(left + columns.start, top + rows.start, painted(shaded, ramp(dark, bright)), ragged)


def _inside(begin: int, size: int, frame: int) -> slice:
    """The part of `size` pixels from `begin` that is inside the frame."""
    return slice(max(0, -begin), min(size, frame - begin))


def _stretched(coarse: Grey, rows: slice, columns: slice, tall: int, wide: int) -> Grey:
    """A part of a small picture as it is at `tall x wide` pixels."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    if 2 * height * width > tall * wide:
        return grey_of(cv2.resize(coarse, (wide, tall), interpolation=cv2.INTER_LINEAR))[rows, columns]
    across, down = coarse.shape[1] / wide, coarse.shape[0] / tall
    shift = (columns.start + 0.5) * across - 0.5, (rows.start + 0.5) * down - 0.5
    back = np.array([(across, 0, shift[0]), (0, down, shift[1])])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return grey_of(cv2.warpAffine(coarse, back, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _nearest(scale: float) -> float:
    """The size of leaves, among those that are kept, that is best for so many pixels a metre."""
    return min(LEAF_SIZES, key=lambda texel: abs(texel - LEAF_TEXELS / scale))


@cache
def _leaves(texel: float) -> Grey:
    """The tile of leaves with `texel` of its pixels a pixel, as often side by side as fills a usual tile."""
    period = round(PERIOD / texel)
    one = cv2.resize(leaves()[:PERIOD, :PERIOD], (period, period), interpolation=cv2.INTER_LINEAR)
    count = -(-2 * PERIOD // period)
    return np.tile(grey_of(one), (count, count))


@cache
def _field(kind: str, number: int) -> tuple[Grey, Grey]:
    """Where the leaves are, and how bright the masses of leaves are, of one crown.

    Leaves: 0 at the border of a square, up to 255 inside its blobs. Light comes from above and one side.
    """
    dice = Dice(number, f"crown {kind}")
    count = {"fir": 9, "column": 7, "bush": 6}.get(kind, 11)
    draws = dice.array(3, count)
    y = np.linspace(0.12, 0.86, count) + 0.06 * (draws[1] - 0.5) if kind in ("fir", "column") else 0.2 + 0.6 * draws[1]
    reach = {"fir": 0.36 * y, "column": 0.12 + 0 * y}.get(kind, 0.28 * np.sqrt((1 - (2 * y - 1.05) ** 2).clip(0.05)))
    x = 0.5 + (2 * draws[0] - 1) * reach
    radius = {"fir": 0.05 + 0.13 * y, "column": 0.2 + 0 * y}.get(kind, 0.13 + 0.1 * draws[2])
    grid = np.linspace(0, 1, FIELD)
    across = np.exp(-(((grid[:, None] - x) / radius) ** 2))
    down = np.exp(-(((grid[:, None] - y) / radius) ** 2))
    field = 1 - np.exp(-1.6 * down @ across.T)
    away = np.hypot(grid[:, None] - 0.5, grid[None] - 0.5) if kind in ("round", "bush") else np.abs(grid[None] - 0.5)
    field *= ((0.5 - away) * 7).clip(0, 1) * (np.minimum(grid, 1 - grid) * FIELD / 2).clip(0, 1)[:, None]
    from_above = 170 - 110 * grid[:, None] + (180 * grid - 90) * 0.35 * (dice.unit() - 0.5)
    lit = 0.35 * 255 * field + 0.75 * from_above.clip(0, 255) - 30
    return np.rint(255 * field).astype(np.uint8), np.rint(lit).clip(0, 255).astype(np.uint8)


def make_tones(dice: Dice) -> tuple[Colour, Colour]:
    """Dark and bright leaves of one plant."""
    dark, bright = dice.pick(AUTUMN if dice.chance(0.12) else GREENS)
    return dice.near(dark, 8), dice.near(bright, 18)


def tree(x: float, z: float, dice: Dice, size: float = 1.0) -> Thing:
    """A tree with its trunk at x, z."""
    kind = dice.pick(("round", "round", "round", "column", "fir"))
    tall = dice.between(5, 12) * size
    wide = tall * {"column": 0.32, "fir": 0.45}.get(kind, dice.between(0.6, 0.95))
    trunk = {"fir": 0.08, "column": 0.1}.get(kind, dice.between(0.2, 0.34)) * tall
    thick = 0.035 * tall * dice.between(0.8, 1.2)
    crown = Crown(x, trunk + (tall - trunk) * 0.48, z, wide, (tall - trunk) * 1.04, kind)

    def paint(canvas: Canvas) -> None:
        up = trunk + 0.3 * (tall - trunk)
        part = dice.child("crown")
        bark = part.near((84, 70, 58), 16)
        with Figure(canvas, x, z, VEGETATION) as draw:
            draw.shape([(-thick * 0.65, 0), (-thick * 0.4, up), (thick * 0.4, up), (thick * 0.65, 0)], bark)
            draw.shape([(0, 0), (0, up), (thick * 0.4, up), (thick * 0.65, 0)], bark, 0.72)
            for way in (-1, 1) if thick * draw.scale > 4 else ():
                twig = (way * 0.14 * wide, trunk + 0.22 * (tall - trunk))
                draw.limb([(0, 0.8 * trunk), twig], thick * 0.4, bark, 0.8)
        crown.paint(canvas, make_tones(part), part)

    return Thing(z, paint, rectangle(x, z, wide * 0.7, wide * 0.7), tall * 0.9, tall, aside=0.16 * wide)


def bush(x: float, z: float, dice: Dice, wide: float = 0.0) -> Thing:
    """A bush."""
    wide = wide or dice.between(0.9, 2.8)
    tall = wide * dice.between(0.5, 0.95)
    crown = Crown(x, tall * 0.42, z, wide * 1.15, tall * 1.15, "bush")

    def paint(canvas: Canvas) -> None:
        part = dice.child("crown")
        crown.paint(canvas, make_tones(part), part)

    return Thing(z, paint, rectangle(x, z, wide * 0.7, wide * 0.5), tall * 0.6, tall, -0.16 * tall)


def hedge(street: Street, s: float, z0: float, z1: float, dice: Dice) -> Thing:
    """A clipped hedge along the street."""
    tall = dice.between(0.9, 2.2)
    tones = make_tones(dice)

    def paint(canvas: Canvas) -> None:
        ends = street.plan([(s, z0), (s, z1)])
        near, far = ends if s < 0 else ends[::-1]
        corners = canvas.camera.project(
            [(near[0], tall, near[1]), (far[0], tall, far[1]), (far[0], 0, far[1]), (near[0], 0, near[1])]
        )
        middle = (z0 + z1) / 2
        leaf = cut(_leaves(LEAF_SIZES[0]), dice, 48, 200)
        shaded = grey_of(cv2.addWeighted(leaf, 1.0, _from_above(), 1.0, -30))
        shade = canvas.light.shader(middle, VEGETATION)
        dark, bright = (shade(tone) for tone in tones)
        canvas.texture(corners, painted(shaded, ramp(dark, bright)))
        _paint_top(canvas, ends, tall, tones, dice.child("top"))

    foot = street.plan([(s, z0), (s, z1), (s + 0.4, z1), (s + 0.4, z0)])
    return Thing(z1, paint, foot.tolist(), tall * 0.9, tall * 1.25, aside=1.3)


@cache
def _from_above() -> Grey:
    """How much brighter the side of a hedge is above, `(48, 200)`."""
    rows: Grey = np.linspace(70, 0, 48).astype(np.uint8)[:, None].repeat(200, 1)
    return rows


def _paint_top(canvas: Canvas, ends: Points, tall: float, tones: tuple[Colour, Colour], dice: Dice) -> None:
    """Twigs that stick out of the upper edge."""
    (x0, z0), (x1, z1) = ends
    count = 7 if z0 < 25 else 3
    for number in range(count, -1, -1):
        share = number / count
        x, z = x0 + (x1 - x0) * share, z0 + (z1 - z0) * share
        if z > 2:
            Crown(x, tall, z, 2.4, 0.4 * tall, "bush").paint(canvas, tones, dice)
