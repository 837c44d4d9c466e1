"""People who stand and walk."""

from dataclasses import dataclass

from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import PERSON
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.figures import Figure
from core.data.scenes.things import Thing, rectangle

SKINS: tuple[Colour, ...] = ((228, 186, 156), (210, 164, 132), (160, 112, 82), (104, 70, 52), (236, 200, 174))
HAIRS: tuple[Colour, ...] = ((40, 30, 26), (84, 58, 40), (24, 22, 22), (168, 132, 84), (150, 148, 144), (112, 50, 30))
CLOTHES: tuple[Colour, ...] = (
    (40, 44, 54),
    (30, 30, 32),
    (70, 84, 116),
    (132, 40, 42),
    (208, 204, 196),
    (96, 104, 84),
    (52, 92, 140),
    (190, 160, 60),
    (120, 108, 96),
    (196, 92, 70),
    (70, 60, 84),
    (150, 156, 164),
    (44, 84, 72),
    (216, 130, 150),
)


@dataclass(frozen=True)
class Look:
    """Colours and build of one person."""

    skin: Colour
    hair: Colour
    top: Colour
    legs: Colour
    shoes: Colour
    build: float


def make_look(dice: Dice) -> Look:
    """Draw colours and build."""
    return Look(
        dice.near(dice.pick(SKINS), 10),
        dice.near(dice.pick(HAIRS), 10),
        dice.near(dice.pick(CLOTHES), 16),
        dice.near(dice.pick(CLOTHES[:8]), 16),
        dice.near(dice.pick(((30, 28, 28), (90, 70, 54), (214, 212, 206))), 10),
        dice.between(0.85, 1.25),
    )


def person(x: float, z: float, dice: Dice) -> Thing:
    """Somebody on foot."""
    tall = dice.between(1.5, 1.92) if dice.chance(0.9) else dice.between(1.0, 1.4)

    def paint(canvas: Canvas) -> None:
        with Figure(canvas, x, z, PERSON, mirror=dice.chance(0.5)) as draw:
            _paint(draw, tall, dice.child("look"), canvas.light.moment)

    return Thing(z, paint, rectangle(x, z, 0.5, 0.35), tall, 1.25 * tall, contact=True)


def _paint(draw: Figure, tall: float, dice: Dice, moment: str) -> None:
    look, h = make_look(dice), tall
    stride, swing = dice.between(0.0, 0.17) * h, dice.between(-0.12, 0.12) * h
    wide = look.build * h
    for way, shade in ((-1, 0.8), (1, 1.0)):
        hip, foot = 0.035 * wide * way, stride * way + 0.03 * h * way
        knee = (hip + foot) / 2 + 0.03 * h
        draw.limb([(hip, 0.5 * h), (knee, 0.27 * h), (foot, 0.05 * h)], 0.085 * wide, look.legs, shade)
        draw.limb([(foot, 0.03 * h), (foot + 0.05 * h, 0.025 * h)], 0.05 * h, look.shoes, shade)
    draw.limb(
        [(-0.1 * wide, 0.79 * h), (-0.13 * wide - swing, 0.62 * h), (-0.1 * wide - swing * 1.5, 0.47 * h)],
        0.06 * wide,
        look.top,
        0.75,
    )
    hem = 0.3 if dice.chance(0.25) else 0.47
    torso = [
        (-0.13 * wide, 0.81 * h),
        (-0.05 * wide, 0.85 * h),
        (0.05 * wide, 0.85 * h),
        (0.13 * wide, 0.81 * h),
        (0.1 * wide, 0.6 * h),
        (0.125 * wide, hem * h),
        (-0.125 * wide, hem * h),
        (-0.1 * wide, 0.6 * h),
    ]
    draw.shape(torso, look.top)
    draw.shape(
        [torso[0], torso[1], (-0.02 * wide, 0.6 * h), (-0.03 * wide, hem * h), torso[6], torso[7]], look.top, 0.8
    )
    if dice.chance(0.3):
        draw.box(-0.1 * wide, 0.1 * wide, 0.58 * h, 0.8 * h, dice.pick(CLOTHES))
    draw.limb(
        [(0.11 * wide, 0.79 * h), (0.14 * wide + swing, 0.63 * h), (0.12 * wide + swing * 1.6, 0.5 * h)],
        0.06 * wide,
        look.top,
        1.08,
    )
    draw.disc(0.12 * wide + swing * 1.6, 0.47 * h, 0.026 * h, 0.03 * h, look.skin)
    if dice.chance(0.3):
        bag = 0.13 * wide + swing * 1.6
        draw.box(bag - 0.07 * h, bag + 0.07 * h, 0.28 * h, 0.44 * h, dice.pick(CLOTHES))
    draw.limb([(0, 0.84 * h), (0.005, 0.89 * h)], 0.06 * h, look.skin, 0.85)
    paint_head(draw, 0.01 * h, 0.93 * h, h, look)
    if moment == "rain" and dice.chance(0.6):
        colour = dice.near(dice.pick(CLOTHES), 20)
        draw.limb([(0.14 * h, 0.6 * h), (0.14 * h, 1.1 * h)], 0.02, (60, 60, 60))
        draw.shape(
            [
                (-0.28 * h, 1.04 * h),
                (-0.16 * h, 1.15 * h),
                (0.06 * h, 1.21 * h),
                (0.3 * h, 1.14 * h),
                (0.42 * h, 1.02 * h),
            ],
            colour,
        )


def paint_head(draw: Figure, x: float, y: float, tall: float, look: Look) -> None:
    """Face and hair around x, y."""
    draw.disc(x - 0.008 * tall, y + 0.01 * tall, 0.056 * tall, 0.066 * tall, look.hair)
    draw.disc(x + 0.014 * tall, y - 0.012 * tall, 0.043 * tall, 0.055 * tall, look.skin)
