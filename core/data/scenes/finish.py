"""What the lens, the sensor and the compression do to a picture; labels stay as they are."""

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import ROAD
from core.data.scenes.dice import Dice
from core.data.scenes.tiles import Grey, Rgb, Rgba, rough, sensor

STRIP = 32
"""Rows that are finished together."""


def finish(canvas: Canvas, dice: Dice) -> tuple[Rgb, Grey]:
    """Wet road, rain, blur, vignette, tone curve, noise, compression: in that order. Gives picture and label map."""
    light = canvas.light
    pixels, label = canvas.pixels, np.asarray(cv2.extractChannel(canvas.pixels, 3), np.uint8)
    if light.wet > 0:  # from here on the fourth channel of the pixels means nothing
        _mirror(pixels, label, canvas.camera.horizon, light.wet)
    if light.moment == "rain":
        _rain(pixels, dice.child("rain"))
    blur, fall, curve = dice.between(0.5, 0.8), _vignette(*label.shape, dice.whole(0, 3)), _curve(dice)
    strength = dice.between(0.04, 0.13) * (2.0 if light.moment == "night" else 1.0)
    noises = _noise(dice.child("noise"), label.shape[1])
    made = np.empty((*label.shape, 3), np.uint8)
    for top in range(0, len(made), STRIP):  # a strip stays in the processor's cache from step to step
        rows = slice(top, top + STRIP)
        above = min(top, 1)
        part = cv2.cvtColor(pixels[top - above : top + STRIP + 1], cv2.COLOR_RGBA2RGB)
        part = cv2.GaussianBlur(part, (3, 3), blur)[above : above + STRIP]
        cv2.multiply(part, fall[rows], dst=part, scale=1 / 255)
        cv2.LUT(part, curve, dst=part)
        noise = next(noises)[: len(part)]
        cv2.addWeighted(part, 1.0, noise, strength, -128 * strength, dst=made[rows])
    if dice.chance(0.2):
        quality = [cv2.IMWRITE_JPEG_QUALITY, dice.whole(55, 88)]
        made = np.asarray(cv2.imdecode(cv2.imencode(".jpg", made, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return made, label


def _mirror(pixels: Rgba, label: Grey, horizon: float, wet: float) -> None:
    """A wet road shows what stands above the horizon, upside down and smeared."""
    height, width = label.shape
    top = max(1, min(height - 1, round(horizon)))
    rows = top - (np.arange(height - top) * 0.9).astype(int)
    smear = max(3, height // 24)
    seen = cv2.blur(pixels[rows.clip(0)], (max(1, smear // 4), smear))
    puddles = rough(1.5, 60, "puddles")[:64, :128].astype(np.float32) / 255
    alpha = cv2.resize((wet * (0.25 + puddles)).clip(0, 0.85), (width, height - top))
    alpha *= label[top:] == ROAD
    pixels[top:] = cv2.blendLinear(seen, pixels[top:], alpha, 1 - alpha)


def _rain(pixels: Rgba, dice: Dice) -> None:
    height, width = pixels.shape[:2]
    count = 260
    start = dice.array(count, 2) * (width, height)
    long = (0.012 + 0.03 * dice.array(count, 1)) * height
    end = start + long * (dice.between(-0.3, 0.3), 1)
    veil = np.zeros((height, width), np.uint8)
    lines = np.rint(np.stack([start, end], 1)).astype(np.int32)
    cv2.polylines(veil, list(lines), False, 46, max(1, height // 512), cv2.LINE_AA)
    cv2.add(pixels, cv2.cvtColor(veil, cv2.COLOR_GRAY2RGBA), dst=pixels)


@lru_cache(maxsize=8)
def _vignette(height: int, width: int, strength: int) -> Rgb:
    """Brightness from the middle to the corners, 255 is full; `(H, W, 3)`."""
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    fall = 1 - (0.05 + 0.07 * strength) * (x * x + y * y) / 2
    return np.repeat(np.rint(255 * fall).astype(np.uint8)[..., None], 3, 2)


def _curve(dice: Dice) -> npt.NDArray[np.uint8]:
    """The tone curve as a table `(256,)`."""
    x = np.linspace(0, 1, 256)
    gamma, contrast = dice.between(0.86, 1.14), dice.between(0.0, 0.35)
    curve = x**gamma
    curve = curve + contrast * (curve * curve * (3 - 2 * curve) - curve)
    lift = dice.between(0, 0.03)
    return np.asarray(np.rint(255 * (lift + (1 - lift) * curve).clip(0, 1)), np.uint8)


def _noise(dice: Dice, width: int) -> Iterator[Rgb]:
    """Windows of the sensor's noise, of a strip's rows each, at random places; wider pictures repeat it."""
    tile = sensor()
    if width > tile.shape[1]:
        tile = np.tile(tile, (1, -(-width // tile.shape[1]) + 1, 1))
    rows, columns = tile.shape[0] - STRIP + 1, tile.shape[1] - width + 1
    while True:
        top, left = int(dice.unit() * rows), int(dice.unit() * columns)
        yield tile[top : top + STRIP, left : left + width]
