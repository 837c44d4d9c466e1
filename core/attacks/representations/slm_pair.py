"""The structured loss maps of target and references, one behind the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, FloatArray, Observation, Reference
from core.attacks.losses import LARGEST_LOSS, label_of
from core.attacks.reference.base import correct, log_probability
from core.attacks.reference.sides import Array, unaware
from core.attacks.representations.base import REPRESENTATIONS, Representation
from core.attacks.representations.slm import StructuredLossMap
from core.parameters import param


@REPRESENTATIONS.register
@dataclass(frozen=True)
class LossMapPair(Representation):
    """The target's loss, the mean loss of the references that have not seen the image, and how much the second is more.

    The difference is the difficulty calibration of Watson et al. 2022, left to the network pixel by pixel; free of the
    number of classes.
    """

    name: ClassVar[str] = "slm-pair"
    title: ClassVar[str] = "Loss maps of target and references"
    needs_references: ClassVar[bool] = True
    hard_scale: float = param(50.0, "losses of a label-map release are divided by this", low=1e-3)

    def channels(self, classes: int) -> int:
        """Three channels, whatever the classes."""
        return 3

    def of(self, observation: Observation) -> FloatArray:
        """Loss maps `(3, h, w)` in nats, 0 where void: target, references, references minus target.

        Where the target or a reference gives label maps only, all are taken for label maps and divided by
        `hard_scale`: a loss of 69.08 says something else beside posteriors than beside label maps. Raises
        `AttackError` where there is no label map or no reference that has not seen the image.
        """
        known = label_of(observation) != VOID
        references = unaware(observation)
        if observation.hard or any(reference.hard for reference in references):
            return self._stacked(_hardened(observation), [self._hard_loss(r, observation) for r in references], known)
        return self._stacked(observation, [-log_probability(r) for r in references], known)

    def _stacked(self, observation: Observation, losses: Sequence[Array], known: npt.NDArray[np.bool_]) -> FloatArray:
        target = StructuredLossMap(hard_scale=self.hard_scale).of(observation)[0]
        expected = np.where(known, np.mean(losses, axis=0), 0).astype(np.float32)
        return np.stack([target, expected, expected - target])

    def _hard_loss(self, reference: Reference, observation: Observation) -> Array:
        """A reference's loss `(h, w)` were it to give label maps only: 69.08 / `hard_scale` where wrong."""
        return np.where(correct(reference.log_posteriors, observation), 0, LARGEST_LOSS / self.hard_scale)


def _hardened(observation: Observation) -> Observation:
    """The release as label maps."""
    classes = np.arange(len(observation.posteriors))[:, None, None]
    one_hot = (observation.posteriors.argmax(axis=0)[None] == classes).astype(np.float32)
    return replace(observation, posteriors=one_hot, true_log_probability=None, hard=True)
