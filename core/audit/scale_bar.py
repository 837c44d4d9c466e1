"""A scale beside a coloured map, for pictures that leave the program."""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from core.audit import colours

Bytes = npt.NDArray[np.uint8]
PAPER, INK = (255, 255, 255, 255), (28, 32, 36, 255)
GAP, BAR, LETTERS = 6, 10, 9
"""Pixels around the bar, its width, and the size of its letters."""


def with_scale(picture: Bytes, low: float, high: float, *, diverging: bool = False) -> Bytes:
    """The picture `(h, w, 4)` RGBA with a white strip to its right: the colours from low to high, and their values.

    Higher than the map where that is too low for two lines of text.
    """
    font = ImageFont.load_default(LETTERS)
    texts = [f"{value:.3g}" for value in (high, low)]
    height = max(len(picture), 4 * LETTERS)
    letters = max(int(font.getlength(text)) for text in texts) + 1
    strip = Image.new("RGBA", (3 * GAP + BAR + letters, height), PAPER)
    strip.paste(Image.fromarray(_bar(height - 2 * GAP, diverging=diverging)), (GAP, GAP))
    draw = ImageDraw.Draw(strip)
    for text, place, anchor in zip(texts, (GAP, height - GAP), ("lt", "lb"), strict=True):
        draw.text((2 * GAP + BAR, place), text, INK, font, anchor)
    below = np.zeros((height - len(picture), *picture.shape[1:]), np.uint8)
    return np.hstack([np.vstack([picture, below]), np.asarray(strip)])


def _bar(height: int, *, diverging: bool) -> Bytes:
    """The colours `(height, BAR, 4)`, the highest value above."""
    ramp = np.linspace(1, 0, height, dtype=np.float32)[:, None].repeat(BAR, axis=1)
    return colours.coloured(ramp, 0.0, 1.0, diverging=diverging)
