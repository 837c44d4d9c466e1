"""Small steps on posteriors `(C, h, w)` that several defenses share."""

import numpy as np
import numpy.typing as npt

from core.defenses.base import FloatArray
from core.predicted import predicted_classes


def normalise(values: FloatArray) -> FloatArray:
    """Divide by the sum over classes, in place; every pixel needs a sum above 0. Returns `values`."""
    values /= values.sum(axis=0, keepdims=True)
    return values


def one_hot(classes: npt.NDArray[np.integer], count: int) -> FloatArray:
    """Class indices `(h, w)` -> one-hot posteriors `(count, h, w)` float32."""
    released = np.zeros((count, *classes.shape), dtype=np.float32)
    np.put_along_axis(released, classes[None], 1.0, axis=0)
    return released


def keep_argmax(before: FloatArray, after: FloatArray) -> FloatArray:
    """Make the class predicted `before` win in `after` too, in place; a change of the last float32 digit.

    A function that keeps the order of real numbers can still round two of them to the same float32, and the tie would
    then go to the lower class. Returns `after`.
    """
    winner, now = predicted_classes(before), predicted_classes(after)
    rows, cols = np.nonzero(winner != now)
    top = after[now[rows, cols], rows, cols]
    after[winner[rows, cols], rows, cols] = np.nextafter(top, np.float32(2))
    return after
