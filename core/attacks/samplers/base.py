"""What a sampler is: which patches of an image the attack network looks at."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.base import FloatArray
from core.parameters import Choice, Registry
from core.randomness import generator

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PlaceContext:
    """What a sampler may look at.

    Attributes
    ----------
    seed
        The audit's seed.
    image_sha256
        Keys the draws for this image.
    loss
        `(h, w)` float32, the per-pixel loss in nats, 0 where void; None where there is no label map.
    """

    seed: int
    image_sha256: str
    loss: FloatArray | None = None


@dataclass(frozen=True)
class Sampler(Choice):
    """Chooses the places of patches."""

    dense: ClassVar[bool] = False
    """Whether one fully convolutional pass sees every window, so that there are no places to choose."""

    @abstractmethod
    def places(self, shape: tuple[int, int], patch: int, context: PlaceContext) -> Places:
        """Top rows and left columns `(n, 2)` int64 of square patches that lie within an image.

        Parameters
        ----------
        shape
            Height and width of the attack grid, both at least `patch`: smaller images are padded first.
        patch
            Side of a patch, in grid points.
        context
            Seed, image and loss.

        Raises
        ------
        AttackError
            Where the loss is needed and missing.
        ValueError
            Where the patch does not fit.
        """


def last_start(shape: tuple[int, int], patch: int) -> tuple[int, int]:
    """The last row and column at which a patch can start. Raises `ValueError` where none can."""
    if min(shape) < patch:
        raise ValueError(f"a patch of {patch} does not fit into {shape[0]} x {shape[1]}")
    return shape[0] - patch, shape[1] - patch


def draw_places(count: int, shape: tuple[int, int], patch: int, context: PlaceContext) -> Places:
    """Uniform places `(count, 2)`; a longer draw begins with the shorter one."""
    rows, cols = last_start(shape, patch)
    draws = generator(context.seed, context.image_sha256, "patches")
    return draws.integers(0, [rows, cols], size=(count, 2), endpoint=True, dtype=np.int64)


SAMPLERS: Registry[Sampler] = Registry("sampler")
