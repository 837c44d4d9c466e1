"""Colour maps a person can choose from: all perceptually even and safe for colour-blind eyes."""

from functools import cache

import numpy as np
import numpy.typing as npt

from gui.colour_names import DIVERGING

Table = npt.NDArray[np.uint8]
"""`(256, 3)` RGB."""


@cache
def table(name: str, *, backwards: bool = False) -> Table:
    """The colours of a map from its low end to its high end; `name` is in `SEQUENTIAL` or is `DIVERGING`."""
    from core.audit import colours  # brings OpenCV: not before it is needed
    from core.data._cv import cv2

    if backwards:
        return np.ascontiguousarray(table(name)[::-1])
    if name == DIVERGING:
        return colours.diverging()
    ramp = np.arange(colours.STEPS, dtype=np.uint8)[:, None]
    number = int(getattr(cv2, f"COLORMAP_{name.upper()}"))
    return np.ascontiguousarray(cv2.applyColorMap(ramp, number)[:, 0, ::-1])
