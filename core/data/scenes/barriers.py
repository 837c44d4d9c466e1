"""Walls and fences along the street, and what else stands about."""

import numpy as np

from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import FENCE, VOID, WALL
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.figures import Figure
from core.data.scenes.street import Street
from core.data.scenes.things import Thing, rectangle
from core.data.scenes.tiles import bricks, coloured, cut, planks, plaster

WALLS: tuple[Colour, ...] = ((160, 154, 144), (142, 96, 78), (184, 176, 160), (128, 126, 122), (150, 118, 92))
WOODS: tuple[Colour, ...] = ((132, 100, 70), (96, 78, 60), (160, 150, 136), (86, 96, 84), (198, 194, 186))
STEPS = 5
"""Pieces of a wall along a bend."""


def wall(street: Street, s: float, z0: float, z1: float, dice: Dice) -> Thing:
    """A wall of bricks, stone or concrete with a coping."""
    tall, colour = dice.between(0.8, 2.6), dice.near(dice.pick(WALLS), 14)
    tile = bricks() if dice.chance(0.5) else plaster()

    def paint(canvas: Canvas) -> None:
        for (near, far), middle in _pieces(street, s, z0, z1):
            shade = canvas.light.shade(colour, 0, canvas.light.facing(-np.sign(s), 0))
            texture = coloured(cut(tile, dice, 40, 64, 2.2), _floats(shade), 0.7)
            texture[:4] = (texture[:4] * 0.6 + 70 * np.asarray(canvas.light.ambient)).clip(0, 255).astype(np.uint8)
            corners = canvas.camera.project(_upright(near, far, s, tall))
            canvas.texture(corners, canvas.light.veil(texture, middle), WALL)

    return Thing(z1, paint, _foot(street, s, z0, z1), tall)


def fence(street: Street, s: float, z0: float, z1: float, dice: Dice) -> Thing:
    """A fence of boards, or bars; what is seen between bars counts as fence, as in Cityscapes."""
    tall = dice.between(0.9, 2.2)
    boards = dice.chance(0.45)
    colour = dice.near(dice.pick(WOODS if boards else ((60, 64, 62), (120, 124, 124), (40, 62, 50))), 12)

    def paint(canvas: Canvas) -> None:
        facing = canvas.light.facing(-np.sign(s), 0)
        for (near, far), middle in _pieces(street, s, z0, z1):
            shade = canvas.light.shade(colour, middle, facing)
            corners = canvas.camera.project(_upright(near, far, s, tall))
            if boards:
                texture = coloured(cut(planks(), dice, 40, 128, 2.0), _floats(shade), 0.7 * canvas.light.clear(middle))
                canvas.texture(corners, texture, FENCE)
            else:
                _paint_bars(canvas, corners, shade, dice.between(0.1, 0.4))

    return Thing(z1, paint, _foot(street, s, z0, z1), tall * 0.9)


def _paint_bars(canvas: Canvas, corners: np.ndarray, colour: tuple[int, int, int], dense: float) -> None:
    """Bars and rails over what is behind, which is dimmed a little."""
    canvas.veil(corners, colour, dense, FENCE)
    top_left, top_right, bottom_right, bottom_left = corners
    for share in np.linspace(0, 1, 14):
        top, bottom = top_left + (top_right - top_left) * share, bottom_left + (bottom_right - bottom_left) * share
        canvas.line([top, bottom], abs(bottom[1] - top[1]) * 0.03, colour, FENCE)
    for share in (0.06, 0.85):
        left, right = top_left + (bottom_left - top_left) * share, top_right + (bottom_right - top_right) * share
        canvas.line([left, right], abs(bottom_left[1] - top_left[1]) * 0.035, colour, FENCE)


def _pieces(street: Street, s: float, z0: float, z1: float) -> list[tuple[np.ndarray, float]]:
    """Ground ends of straight pieces and their distance, the farthest first."""
    ends = street.plan([(s, z) for z in np.linspace(z0, z1, STEPS + 1)])
    return [(ends[i : i + 2], float(ends[i : i + 2, 1].mean())) for i in range(STEPS - 1, -1, -1)]


def _upright(near: np.ndarray, far: np.ndarray, s: float, tall: float) -> np.ndarray:
    """World corners of a wall between two ground points, from the top left clockwise."""
    left, right = (near, far) if s < 0 else (far, near)
    return np.array(
        [(left[0], tall, left[1]), (right[0], tall, right[1]), (right[0], 0, right[1]), (left[0], 0, left[1])]
    )


def _foot(street: Street, s: float, z0: float, z1: float) -> np.ndarray:
    return street.plan([(s, z0), (s, z1), (s + 0.2, z1), (s + 0.2, z0)])


def clutter(x: float, z: float, dice: Dice) -> Thing:
    """A bin, a box, a bench or a cone: things without a class of their own."""
    kind = dice.pick(("bin", "bin", "box", "bench", "cone", "column"))
    colour = dice.near(dice.pick(((60, 66, 62), (52, 88, 62), (176, 168, 60), (146, 148, 146), (120, 60, 50))), 14)
    size = dice.between(0.8, 1.2)

    def paint(canvas: Canvas) -> None:
        draw = Figure(canvas, x, z, VOID)
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

    return Thing(z, paint, rectangle(x, z, 1.6 if kind == "bench" else 0.6, 0.4), 0.9, contact=kind != "cone")


def paint_bonnet(canvas: Canvas, dice: Dice) -> None:
    """The bonnet of the car that carries the camera: void, as in Cityscapes."""
    camera, light = canvas.camera, canvas.light
    x = np.linspace(-0.05, 1.05, 15)
    rise = dice.between(0.02, 0.075) * camera.height
    top = camera.height - rise * (1 - (2 * x - 1) ** 4) - dice.between(0.005, 0.02) * camera.height
    edge = np.stack([x * camera.width, top], 1)
    floor = [(1.1 * camera.width, camera.height + 9), (-0.1 * camera.width, camera.height + 9)]
    colour = dice.near(dice.pick(((40, 42, 46), (150, 152, 154), (90, 30, 30), (30, 44, 70))), 12)
    canvas.polygon(np.concatenate([edge, floor]), light.shade(colour, 0), VOID)
    gloss = np.add(edge, (0, rise * 0.25))
    canvas.line(gloss, rise * 0.18, light.shade((colour[0] + 50, colour[1] + 52, colour[2] + 56), 0))


def _floats(colour: tuple[int, int, int]) -> Colour:
    return float(colour[0]), float(colour[1]), float(colour[2])
