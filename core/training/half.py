"""Half-supervised targets: of each member, a random half of the blocks teaches. So it is known what was learned where.

Such a target is of no use but to measure maps: a map should be higher in the blocks that taught than in the others.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.randomness import generator


@dataclass(frozen=True)
class Halves:
    """Which blocks of an image teach, from the image's hash and a seed alone.

    Attributes
    ----------
    side
        Side of a block, in pixels at training size; those at the right and lower border may be smaller.
    seed
        The seed of the training.
    """

    side: int
    seed: int

    def blocks(self, size: tuple[int, int]) -> npt.NDArray[np.int64]:
        """The block of each pixel of an image of `size` (height, width): `(h, w)`, numbered from 0 row by row."""
        rows, columns = (np.arange(length) // self.side for length in size)
        return np.asarray(rows[:, None] * (columns[-1] + 1) + columns[None, :])

    def taught(self, image_sha256: str, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """Whether each block teaches, `(n,)`: half of them, of an odd number one less."""
        count = int(self.blocks(size).max()) + 1
        return generator(self.seed, image_sha256, "half-supervised").permutation(count) < count // 2

    def mask(self, image_sha256: str, size: tuple[int, int]) -> npt.NDArray[np.bool_]:
        """The pixels of an image at training size that teach, `(h, w)`."""
        mask: npt.NDArray[np.bool_] = self.taught(image_sha256, size)[self.blocks(size)]
        return mask
