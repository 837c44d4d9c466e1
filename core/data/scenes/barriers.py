"""Walls and fences along the street, and what else stands about."""

import math
from collections.abc import Iterator

import numpy as np

from core.data.scenes.camera import Points
from core.data.scenes.canvas import Canvas, fixed
from core.data.scenes.classes import FENCE, VOID, WALL
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.figures import Figure
from core.data.scenes.street import Street
from core.data.scenes.things import Footprint, Thing, rectangle
from core.data.scenes.tiles import bricks, coloured, cut, planks, plaster

WALLS: tuple[Colour, ...] = ((160, 154, 144), (142, 96, 78), (184, 176, 160), (128, 126, 122), (150, 118, 92))
WOODS: tuple[Colour, ...] = ((132, 100, 70), (96, 78, 60), (160, 150, 136), (86, 96, 84), (198, 194, 186))
STEPS = 5
"""Most pieces of a wall along a bend."""
BARS = 64
"""Bars of a fence."""
_RAILS = np.array([(0.06,), (0.85,)])


def wall(street: Street, s: float, z0: float, z1: float, dice: Dice) -> Thing:
    """A wall of bricks, stone or concrete with a coping."""
    tall, colour = dice.between(0.8, 2.6), dice.near(dice.pick(WALLS), 14)
    tile = bricks() if dice.chance(0.5) else plaster()

    def paint(canvas: Canvas) -> None:
        facing = canvas.light.facing(-np.sign(s), 0)
        for corners, middle in _pieces(canvas, street, s, z0, z1, tall):
            grain = cut(tile, dice, 40, 128, 2.2).copy()
            grain[:4] = grain[:4] // 2 + 70
            paint = canvas.light.shader(middle, WALL)(colour, facing)
            canvas.texture(corners, coloured(grain, paint, 0.7 * canvas.light.clear(middle)))

    return Thing(z1, paint, _foot(street, s, z0, z1), tall, tall + 0.1)


def fence(street: Street, s: float, z0: float, z1: float, dice: Dice) -> Thing:
    """A fence of boards, or bars; what is seen between bars counts as fence, as in Cityscapes."""
    tall = dice.between(0.9, 2.2)
    boards = dice.chance(0.45)
    colour = dice.near(dice.pick(WOODS if boards else ((60, 64, 62), (120, 124, 124), (40, 62, 50))), 12)

    def paint(canvas: Canvas) -> None:
        facing = canvas.light.facing(-np.sign(s), 0)
        dense = dice.between(0.1, 0.4)
        for corners, middle in _pieces(canvas, street, s, z0, z1, tall):
            paint = canvas.light.shader(middle, FENCE)(colour, facing)
            if boards:
                grain = cut(planks(), dice, 40, 256, 2.0)
                canvas.texture(corners, coloured(grain, paint, 0.7 * canvas.light.clear(middle)))
            else:
                canvas.veil(corners, paint, dense)  # what is behind shows through, dimmed a little
        if not boards:
            _paint_bars(canvas, street, s, (z0, z1), tall, (colour, facing))

    return Thing(z1, paint, _foot(street, s, z0, z1), tall * 0.9, tall + 0.1)


def _paint_bars(
    canvas: Canvas, street: Street, s: float, reach: tuple[float, float], tall: float, look: tuple[Colour, float]
) -> None:
    """Bars and rails, thinner and nearer to each other far away."""
    z = np.linspace(*reach, BARS + 1)
    bars = _upright(canvas, street, s, z, tall)
    step = 1 if abs(bars[0, 0, 0] - bars[-1, 0, 0]) > 3 * BARS else 2
    rails = bars[:, :1] + _RAILS * (bars[:, 1:] - bars[:, :1])
    part = BARS // 4
    for first in range(3 * part, -1, -part):
        some = slice(first, first + part + 1)
        high = float((bars[some, 1, 1] - bars[some, 0, 1]).mean())
        paint = canvas.light.shader(float(z[first]), FENCE)(*look)
        canvas.lines(list(fixed(bars[first : first + part + 1 : step])), high * 0.03, paint)
        canvas.lines(list(fixed(rails[some].swapaxes(0, 1).copy())), high * 0.035, paint)


def _pieces(
    canvas: Canvas, street: Street, s: float, z0: float, z1: float, tall: float
) -> Iterator[tuple[Points, float]]:
    """Image corners of straight pieces, from the top left clockwise, and their distance; the farthest first."""
    bend = abs(street.curve) * (z1 - z0) ** 2 / 4 * canvas.camera.scale(z0)  # pixels between the chord and the arc
    count = min(STEPS, max(1, math.ceil(math.sqrt(bend))))
    z = np.linspace(z0, z1, count + 1)
    image = _upright(canvas, street, s, z, tall)
    for first in range(count - 1, -1, -1):
        left, right = (first, first + 1) if s < 0 else (first + 1, first)
        piece = np.concatenate([image[left, :1], image[right], image[left, 1:]])
        yield piece, float(z[first] + z[first + 1]) / 2


def _upright(canvas: Canvas, street: Street, s: float, z: Points, tall: float) -> Points:
    """Image points `(N, 2, 2)` of the upper and lower edge of a wall at distances `(N,)`."""
    edges = np.empty((len(z), 2, 3))
    edges[..., 0] = (s + (street.slope + street.curve * z) * z - street.offset)[:, None]
    edges[..., 1] = tall, 0
    edges[..., 2] = z[:, None]
    return canvas.camera.project(edges)


def _foot(street: Street, s: float, z0: float, z1: float) -> Footprint:
    foot: Footprint = street.plan([(s, z0), (s, z1), (s + 0.2, z1), (s + 0.2, z0)]).tolist()
    return foot


def clutter(x: float, z: float, dice: Dice) -> Thing:
    """A bin, a box, a bench or a cone: things without a class of their own."""
    kind = dice.pick(("bin", "bin", "box", "bench", "cone", "column"))
    colour = dice.near(dice.pick(((60, 66, 62), (52, 88, 62), (176, 168, 60), (146, 148, 146), (120, 60, 50))), 14)
    size = dice.between(0.8, 1.2)

    def paint(canvas: Canvas) -> None:
        with Figure(canvas, x, z, VOID) as draw:
            if kind == "bin":
                draw.shape([(-0.24, 0), (-0.3, 0.95 * size), (0.3, 0.95 * size), (0.24, 0)], colour)
                draw.box(-0.33, 0.33, 0.92 * size, 1.04 * size, colour, 0.7)
            elif kind == "box":
                draw.box(-0.4 * size, 0.4 * size, 0, 1.2 * size, colour)
                draw.box(-0.02, 0.4 * size, 0.1, 1.1 * size, colour, 0.86)
            elif kind == "bench":
                draw.box(-0.8, 0.8, 0.42, 0.5, (126, 92, 60))
                draw.box(-0.8, 0.8, 0.62, 0.86, (126, 92, 60), 0.85)
                for leg in (-0.65, 0.6):
                    draw.box(leg, leg + 0.07, 0, 0.45, (60, 60, 62))
            elif kind == "cone":
                draw.shape([(-0.22, 0), (-0.03, 0.65), (0.03, 0.65), (0.22, 0)], (224, 92, 40))
                draw.shape([(-0.13, 0.3), (-0.09, 0.45), (0.09, 0.45), (0.13, 0.3)], (230, 228, 222))
            else:
                draw.box(-0.6, 0.6, 0, 2.6, colour, 0.9)
                for row in range(3):
                    draw.box(-0.56, 0.56, 0.5 + 0.66 * row, 1.08 + 0.66 * row, dice.near((170, 140, 120), 80))
                draw.box(-0.68, 0.68, 2.55, 2.8, colour, 0.7)

    return Thing(z, paint, rectangle(x, z, 1.6 if kind == "bench" else 0.6, 0.4), 0.9, 2.9, contact=kind != "cone")


def paint_bonnet(canvas: Canvas, dice: Dice) -> None:
    """The bonnet of the car that carries the camera: void, as in Cityscapes."""
    camera, light = canvas.camera, canvas.light
    x = np.linspace(-0.05, 1.05, 15)
    rise = dice.between(0.02, 0.075) * camera.height
    top = camera.height - rise * (1 - (2 * x - 1) ** 4) - dice.between(0.005, 0.02) * camera.height
    edge = np.stack([x * camera.width, top], 1)
    floor = [(1.1 * camera.width, camera.height + 9), (-0.1 * camera.width, camera.height + 9)]
    colour = dice.near(dice.pick(((40, 42, 46), (150, 152, 154), (90, 30, 30), (30, 44, 70))), 12)
    shade = light.shader(0, VOID)
    canvas.polygon(np.concatenate([edge, floor]), shade(colour))
    gloss = np.add(edge, (0, rise * 0.25))
    canvas.lines([fixed(gloss)], rise * 0.18, shade((colour[0] + 50, colour[1] + 52, colour[2] + 56)))
