"""Colour ranges that maps share, so that equal colours mean equal values. Knows nothing of Qt."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from core.attacks.losses import LARGEST_LOSS
from core.audit.store import AuditStore
from core.defenses.chain import Chain
from gui.columns import Listing

Range = tuple[float, float]
Map = npt.NDArray[np.float32]

FIXED: dict[str, Range] = {"score": (0.0, 1.0), "confidence": (0.0, 1.0), "true_posterior": (0.0, 1.0)}
"""Maps of probabilities have the range of probabilities."""

FIRST: dict[str, Range] = {"loss": (0.0, 8.0)}
"""Before any image is done: about what most audits come to, so that colours do not jump."""

LOPSIDED = 20
"""Where one side of a signed map reaches so much further than the other, the other has nothing to show."""

SAMPLED = 24
"""Images whose maps are looked at: enough to be calm, few enough to be read in half a second."""


class Ranges:
    """The colour range of each kind of map of an audit; read once, and again while a run has few images done."""

    def __init__(self, store: AuditStore, chains: Sequence[Chain]) -> None:
        self._store = store
        self._chains = chains
        self._kept: dict[tuple[str, str], Range] = {}

    def of(self, listing: Listing, attack: str, layer: str, *, hard: bool) -> Range:
        """The range (low, high), low < high, of a map, over all defenses that share it; a guess where none was kept.

        `hard`: whether the map is of a defense that releases label maps only, which need not be the audit's.
        """
        from core.audit.map_export import SHIFTED, SIGNED  # brings OpenCV: not before it is needed

        if layer in FIXED:
            return FIXED[layer]
        if hard and layer in SHIFTED:
            return 0.0, LARGEST_LOSS
        key = attack, layer
        if key not in self._kept:
            sharing = [c.id for c in self._chains if layer not in SHIFTED or not c.hard]
            images = self._images(listing)
            if not images:
                return FIRST.get(layer, (0.0, 1.0))
            found = shared_range([self._maps(images, c, attack, layer) for c in sharing], signed=layer in SIGNED)
            if len(images) < min(SAMPLED, len(listing.rows)):
                return found  # a run has only begun
            self._kept[key] = found
        return self._kept[key]

    def _images(self, listing: Listing) -> list[int]:
        done = [row.id for row in listing.rows if row.state == "done"]
        return done[:: max(1, len(done) // SAMPLED)][:SAMPLED]

    def _maps(self, images: Sequence[int], chain: str, attack: str, layer: str) -> Iterator[Map]:
        for image in images:
            values = self._store.maps(image, chain, attack).get(layer)
            if values is not None:
                yield values


def shared_range(defenses: Iterable[Iterable[Map]], *, signed: bool) -> Range:
    """The range (low, high) in which the maps `(h, w)` of several defenses are shown; (0, 1) without any value.

    Robust at every step: a map counts with a high quantile of its values, a defense with a high quantile of its maps,
    and of the defenses the lower median counts, as one that zeroes posteriors makes losses of 69 and would leave the
    others dark. A signed range is symmetric about 0 and reaches as far as the weaker side: non-members pull evidence
    down much further than members push it up, which would look like nothing. Any other begins at 0 unless values are
    negative. NaN is left out.
    """
    ends = [found for maps in defenses if (found := _ends(maps)) is not None]
    if not ends:
        return 0.0, 1.0
    lows, highs = sorted(low for low, _ in ends), sorted(high for _, high in ends)
    low, high = min(0.0, lows[len(lows) // 2]), highs[(len(highs) - 1) // 2]
    if signed:
        weaker, stronger = sorted((abs(low), abs(high)))
        high = weaker if weaker * LOPSIDED >= stronger else stronger
        low = -high
    return (low, high) if high > low else (low, low + 1e-6)


def _ends(maps: Iterable[Map]) -> Range | None:
    """Low and high of one defense's maps, without the most extreme pixels and maps; None without any value."""
    from core.audit.map_export import RANGE_QUANTILE

    finite = [values[np.isfinite(values)].astype(np.float64) for values in maps]
    pairs = [np.quantile(values, [1 - RANGE_QUANTILE, RANGE_QUANTILE]) for values in finite if values.size]
    if not pairs:
        return None
    lows, highs = np.transpose(pairs)
    return float(np.quantile(lows, 0.05)), float(np.quantile(highs, 0.95))
