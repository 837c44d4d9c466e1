"""Images smaller than a patch: padded before the attack network, cut back after it."""

import numpy as np
import numpy.typing as npt


def padded(values: npt.NDArray[np.float32], patch: int) -> npt.NDArray[np.float32]:
    """Pad `(..., h, w)` with zeros at the bottom and right so that both sides are at least `patch`.

    Zero is what void is: no loss, no label. Zero posteriors, rather than uniform ones, say that the target gave
    nothing there; and zero is what the networks' own padding puts beyond an image.
    """
    *rest, height, width = values.shape
    extra = [(0, 0)] * len(rest) + [(0, max(0, patch - height)), (0, max(0, patch - width))]
    return np.pad(values, extra)


def folded(evidence: npt.NDArray[np.float64], shape: tuple[int, int]) -> npt.NDArray[np.float64]:
    """Cut an evidence map back to `shape` with its sum kept: the padding's evidence is shared equally by all points.

    It is added, not multiplied in: evidence has both signs, and a factor could be anything where it cancels.
    """
    inside = evidence[: shape[0], : shape[1]]
    if inside.shape == evidence.shape:
        return evidence
    rest: float = evidence.sum() - inside.sum()
    return inside + rest / inside.size
