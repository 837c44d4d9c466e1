"""From a target's output to what the attacker observes, by way of what the cache keeps.

Every observation goes through the cache's encoding, cached or not, so that a score does not depend on whether the
posteriors came from the cache.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.attacks.base import PROBABILITY_FLOOR, VOID, Observation, Reference
from core.attacks.label_only.probes import Probe
from core.defenses.chain import Chain
from core.defenses.noise import GridNoise
from core.grid import Grid

if TYPE_CHECKING:
    from core.targets.base import Output

LOG_FLOOR = float(np.log(PROBABILITY_FLOOR))


@dataclass(frozen=True)
class Recorded:
    """Undefended posteriors on the attack grid, as the cache keeps them.

    Attributes
    ----------
    log_posteriors
        `(C, h, w)` float16. The logarithm, because a third of a good model's losses would be exactly 0 if
        probabilities were kept in float16.
    true_log_probability
        `(h, w)` float32, 0 where void; None without a label map.
    label
        `(h, w)` uint8 train ids; None without a label map.
    hard
        Whether the target gives label maps only.
    """

    log_posteriors: npt.NDArray[np.float16]
    true_log_probability: npt.NDArray[np.float32] | None
    label: npt.NDArray[np.uint8] | None
    hard: bool = False

    def posteriors(self) -> npt.NDArray[np.float32]:
        """Posteriors `(C, h, w)` float32, sum 1 over C."""
        values = np.exp(self.log_posteriors.astype(np.float32))
        values /= values.sum(axis=0, keepdims=True)
        return values

    def observation(self, image_sha256: str) -> Observation:
        """What the attacker sees without a defense."""
        return Observation(image_sha256, self.posteriors(), self.label, self.true_log_probability, self.hard)

    def reference(self, trained: bool | None, taught: npt.NDArray[np.bool_] | None = None) -> Reference:
        """What an attack is told of a reference that gave this; `trained`, `taught`: as `Reference` has them."""
        return Reference(self.log_posteriors, self.true_log_probability, trained, self.hard, taught)


def record(
    log_posteriors: npt.NDArray[np.float32], label: npt.NDArray[np.uint8] | None, *, hard: bool = False
) -> Recorded:
    """Encode log-posteriors `(C, h, w)` float32 and a label map `(h, w)` as the cache keeps them."""
    clipped = np.maximum(log_posteriors, LOG_FLOOR)
    true = None if label is None else true_log_probability(clipped, label)
    return Recorded(clipped.astype(np.float16), true, label, hard)


def true_log_probability(
    log_posteriors: npt.NDArray[np.float32], label: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float32]:
    """Log p[true class] `(h, w)`; 0 where the label is void or outside the target's classes."""
    known = label < len(log_posteriors)
    index = np.where(known, label, 0).astype(np.int64)
    taken = np.take_along_axis(log_posteriors, index[None], axis=0)[0]
    return np.where(known, taken, np.float32(0))


def observe(
    output: "Output", label: npt.NDArray[np.uint8] | None, size: tuple[int, int], image_sha256: str
) -> Observation:
    """What the attacker sees of one image without a defense.

    `label` is the full-resolution label map `(H, W)` with `size == (H, W)`, or None with the image's own size.
    """
    return recorded(output, label, size).observation(image_sha256)


def recorded_probe(output: "Output", probe: Probe, size: tuple[int, int], image_width: int) -> Recorded:
    """As `recorded`, of the answer for a changed image; each grid point is looked up where the change has put it.

    NaN where that is outside the image.
    """
    from core.targets.output import log_posteriors_at

    grid = Grid.of(size)
    columns = probe.columns(grid.cols, size[1], image_width)
    values = log_posteriors_at(output, size, grid.rows, np.minimum(columns, size[1] - 1))
    values[:, :, columns >= size[1]] = np.nan
    return record(values, None, hard=output.kind == "labels")


def recorded(output: "Output", label: npt.NDArray[np.uint8] | None, size: tuple[int, int]) -> Recorded:
    """Sample a target's output on the attack grid and encode it. See `observe`."""
    from core.targets.output import log_posteriors_at

    grid = Grid.of(size)
    values = log_posteriors_at(output, size, grid.rows, grid.cols)
    small = None if label is None else grid.take(label).astype(np.uint8, copy=False)
    if small is not None:
        # Ids the target has no class for are void to it: they say nothing about its memory.
        small = np.where(small < output.classes, small, VOID).astype(np.uint8)
    return record(values, small, hard=output.kind == "labels")


def defended(chain: Chain, observation: Observation, seed: int) -> Observation:
    """What the attacker sees through the chain's output defenses."""
    if not chain.outputs:
        return observation
    released = chain.apply(observation.posteriors, GridNoise(seed, observation.image_sha256))
    hard = chain.hard or (observation.hard and not any(d.random for d in chain.outputs))
    return replace(observation, posteriors=released, true_log_probability=None, hard=hard)
