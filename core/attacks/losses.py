"""What the posteriors say of the true class, pixel by pixel."""

import math

import numpy as np
import numpy.typing as npt

from core.attacks.base import PROBABILITY_FLOOR, VOID, FloatArray, Observation
from core.errors import AttackError

LARGEST_LOSS = -math.log(PROBABILITY_FLOOR)
"""The loss of a pixel whose true class has no posterior at all: 69.08."""


def label_of(observation: Observation) -> npt.NDArray[np.uint8]:
    """The label map `(h, w)`. Raises `AttackError` where there is none or it does not fit the posteriors."""
    label = observation.label
    if label is None:
        raise AttackError("This attack needs a label map.", "Give the image one, or use an attack that needs none.")
    classes, *size = observation.posteriors.shape
    if label.shape != tuple(size):
        raise AttackError(f"The label map has {label.shape} pixels, the posteriors {tuple(size)}.")
    highest = int(label[label != VOID].max(initial=0))
    if highest >= classes:
        raise AttackError(
            f"The label map has class {highest}, the target gives {classes} classes (0 to {classes - 1}).",
            "Choose the class scheme the target was trained with.",
        )
    return label


def true_posteriors(observation: Observation, void: float = 0.0) -> FloatArray:
    """The posterior of the true class, `(h, w)`; `void` where void. Raises `AttackError` as `label_of`."""
    label = label_of(observation)
    index = np.where(label == VOID, 0, label)
    true: FloatArray = np.take_along_axis(observation.posteriors, index[None], axis=0)[0]
    true[label == VOID] = void
    return true


def loss_map(observation: Observation, void: float = 0.0) -> FloatArray:
    """Cross-entropy -log p[true class] in nats, `(h, w)` float32 from 0 to 69.08; `void` where void.

    Raises `AttackError` as `label_of`.
    """
    label = label_of(observation)
    if observation.true_log_probability is None:
        loss = -np.log(np.maximum(true_posteriors(observation), np.float32(PROBABILITY_FLOOR)))
    else:
        loss = np.clip(-observation.true_log_probability, np.float32(0), np.float32(LARGEST_LOSS))
    loss[label == VOID] = void
    return loss
