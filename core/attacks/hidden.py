"""Attacks on an image whose label map is hidden, or that has none: the target's own prediction stands in for it.

Weaker than with a label map: a pixel that the target gets wrong then looks like one it gets right. What is left are how
sure the target is of what it says, and whether references say the same.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from core.attacks.base import Observation, Reference

NEEDS_LABEL = "needs a label map"
"""Why an image without one has no score from an attack that does not hide them."""

WEAKER = "The label maps are hidden: judged against the target's own prediction, which is weaker."


def without_label(observation: Observation) -> Observation:
    """The same release for an attacker without a label map: the released prediction is taken for the truth."""
    predicted = observation.posteriors.argmax(axis=0).astype(np.uint8)
    references = tuple(_against(reference, predicted) for reference in observation.references)
    views = {name: without_label(view) for name, view in observation.views.items()}
    return replace(observation, label=predicted, true_log_probability=None, references=references, views=views)


def _against(reference: Reference, label: npt.NDArray[np.uint8]) -> Reference:
    taken = np.take_along_axis(reference.log_posteriors, label[None].astype(np.int64), axis=0)[0]
    return replace(reference, true_log_probability=taken.astype(np.float32))
