"""The ground: road, kerbs, pavements, verges and lawns, with texture, shadows and haze in perspective."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.camera import NEAR, Points
from core.data.scenes.canvas import SHIFT, Canvas, fixed
from core.data.scenes.classes import ROAD, SIDEWALK, TERRAIN
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.markings import paint_markings, paint_wear
from core.data.scenes.sheet import Sheet
from core.data.scenes.street import Street
from core.data.scenes.tiles import PERIOD, Grey, Rgba, asphalt, cut, grass, grey_of, rough, slabs

TEXELS = 64
"""Tile pixels a metre of ground: 8 metres a period."""
GRAIN, STAINS = 0.6, 0.3
"""Share of the tiles' contrast, near the camera, and of the stains'."""
LEVELS = 8
"""Strengths of the grain, which fades where it is finer than pixels."""
ROW = 16
"""Bits above which the row stands in a place of a tile, as OpenCV's pairs of 16-bit coordinates have it."""
STRIP = 32
"""Rows that are finished together."""
Distances = npt.NDArray[np.float32]
KERB = 0.22
PAVEMENTS: tuple[Colour, ...] = ((150, 146, 140), (134, 132, 130), (160, 142, 124), (122, 122, 126), (158, 156, 150))
LAWNS: tuple[Colour, ...] = ((92, 112, 56), (108, 120, 66), (78, 104, 50), (124, 122, 78))


def paint_ground(canvas: Canvas, street: Street, shadows: Points, contacts: Points, dice: Dice) -> None:
    """Draw all that lies flat, on all rows below the horizon.

    Parameters
    ----------
    shadows
        Ground points `(things, N, 2)` of x and z around what direct light does not reach; hulls are taken.
    contacts
        The same for what lies under a thing, dark in any light.
    """
    light = canvas.light
    top = max(0, min(canvas.camera.height, math.ceil(canvas.camera.horizon)))
    if top == canvas.camera.height:
        return
    sheet = Sheet(canvas.camera, light, top, light.shade(dice.near(dice.pick(LAWNS), 12), 0), TERRAIN)
    tone = dice.between(62, 112)
    road = (tone, tone * dice.between(0.97, 1.0), tone * dice.between(0.95, 1.04))
    if street.crossing is not None:
        _paint_crossing(sheet, street, road, dice.child("crossing"))
    for side in (-1, 1):
        _paint_side(sheet, street, side, dice.child(side))
    sheet.polygon(street.strip(sheet.camera, -street.half(-1), street.half(1)), light.shade(road, 0), ROAD)
    if street.crossing is not None:
        _paint_mouth(sheet, street, road)
    paint_wear(sheet, street, road, dice.child("wear"))
    paint_markings(sheet, street, dice.child("markings"))
    _finish(sheet, street, shadows, contacts, dice, canvas.pixels[top:])


def _paint_side(sheet: Sheet, street: Street, side: int, dice: Dice) -> None:
    """Kerb, verge, pavement and front yard of one side, from the outside inwards."""
    camera, light = sheet.camera, sheet.light
    plan, kerb = street.side(side), street.half(side) * side
    paving = dice.near(dice.pick(PAVEMENTS), 10)
    begin, end = plan.verge, plan.verge + plan.walk
    if plan.yard > 0 and (street.character == "city" or dice.chance(0.25)):
        end = plan.front
    sheet.polygon(street.strip(camera, kerb + side * begin, kerb + side * end), light.shade(paving, 0), SIDEWALK)
    edge = tuple(min(255.0, c * 1.12) for c in paving)
    sheet.polygon(street.strip(camera, kerb, kerb + side * KERB), light.shade((edge[0], edge[1], edge[2]), 0), SIDEWALK)
    gutter = street.strip(camera, kerb - side * 0.12, kerb)
    sheet.polygon(gutter, light.shade((58, 57, 56), 0), ROAD)


def _paint_crossing(sheet: Sheet, street: Street, road: Colour, dice: Dice) -> None:
    """The crossing road with its own pavements; what is beside it stays as it is."""
    assert street.crossing is not None
    z0, z1 = street.crossing
    walk = dice.between(1.5, 3.0)
    paving = sheet.light.shade(dice.near(dice.pick(PAVEMENTS), 10), 0)
    middle = street.x(0, (z0 + z1) / 2)
    wide = sheet.camera.ground(_box(middle - 90, middle + 90, max(NEAR, z0 - walk), z1 + walk))
    sheet.polygon(wide, paving, SIDEWALK)
    inner = sheet.camera.ground(_box(middle - 90, middle + 90, z0, z1))
    sheet.polygon(inner, sheet.light.shade(road, 0), ROAD)


def _paint_mouth(sheet: Sheet, street: Street, road: Colour) -> None:
    """Open the pavements of the street where the other road crosses, with rounded corners."""
    assert street.crossing is not None
    z0, z1 = street.crossing
    reach = [street.front(side) + 1.0 for side in (-1, 1)]
    middle = street.x(0, (z0 + z1) / 2)
    colour = sheet.light.shade(road, 0)
    sheet.polygon(sheet.camera.ground(_box(middle - reach[0], middle + reach[1], z0, z1)), colour, ROAD)
    turn = np.linspace(0, np.pi / 2, 6)
    for side in (-1, 1):
        for z, way in ((z0, -1), (z1, 1)):
            radius = 2.2
            corner = street.half(side) * side
            arc = np.stack([corner + side * radius * (1 - np.sin(turn)), z + way * radius * (1 - np.cos(turn))], 1)
            shape = np.concatenate([[(corner, z)], arc])
            sheet.polygon(sheet.camera.ground(street.plan(shape)), colour, ROAD)


def _box(left: float, right: float, z0: float, z1: float) -> Points:
    return np.array([(left, z0), (right, z0), (right, z1), (left, z1)])


@lru_cache
def _surfaces() -> Grey:
    """The grain of road, pavement and grass, weak to full, below each other: `(24 * PERIOD, PERIOD)`; 128 is none."""
    tiles = [tile()[:PERIOD, :PERIOD].astype(np.float32) - 128 for tile in (asphalt, slabs, grass)]
    strengths = GRAIN * (np.arange(LEVELS) + 1) / LEVELS
    grains = np.concatenate([tile * strength for strength in strengths for tile in tiles])
    return np.asarray(np.rint(128 + grains), np.uint8)


@lru_cache
def _first_row() -> npt.NDArray[np.int32]:
    """Where the tile of each label begins in `_surfaces`."""
    first = np.zeros(256, np.int32)
    first[SIDEWALK], first[TERRAIN] = PERIOD << ROW, 2 * PERIOD << ROW
    return first


def _finish(sheet: Sheet, street: Street, shadows: Points, contacts: Points, dice: Dice, drawn: Rgba) -> None:
    """Texture, shadows and haze, in perspective. Brightness is kept in bytes, 128 is that of the plain colour."""
    camera, light = sheet.camera, sheet.light
    height, width = sheet.label.shape
    z = camera.focal * camera.eye / np.maximum(np.arange(height, dtype=np.float32) - camera.horizon, 0.5)
    clear = np.exp(-light.density * z)[:, None]
    shade = _shade(sheet, shadows, contacts)
    along, start, step = _texels(sheet, street, np.minimum(z, 4000), dice)
    stains = cut(rough(1.3, 34, "stains"), dice, 96, 192)
    broad = cv2.resize(stains, (width, height), interpolation=cv2.INTER_LINEAR)
    haze = np.zeros((height, 4), np.uint8)
    haze[:, :3] = np.rint((1 - clear) * np.array(light.haze))
    hazes, veil = haze.view(np.uint32), np.empty((STRIP, width), np.uint32)
    clears, left = np.rint(255 * clear).astype(np.uint8), np.empty((STRIP, width), np.uint8)
    columns = np.arange(width, dtype=np.float32) - camera.centre
    for top in range(0, height, STRIP):  # a strip stays in the processor's cache from step to step
        rows, count = slice(top, top + STRIP), min(STRIP, height - top)
        texel = np.multiply.outer(step[rows], columns)
        texel -= start[rows, None]
        place = texel.astype(np.int32)
        place &= PERIOD - 1
        place += along[rows, None]
        place += cv2.LUT(sheet.label[rows], _first_row())
        pairs = place.view(np.int16).reshape(*place.shape, 2)
        fine = cv2.remap(_surfaces(), pairs, None, cv2.INTER_NEAREST)  # type: ignore[call-overload]
        bright = cv2.addWeighted(fine, 1.0, broad[rows], STAINS, -128 * STAINS)
        cv2.multiply(bright, shade[rows], dst=bright, scale=1 / 255)
        left[:count] = clears[rows]
        cv2.multiply(bright, left[:count], dst=bright, scale=1 / 255)
        part, area = sheet.image[rows], drawn[rows]
        cv2.multiply(part, cv2.cvtColor(bright, cv2.COLOR_GRAY2RGB), dst=part, scale=1 / 128)
        cv2.cvtColor(part, cv2.COLOR_RGB2RGBA, dst=area)
        veil[:count] = hazes[rows]
        cv2.add(area, veil[:count].view(np.uint8).reshape(area.shape), dst=area)
        cv2.insertChannel(sheet.label[rows], area, 3)


def _texels(
    sheet: Sheet, street: Street, z: Distances, dice: Dice
) -> tuple[npt.NDArray[np.int32], Distances, Distances]:
    """Where a row `z` metres away lies in the tiles: its row there, the first column, and columns a pixel."""
    along = (z * TEXELS + dice.unit() * PERIOD).astype(np.int32) & (PERIOD - 1)
    middle = street.slope * z + street.curve * np.minimum(z, 200) ** 2 - street.offset
    scale = sheet.camera.focal / z
    strength = (LEVELS * np.minimum(1, scale / TEXELS * 1.5)).astype(np.int32).clip(0, LEVELS - 1)
    start = ((middle + dice.unit() * 8) * TEXELS).astype(np.float32)
    row = ((along + strength * 3 * PERIOD) << ROW).astype(np.int32)
    return row, start, (TEXELS / scale).astype(np.float32)


def _shade(sheet: Sheet, shadows: Points, contacts: Points) -> Grey:
    """Share of light that reaches the ground, `(h, W)`."""
    camera, light = sheet.camera, sheet.light
    height, width = sheet.label.shape
    mask = np.full((height, width), 255, np.uint8)
    if light.sun > 0.05:
        dark = round(255 - 127 * light.sun)
        for points in fixed(camera.ground(shadows).clip(-1e5, 1e5)):
            cv2.fillConvexPoly(mask, cv2.convexHull(points), dark, cv2.LINE_AA, SHIFT)
    for points in fixed(camera.ground(contacts).clip(-1e5, 1e5)):
        cv2.fillConvexPoly(mask, points, 106, cv2.LINE_AA, SHIFT)
    soft = max(1, (height + round(camera.horizon)) // 170) * 2 + 1
    return grey_of(cv2.blur(cv2.blur(mask, (soft - 2, soft - 2)), (3, 3)))
