"""Maps from windows that were cut out and run one by one, at any places."""

import numpy as np
import numpy.typing as npt

from core.attacks.boxes import box_means, box_sums
from core.attacks.dense import STRIDE, Array, Places


def crops(values: npt.NDArray[np.float32], places: Places, patch: int) -> npt.NDArray[np.float32]:
    """Cut windows out of `(K, h, w)` -> `(n, K, patch, patch)`."""
    views = np.lib.stride_tricks.sliding_window_view(values, (patch, patch), axis=(1, 2))
    return np.moveaxis(views[:, places[:, 0], places[:, 1]], 1, 0)


def evidence_map(cell_values: npt.ArrayLike, places: Places, patch: int, shape: tuple[int, int]) -> Array:
    """Additive decomposition of the mean over the windows of their mean cell value; 0 where no window was.

    Parameters
    ----------
    cell_values
        `(n, k, k)`: margins (or member logits) of each window's own cells.
    places
        `(n, 2)`: top row and left column of each window, all inside `shape`.
    patch
        Side of the windows in grid points.
    shape
        Height and width of the map.
    """
    values = np.asarray(cell_values, dtype=np.float64)
    boxes = _cell_boxes(places, patch, values.shape[-1])
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    evidence = box_sums(boxes, values.ravel() / (area * values.size), shape)
    seen = np.rint(box_sums(np.concatenate([places, places + patch], axis=1), np.ones(len(places)), shape)) > 0
    return np.where(seen, evidence, 0.0)  # sums of corners leave rounding errors where no window was


def mean_cell_map(cell_values: npt.ArrayLike, places: Places, patch: int, shape: tuple[int, int]) -> Array:
    """Mean value of the cells on each grid point, whatever the number of windows there; NaN where none was.

    Parameters are those of `evidence_map`.
    """
    values = np.asarray(cell_values, dtype=np.float64)
    return box_means(_cell_boxes(places, patch, values.shape[-1]), values.ravel(), shape)


def _cell_boxes(places: Places, patch: int, k: int) -> npt.NDArray[np.int64]:
    """Top, left, bottom, right `(n * k * k, 4)` in grid points of every cell of every window."""
    start = np.arange(k, dtype=np.int64) * STRIDE
    stop = np.minimum(start + STRIDE, patch)
    row, col = np.indices((k, k)).reshape(2, -1)
    inside = np.stack([start[row], start[col], stop[row], stop[col]], axis=1)
    boxes: npt.NDArray[np.int64] = np.tile(places, 2)[:, None, :] + inside
    return boxes.reshape(-1, 4)
