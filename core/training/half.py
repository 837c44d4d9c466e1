"""Half-supervised targets: of each member, a random half of the blocks teaches. So it is known what was learned where.

Such a model serves to measure maps, which should be higher in the blocks that taught than in the others, and to learn
one from: scenes and classes are the same on both sides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core.errors import DataError
from core.grid import Grid
from core.randomness import generator
from core.training.manifest import TrainingManifest, read_manifest

MOST, MOST_BLOCKS = 8192, 1 << 20
"""Pixels of a side, and blocks of an image: a list beside a checkpoint may say anything, and room is made for it."""


@dataclass(frozen=True)
class Halves:
    """Which blocks of an image teach, from the image's hash and a seed alone.

    Attributes
    ----------
    side
        Side of a block, in pixels at training size; those at the right and lower border may be smaller.
    seed
        The seed of the training.
    other
        Those blocks that the seed would leave out.
    """

    side: int
    seed: int
    other: bool = False

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Halves | None":
        """From the settings of a training, as `TargetTraining` has them; None where everything teaches."""
        side, seed, other = (settings.get(key, 0) for key in ("half_supervised", "seed", "other_half"))
        return cls(int(side), int(seed) - bool(other), bool(other)) if side else None

    def blocks(self, size: tuple[int, int]) -> npt.NDArray[np.int64]:
        """The block of each pixel of an image of `size` (height, width): `(h, w)`, numbered from 0 row by row."""
        return self.at(np.arange(size[0]), np.arange(size[1]), size)

    def at(
        self, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], size: tuple[int, int]
    ) -> npt.NDArray[np.int64]:
        """The block of the pixels in some rows and columns of an image of that size, `(rows, columns)`."""
        return np.asarray(rows[:, None] // self.side * self._across(size) + columns[None, :] // self.side)

    def count(self, size: tuple[int, int]) -> int:
        """How many blocks an image of that size has."""
        return -(-size[0] // self.side) * self._across(size)

    def _across(self, size: tuple[int, int]) -> int:
        return -(-size[1] // self.side)

    def taught(self, image_sha256: str, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Whether each block teaches, `(n,)`: half of them; of an odd number one less, of the others one more."""
        count = self.count(size)
        order = generator(self.seed, image_sha256, "half-supervised").permutation(count)
        taught: npt.NDArray[np.bool_] = order < count // 2
        return ~taught if self.other else taught

    def mask(self, image_sha256: str, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """The pixels of an image at training size that teach, `(h, w)`."""
        mask: npt.NDArray[np.bool_] = self.taught(image_sha256, size)[self.blocks(size)]
        return mask


@dataclass(frozen=True)
class Blocks:
    """The blocks of one image, and in which of them a model was trained on it.

    Attributes
    ----------
    number
        `(h, w)` int64: the block of each grid point.
    trained
        `(n,)`: whether a block was.
    """

    number: npt.NDArray[np.int64]
    trained: npt.NDArray[np.bool_]

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """`(h, w)`: the grid points of these blocks."""
        return self.trained[self.number]

    def means(self, values: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Mean of a map `(h, w)` over each block, `(n,)`; NaN where the map says nothing in all of a block."""
        known = ~np.isnan(values)
        count = np.bincount(self.number[known], minlength=len(self.trained))
        total = np.bincount(self.number[known], values[known], minlength=len(self.trained))
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


@dataclass(frozen=True)
class Truth:
    """What a half-supervised checkpoint's list says of its training: the halves, and the size they were drawn at."""

    halves: Halves
    size: tuple[int, int]

    @classmethod
    def of(cls, checkpoint: Path) -> "Truth":
        """Read it. Raises `DataError` where there is no such list, or the model was trained on whole images."""
        manifest = read_manifest(checkpoint)
        found = None if manifest is None else cls.told_by(manifest)
        if found is None:
            raise DataError(
                f"{checkpoint.name}: was not trained half-supervised, as far as is known.",
                "Train it with --half-supervised 64; the list beside the checkpoint says so.",
            )
        return found

    @classmethod
    def told_by(cls, manifest: TrainingManifest) -> "Truth | None":
        """From a list that was read; None where the model was trained on whole images. Raises `DataError`."""
        settings = manifest.settings
        try:
            halves = Halves.of({**settings, "seed": manifest.seed})
            if halves is None:
                return None
            height, width = settings["size"]
            sides = all(type(number) is int and 1 <= number <= MOST for number in (halves.side, height, width))
            if not sides or halves.count((height, width)) > MOST_BLOCKS:
                raise ValueError(f"blocks of {halves.side} pixels in {width} x {height}")
            return cls(halves, (height, width))
        except (TypeError, ValueError, KeyError, OverflowError) as error:
            raise DataError(
                f"The list of training images of {manifest.checkpoint_sha256[:12]} does not say which blocks taught "
                f"({error}).",
                "Restore the file beside the checkpoint, or train it again.",
            ) from error

    def mask(self, image_sha256: str, grid: Grid) -> npt.NDArray[np.bool_]:
        """The grid points `(h, w)` of an image that taught."""
        return self.blocks(image_sha256, grid).mask

    def blocks(self, image_sha256: str, grid: Grid) -> Blocks:
        """The blocks of an image on the attack grid, and which of them taught."""
        rows, columns = (
            places * trained // whole
            for places, trained, whole in zip((grid.rows, grid.cols), self.size, grid.size, strict=True)
        )
        number = self.halves.at(rows, columns, self.size)
        return Blocks(number, self.halves.taught(image_sha256, self.size))
