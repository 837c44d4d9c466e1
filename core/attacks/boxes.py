"""Sums and means over many rectangles at once."""

import numpy as np
import numpy.typing as npt


def box_sums(
    boxes: npt.NDArray[np.int64], values: npt.NDArray[np.float64], shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """For every point of `shape`, the sum of the values of the boxes that hold it.

    Marks each box at its four corners and sums twice, so that the time does not depend on the boxes' sizes.

    Parameters
    ----------
    boxes
        `(n, 4)`: top, left, bottom, right; bottom and right are not part of the box. What lies beyond `shape` is cut.
    values
        `(n,)`.
    shape
        Height and width.
    """
    height, width = shape
    corners = np.zeros((height + 1, width + 1))
    top, left, bottom, right = (
        np.clip(side, 0, limit) for side, limit in zip(boxes.T, (height, width, height, width), strict=True)
    )
    for rows, cols, sign in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
        np.add.at(corners, (rows, cols), sign * values)
    sums: npt.NDArray[np.float64] = corners.cumsum(axis=0).cumsum(axis=1)[:-1, :-1]
    return sums


def box_means(
    boxes: npt.NDArray[np.int64], values: npt.NDArray[np.float64], shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """For every point of `shape`, the mean value of the boxes that hold it; NaN where none does.

    Parameters are those of `box_sums`.
    """
    total = box_sums(boxes, values, shape)
    count = np.rint(box_sums(boxes, np.ones(len(boxes)), shape))
    with np.errstate(invalid="ignore", divide="ignore"):
        means: npt.NDArray[np.float64] = np.where(count > 0, total / count, np.nan)
    return means
