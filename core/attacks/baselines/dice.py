"""The global Dice overlap."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from core.attacks.base import ATTACKS, AttackResult, Observation
from core.attacks.baselines.base import Baseline, labelled_pixels
from core.attacks.losses import label_of, true_posteriors


@ATTACKS.register
@dataclass(frozen=True)
class GlobalDice(Baseline):
    """Mean soft Dice overlap of posteriors and label map (after Chobola et al. 2023).

    2 sum(p y) / (sum p + sum y) per class over the labelled pixels, averaged over the classes in the label map.
    """

    name: ClassVar[str] = "dice"
    title: ClassVar[str] = "Global Dice"
    maps: ClassVar[tuple[str, ...]] = ("true_posterior",)

    def score(self, observation: Observation) -> AttackResult:
        """Score one image, 0 to 1; its map "true_posterior" is the true class' posterior, NaN where void."""
        labelled = labelled_pixels(observation)
        true = true_posteriors(observation, void=np.nan)
        label = label_of(observation)[labelled]
        classes = len(observation.posteriors)
        given = observation.posteriors[:, labelled].sum(axis=1, dtype=np.float64)
        wanted = np.bincount(label, minlength=classes)
        shared = np.bincount(label, weights=true[labelled], minlength=classes)
        present = wanted > 0
        dice = 2 * shared[present] / (given[present] + wanted[present])
        return AttackResult(float(dice.mean()), {"true_posterior": true})
