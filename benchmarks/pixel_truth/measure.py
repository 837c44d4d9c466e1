"""Measures every map that is offered against composites."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.pixel_truth.composites import auc_of, composite, draw_blocks
from core.attacks.base import Attack, AttackContext, Observation, Scorer
from core.audit.observe import Recorded, recorded
from core.data.images import read_image
from core.data.labels import read_label
from core.data.samples import Sample
from core.data.scheme import ClassScheme
from core.defenses.argmax import Argmax
from core.defenses.noise import GridNoise
from core.errors import AttackError
from core.randomness import generator
from core.targets.base import Target

RESAMPLES = 2000
LOSS = "loss"
"""The map that others have to beat."""


@dataclass(frozen=True)
class Models:
    """The models of a composite.

    Attributes
    ----------
    trained, untrained
        Of one architecture: the one was trained on the images, the other was not.
    references
        Not trained on the images either.
    """

    trained: Target
    untrained: Target
    references: tuple[Target, ...]


@dataclass(frozen=True)
class Estimate:
    """A mean over images and its 95 % bootstrap interval, images resampled."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class MapScore:
    """How well a map tells, within an image, what comes from the model that was trained on it.

    Attributes
    ----------
    block
        AUC of the blocks, by the map's mean over each.
    gain
        How much larger that is than the raw loss' on the same composites.
    pixel
        AUC of the pixels, as a person reads a map off.
    images
        How many images had both kinds of block.
    """

    block: Estimate
    gain: Estimate
    pixel: Estimate
    images: int


def measure(
    models: Models,
    samples: Sequence[Sample],
    scheme: ClassScheme,
    attacks: Mapping[str, Attack],
    *,
    encoding: str = "auto",
    hard: bool = False,
    seed: int = 0,
    folder: Path = Path(),
) -> dict[str, MapScore]:
    """Measure every map of every attack, by "attack: map"; "loss: loss" is the raw loss, without smoothing.

    `hard`: composites are released as label maps only. Maps that cannot be drawn of these are left out.
    """
    context = AttackContext(seed=seed, folder=folder)
    started = {name: (attack, attack.start(context)) for name, attack in attacks.items()}
    found: dict[str, npt.NDArray[np.float64]] = {}
    for number, sample in enumerate(samples):
        observations, size = _observed(models, sample, scheme, encoding)
        blocks = draw_blocks(size, generator(seed, observations[0].image_sha256, "blocks"))
        made = composite(*observations, blocks)
        if hard:
            made = _released_hard(made)
        for name, values in maps_of(started, made).items():
            column = found.setdefault(name, np.full((len(samples), 2), np.nan))
            column[number] = auc_of(blocks.means(values), blocks.trained), auc_of(values, blocks.mask)
    return {name: _scored(values, found[f"{LOSS}: {LOSS}"], seed) for name, values in found.items()}


def _observed(
    models: Models, sample: Sample, scheme: ClassScheme, encoding: str
) -> tuple[tuple[Observation, Observation], tuple[int, int]]:
    """What the trained model, beside the references, and the untrained one give; the label map's size."""
    assert sample.label is not None
    image = read_image(sample.image)
    label = read_label(sample.label, scheme, encoding).train_ids
    size = (label.shape[0], label.shape[1])

    def kept(model: Target) -> Recorded:
        return recorded(model.outputs([image])[0], label, size)

    references = tuple(kept(model).reference(trained=False) for model in models.references)
    trained, untrained = (kept(model).observation(sample.key) for model in (models.trained, models.untrained))
    return (replace(trained, references=references), untrained), size


def _released_hard(observation: Observation) -> Observation:
    posteriors = Argmax().apply(observation.posteriors, GridNoise(0, observation.image_sha256), "")
    return replace(observation, posteriors=posteriors, true_log_probability=None, hard=True)


def maps_of(
    started: Mapping[str, tuple[Attack, Scorer]], observation: Observation
) -> dict[str, npt.NDArray[np.floating]]:
    """Every map, higher where it says member."""
    found: dict[str, npt.NDArray[np.floating]] = {}
    for name, (attack, scorer) in started.items():
        try:
            (result,) = scorer([observation])
        except AttackError:  # it needs posteriors, and there are none
            continue
        sign = attack.map_sign or 1
        found |= {f"{name}: {key}": sign * values for key, values in result.maps.items()}
    return found


def _scored(values: npt.NDArray[np.float64], loss: npt.NDArray[np.float64], seed: int) -> MapScore:
    """From AUCs of blocks and pixels, `(images, 2)`, of a map and of the raw loss."""
    known = ~np.isnan(values[:, 0]) & ~np.isnan(loss[:, 0])
    draws = np.random.default_rng(seed).integers(0, known.sum(), (RESAMPLES, int(known.sum())))

    def estimate(column: npt.NDArray[np.float64]) -> Estimate:
        low, high = np.quantile(column[known][draws].mean(axis=1), (0.025, 0.975))
        return Estimate(float(column[known].mean()), float(low), float(high))

    block, gain = estimate(values[:, 0]), estimate(values[:, 0] - loss[:, 0])
    return MapScore(block, gain, estimate(values[:, 1]), int(known.sum()))
