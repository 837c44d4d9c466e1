"""Lamp posts, bollards, traffic signs and traffic lights."""

import math

from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import POLE, TRAFFIC_LIGHT, TRAFFIC_SIGN
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.figures import Figure
from core.data.scenes.things import Thing, rectangle

STEEL: tuple[Colour, ...] = ((128, 130, 130), (84, 88, 88), (64, 72, 68), (150, 150, 146))
RED: Colour = (190, 32, 36)
WHITE: Colour = (226, 226, 222)
BLUE: Colour = (32, 82, 164)
YELLOW: Colour = (228, 180, 44)
OCTAGON = [(math.cos((k + 0.5) * math.pi / 4), math.sin((k + 0.5) * math.pi / 4)) for k in range(8)]


def _pole(draw: Figure, tall: float, thick: float, colour: Colour) -> None:
    """A post with a lit and a dark side, at least a pixel wide."""
    half = max(thick / 2, 0.75 / draw.scale)
    draw.shape([(-half, 0), (-half * 0.75, tall), (half * 0.75, tall), (half, 0)], colour)
    draw.shape([(0, 0), (0, tall), (half * 0.75, tall), (half, 0)], colour, 0.68)


def lamp_post(x: float, z: float, side: int, dice: Dice) -> Thing:
    """A street lamp whose arm reaches over the road."""
    tall, arm = dice.between(5.0, 9.5), dice.between(0.0, 2.6)
    colour = dice.near(dice.pick(STEEL), 8)

    def paint(canvas: Canvas) -> None:
        lit = canvas.light.night
        with Figure(canvas, x, z, POLE, mirror=side > 0) as draw:
            _pole(draw, tall, 0.16, colour)
            draw.box(-0.12, 0.12, 0, 0.7, colour, 0.85)
            draw.limb([(0, tall - 0.1), (arm * 0.4, tall + 0.25), (arm, tall + 0.3)], 0.09, colour)
            head = [(arm - 0.1, tall + 0.22), (arm, tall + 0.4), (arm + 0.6, tall + 0.34), (arm + 0.6, tall + 0.24)]
            draw.shape(head, (255, 222, 168) if lit else (182, 182, 178), glow=lit)
        if lit:
            place = draw.place(arm + 0.3, tall + 0.25)
            canvas.shine(place[0], place[1], draw.scale * 2.4, (255, 206, 140), 0.5)

    return Thing(z, paint, rectangle(x, z, 0.2, 0.2), tall, tall + 0.5, aside=arm + 0.8, glow=2.5)


def plain_pole(x: float, z: float, dice: Dice, *, short: bool = False) -> Thing:
    """A bollard, or a wooden mast."""
    if short or dice.chance(0.7):
        tall, thick, colour = dice.between(0.8, 1.1), 0.13, dice.near(dice.pick((*STEEL, (160, 40, 40))), 10)
    else:
        tall, thick, colour = dice.between(6.5, 9), 0.24, dice.near((96, 80, 64), 10)
    banded = dice.chance(0.4)

    def paint(canvas: Canvas) -> None:
        with Figure(canvas, x, z, POLE) as draw:
            _pole(draw, tall, thick, colour)
            if tall < 2 and banded:
                draw.box(-thick / 2, thick / 2, tall * 0.7, tall * 0.85, WHITE)
            if tall > 2:
                draw.limb([(-0.8, tall - 0.5), (0.8, tall - 0.5)], 0.1, colour)

    return Thing(z, paint, rectangle(x, z, thick, thick), tall, tall + 0.1, aside=1.0)


def _ban(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """A red ring with two marks."""
    draw.disc(0, y, size, size, RED)
    draw.disc(0, y, size * 0.74, size * 0.74, WHITE)
    for x in (-0.3, 0.1):
        draw.box(x * size, (x + 0.26) * size, y - 0.3 * size, y + 0.3 * size, (34, 34, 36))


def _warn(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """A red triangle."""
    for share, colour in ((1.0, RED), (0.62, WHITE)):
        low = y - size * 0.75 + (1 - share) * size * 0.45
        draw.shape([(-size * share, low), (0, low + 1.73 * size * share), (size * share, low)], colour)
    draw.box(-0.08 * size, 0.08 * size, y - 0.4 * size, y + 0.25 * size, (34, 34, 36))


def _duty(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """A blue disc with an arrow."""
    draw.disc(0, y, size, size, BLUE)
    draw.shape(
        [
            (-0.12 * size, y - 0.6 * size),
            (-0.12 * size, y),
            (-0.4 * size, y),
            (0, y + 0.6 * size),
            (0.4 * size, y),
            (0.12 * size, y),
            (0.12 * size, y - 0.6 * size),
        ],
        WHITE,
    )


def _stop(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """A red octagon with a bar."""
    for share, colour in ((1.0, WHITE), (0.92, RED)):
        draw.shape([(share * size * across, y + share * size * up) for across, up in OCTAGON], colour)
    draw.box(-0.6 * size, 0.6 * size, y - 0.14 * size, y + 0.14 * size, WHITE)


def _way(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """A yellow square on its corner."""
    for share, colour in ((1.0, WHITE), (0.72, YELLOW)):
        draw.shape([(-size * share, y), (0, y + size * share), (size * share, y), (0, y - size * share)], colour)


def _zebra(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """A blue square with somebody walking."""
    draw.box(-size, size, y - size, y + size, WHITE)
    draw.box(-size * 0.9, size * 0.9, y - size * 0.9, y + size * 0.9, BLUE)
    draw.shape([(-0.68 * size, y - 0.6 * size), (0, y + 0.66 * size), (0.68 * size, y - 0.6 * size)], WHITE)
    draw.limb([(-0.2 * size, y - 0.5 * size), (0, y), (0.2 * size, y - 0.5 * size)], 0.1 * size, (34, 34, 36))
    draw.limb([(0, y - 0.1 * size), (0, y + 0.25 * size)], 0.16 * size, (34, 34, 36))


def _board(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """A board with lines of writing."""
    back = dice.pick((BLUE, YELLOW, WHITE, (36, 110, 70)))
    draw.box(-size * 2.4, size * 2.4, y - size * 0.9, y + size * 0.9, back)
    ink = (36, 36, 40) if sum(back) > 420 else WHITE
    for row in (-0.5, 0.0, 0.5):
        draw.box(-size * 2.0, size * dice.between(0.2, 2.0), y + (row - 0.12) * size, y + (row + 0.12) * size, ink)


def _back(draw: Figure, y: float, size: float, dice: Dice) -> None:
    """The grey back of a sign."""
    draw.disc(0, y, size, size, (128, 130, 132))
    draw.box(-size * 0.7, size * 0.7, y - 0.06, y + 0.06, (98, 100, 102))


FACES = {
    "ban": _ban,
    "warn": _warn,
    "duty": _duty,
    "stop": _stop,
    "way": _way,
    "zebra": _zebra,
    "board": _board,
    "back": _back,
}
"""What draws each kind of sign around the height y, with a half width of `size` metres."""


def traffic_sign(x: float, z: float, dice: Dice) -> Thing:
    """One or two signs on a post; a board with names; or the back of a sign."""
    tall, size = dice.between(2.3, 3.3), dice.between(0.32, 0.48)
    kinds = [dice.pick(tuple(FACES)) for _ in range(dice.whole(1, 2))]

    def paint(canvas: Canvas) -> None:
        with Figure(canvas, x, z, POLE) as draw:
            _pole(draw, tall, 0.08, (140, 142, 142))
        with Figure(canvas, x, z, TRAFFIC_SIGN) as draw:
            for number, kind in enumerate(kinds):
                FACES[kind](draw, tall - size - number * size * 2.1, size, dice.child(number))

    return Thing(z, paint, rectangle(x, z, 0.1, 0.1), tall, tall + 0.1, aside=1.2)


def traffic_light(x: float, z: float, side: int, dice: Dice, *, overhead: bool) -> Thing:
    """A signal beside the road, or on an arm above it."""
    tall = dice.between(5.2, 6.2) if overhead else dice.between(2.9, 3.6)
    arm = dice.between(2.5, 5.0) if overhead else 0.0
    shown, colour = dice.whole(0, 2), dice.near((58, 64, 62), 10)
    towards = dice.chance(0.75)

    def paint(canvas: Canvas) -> None:
        with Figure(canvas, x, z, POLE, mirror=side > 0) as draw:
            _pole(draw, tall, 0.14, colour)
            if overhead:
                draw.limb([(0, tall - 0.2), (arm, tall)], 0.11, colour)
        with Figure(canvas, x, z, TRAFFIC_LIGHT, mirror=side > 0) as draw:
            for place in (0.0, arm) if arm else (0.0,):
                low = tall - 1.0 if overhead and place else min(tall, 3.4) - 1.0
                _signal(draw, place, low, shown if towards else None)

    return Thing(z, paint, rectangle(x, z, 0.2, 0.2), tall, tall + 0.1, aside=arm + 0.4)


def _signal(draw: Figure, x: float, low: float, shown: int | None) -> None:
    """The box with three lamps, from red above to green; None: seen from behind."""
    draw.box(x - 0.2, x + 0.2, low - 0.02, low + 1.0, (24, 26, 26))
    draw.box(x - 0.16, x + 0.16, low + 0.02, low + 0.96, (40, 42, 42))
    if shown is None:
        return
    for number, (dark, lit) in enumerate(
        (((74, 22, 22), (255, 60, 48)), ((80, 62, 22), (255, 196, 60)), ((18, 62, 40), (60, 250, 150)))
    ):
        on = number == shown
        draw.disc(x, low + 0.81 - 0.31 * number, 0.12, 0.12, lit if on else dark, glow=on)
