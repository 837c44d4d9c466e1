"""Blocks of images that taught a half-supervised shadow, and blocks that did not, as a ratio table sees them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from core.attacks.base import VOID, Observation
from core.attacks.reference.learned_ratio import probabilities
from core.attacks.reference.ratio_table import cells
from core.audit.observe import Recorded, recorded
from core.audit.references import AuditedReference, audited
from core.data.samples import Sample
from core.grid import Grid
from core.metrics.roc import auc, roc_curve
from core.progress import Progress
from core.training.half import Blocks, Truth
from core.training.images import label_of, read_hashed, settled_encoding
from core.training.shadows import ShadowData

if TYPE_CHECKING:
    from core.targets.base import Target

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Taught:
    """One image beside one shadow.

    Attributes
    ----------
    means
        `(n, K)`: how much of each block lies in each of the table's K cells, sum 1; NaN where all of it is void.
    trained
        `(n,)`: whether the block taught the shadow.
    group
        What the image shares with those it depends on; its own hash where nothing is known.
    sha256
        SHA-256 of the image file.
    """

    means: Array
    trained: npt.NDArray[np.bool_]
    group: str
    sha256: str

    @property
    def known(self) -> npt.NDArray[np.bool_]:
        """`(n,)`: the blocks that are not void."""
        return ~np.isnan(self.means[:, 0])

    def within(self, values: Array) -> float:
        """AUC of telling its blocks apart by the table's values `(K,)`, 0 to 1; NaN where it has one kind only."""
        score, known = self.means @ values, self.known
        inside, outside = score[known & self.trained], score[known & ~self.trained]
        return float(auc(roc_curve(inside, outside))) if len(inside) and len(outside) else float("nan")


def block_cells(seen: Observation, blocks: Blocks, knots: tuple[float, ...]) -> Array:
    """How much of each block lies in each cell of a table, `(n, K)`; NaN where all of it is void.

    The mean of the table's evidence over a block is this times the table's values.

    Raises `AttackError` where no reference has not seen the image.
    """
    assert seen.label is not None
    labelled, size = seen.label != VOID, len(knots) ** 2
    places, weights = cells(knots, *(values[labelled] for values in probabilities(seen)))
    number, count = blocks.number[labelled], len(blocks.trained)
    total = np.bincount((number * size + places).ravel(), weights.ravel(), count * size).reshape(count, size)
    pixels = np.bincount(number, minlength=count)[:, None]
    return np.where(pixels > 0, total / np.maximum(pixels, 1), np.nan)


class Shown:
    """Half-supervised shadows on their members, each beside its references.

    Parameters
    ----------
    shadows
        Of each its members are looked at.
    references
        Models of the attacker's; without any, the shadows that have not seen an image are its references. Both together
        told less on CamVid: half-supervised models know their images less well than an audit's references do.
    knots
        Of the table.

    Raises `DataError` where a shadow was not trained half-supervised.
    """

    def __init__(
        self, shadows: Sequence[ShadowData], references: Sequence[AuditedReference], knots: tuple[float, ...]
    ) -> None:
        self._shadows, self._knots = shadows, knots
        self._truth = {shadow.target.info.sha256: Truth.of(shadow.target.info.path) for shadow in shadows}
        fleet = {shadow.target.info.sha256: shadow.target for shadow in shadows}
        self._models = list(references) or [audited(target) for target in fleet.values()]

    def examples(self, progress: Progress) -> Iterator[tuple[str, Taught]]:
        """Each shadow's hash and one of its members that some reference has not seen.

        Raises `DataError` or `TargetError` where an image or a model cannot be used.
        """
        encodings = [settled_encoding(shadow.members, shadow.scheme) for shadow in self._shadows]
        wanted = [
            (shadow, sample, encoding)
            for shadow, encoding in zip(self._shadows, encodings, strict=True)
            for sample in shadow.members.samples
        ]
        for shadow, sample, encoding in progress.over("asking shadows", wanted, len(wanted)):
            if found := self._of(shadow, sample, encoding):
                yield shadow.target.info.sha256, found

    def _of(self, shadow: ShadowData, sample: Sample, encoding: str) -> Taught | None:
        image, sha256 = read_hashed(sample.image)
        beside = [r.source.target for r in self._models if self._serves(r, shadow.target, sha256)]
        if not beside:
            return None
        label = label_of(sample, shadow.scheme, encoding, (image.shape[0], image.shape[1]))
        size = (label.shape[0], label.shape[1])

        def asked(model: "Target") -> Recorded:
            return recorded(model.outputs([image])[0], label, size)

        references = tuple(asked(model).reference(trained=False) for model in beside)
        seen = replace(asked(shadow.target).observation(sha256), references=references)
        blocks = self._truth[shadow.target.info.sha256].blocks(sha256, Grid.of(size))
        return Taught(block_cells(seen, blocks, self._knots), blocks.trained, sample.group or sha256, sha256)

    def _serves(self, reference: AuditedReference, shadow: "Target", image: str) -> bool:
        model = reference.source.target.info
        same = model.sha256 != shadow.info.sha256 and model.classes == shadow.info.classes
        return same and not reference.trained(image)
