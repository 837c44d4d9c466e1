"""What the target predicts for one image."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LATER = "Added when the snapshot is written"


@dataclass(frozen=True)
class Prediction:
    """What the target predicts for one image, or why that is not known.

    Attributes
    ----------
    classes
        The most probable class at each point of the attack grid, `(h, w)` uint8; None where it is not known.
    probability
        Mean posterior of the label's class, 0 to 1; None without a label map.
    reason
        Why there is no prediction, as a sentence.
    """

    classes: npt.NDArray[np.uint8] | None = None
    probability: float | None = None
    reason: str = ""
