"""The two sides of a question to references: those that an image taught, and those that it did not.

A reference may stand on both. One that learned from half of the blocks of an image is inside where these are, and
outside elsewhere; so each pixel has sides of its own, and a map can tell what of one image was learned.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from core.attacks.base import Observation, Reference
from core.errors import AttackError

Array = npt.NDArray[np.float64]
Said = Callable[[Reference], npt.ArrayLike]
"""What is asked of each reference: a value for each pixel `(h, w)`."""


def unaware(observation: Observation) -> list[Reference]:
    """The references not known to be trained on any of the image. Raises `AttackError` where there is none."""
    found = [reference for reference in observation.references if not reference.trained]
    if not found:
        seen_all = "every reference was trained on this image, or on part of it."
        raise AttackError(
            seen_all if observation.references else "there is no reference.",
            "Give a reference model that was not trained on it, in [[references]], or use the mode 'online'.",
        )
    return found


def both(observation: Observation, said: Said) -> tuple[Array, Array]:
    """What references inside and outside say, `(n, h, w)` and `(m, h, w)`; NaN where one is on the other side.

    Raises `AttackError` where one side has no reference.
    """
    references = observation.references
    sides = [_side(references, said, inside) for inside in (True, False)]
    if not sides[0]:
        raise AttackError("no reference is known to be trained on this image.", "Use the mode 'offline'.")
    if not sides[1]:
        raise AttackError(
            "every reference was trained on all of this image.",
            "Give one in [[references]] that was not, or that learned from half of its blocks.",
        )
    inside, outside = (np.asarray(side, np.float64) for side in sides)
    return inside, outside


def _side(references: Sequence[Reference], said: Said, inside: bool) -> list[npt.ArrayLike]:
    found: list[npt.ArrayLike] = []
    for reference in references:
        if reference.taught is not None:
            here = reference.taught == inside
            if here.any():
                found.append(np.where(here, said(reference), np.nan))
        elif bool(reference.trained) == inside:
            found.append(said(reference))
    return found


def mean(side: Array) -> Array:
    """Mean over the references of a side `(n, ...)` that say something; NaN where none does."""
    known = ~np.isnan(side)
    if known.all():
        return np.asarray(side.mean(axis=0))
    return np.asarray(np.where(known, side, 0).sum(axis=0) / _or_nan(known.sum(axis=0)))


def spread(side: Array) -> Array:
    """Standard deviation over the references of a side; NaN where fewer than two say something."""
    known = ~np.isnan(side)
    deviations = np.where(known, side - mean(side), 0)
    return np.asarray(np.sqrt((deviations**2).sum(axis=0) / _or_nan(known.sum(axis=0) - 1)))


def _or_nan(count: npt.NDArray[np.integer]) -> Array:
    """A count to divide by: NaN where it is not above 0."""
    return np.where(count > 0, count, np.nan)
