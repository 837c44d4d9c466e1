"""Colours of maps: perceptually even, safe for colour-blind eyes, transparent where a map says nothing."""

from functools import cache

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2

STEPS = 256

NEGATIVE, MIDDLE, POSITIVE = (33, 76, 132), (245, 245, 245), (158, 51, 31)
"""RGB ends and middle of the diverging scale: blue, near white, rust; the ends are equally dark."""


@cache
def sequential() -> npt.NDArray[np.uint8]:
    """The colour map viridis as `(256, 3)` RGB."""
    ramp = np.arange(STEPS, dtype=np.uint8)[:, None]
    return np.ascontiguousarray(cv2.applyColorMap(ramp, cv2.COLORMAP_VIRIDIS)[:, 0, ::-1])


@cache
def diverging() -> npt.NDArray[np.uint8]:
    """Blue over near white to rust as `(256, 3)` RGB, interpolated in CIE Lab so that equal steps look equal."""
    ends = np.array([[NEGATIVE, MIDDLE, POSITIVE]], np.float32) / 255
    lab = cv2.cvtColor(ends, cv2.COLOR_RGB2Lab)[0]
    place = np.linspace(0, 2, STEPS)
    mixed = np.stack([np.interp(place, [0, 1, 2], lab[:, c]) for c in range(3)], axis=1).astype(np.float32)
    rgb = cv2.cvtColor(mixed[None], cv2.COLOR_Lab2RGB)[0]
    return np.ascontiguousarray(np.clip(np.rint(rgb * 255), 0, 255).astype(np.uint8))


def coloured(
    values: npt.NDArray[np.float32], low: float, high: float, *, diverging: bool = False
) -> npt.NDArray[np.uint8]:
    """A map `(h, w)` as RGBA `(h, w, 4)` uint8; values outside low..high take the end colours, NaN is transparent."""
    table = _tables()[diverging]
    scaled = (np.nan_to_num(values, nan=low) - low) / (high - low)
    index = np.clip(np.rint(scaled * (STEPS - 1)), 0, STEPS - 1).astype(np.uint8)
    alpha = np.where(np.isnan(values), 0, 255).astype(np.uint8)
    return np.dstack([table[index], alpha])


def _tables() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    return sequential(), diverging()
