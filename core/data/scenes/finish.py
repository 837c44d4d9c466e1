"""What the lens, the sensor and the compression do to a picture; labels stay as they are."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.canvas import Canvas
from core.data.scenes.classes import ROAD
from core.data.scenes.dice import Dice
from core.data.scenes.tiles import Grey, Rgb, rough, sensor


def finish(canvas: Canvas, dice: Dice) -> tuple[Rgb, Grey]:
    """Wet road, rain, blur, vignette, colour cast, noise, compression: in that order. Gives picture and label map."""
    light = canvas.light
    image, label = canvas.split()
    if light.wet > 0:
        _mirror(image, label, canvas.camera.horizon, light.wet)
    if light.moment == "rain":
        _rain(image, dice.child("rain"))
    cv2.GaussianBlur(image, (3, 3), dice.between(0.5, 0.8), dst=image)
    cv2.multiply(image, _vignette(*label.shape, dice.whole(0, 3)), dst=image, scale=1 / 255)
    cv2.LUT(image, _cast(dice), dst=image)
    strength = dice.between(0.04, 0.13) * (2.0 if light.moment == "night" else 1.0)
    cv2.addWeighted(image, 1.0, _noise(dice, *label.shape), strength, -128 * strength, dst=image)
    if dice.chance(0.2):
        quality = [cv2.IMWRITE_JPEG_QUALITY, dice.whole(55, 88)]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR), np.uint8)
    return image, label


def _mirror(image: Rgb, label: Grey, horizon: float, wet: float) -> None:
    """A wet road shows what stands above the horizon, upside down and smeared."""
    height, width = label.shape
    top = max(1, min(height - 1, round(horizon)))
    rows = top - (np.arange(height - top) * 0.9).astype(int)
    smear = max(3, height // 24)
    seen = cv2.blur(image[rows.clip(0)], (max(1, smear // 4), smear))
    puddles = rough(1.5, 60, "puddles")[:64, :128].astype(np.float32) / 255
    alpha = cv2.resize((wet * (0.25 + puddles)).clip(0, 0.85), (width, height - top))
    alpha *= label[top:] == ROAD
    image[top:] = cv2.blendLinear(seen, image[top:], alpha, 1 - alpha)


def _rain(image: Rgb, dice: Dice) -> None:
    height, width = image.shape[:2]
    count = 260
    start = dice.array(count, 2) * (width, height)
    long = (0.012 + 0.03 * dice.array(count, 1)) * height
    end = start + long * (dice.between(-0.3, 0.3), 1)
    veil = np.zeros((height, width), np.uint8)
    lines = np.rint(np.stack([start, end], 1)).astype(np.int32)
    cv2.polylines(veil, list(lines), False, 46, max(1, height // 512), cv2.LINE_AA)
    cv2.add(image, cv2.cvtColor(veil, cv2.COLOR_GRAY2RGB), dst=image)


@lru_cache(maxsize=8)
def _vignette(height: int, width: int, strength: int) -> Rgb:
    """Brightness from the middle to the corners, 255 is full; `(H, W, 3)`."""
    y, x = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None]
    fall = 1 - (0.05 + 0.07 * strength) * (x * x + y * y) / 2
    return np.repeat(np.rint(255 * fall).astype(np.uint8)[..., None], 3, 2)


def _cast(dice: Dice) -> npt.NDArray[np.uint8]:
    """Tone curve and colour cast as a table `(1, 256, 3)`."""
    x = np.linspace(0, 1, 256)[:, None]
    gamma, contrast = dice.between(0.86, 1.14), dice.between(0.0, 0.35)
    curve = x**gamma
    curve = curve + contrast * (curve * curve * (3 - 2 * curve) - curve)
    gains = 1 + (dice.array(1, 3) - 0.5) * 0.12
    lift = dice.between(0, 0.03)
    table: npt.NDArray[np.uint8] = np.rint(255 * (lift + (1 - lift) * curve * gains).clip(0, 1)).astype(np.uint8)
    return table[None]


def _noise(dice: Dice, height: int, width: int) -> Rgb:
    """A window of the sensor's noise; larger pictures repeat it."""
    tile = sensor()
    rows, columns = tile.shape[:2]
    if height > rows or width > columns:
        tile = np.tile(tile, (-(-height // rows) + 1, -(-width // columns) + 1, 1))
    top, left = int(dice.unit() * (tile.shape[0] - height + 1)), int(dice.unit() * (tile.shape[1] - width + 1))
    return tile[top : top + height, left : left + width]
