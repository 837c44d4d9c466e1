"""The sky and what stands far away under it."""

import numpy as np

from core.data._cv import cv2
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import BUILDING, SKY, VEGETATION
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.tiles import coloured, cut, rough

DISTANT = 240.0
"""Distance of hills and of the skyline in metres, as the haze sees it."""


def paint_sky(canvas: Canvas, dice: Dice) -> None:
    """Gradient, clouds that flatten towards the horizon, the moon at night."""
    camera, light = canvas.camera, canvas.light
    rows = min(max(2, round(camera.horizon) + 2), camera.height)
    tall, wide = (rows + 1) // 2, (camera.width + 1) // 2  # clouds are soft: half the pixels are enough
    up = np.linspace(0, 1, tall, dtype=np.float32)[:, None]
    low, high = np.asarray(light.low, np.float32), np.asarray(light.high, np.float32)
    sky = (high + (low - high) * up**1.4)[:, None, :]
    tile = cut(rough(1.7, 42, "clouds"), dice, 256, 384).astype(np.float32)
    flat = tile[(255 * up[:, 0] ** 0.5).astype(int)]
    field = cv2.resize(flat, (wide, tall), interpolation=cv2.INTER_LINEAR)
    cover = ((field - 200 + 150 * light.clouds) / 60).clip(0, 1) * (1 - 0.7 * up)
    bright = np.asarray(_cloud_colour(light.low, light.night), np.float32)
    body = bright * (1.06 - 0.3 * ((field - 128) / 128).clip(0, 1) * light.clouds)[..., None]
    painted = sky + (body - sky) * cover[..., None]
    full = cv2.resize(painted.clip(0, 255).astype(np.uint8), (camera.width, rows), interpolation=cv2.INTER_LINEAR)
    canvas.image[:rows] = full
    canvas.label[:rows] = SKY
    if light.moment == "night" and dice.chance(0.4):
        place = (int(dice.unit() * camera.width), int(dice.between(0.05, 0.5) * rows))
        cv2.circle(canvas.image, place, max(1, camera.height // 70), (226, 224, 206), -1, cv2.LINE_AA)


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
    colour = canvas.light.shade(dice.near((74, 96, 62), 12), DISTANT * 0.8)
    canvas.polygon(np.concatenate([ridge, foot]), colour, VEGETATION)
    top, bottom = max(0, int(ridge[:, 1].min())), min(camera.height, int(camera.horizon) + 4)
    area = canvas.label[top:bottom] == VEGETATION
    if area.any():
        wood = coloured(
            cut(rough(0.8, 40), dice, *area.shape), (float(colour[0]), float(colour[1]), float(colour[2])), 0.35
        )
        cv2.copyTo(wood, area.astype(np.uint8), canvas.image[top:bottom])


def _skyline(canvas: Canvas, dice: Dice) -> None:
    camera, light = canvas.camera, canvas.light
    x = -0.05
    while x < 1.05:
        wide, tall = dice.between(0.02, 0.07), dice.between(0.01, 0.09) * camera.focal
        colour = light.shade(dice.near((120, 116, 112), 24), DISTANT * dice.between(0.4, 0.8))
        left, right, top = x * camera.width, (x + wide) * camera.width, camera.horizon - tall
        canvas.polygon(
            [(left, top), (right, top), (right, camera.horizon + 3), (left, camera.horizon + 3)], colour, BUILDING
        )
        x += wide * dice.between(0.7, 1.6)


def _cloud_colour(low: Colour, night: bool) -> Colour:
    lift = 1.15 if night else 1.22
    red, green, blue = (min(250.0, c * lift) for c in low)
    return red, green, blue
