"""Maps that no attack draws yet: other ways to set a target against its references, pixel by pixel.

Each takes what an attack sees of one image and returns `(h, w)`, higher where it says that the target learned, NaN
where void.
"""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, Observation
from core.attacks.blocks import block_mean
from core.attacks.losses import loss_map
from core.attacks.reference.base import correct, log_probability
from core.attacks.reference.learned_ratio import probabilities as everywhere
from core.attacks.reference.sides import unaware

Array = npt.NDArray[np.float64]
Map = Callable[[Observation], Array]
BINS = 10
"""Of difficulty, in which pixels of one image are held against each other."""


def probabilities(observation: Observation) -> tuple[Array, Array]:
    """p[y] of the target and the mean of the references', `(h, w)` each; NaN where void."""
    void = observation.label == VOID
    target, references = everywhere(observation)
    return np.where(void, np.nan, target), np.where(void, np.nan, references)


def ratio(observation: Observation, a: float = 0.3) -> Array:
    """RMIA's ratio."""
    target, references = probabilities(observation)
    return np.asarray(2 * target / ((1 + a) * references + 1 - a))


def log_ratio(observation: Observation, a: float = 0.3) -> Array:
    """Its logarithm, so that a pixel lost counts as much as one gained."""
    return np.log(np.maximum(ratio(observation, a), 1e-3))


def difference(observation: Observation) -> Array:
    """Of the probabilities."""
    target, references = probabilities(observation)
    return target - references


def scaled_difference(observation: Observation) -> Array:
    """In units of how far a probability of that size could stray."""
    _, references = probabilities(observation)
    return np.asarray(difference(observation) / np.sqrt(references * (1 - references) + 0.02))


def clipped_losses(observation: Observation, most: float = 2.0) -> Array:
    """Difference of the losses, each at most `most` nats: single pixels with a large loss do not drown the rest."""
    references = np.mean([np.minimum(-log_probability(r), most) for r in unaware(observation)], axis=0)
    found = references - np.minimum(loss_map(observation), most)
    return np.where(observation.label == VOID, np.nan, found)


def won(observation: Observation) -> Array:
    """Right where references are wrong; pixels lost, wrong where references are right, are passed over."""
    references = np.mean([correct(r.log_posteriors, observation) for r in unaware(observation)], axis=0)
    found = correct(observation.posteriors, observation) * (1 - references)
    return np.where(observation.label == VOID, np.nan, found)


def gained(observation: Observation) -> Array:
    """The square of what the probability gains; what it loses is passed over. A sure gain counts more."""
    return np.asarray(np.maximum(difference(observation), 0) ** 2)


def hard_pixels(observation: Observation, of: Map, side: int = 21) -> Array:
    """The mean over a square in which pixels that are easy for references, and so say nothing, count little."""
    _, references = probabilities(observation)
    weight = 1 - references + 0.02
    return np.asarray(block_mean(of(observation) * weight, side) / block_mean(weight, side), np.float64)


def within_class(observation: Observation, of: Map) -> Array:
    """Less the mean over the pixels of the same class in the image."""
    assert observation.label is not None
    return _centred(of(observation), observation.label.astype(np.int64))


def within_difficulty(observation: Observation, of: Map) -> Array:
    """Less the mean over the pixels of the image that references find as hard."""
    _, references = probabilities(observation)
    return _centred(of(observation), _bins(references))


def ranked_within_difficulty(observation: Observation, of: Map) -> Array:
    """The rank among the pixels of the image that references find as hard, 0 to 1."""
    _, references = probabilities(observation)
    values, bins = of(observation), _bins(references)
    found = np.full(values.shape, np.nan)
    for number in np.unique(bins[~np.isnan(values)]):
        here = (bins == number) & ~np.isnan(values)
        found[here] = (np.argsort(np.argsort(values[here], kind="stable"), kind="stable") + 0.5) / here.sum()
    return found


def _bins(references: Array) -> npt.NDArray[np.int64]:
    edges = np.nanquantile(references, np.linspace(0, 1, BINS + 1)[1:-1])
    return np.searchsorted(edges, np.nan_to_num(references))


def _centred(values: Array, kinds: npt.NDArray[np.int64]) -> Array:
    known = ~np.isnan(values)
    count = np.bincount(kinds[known], minlength=int(kinds.max()) + 1)
    total = np.bincount(kinds[known], values[known], minlength=len(count))
    return np.asarray(values - (total / np.maximum(count, 1))[kinds])


PLAIN: Mapping[str, Map] = {
    "ratio": ratio,
    "ratio, a = 0": partial(ratio, a=0.0),
    "ratio, a = 0.6": partial(ratio, a=0.6),
    "ratio, a = 0.9": partial(ratio, a=0.9),
    "log ratio": log_ratio,
    "difference": difference,
    "scaled difference": scaled_difference,
    "clipped losses": clipped_losses,
    "won": won,
    "gained": gained,
}
CENTRED = ("ratio", "log ratio", "difference", "clipped losses", "gained")
WAYS: Mapping[str, Callable[..., Array]] = {
    "hard pixels": hard_pixels,
    "within class": within_class,
    "within difficulty": within_difficulty,
    "ranked within difficulty": ranked_within_difficulty,
}
VARIANTS: Mapping[str, Map] = {
    **PLAIN,
    **{f"{name}, {way}": partial(make, of=PLAIN[name]) for way, make in WAYS.items() for name in CENTRED},
}
"""By name."""
