"""Bicycles and motorcycles, parked or ridden."""

from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import BICYCLE, MOTORCYCLE, RIDER
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.figures import Figure
from core.data.scenes.people import make_look, paint_head
from core.data.scenes.things import Thing, rectangle

PAINTS: tuple[Colour, ...] = (
    (30, 30, 32),
    (160, 36, 36),
    (40, 80, 150),
    (210, 208, 200),
    (70, 120, 80),
    (220, 160, 40),
)
RUBBER: Colour = (30, 30, 32)


def bicycle(x: float, z: float, slant: float, dice: Dice, *, ridden: bool) -> Thing:
    """A bicycle.

    Parameters
    ----------
    slant
        Share of its length that is seen: 1 from the side, 0.12 from behind or before.
    ridden
        Whether somebody rides it, who is labelled a rider.
    """

    def paint(canvas: Canvas) -> None:
        mirror = dice.chance(0.5)
        with Figure(canvas, x, z, BICYCLE, mirror) as draw:
            _paint_bicycle(draw, slant, dice.child("cycle"))
        if ridden:
            with Figure(canvas, x, z, RIDER, mirror) as draw:
                _paint_rider(draw, slant, dice.child("rider"), helmet=dice.chance(0.4))

    tall = 1.75 if ridden else 1.0
    return Thing(
        z, paint, rectangle(x, z, 0.3 + 1.5 * slant, 0.3 + 1.5 * (1 - slant)), tall, tall + 0.2, contact=ridden
    )


def motorcycle(x: float, z: float, slant: float, dice: Dice, *, ridden: bool) -> Thing:
    """A motorcycle or scooter; parameters as of `bicycle`."""

    def paint(canvas: Canvas) -> None:
        mirror = dice.chance(0.5)
        with Figure(canvas, x, z, MOTORCYCLE, mirror) as draw:
            _paint_motorcycle(draw, slant, dice.child("cycle"))
        if ridden:
            with Figure(canvas, x, z, RIDER, mirror) as draw:
                _paint_rider(draw, slant, dice.child("rider"), helmet=True)

    tall = 1.7 if ridden else 1.1
    return Thing(z, paint, rectangle(x, z, 0.4 + 1.6 * slant, 0.4 + 1.6 * (1 - slant)), tall, tall + 0.2, contact=True)


def _paint_bicycle(draw: Figure, q: float, dice: Dice) -> None:
    frame = dice.near(dice.pick(PAINTS), 14)
    for way in (-1, 1):
        hub = 0.52 * way * q
        draw.ring(hub, 0.34, max(0.02, 0.33 * q), 0.33, 0.035, RUBBER)
        if draw.scale > 25:
            for turn in (0.0, 0.22, 0.33):
                draw.limb(
                    [(hub - turn * q, 0.34 - 0.32 + turn * 0.6), (hub + turn * q, 0.34 + 0.32 - turn * 0.6)],
                    0.006,
                    (130, 130, 132),
                )
    points = {
        "rear": (-0.52, 0.34),
        "pedal": (-0.05, 0.3),
        "seat": (-0.2, 0.82),
        "head": (0.36, 0.84),
        "front": (0.52, 0.34),
    }
    at = {name: (along * q, y) for name, (along, y) in points.items()}
    for line in (("rear", "pedal", "seat", "rear"), ("seat", "head", "pedal"), ("head", "front")):
        draw.limb([at[name] for name in line], 0.035, frame)
    draw.limb([(-0.23 * q, 0.82), (-0.26 * q, 0.95)], 0.03, (90, 90, 92))
    draw.limb([(-0.36 * q - 0.05, 0.96), (-0.14 * q + 0.05, 0.96)], 0.06, RUBBER)
    draw.limb([(0.36 * q, 0.84), (0.33 * q, 1.02)], 0.03, (90, 90, 92))
    bar = 0.3 * (1 - q)
    draw.limb([(0.33 * q - bar, 1.04), (0.33 * q + bar + 0.1 * q, 1.02)], 0.035, RUBBER)
    if dice.chance(0.35):
        draw.box(0.36 * q, 0.36 * q + 0.3, 0.84, 1.04, (120, 94, 62))


def _paint_motorcycle(draw: Figure, q: float, dice: Dice) -> None:
    paint = dice.near(dice.pick(PAINTS), 14)
    wide = 0.14
    for way in (-1, 1):
        draw.disc(0.62 * way * q, 0.31, max(0.08, 0.31 * q), 0.31, RUBBER)
        draw.disc(0.62 * way * q, 0.31, max(0.03, 0.17 * q), 0.17, (140, 142, 144))
    draw.shape(
        [(-0.5 * q - wide, 0.35), (-0.45 * q - wide, 0.62), (0.4 * q + wide, 0.62), (0.3 * q + wide, 0.3)], (62, 62, 66)
    )
    draw.shape(
        [(-0.85 * q - wide, 0.72), (-0.8 * q - wide, 0.84), (-0.1 * q, 0.82), (0.1 * q + wide, 0.6), (-0.6 * q, 0.6)],
        RUBBER,
    )
    draw.shape(
        [(-0.1 * q - wide, 0.62), (-0.08 * q - wide, 0.86), (0.3 * q + wide, 0.94), (0.45 * q + wide, 0.66)], paint
    )
    draw.shape(
        [(0.3 * q - wide / 2, 0.6), (0.34 * q - wide / 2, 1.12), (0.48 * q + wide, 1.0), (0.52 * q + wide, 0.66)],
        paint,
        0.85,
    )
    draw.limb([(0.62 * q, 0.31), (0.4 * q, 0.95)], 0.06, (120, 122, 124))
    bar = 0.36 * (1 - q)
    draw.limb([(0.3 * q - bar - 0.06, 1.08), (0.36 * q + bar, 1.04)], 0.045, RUBBER)
    draw.disc(0.5 * q, 0.86, 0.08, 0.09, (230, 228, 214) if q > 0.5 else (190, 30, 28))


def _paint_rider(draw: Figure, q: float, dice: Dice, *, helmet: bool) -> None:
    """Somebody on the saddle, leaning forward by the slant."""
    look = make_look(dice)
    aside = 0.12 * (1 - q)
    for way, knee, foot in ((-1, (0.18, 0.68), (0.0, 0.36)), (1, (0.2, 0.78), (-0.02, 0.2))):
        at = way * aside
        draw.limb(
            [(-0.2 * q + at / 2, 0.95), (knee[0] * q + at, knee[1]), (foot[0] * q + at, foot[1])],
            0.14,
            look.legs,
            0.85 if way < 0 else 1,
        )
        draw.limb(
            [(foot[0] * q + at - 0.04, foot[1] - 0.03), (foot[0] * q + at + 0.12 * q, foot[1] - 0.03)], 0.07, look.shoes
        )
    lean = 0.26 * q
    draw.limb(
        [(lean - 0.2 - 0.05, 1.4), (lean + 0.16 * q - 0.2, 1.2), (0.32 * q - 0.26 * (1 - q), 1.06)], 0.09, look.top, 0.8
    )
    draw.shape(
        [
            (-0.34 * q - 0.15 * (1 - q), 0.92),
            (lean - 0.22, 1.42),
            (lean - 0.1, 1.5),
            (lean + 0.1, 1.5),
            (lean + 0.2, 1.4),
            (-0.02 * q + 0.15 * (1 - q), 0.92),
        ],
        look.top,
    )
    draw.limb([(lean + 0.14, 1.4), (lean + 0.22, 1.2), (0.34 * q + 0.26 * (1 - q), 1.06)], 0.09, look.top, 1.06)
    paint_head(draw, lean + 0.05 * q, 1.63, 1.75, look)
    if helmet:
        colour = dice.near(dice.pick(PAINTS), 14)
        draw.disc(lean + 0.03 * q, 1.68, 0.13, 0.1, colour)
