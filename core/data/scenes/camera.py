"""The pinhole camera of a scene.

World coordinates in metres: x to the right, y up from the ground, z forward from the camera. Image coordinates in
pixels, integers at the centres of pixels, as OpenCV has them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.data.scenes.dice import Dice

Points = npt.NDArray[np.float64]

NEAR = 1.0
"""Nothing nearer than this (in metres) is drawn."""
FAR = 260.0


@dataclass(frozen=True)
class Camera:
    """Where the camera is and how it looks.

    Attributes
    ----------
    height, width
        Of the image in pixels.
    focal
        Focal length in pixels.
    horizon, centre
        Row of the horizon and column of the straight-ahead direction, in pixels.
    eye
        Height above the ground in metres.
    """

    height: int
    width: int
    focal: float
    horizon: float
    centre: float
    eye: float

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        """One world point to its image point."""
        scale = self.scale(z)
        return x * scale + self.centre, (self.eye - y) * scale + self.horizon

    def project(self, points: npt.ArrayLike) -> Points:
        """World points `(..., 3)` to image points `(..., 2)`; nearer than `NEAR` counts as `NEAR`."""
        world = np.asarray(points, dtype=np.float64)
        scale = self.focal / np.maximum(world[..., 2], NEAR)
        image = np.empty((*world.shape[:-1], 2))
        image[..., 0] = world[..., 0] * scale + self.centre
        image[..., 1] = (self.eye - world[..., 1]) * scale + self.horizon
        return image

    def ground(self, points: npt.ArrayLike) -> Points:
        """Ground points `(..., 2)` of x and z to image points `(..., 2)`."""
        plan = np.asarray(points, dtype=np.float64)
        scale = self.focal / np.maximum(plan[..., 1], NEAR)
        image = np.empty(plan.shape)
        image[..., 0] = plan[..., 0] * scale + self.centre
        image[..., 1] = self.eye * scale + self.horizon
        return image

    def scale(self, z: float) -> float:
        """Pixels a metre at that distance."""
        return self.focal / (z if z > NEAR else NEAR)


def make_camera(dice: Dice, size: tuple[int, int]) -> Camera:
    """A camera behind a windscreen, of a small car or a van."""
    height, width = size
    focal = dice.between(0.9, 1.25) * (height * width) ** 0.5
    horizon = height * dice.between(0.36, 0.52)
    centre = width * dice.between(0.42, 0.58)
    return Camera(height, width, focal, horizon, centre, dice.between(1.15, 1.9))
