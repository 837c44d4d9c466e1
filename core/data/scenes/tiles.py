"""Periodic grey textures, made once a process and cut up by every scene.

Each is uint8 with mean near 128 and holds its period of `PERIOD` pixels twice in both directions, so that any
window of up to `PERIOD` pixels that begins inside the first period is a plain slice.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.dice import Dice
from core.data.scenes.light import Paint

Grey = npt.NDArray[np.uint8]
Rgb = npt.NDArray[np.uint8]
Rgba = npt.NDArray[np.uint8]
"""A picture `(h, w, 4)` whose fourth channel is the label."""

PERIOD = 512
_TILE_SEED = 1912_09685
_RAMP = np.stack([np.linspace(1, 0, 256), np.linspace(0, 1, 256), np.full(256, 0.5 + 1e-6)], 1)
"""How much of the darkest colour, of the brightest, and of 1 for rounding is in each of 256 greys.

The millionth keeps halves on one side, whatever the last bit of a product is on a machine.
"""


@lru_cache
def rough(slope: float, contrast: float, name: str = "") -> Grey:
    """Noise with amplitude 1/f^slope: 0 is white, 1 cloudy, 2 smooth; `contrast` is the standard deviation."""
    rng = np.random.Generator(np.random.Philox(key=_TILE_SEED + sum(name.encode()) + round(slope * 100)))
    spectrum = np.fft.rfft2(rng.standard_normal((PERIOD, PERIOD)))
    frequency = np.hypot(np.fft.fftfreq(PERIOD)[:, None], np.fft.rfftfreq(PERIOD)[None])
    frequency[0, 0] = np.inf
    field = np.fft.irfft2(spectrum / frequency**slope, (PERIOD, PERIOD))
    return _doubled(128 + contrast * field / field.std())


@lru_cache
def asphalt() -> Grey:
    """Grains of stone over stains."""
    return _mixed((rough(0.0, 16), 1.0), (rough(0.7, 20), 1.0), (rough(1.4, 26), 0.8))


@lru_cache
def plaster() -> Grey:
    """Fine grain, and streaks from above where water runs down."""
    streaks = grey_of(cv2.blur(rough(0.4, 60, "streaks"), (3, 61), borderType=cv2.BORDER_REFLECT))
    return _mixed((rough(0.2, 14), 1.0), (rough(1.3, 22), 0.9), (streaks, 1.2))


@lru_cache
def bricks() -> Grey:
    """Rows of bricks, each of its own tone, with pale joints: 32 rows of 16 bricks a period."""
    rng = np.random.Generator(np.random.Philox(key=_TILE_SEED))
    tones = np.repeat(np.repeat(rng.normal(112, 22, (32, 16)), 16, 0), 32, 1)
    tones[::16] = tones[1::16] = 190
    joints = np.zeros((PERIOD, PERIOD), bool)
    joints[:, ::32] = joints[:, 1::32] = True
    for row in range(0, 32, 2):
        tones[row * 16 : row * 16 + 16] = np.roll(tones[row * 16 : row * 16 + 16], 16, 1)
        joints[row * 16 : row * 16 + 16] = np.roll(joints[row * 16 : row * 16 + 16], 16, 1)
    tones[joints] = 190
    return _mixed((_doubled(tones), 1.0), (rough(0.3, 12), 1.0))


@lru_cache
def slabs() -> Grey:
    """Paving: 16 by 16 slabs a period, darker joints."""
    rng = np.random.Generator(np.random.Philox(key=_TILE_SEED + 1))
    tones = np.repeat(np.repeat(rng.normal(132, 13, (16, 16)), 32, 0), 32, 1)
    tones[::32] = tones[1::32] = 84
    tones[:, ::32] = tones[:, 1::32] = 84
    return _mixed((_doubled(tones), 1.0), (rough(0.3, 14), 1.0), (rough(1.3, 20), 0.8))


@lru_cache
def planks() -> Grey:
    """Upright boards of 32 pixels with dark gaps and a grain along them."""
    rng = np.random.Generator(np.random.Philox(key=_TILE_SEED + 2))
    tones = np.repeat(rng.normal(132, 18, (1, 16)), 32, 1).repeat(PERIOD, 0)
    tones[:, ::32] = tones[:, 1::32] = 40
    grain = grey_of(cv2.blur(rough(0.0, 60, "grain"), (1, 41)))
    return _mixed((_doubled(tones), 1.0), (grain, 1.0))


@lru_cache
def leaves() -> Grey:
    """Leaves: small blobs of all tones over each other, lighter ones last."""
    rng = np.random.Generator(np.random.Philox(key=_TILE_SEED + 3))
    tile = np.full((PERIOD, PERIOD), 60, np.uint8)
    count = 9000
    tones = np.sort(rng.normal(120, 46, count)).clip(10, 250)
    places, sizes, turns = rng.integers(0, PERIOD, (count, 2)), rng.uniform(2, 6.5, count), rng.uniform(0, 180, count)
    for tone, (x, y), size, turn in zip(tones.tolist(), places.tolist(), sizes.tolist(), turns.tolist(), strict=True):
        for shift_x in (0, -PERIOD) if x > PERIOD - 9 else (0,):
            for shift_y in (0, -PERIOD) if y > PERIOD - 9 else (0,):
                axes = (round(size), max(1, round(size / 2)))
                cv2.ellipse(tile, (x + shift_x, y + shift_y), axes, turn, 0, 360, tone, -1)
    return _mixed((_doubled(tile.astype(np.float64)), 1.0), (rough(1.0, 22), 0.8))


@lru_cache
def grass() -> Grey:
    """Blades and patches."""
    blades = grey_of(cv2.blur(rough(0.0, 70, "blades"), (2, 5)))
    return _mixed((blades, 1.0), (rough(1.1, 26), 1.0))


@lru_cache
def sensor() -> Rgb:
    """Noise of a sensor with colour, standard deviation 32 around 128, `(PERIOD / 8, 3 * PERIOD, 3)`, slightly soft."""
    rng = np.random.Generator(np.random.Philox(key=_TILE_SEED + 4))
    noise = rng.standard_normal((PERIOD // 8, 3 * PERIOD, 1), np.float32)
    noise = noise + 0.6 * rng.standard_normal((PERIOD // 8, 3 * PERIOD, 3), np.float32)
    soft = cv2.GaussianBlur(noise, (3, 3), 0.5)
    tile: Rgb = np.clip(128 + 32 * soft / soft.std(), 0, 255).astype(np.uint8)
    return tile


def grey_of(picture: npt.NDArray[Any]) -> Grey:
    """What an OpenCV function gave, in the type it has when it was given bytes."""
    return np.asarray(picture, np.uint8)


def cut(tile: Grey, dice: Dice, height: int, width: int, texel: float = 1.0) -> Grey:
    """A window of a tile at a random place, `height x width`, with `texel` tile pixels a pixel."""
    rows = min(PERIOD, max(1, round(height * texel)))
    columns = min(PERIOD, max(1, round(width * texel)))
    top, left = int(dice.unit() * PERIOD), int(dice.unit() * PERIOD)
    window = tile[top : top + rows, left : left + columns]
    if window.shape == (height, width):
        return window
    return grey_of(cv2.resize(window, (width, height), interpolation=cv2.INTER_LINEAR))


def coloured(grey: Grey, paint: Paint, contrast: float = 1.0) -> Rgba:
    """A texture in a colour, with its label: grey 128 gives the colour itself."""
    *colour, label = paint
    dark, bright = [c * (1 - contrast) for c in colour], [c * (1 + contrast) for c in colour]
    return painted(grey, ramp((*dark, label), (*bright, label)))


def ramp(dark: Sequence[float], bright: Sequence[float]) -> Rgba:
    """A table `(256, 4)` from one paint to another."""
    table = _RAMP @ np.array((dark, bright, (1, 1, 1, 1)))
    return np.asarray(np.minimum(table, 255, out=table), np.uint8)


def painted(grey: Grey, table: Rgba) -> Rgba:
    """A texture whose greys are replaced by the paints of a table `(256, 4)`."""
    found: Rgba = np.asarray(cv2.LUT(grey, table.view(np.int32).ravel())).view(np.uint8)
    return found.reshape(*grey.shape, 4)


def _doubled(field: npt.NDArray[np.float64]) -> Grey:
    tile: Grey = np.tile(np.clip(field, 0, 255).astype(np.uint8), (2, 2))
    return tile


def _mixed(*parts: tuple[Grey, float]) -> Grey:
    total = np.full((2 * PERIOD, 2 * PERIOD), 128, np.float32)
    for tile, weight in parts:
        total += weight * (tile.astype(np.float32) - tile.mean())
    return np.clip(total, 0, 255).astype(np.uint8)
