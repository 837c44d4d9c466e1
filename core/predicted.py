"""The predicted class of every pixel."""

import numpy as np
import numpy.typing as npt


def predicted_classes(values: npt.NDArray[np.floating]) -> npt.NDArray[np.integer]:
    """The class of the largest of the values `(C, ...)`: `(...)` uint8, int64 over 256 classes; ties: the lowest class.

    What `argmax(axis=0)` gives, several times as fast: it goes through the classes one by one, each a block of memory.
    A pixel's values may be NaN where all of them are.
    """
    largest = values[0].copy()
    classes = np.zeros(largest.shape, np.uint8 if len(values) <= 256 else np.int64)
    larger = np.empty(largest.shape, np.bool_)
    for number, candidate in enumerate(values[1:], 1):
        np.greater(candidate, largest, out=larger)
        np.copyto(classes, classes.dtype.type(number), where=larger)
        np.maximum(largest, candidate, out=largest)
    return classes
