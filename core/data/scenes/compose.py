"""Puts a scene together from its seed."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data._cv import cv2
from core.data.scenes.barriers import paint_bonnet
from core.data.scenes.camera import NEAR, Points, make_camera
from core.data.scenes.canvas import Canvas
from core.data.scenes.culling import seen
from core.data.scenes.dice import Dice
from core.data.scenes.finish import finish
from core.data.scenes.furnish import furnish
from core.data.scenes.ground import paint_ground
from core.data.scenes.light import make_light
from core.data.scenes.sky import paint_distance, paint_sky
from core.data.scenes.street import make_street
from core.data.scenes.things import Thing
from core.data.scenes.tiles import grey_of
from core.errors import DataError

SIZE = (512, 1024)
SHADOWED = 70.0
"""Farther away than this (in metres) shadows are too flat to be seen."""


@dataclass(frozen=True)
class Scene:
    """A picture `(H, W, 3)` uint8 RGB and its label map `(H, W)` uint8: Cityscapes' train ids, 255 = void."""

    image: npt.NDArray[np.uint8]
    label: npt.NDArray[np.uint8]


def make_scene(seed: int, size: tuple[int, int] = SIZE) -> Scene:
    """Draw the street scene of a seed.

    The same seed and size give the same scene; a seed at several sizes of one shape shows the same street. Borders
    are smoothed in the image only: every label pixel is the id of what was drawn there.

    Parameters
    ----------
    size
        Height and width in pixels.

    Raises `DataError` for sizes below 8 pixels.
    """
    if min(size) < 8:
        raise DataError(f"A scene of {size[0]} x {size[1]} pixels cannot be drawn.", "Take at least 8 pixels a side.")
    dice = Dice(seed, "scene")
    canvas = Canvas(make_camera(dice.child("camera"), size), make_light(dice.child("light")))
    street = make_street(dice.child("street"))
    things = sorted(furnish(street, dice.child("things")), key=lambda thing: -thing.depth)
    paint_sky(canvas, dice.child("sky"))
    paint_distance(canvas, dice.child("distance"))
    paint_ground(canvas, street, *_darkened(things, canvas.light.shadow), dice.child("ground"))
    for thing in seen(things, canvas.camera, night=canvas.light.night):
        thing.paint(canvas)
    if dice.chance(0.3):
        paint_bonnet(canvas, dice.child("bonnet"))
    image, label = finish(canvas, dice.child("finish"))
    if dice.chance(0.3):  # they drive on the left
        image, label = grey_of(cv2.flip(image, 1)), grey_of(cv2.flip(label, 1))
    return Scene(image, label)


def _darkened(things: list[Thing], step: tuple[float, float]) -> tuple[Points, Points]:
    """Ground points `(N, 8, 2)` around the shadows, of `step` for a metre of height, and `(N, 4, 2)` under things."""
    tall = [thing for thing in things if thing.tall and thing.depth < SHADOWED]
    feet = np.array([thing.footprint for thing in tall]).reshape(-1, 4, 2)
    heights = np.array([thing.tall for thing in tall]).reshape(-1, 1, 1)
    shadows = np.concatenate([feet, feet + heights * step], 1)
    np.maximum(shadows[..., 1], NEAR, out=shadows[..., 1])
    return shadows, np.array([thing.footprint for thing in things if thing.contact]).reshape(-1, 4, 2)
