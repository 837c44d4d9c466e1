"""The ground: road, kerbs, pavements, verges and lawns, with texture, shadows and haze in perspective."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.camera import NEAR, Points
from core.data.scenes.canvas import SHIFT, Canvas, _fixed
from core.data.scenes.classes import ROAD, SIDEWALK, TERRAIN
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.markings import paint_markings, paint_wear
from core.data.scenes.street import Street
from core.data.scenes.tiles import PERIOD, asphalt, cut, grass, grey_of, rough, slabs

TEXELS = 64
"""Tile pixels a metre of ground: 8 metres a period."""
KERB = 0.22
PAVEMENTS: tuple[Colour, ...] = ((150, 146, 140), (134, 132, 130), (160, 142, 124), (122, 122, 126), (158, 156, 150))
LAWNS: tuple[Colour, ...] = ((92, 112, 56), (108, 120, 66), (78, 104, 50), (124, 122, 78))


def paint_ground(
    canvas: Canvas, street: Street, shadows: Sequence[Points], contacts: Sequence[Points], dice: Dice
) -> None:
    """Draw all that lies flat.

    Parameters
    ----------
    shadows
        Ground points `(N, 2)` of x and z around what direct light does not reach; hulls are taken.
    contacts
        The same for what lies under a thing, dark in any light.
    """
    light = canvas.light
    lawn = dice.near(dice.pick(LAWNS), 12)
    flat = max(0, min(canvas.camera.height, int(np.ceil(canvas.camera.horizon))))
    canvas.image[flat:] = light.shade(lawn, 0)
    canvas.label[flat:] = TERRAIN
    tone = dice.between(62, 112)
    road = (tone, tone * dice.between(0.97, 1.0), tone * dice.between(0.95, 1.04))
    if street.crossing is not None:
        _paint_crossing(canvas, street, road, dice.child("crossing"))
    for side in (-1, 1):
        _paint_side(canvas, street, side, dice.child(side))
    canvas.polygon(street.strip(canvas.camera, -street.half(-1), street.half(1)), light.shade(road, 0), ROAD)
    if street.crossing is not None:
        _paint_mouth(canvas, street, road)
    paint_wear(canvas, street, road, dice.child("wear"))
    paint_markings(canvas, street, dice.child("markings"))
    _finish(canvas, street, flat, shadows, contacts, dice)


def _paint_side(canvas: Canvas, street: Street, side: int, dice: Dice) -> None:
    """Kerb, verge, pavement and front yard of one side, from the outside inwards."""
    camera, light = canvas.camera, canvas.light
    plan, kerb = street.side(side), street.half(side) * side
    paving = dice.near(dice.pick(PAVEMENTS), 10)
    begin, end = plan.verge, plan.verge + plan.walk
    if plan.yard > 0 and (street.character == "city" or dice.chance(0.25)):
        end = plan.front
    canvas.polygon(street.strip(camera, kerb + side * begin, kerb + side * end), light.shade(paving, 0), SIDEWALK)
    edge = tuple(min(255.0, c * 1.12) for c in paving)
    canvas.polygon(
        street.strip(camera, kerb, kerb + side * KERB), light.shade((edge[0], edge[1], edge[2]), 0), SIDEWALK
    )
    gutter = street.strip(camera, kerb - side * 0.12, kerb)
    canvas.polygon(gutter, light.shade((58, 57, 56), 0), ROAD)


def _paint_crossing(canvas: Canvas, street: Street, road: Colour, dice: Dice) -> None:
    """The crossing road with its own pavements; what is beside it stays as it is."""
    assert street.crossing is not None
    z0, z1 = street.crossing
    walk = dice.between(1.5, 3.0)
    paving = canvas.light.shade(dice.near(dice.pick(PAVEMENTS), 10), 0)
    middle = street.x(0, (z0 + z1) / 2)
    wide = canvas.camera.ground(_box(middle - 90, middle + 90, max(NEAR, z0 - walk), z1 + walk))
    canvas.polygon(wide, paving, SIDEWALK)
    inner = canvas.camera.ground(_box(middle - 90, middle + 90, z0, z1))
    canvas.polygon(inner, canvas.light.shade(road, 0), ROAD)


def _paint_mouth(canvas: Canvas, street: Street, road: Colour) -> None:
    """Open the pavements of the street where the other road crosses, with rounded corners."""
    assert street.crossing is not None
    z0, z1 = street.crossing
    reach = [street.front(side) + 1.0 for side in (-1, 1)]
    middle = street.x(0, (z0 + z1) / 2)
    colour = canvas.light.shade(road, 0)
    canvas.polygon(canvas.camera.ground(_box(middle - reach[0], middle + reach[1], z0, z1)), colour, ROAD)
    turn = np.linspace(0, np.pi / 2, 6)
    for side in (-1, 1):
        for z, way in ((z0, -1), (z1, 1)):
            radius = 2.2
            corner = street.half(side) * side
            arc = np.stack([corner + side * radius * (1 - np.sin(turn)), z + way * radius * (1 - np.cos(turn))], 1)
            shape = np.concatenate([[(corner, z)], arc])
            canvas.polygon(canvas.camera.ground(street.plan(shape)), colour, ROAD)


def _box(left: float, right: float, z0: float, z1: float) -> Points:
    return np.array([(left, z0), (right, z0), (right, z1), (left, z1)])


@lru_cache
def _surfaces() -> npt.NDArray[np.uint8]:
    """The tiles of road, pavement and grass, one after the other in memory."""
    tiles = [tile()[:PERIOD, :PERIOD].ravel() for tile in (asphalt, slabs, grass)]
    return np.concatenate(tiles)


@lru_cache
def _first_texel() -> npt.NDArray[np.int32]:
    """Where the tile of each label begins in `_surfaces`."""
    first = np.zeros(256, np.int32)
    first[SIDEWALK], first[TERRAIN] = PERIOD * PERIOD, 2 * PERIOD * PERIOD
    return first


def _finish(
    canvas: Canvas, street: Street, top: int, shadows: Sequence[Points], contacts: Sequence[Points], dice: Dice
) -> None:
    """Texture, shadows and haze of all rows below the horizon at once."""
    camera, light = canvas.camera, canvas.light
    if top >= camera.height:
        return
    rows = np.arange(top, camera.height, dtype=np.float32)
    depth = camera.focal * camera.eye / np.maximum(rows - camera.horizon, 0.5)
    gain = _texture(canvas, street, top, depth, dice)
    gain *= _shade(canvas, top, shadows, contacts)
    clear = np.exp(-light.density * depth).astype(np.float32)
    gain *= clear[:, None]
    area = canvas.image[top:]
    lit = cv2.multiply(area, cv2.merge([gain, gain, gain]), dtype=cv2.CV_32F)
    lit += ((1 - clear)[:, None] * np.asarray(light.haze, np.float32))[:, None, :]
    area[:] = cv2.convertScaleAbs(lit)


def _texture(
    canvas: Canvas, street: Street, top: int, depth: npt.NDArray[np.float32], dice: Dice
) -> npt.NDArray[np.float32]:
    """Brightness of the surface, around 1, `(rows, W)` float32."""
    camera = canvas.camera
    columns = np.arange(camera.width, dtype=np.float32) - camera.centre
    z = np.minimum(depth, 4000)
    along = (z * TEXELS + dice.unit() * PERIOD).astype(np.int32) & (PERIOD - 1)
    middle = street.slope * z + street.curve * np.minimum(z, 200) ** 2 - street.offset
    across = np.multiply.outer(z * (TEXELS / camera.focal), columns)
    across -= ((middle + dice.unit() * 8) * TEXELS)[:, None].astype(np.float32)
    texel = across.astype(np.int32)
    texel &= PERIOD - 1
    texel += (along * PERIOD)[:, None]
    texel += _first_texel()[canvas.label[top:]]
    fine = np.take(_surfaces(), texel)
    sharp = np.minimum(1, camera.focal / z / TEXELS * 1.5).astype(np.float32)[:, None] * np.float32(0.6 / 128)
    stains = cut(rough(1.3, 34, "stains"), dice, 96, 192)
    broad = cv2.resize(stains, (camera.width, len(z)), interpolation=cv2.INTER_LINEAR)
    gain: npt.NDArray[np.float32] = fine * sharp
    gain += broad * np.float32(0.3 / 128)
    gain += 0.7 - 128 * sharp
    return gain


def _shade(canvas: Canvas, top: int, shadows: Sequence[Points], contacts: Sequence[Points]) -> npt.NDArray[np.float32]:
    """Share of light that reaches the ground, `(rows, W)` float32."""
    camera, light = canvas.camera, canvas.light
    mask = np.zeros((camera.height - top, camera.width), np.uint8)
    down = np.array([0, top])
    if light.sun > 0.05:
        for points in shadows:
            hull = cv2.convexHull((camera.ground(points).clip(-1e5, 1e5) - down).astype(np.float32))
            cv2.fillConvexPoly(mask, _fixed(hull), round(150 * light.sun), cv2.LINE_AA, SHIFT)
    for points in contacts:
        shape = _fixed(camera.ground(points) - down)
        cv2.fillConvexPoly(mask, shape, 175, cv2.LINE_AA, SHIFT)
    soft = max(1, camera.height // 170) * 2 + 1
    mask = grey_of(cv2.blur(mask, (soft, soft)))
    return 1 - mask.astype(np.float32) * (0.85 / 255)
