"""The sky and what stands far away under it."""

import numpy as np

from core.data._cv import cv2
from core.data.scenes.canvas import SHIFT, Canvas, fixed
from core.data.scenes.classes import BUILDING, SKY, VEGETATION
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.tiles import coloured, cut, rough

COARSE = 4
"""Clouds are soft: they are drawn with one pixel for so many, both ways."""
DISTANT = 240.0
"""Distance of hills and of the skyline in metres, as the haze sees it."""


def paint_sky(canvas: Canvas, dice: Dice) -> None:
    """Gradient, clouds that flatten towards the horizon, the moon at night."""
    camera, light = canvas.camera, canvas.light
    rows = min(max(2, round(camera.horizon) + 2), camera.height)
    tall, wide = -(-rows // COARSE), -(-camera.width // COARSE)
    up = np.linspace(0, 1, tall, dtype=np.float32)[:, None]
    low, high = np.asarray(light.low, np.float32), np.asarray(light.high, np.float32)
    clear = (high + (low - high) * up**1.4)[:, None, :]
    tile = cut(rough(1.7, 42, "clouds"), dice, 256, 384)
    flat = tile[(255 * up[:, 0] ** 0.5).astype(int)].astype(np.float32)
    field = cv2.resize(flat, (wide, tall), interpolation=cv2.INTER_LINEAR)
    cover = ((field - 200 + 150 * light.clouds) / 60).clip(0, 1) * (1 - 0.7 * up)
    bright = np.asarray(_cloud_colour(light.low, light.night), np.float32)
    body = (1.06 - (0.3 * light.clouds) * ((field - 128) / 128).clip(0, 1)) * cover
    painted = (1 - cover)[..., None] * clear
    painted += body[..., None] * bright
    small = np.full((tall, wide, 4), SKY, np.uint8)  # between pixels of one label there is that label
    small[..., :3] = painted.clip(0, 255)
    full = canvas.pixels[:rows]
    cv2.resize(small, (camera.width, rows), dst=full, interpolation=cv2.INTER_LINEAR)
    if light.moment == "night" and dice.chance(0.4):
        place = (int(dice.unit() * camera.width), int(dice.between(0.05, 0.5) * rows))
        cv2.circle(full, place, max(1, camera.height // 70), (226, 224, 206, SKY), -1, cv2.LINE_AA)


def paint_distance(canvas: Canvas, dice: Dice) -> None:
    """Wooded hills or a skyline along the horizon."""
    if dice.chance(0.55):
        _hills(canvas, dice)
    if dice.chance(0.5):
        _skyline(canvas, dice)


def _hills(canvas: Canvas, dice: Dice) -> None:
    camera = canvas.camera
    x = np.linspace(0, 1, 25)
    waves = sum(np.sin(x * dice.between(2, 6 * k) + dice.between(0, 7)) / k for k in (1, 2, 3))
    high = camera.focal * dice.between(0.02, 0.07) * (1.4 + 0.5 * np.asarray(waves))
    ridge = np.stack([x * (camera.width + 2) - 1, camera.horizon - high.clip(1)], 1)
    foot = [(camera.width + 1, camera.horizon + 3), (-1, camera.horizon + 3)]
    paint = canvas.light.shader(DISTANT * 0.8, VEGETATION)(dice.near((74, 96, 62), 12))
    top, bottom = max(0, int(ridge[:, 1].min())), min(camera.height, int(camera.horizon) + 4)
    mask = np.zeros((bottom - top, camera.width), np.uint8)
    cv2.fillPoly(mask, [fixed(np.concatenate([ridge, foot]) - (0, top))], 255, cv2.LINE_8, SHIFT)
    canvas.stamp(0, top, coloured(cut(rough(0.8, 40), dice, *mask.shape), paint, 0.35), mask)


def _skyline(canvas: Canvas, dice: Dice) -> None:
    camera, light = canvas.camera, canvas.light
    x = -0.05
    while x < 1.05:
        wide, tall = dice.between(0.02, 0.07), dice.between(0.01, 0.09) * camera.focal
        colour = dice.near((120, 116, 112), 24)
        paint = light.shader(DISTANT * dice.between(0.4, 0.8), BUILDING)(colour)
        left, right, top = x * camera.width, (x + wide) * camera.width, camera.horizon - tall
        foot = camera.horizon + 3
        canvas.polygon([(left, top), (right, top), (right, foot), (left, foot)], paint)
        x += wide * dice.between(0.7, 1.6)


def _cloud_colour(low: Colour, night: bool) -> Colour:
    lift = 1.15 if night else 1.22
    red, green, blue = (min(250.0, c * lift) for c in low)
    return red, green, blue
