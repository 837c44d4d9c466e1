"""The paper's attack: a network judges patches of an image, and their judgements make score and maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from core.attacks import cropped, dense
from core.attacks.base import ATTACKS, AttackContext, AttackResult, FloatArray, Observation, Scorer
from core.attacks.losses import loss_map
from core.attacks.network_attack import NetworkAttack
from core.attacks.padding import folded, padded
from core.attacks.samplers import SAMPLERS, PlaceContext, Places, Sampler
from core.errors import SpecError
from core.parameters import param

if TYPE_CHECKING:
    from core.attacks.networks import LoadedNetwork


@ATTACKS.register
@dataclass(frozen=True)
class PatchAttack(NetworkAttack):
    """Mean margin of the patches of an attack network (He et al. 2020).

    Setting "published" is the published code's: cropped windows, and the sum of their member logits as the score.
    """

    name: ClassVar[str] = "patch"
    title: ClassVar[str] = "Patch network"
    maps: ClassVar[tuple[str, ...]] = ("score", "evidence", "evidence_corrected")
    sampler: str = param("dense", "which patches are judged", choices=("dense", "random", "rejection", "sliding"))
    windows: int = param(6, "patches per image (random, rejection)", low=1, high=10_000)
    stride: int = param(8, "distance between patches (sliding)", unit="grid points", low=1, high=1024)
    floor: float = param(0.01, "patches with a smaller mean loss are rejected (rejection)", unit="nats", low=0.0)
    setting: str = param("mean-margin", "how the score is made", choices=("mean-margin", "published"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.setting == "published" and self.sampler == "dense":
            raise SpecError(
                "patch: 'sampler' cannot be 'dense' in the published setting, which cuts windows out.",
                "It takes one of random, rejection, sliding.",
            )

    def requires_label(self, context: AttackContext) -> bool:
        """Whether images need a label map: for the network's representation, or to reject easy patches."""
        return self.sampler == "rejection" or super().requires_label(context)

    def start(self, context: AttackContext) -> Scorer:
        """Load the network. Raises `AttackError` where the file cannot be used or judges whole images."""
        loaded = self._load(context)
        sampler = self._sampler()

        def score_all(observations: Sequence[Observation]) -> list[AttackResult]:
            # One image at a time: its result must not depend on what else is in the call.
            return [self._score(o, loaded, sampler, context) for o in observations]

        return score_all

    def _sampler(self) -> Sampler:
        values: dict[str, dict[str, int | float]] = {
            "random": {"n": self.windows},
            "rejection": {"n": self.windows, "floor": self.floor},
            "sliding": {"stride": self.stride},
        }
        return SAMPLERS.make({"name": self.sampler, **values.get(self.sampler, {})})

    def _score(
        self, observation: Observation, loaded: "LoadedNetwork", sampler: Sampler, context: AttackContext
    ) -> AttackResult:
        values = self._input(loaded.card, observation)
        shape = (values.shape[1], values.shape[2])
        values = padded(values, loaded.card.patch)
        if sampler.dense:
            return dense_result(values, loaded, shape)
        loss = None if observation.label is None else padded(loss_map(observation), loaded.card.patch)
        chooser = PlaceContext(context.seed, observation.image_sha256, loss)
        places = sampler.places((values.shape[1], values.shape[2]), loaded.card.patch, chooser)
        return cropped_result(values, places, loaded, shape, context.batch, published=self.setting == "published")


def dense_result(values: FloatArray, loaded: "LoadedNetwork", shape: tuple[int, int]) -> AttackResult:
    """Judge all windows 8 grid points apart in one fully convolutional pass; the score is their mean margin.

    Parameters
    ----------
    values
        `(K, h, w)`, both sides at least the network's patch.
    loaded
        The attack network.
    shape
        Height and width before padding; the maps have it.
    """
    patch, size = loaded.card.patch, (values.shape[1], values.shape[2])
    k = dense.cells(patch)
    logits = loaded.cell_logits(values[None])[0].astype(np.float64)
    cell_margins = logits[dense.MEMBER] - logits[dense.NON_MEMBER]
    margins = dense.window_margins(cell_margins, k)
    maps = {
        "score": dense.score_map(margins, patch, size),
        "evidence": folded(dense.evidence_map(cell_margins, k, size), shape),
        "evidence_corrected": dense.smooth_map(cell_margins, size),
    }
    places = dense.window_places((margins.shape[0], margins.shape[1]))
    return _result(float(margins.mean()), maps, places, margins.ravel(), shape)


def cropped_result(
    values: FloatArray,
    places: Places,
    loaded: "LoadedNetwork",
    shape: tuple[int, int],
    batch: int,
    *,
    published: bool = False,
) -> AttackResult:
    """Judge windows cut out at `places`, each run alone with zero padding at its border.

    Parameters
    ----------
    values, loaded, shape
        As for `dense_result`. The maps are NaN ("evidence": 0) where no window was.
    places
        `(n, 2)`: top row and left column of each window.
    batch
        Windows per forward pass.
    published
        Score by the sum of the member logits rather than by the mean margin.
    """
    patch, size = loaded.card.patch, (values.shape[1], values.shape[2])
    passes = [
        loaded.cell_logits(cropped.crops(values, places[i : i + batch], patch)) for i in range(0, len(places), batch)
    ]
    logits = np.concatenate(passes).astype(np.float64)
    cell_margins = logits[:, dense.MEMBER] - logits[:, dense.NON_MEMBER]
    margins = cell_margins.mean(axis=(1, 2))
    judged, weight = (logits[:, dense.MEMBER], len(places)) if published else (cell_margins, 1)
    maps = {
        "score": dense.member_probability(margins, places, patch, size),
        "evidence": folded(weight * cropped.evidence_map(judged, places, patch, size), shape),
        "evidence_corrected": cropped.mean_cell_map(judged, places, patch, size),
    }
    return _result(weight * float(judged.mean()), maps, places, margins, shape)


def _result(
    score: float, maps: dict[str, dense.Array], places: Places, margins: dense.Array, shape: tuple[int, int]
) -> AttackResult:
    """Cut the maps back to the image and put everything into float32."""
    height, width = shape
    return AttackResult(
        score=score,
        maps={name: values[:height, :width].astype(np.float32) for name, values in maps.items()},
        windows=np.column_stack([places, margins]).astype(np.float32),
    )
