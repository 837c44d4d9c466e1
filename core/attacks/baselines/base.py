"""Attacks without a network: a formula per image."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, Attack, AttackContext, AttackResult, Observation, Scorer
from core.attacks.losses import label_of
from core.errors import AttackError


@dataclass(frozen=True)
class Baseline(Attack):
    """An attack that loads nothing and looks at one image at a time."""

    @abstractmethod
    def score(self, observation: Observation) -> AttackResult:
        """Score one image. Raises `AttackError` where a needed label map is missing or all void."""

    def start(self, context: AttackContext) -> Scorer:
        """Return the scorer; nothing is loaded."""
        return self._score_all

    def _score_all(self, observations: Sequence[Observation]) -> list[AttackResult]:
        return [self.score(observation) for observation in observations]


def labelled_pixels(observation: Observation) -> npt.NDArray[np.bool_]:
    """Where the label map `(h, w)` is not void. Raises `AttackError` where it is missing or void everywhere."""
    labelled: npt.NDArray[np.bool_] = label_of(observation) != VOID
    if not labelled.any():
        raise AttackError("The label map is void everywhere.", "Check the label map and its class scheme.")
    return labelled
