"""Whether the target draws the label map's boundaries where they are."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.base import ATTACKS, VOID, Observation
from core.attacks.baselines.base import labelled_pixels
from core.attacks.label_only.base import LabelOnlyAttack
from core.attacks.losses import label_of
from core.attacks.reference.base import correct
from core.attacks.reference.sides import Array
from core.parameters import param


@ATTACKS.register
@dataclass(frozen=True)
class BoundaryAgreement(LabelOnlyAttack):
    """Share of right pixels along the boundaries between classes, which are hard to guess and easy to remember.

    The band is that of the trimap of Kohli et al. 2009.
    """

    name: ClassVar[str] = "boundary"
    title: ClassVar[str] = "Boundary agreement"
    maps: ClassVar[tuple[str, ...]] = ("boundary_agreement",)
    band: int = param(2, "how far from a boundary pixels count", unit="grid points", low=1, high=64)

    def evidence(self, observation: Observation) -> Array:
        """1 where right, 0 where wrong, NaN where void and away from boundaries."""
        counted = labelled_pixels(observation) & near_boundary(label_of(observation), self.band)
        return np.where(counted, correct(observation.posteriors, observation), np.nan)


def near_boundary(label: npt.NDArray[np.uint8], band: int) -> npt.NDArray[np.bool_]:
    """Pixels `(h, w)` that touch another class (void is none), and all less than `band` rows and columns from them."""
    near = np.zeros(label.shape, bool)
    for one, other in (((slice(1, None),), (slice(None, -1),)), ((..., slice(1, None)), (..., slice(None, -1)))):
        differs = (label[one] != label[other]) & (label[one] != VOID) & (label[other] != VOID)
        near[one] |= differs
        near[other] |= differs
    return _grown(near, band - 1)


def _grown(mask: npt.NDArray[np.bool_], reach: int) -> npt.NDArray[np.bool_]:
    """The mask, and all within `reach` rows and columns of it."""
    padded = np.pad(mask, reach)
    views = np.lib.stride_tricks.sliding_window_view(padded, (2 * reach + 1, 2 * reach + 1))
    return np.asarray(views.any(axis=(2, 3)))
