"""Looking at one image under several defenses, as the audit would score it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from core.attacks.base import AttackResult, Observation
from core.attacks.losses import loss_map, true_posteriors
from core.audit.store import ImageRow
from core.defenses.chain import Chain
from core.engine.gate import Lane
from core.engine.jobs.base import Desk, Job, SpecSource, spec_of
from core.errors import AttackError, SegLeakError

if TYPE_CHECKING:
    from core.engine.opened import OpenedAudit

FloatArray = npt.NDArray[np.float32]
JUDGED = ("scores", "maps")
"""What an attack has to work out; the rest comes with the posteriors."""

LAYERS = (*JUDGED, "loss", "prediction", "label_probability")


@dataclass(frozen=True)
class View:
    """An image under one chain. Arrays have the size `(h, w)` of the attack grid.

    Attributes
    ----------
    chain
        The chain's id.
    scores
        Image score by attack id; None where there is none.
    reasons
        Why there is no score, by attack id.
    maps
        Maps by attack id and name, NaN where a map says nothing.
    windows
        Visited patches `(n, 3)` by attack id, as in `AttackResult`.
    loss
        Cross-entropy in nats, 0 to 69.08, NaN where void; None without a label map.
    prediction
        The most probable class, uint8.
    label_probability
        The posterior of the label's class, 0 to 1, NaN where void; None without a label map.
    failed
        Why nothing can be shown of this chain, or empty.
    whole
        Whether this is all of it: what the attacks say may follow.
    """

    chain: str
    scores: Mapping[str, float | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    maps: Mapping[str, Mapping[str, FloatArray]] = field(default_factory=dict)
    windows: Mapping[str, FloatArray] = field(default_factory=dict)
    loss: FloatArray | None = None
    prediction: npt.NDArray[np.uint8] | None = None
    label_probability: FloatArray | None = None
    failed: str = ""
    whole: bool = True


@dataclass(frozen=True)
class Observed:
    """An image under all chains that were asked for, in their order."""

    image: int
    views: tuple[View, ...]


@dataclass(frozen=True)
class Observe(Job):
    """Look at an image; each chain's `View` is sent ahead, the value is `Observed`.

    Chains need not be the spec's: a slider may be anywhere. Where what comes without the attacks is asked for before
    what they say, it is sent before, in a `View` of its own.

    Attributes
    ----------
    audit
        An audit folder, or the spec of an audit that is not run yet.
    image
        The image's number in the audit.
    chains
        The defenses to look through.
    attacks
        Ids of the attacks that score; none: the primary one.
    layers
        Which of `LAYERS` are wanted, the most urgent first.
    """

    lane: ClassVar[Lane] = Lane.LOOK
    audit: SpecSource
    image: int
    chains: tuple[Chain, ...]
    attacks: tuple[str, ...] = ()
    layers: tuple[str, ...] = LAYERS

    def run(self, desk: Desk) -> Observed:
        """Look through one chain after the other; one that fails does not keep the others back."""
        audit = desk.models.audit(spec_of(self.audit), self.device, self.trusted)
        row = audit.row(self.image)
        return Observed(self.image, tuple(self._look(desk, audit, row, chain) for chain in self.chains))

    def _look(self, desk: Desk, audit: "OpenedAudit", row: ImageRow, chain: Chain) -> View:
        """Look through one chain, and send what is seen."""
        desk.progress.check()
        try:
            view = self._view(desk, audit, row, chain)
        except SegLeakError as error:
            view = View(chain.id, failed=str(error))
        desk.partial(view)
        return view

    def _view(self, desk: Desk, audit: "OpenedAudit", row: ImageRow, chain: Chain) -> View:
        source = audit.source(chain)
        evidence = audit.in_view(source, row)
        seen = audit.seen(chain, evidence)
        plain = self._plain(chain, seen)
        if not any(layer in self.layers for layer in JUDGED):
            return plain
        if self.layers[0] not in JUDGED:
            desk.partial(replace(plain, whole=False))
        return self._judged(plain, audit.judge(source, evidence, seen, self.attacks))

    def _plain(self, chain: Chain, seen: Observation) -> View:
        """What the posteriors say by themselves."""
        return View(
            chain.id,
            loss=of_label(loss_map, seen) if "loss" in self.layers else None,
            prediction=seen.posteriors.argmax(axis=0).astype(np.uint8) if "prediction" in self.layers else None,
            label_probability=of_label(true_posteriors, seen) if "label_probability" in self.layers else None,
        )

    def _judged(self, plain: View, results: Mapping[str, AttackResult | str]) -> View:
        """With what the attacks say."""
        found = {key: result for key, result in results.items() if isinstance(result, AttackResult)}
        return replace(
            plain,
            scores={key: found[key].score if key in found else None for key in results},
            reasons={key: result for key, result in results.items() if isinstance(result, str)},
            maps={key: result.maps for key, result in found.items()} if "maps" in self.layers else {},
            windows={key: result.windows for key, result in found.items() if result.windows is not None},
        )


def of_label(function: Callable[[Observation, float], FloatArray], seen: Observation) -> FloatArray | None:
    """Something that the label map says together with the posteriors, NaN where void."""
    try:
        return function(seen, np.nan)
    except AttackError:  # no label map, or one that does not fit
        return None
