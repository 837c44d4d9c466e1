"""What a defended target releases at full label resolution: its predicted labels, and the confusion counts.

The attack looks at the attack grid, mIoU at every pixel. Both judge the same release: at grid pixels the
full-resolution release uses the grid's own posteriors and noise.
"""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.defenses.chain import Chain
from core.defenses.noise import BandNoise
from core.grid import Grid, places
from core.metrics.segmentation import confusion
from core.predicted import predicted_classes

if TYPE_CHECKING:
    from core.targets.base import Output

BAND_BYTES = 64 << 20
"""Room for one band of rows of full-resolution posteriors."""


def plain_confusion(output: "Output", label: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Confusion counts `(C, C)`, rows = label, of a target without a defense that can change its prediction."""
    from core.targets.output import prediction

    height, width = label.shape
    counts = np.zeros((output.classes, output.classes), np.int64)
    for start, stop in _bands(height, width, output.classes):
        predicted = prediction(output, (height, width), slice(start, stop))
        counts += confusion(label[start:stop], predicted, output.classes)
    return counts


def defended_confusion(
    output: "Output",
    label: npt.NDArray[np.uint8],
    chain: Chain,
    grid_posteriors: npt.NDArray[np.float32],
    seed: int,
    image_sha256: str,
) -> npt.NDArray[np.int64]:
    """Confusion counts `(C, C)` of the defended release, band by band.

    `grid_posteriors` `(C, h, w)` are the undefended posteriors the attack's observation was made from.
    """
    size = label.shape[0], label.shape[1]
    counts = np.zeros((output.classes, output.classes), np.int64)
    grid = Grid.of(size)
    noise = BandNoise(seed, image_sha256, grid)
    for start, stop in _bands(*size, output.classes):
        posteriors = _band(output, size, start, stop)
        _put_grid(posteriors, grid, grid_posteriors, start, stop)
        released = chain.apply(posteriors, noise.band(start, stop))
        counts += confusion(label[start:stop], predicted_classes(released), output.classes)
    return counts


def _band(output: "Output", size: tuple[int, int], start: int, stop: int) -> npt.NDArray[np.float32]:
    from core.targets.output import posteriors_at

    return posteriors_at(output, size, np.arange(start, stop), np.arange(size[1]))


def _put_grid(
    band: npt.NDArray[np.float32], grid: Grid, values: npt.NDArray[np.float32], start: int, stop: int
) -> None:
    inside = np.flatnonzero((grid.rows >= start) & (grid.rows < stop))
    if inside.size:
        band[:, *places(grid.rows[inside] - start, grid.cols)] = values[:, inside]


def _bands(height: int, width: int, classes: int) -> list[tuple[int, int]]:
    rows = max(1, BAND_BYTES // (width * classes * 4))
    return [(start, min(start + rows, height)) for start in range(0, height, rows)]
