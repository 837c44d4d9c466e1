"""What is painted on the road, and what the years did to it."""

import numpy as np

from core.data.scenes.camera import Points
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.light import Pixel
from core.data.scenes.sheet import Sheet
from core.data.scenes.street import Street

WHITE: Colour = (214, 212, 204)
YELLOW: Colour = (206, 168, 66)
REACH = 110.0
MANHOLE: tuple[Colour, ...] = ((52, 51, 50), (84, 80, 76), (64, 62, 60), (86, 82, 78))
"""Rings from the outside."""
_TURN = np.linspace(0, 2 * np.pi, 18, endpoint=False)
_RINGS = np.multiply.outer((0.36, 0.31, 0.22, 0.16), np.stack([np.cos(_TURN), np.sin(_TURN)], 1))


def paint_markings(sheet: Sheet, street: Street, dice: Dice) -> None:
    """Middle line, lane lines, edge lines, stop line and zebra, arrows, a cycle lane."""
    wear = dice.between(0.62, 1.0)
    white = sheet.light.shade(tuple3(WHITE, wear), 0)
    middle = sheet.light.shade(tuple3(YELLOW if dice.chance(0.2) else WHITE, wear), 0)
    stop = street.crossing[0] - 4.5 if street.crossing else REACH
    if dice.chance(0.22):
        _cycle_lane(sheet, street, dice)
    wide = street.lanes * street.lane / 2
    for number in range(1, street.lanes):
        s = number * street.lane - wide
        if abs(s) < 0.1 and dice.chance(0.35):
            _lines(sheet, street, s, stop, middle)
        elif street.character != "suburb" or dice.chance(0.5):
            _dashes(sheet, street, s, dice, middle if abs(s) < 0.1 else white)
    if dice.chance(0.5):
        for s in (0.25 - wide, wide - 0.25):
            _lines(sheet, street, s, stop, white)
    if street.crossing:
        _crossing_marks(sheet, street, dice, white)
    elif dice.chance(0.25):
        _zebra(sheet, street, dice.between(8, 30), white)
    if street.lanes > 2 and dice.chance(0.6):
        for lane in range(street.lanes // 2):
            _arrow(sheet, street, (lane + 0.5) * street.lane, dice.between(7, 16), white)


def tuple3(colour: Colour, level: float) -> Colour:
    """A colour at another brightness."""
    return colour[0] * level, colour[1] * level, colour[2] * level


def _areas(sheet: Sheet, street: Street, boxes: Points, colour: Pixel) -> None:
    """Fill boxes `(N, 4)` of s from, s to, z from, z to on the road."""
    if not len(boxes):
        return
    corners = np.asarray(boxes)[:, [0, 2, 1, 2, 1, 3, 0, 3]].reshape(-1, 2)
    points = sheet.camera.ground(street.plan(corners)).reshape(-1, 4, 2)
    sheet.polygons(list(points), colour)


def _dashes(sheet: Sheet, street: Street, s: float, dice: Dice, colour: Pixel) -> None:
    long, gap = dice.pick(((3.0, 6.0), (2.0, 4.0), (4.0, 8.0), (1.5, 3.0)))
    begin = np.arange(dice.between(1.0, 1.0 + long + gap), REACH, long + gap)
    begin = begin[[not street.in_crossing(z, long + 1) for z in begin]] if street.crossing else begin
    side = np.full_like(begin, s)
    _areas(sheet, street, np.stack([side - 0.07, side + 0.07, begin, begin + long], 1), colour)


def _lines(sheet: Sheet, street: Street, s: float, end: float, colour: Pixel) -> None:
    if end > 2:
        sheet.polygon(street.strip(sheet.camera, s - 0.06, s + 0.06, 1.0, end), colour)
    if street.crossing:
        begin = street.crossing[1] + 3
        sheet.polygon(street.strip(sheet.camera, s - 0.06, s + 0.06, begin, REACH + begin), colour)


def _crossing_marks(sheet: Sheet, street: Street, dice: Dice, colour: Pixel) -> None:
    assert street.crossing is not None
    z0, z1 = street.crossing
    wide = street.lanes * street.lane / 2
    if dice.chance(0.75) and z0 > 5.5:
        _areas(sheet, street, np.array([(0.1, wide, z0 - 4.4, z0 - 4.0)]), colour)
    if dice.chance(0.7):
        _zebra(sheet, street, z0 - 3.6, colour)
    if dice.chance(0.5):
        _zebra(sheet, street, z1 + 0.6, colour)


def _zebra(sheet: Sheet, street: Street, z: float, colour: Pixel) -> None:
    begin = np.arange(0.25 - street.half(-1), street.half(1) - 0.5, 1.0)
    stripe = np.full_like(begin, z)
    _areas(sheet, street, np.stack([begin, begin + 0.5, stripe, stripe + 3.0], 1), colour)


def _arrow(sheet: Sheet, street: Street, s: float, z: float, colour: Pixel) -> None:
    shape = [(-0.08, 0), (0.08, 0), (0.08, 2.2), (0.3, 2.2), (0, 3.6), (-0.3, 2.2), (-0.08, 2.2)]
    places = np.add(shape, (s, z))
    sheet.polygon(sheet.camera.ground(street.plan(places)), colour)


def _cycle_lane(sheet: Sheet, street: Street, dice: Dice) -> None:
    edge = street.lanes * street.lane / 2
    colour = sheet.light.shade(dice.near(dice.pick(((128, 66, 56), (64, 92, 74), (74, 84, 108))), 10), 0)
    sheet.polygon(street.strip(sheet.camera, edge - 1.2, edge), colour)


def paint_wear(sheet: Sheet, street: Street, road: Colour, dice: Dice) -> None:
    """Wheel tracks, patches, mended cracks, manholes."""
    camera, light = sheet.camera, sheet.light
    for number in range(street.lanes):
        track = (number - street.lanes / 2 + 0.5) * street.lane
        colour = light.shade(tuple3(road, dice.between(0.86, 1.06)), 0)
        sheet.polygons([street.strip(camera, s - 0.3, s + 0.3) for s in (track - 0.8, track + 0.8)], colour)
    for _ in range(dice.whole(0, 6)):
        s, z = dice.between(-street.half(-1), street.half(1) - 2), dice.between(3, 45)
        shade = light.shade(tuple3(road, dice.pick((0.7, 0.82, 1.15, 1.25))), 0)
        right = min(s + dice.between(0.6, 3.0), street.half(1))
        _areas(sheet, street, np.array([(s, right, z, z + dice.between(0.6, 6.0))]), shade)
    for _ in range(dice.whole(0, 7)):
        _crack(sheet, street, dice, light.shade(tuple3(road, 0.5), 0))
    for _ in range(dice.whole(0, 3)):
        _manhole(sheet, street, dice)


def _crack(sheet: Sheet, street: Street, dice: Dice, colour: Pixel) -> None:
    count = dice.whole(5, 14)
    steps = (dice.array(count, 2) - (0.5, 0.35)) * (0.8, dice.between(0.5, 3.0))
    places = np.cumsum(steps, 0)
    places += (dice.between(-0.9, 0.9) * street.half(-1), dice.between(4, 22))
    places[:, 0] = places[:, 0].clip(0.2 - street.half(-1), street.half(1) - 0.2)
    places[:, 1] = places[:, 1].clip(2, 60)
    width = sheet.camera.scale(places[:, 1].mean()) * 0.03
    sheet.line(sheet.camera.ground(street.plan(places)), min(width, 4), colour)


def _manhole(sheet: Sheet, street: Street, dice: Dice) -> None:
    s, z = dice.between(0.6 - street.half(-1), street.half(1) - 0.6), dice.between(4.5, 30)
    rings = sheet.camera.ground(street.plan(np.add(_RINGS, (s, z))))
    for points, colour in zip(rings, MANHOLE, strict=True):
        sheet.polygon(points, sheet.light.shade(colour, 0))
