"""What the lens, the sensor and the compression do to a picture; labels stay as they are."""

from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import ROAD
from core.data.scenes.dice import Dice
from core.data.scenes.tiles import Grey, Rgb, Rgba, rough, sensor

STRIP = 32
"""Rows that are finished together."""
LEVELS = 100
"""Strengths of noise from none to all of the sensor's: 4 to 26 of them occur."""


def finish(canvas: Canvas, dice: Dice) -> tuple[Rgb, Grey]:
    """Wet road, rain, blur, vignette, tone curve, noise, compression: in that order. Gives picture and label map."""
    light, pixels = canvas.light, canvas.pixels
    if light.wet > 0:
        _mirror(pixels, canvas.camera.horizon, light.wet)
    if light.moment == "rain":
        _rain(pixels, dice.child("rain"))
    height, width = pixels.shape[:2]
    blur, fall, curve = dice.between(0.5, 0.8), _vignette(height, width, dice.whole(0, 3)), _curve(dice)
    strength = dice.between(0.04, 0.13) * (2.0 if light.moment == "night" else 1.0)
    noises = _noise(dice.child("noise"), strength, width)
    made, label = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)
    for top in range(0, height, STRIP):  # a strip stays in the processor's cache from step to step
        rows = slice(top, top + STRIP)
        above = min(top, 1)
        cv2.extractChannel(pixels[rows], 3, dst=label[rows])
        part = cv2.cvtColor(pixels[top - above : top + STRIP + 1], cv2.COLOR_RGBA2RGB)
        part = cv2.GaussianBlur(part, (3, 3), blur)[above : above + STRIP]
        cv2.multiply(part, cv2.cvtColor(fall[rows], cv2.COLOR_GRAY2RGB), dst=part, scale=1 / 255)
        cv2.LUT(part, curve, dst=part)
        brighter, darker = next(noises)
        cv2.add(part, brighter[: len(part)], dst=part)
        cv2.subtract(part, darker[: len(part)], dst=made[rows])
    if dice.chance(0.2):
        quality = [cv2.IMWRITE_JPEG_QUALITY, dice.whole(55, 88)]
        made = np.asarray(cv2.imdecode(cv2.imencode(".jpg", made, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return made, label


def _mirror(pixels: Rgba, horizon: float, wet: float) -> None:
    """A wet road shows what stands above the horizon, upside down and smeared."""
    height, width = pixels.shape[:2]
    top = max(1, min(height - 1, round(horizon)))
    label = cv2.extractChannel(pixels[top:], 3)
    rows = top - (np.arange(height - top) * 0.9).astype(int)
    smear = max(3, height // 24)
    seen = cv2.blur(pixels[rows.clip(0)], (max(1, smear // 4), smear))
    puddles = rough(1.5, 60, "puddles")[:64, :128].astype(np.float32) / 255
    alpha = cv2.resize((255 * wet * (0.25 + puddles)).clip(0, 217).astype(np.uint8), (width, height - top))
    alpha *= label == ROAD
    share, below = cv2.cvtColor(alpha, cv2.COLOR_GRAY2RGBA), pixels[top:]
    cv2.multiply(seen, share, dst=seen, scale=1 / 255)
    cv2.multiply(below, cv2.bitwise_not(share), dst=below, scale=1 / 255)
    cv2.add(below, seen, dst=below)
    cv2.insertChannel(label, below, 3)


def _rain(pixels: Rgba, dice: Dice) -> None:
    height, width = pixels.shape[:2]
    count = 260
    start = dice.array(count, 2) * (width, height)
    long = (0.012 + 0.03 * dice.array(count, 1)) * height
    end = start + long * (dice.between(-0.3, 0.3), 1)
    veil = np.zeros_like(pixels)
    lines = np.rint(np.stack([start, end], 1)).astype(np.int32)
    cv2.polylines(veil, list(lines), False, (46, 46, 46, 0), max(1, height // 512), cv2.LINE_AA)
    cv2.add(pixels, veil, dst=pixels)


@lru_cache(maxsize=8)
def _vignette(height: int, width: int, strength: int) -> Grey:
    """Brightness from the middle to the corners, 255 is full; `(H, W)`."""
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    fall = 1 - (0.05 + 0.07 * strength) * (x * x + y * y) / 2
    return np.rint(255 * fall).astype(np.uint8)


def _curve(dice: Dice) -> npt.NDArray[np.uint8]:
    """The tone curve as a table `(256,)`."""
    x = np.linspace(0, 1, 256)
    gamma, contrast = dice.between(0.86, 1.14), dice.between(0.0, 0.35)
    curve = x**gamma
    curve = curve + contrast * (curve * curve * (3 - 2 * curve) - curve)
    lift = dice.between(0, 0.03)
    return np.asarray(np.rint(255 * (lift + (1 - lift) * curve).clip(0, 1)), np.uint8)


def _noise(dice: Dice, strength: float, width: int) -> Iterator[tuple[Rgb, Rgb]]:
    """What the sensor's noise adds and takes away: windows of a strip's rows at random places."""
    brighter, darker = _noises(max(1, round(strength * LEVELS)))
    if width > brighter.shape[1]:  # wider pictures repeat it
        repeat = (1, -(-width // brighter.shape[1]) + 1, 1)
        brighter, darker = np.tile(brighter, repeat), np.tile(darker, repeat)
    rows, columns = brighter.shape[0] - STRIP + 1, brighter.shape[1] - width + 1
    while True:
        top, left = int(dice.unit() * rows), int(dice.unit() * columns)
        window = slice(top, top + STRIP), slice(left, left + width)
        yield brighter[window], darker[window]


@cache
def _noises(level: int) -> tuple[Rgb, Rgb]:
    """What noise of `level / LEVELS` times the sensor's adds to a picture, and what it takes away."""
    noise = np.rint((level / LEVELS) * (sensor().astype(np.float32) - 128))
    return noise.clip(0).astype(np.uint8), (-noise).clip(0).astype(np.uint8)
