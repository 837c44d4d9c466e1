"""Loads what the panes show and paints it. Called from threads; nothing here knows of a window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from core.audit.mapfile import WINDOWS
from core.data.samples import Role
from core.errors import SegLeakError
from gui.compare import layers
from gui.compare.frame import Frame, Judged, PaneFrame, Seen, Shown, Standing
from gui.compare.layers import Layer
from gui.compare.look import Ends
from gui.compare.mean import Mean, mean_map
from gui.compare.overlay import class_table, difference_range, levels, own_range
from gui.compare.picture import Overlay, Picture
from gui.compare.shelf import Shelf
from gui.compare.shown import class_colours, shown
from gui.compare.spotlight import Spotlight, spotlight
from gui.compare.wanted import Wanted
from gui.document import AuditDocument
from gui.ranges import Map, Range


@dataclass(frozen=True)
class Painted:
    """What overlays of a frame have in common: the image they lie over, and their colours."""

    seen: Seen
    colours: str
    backwards: bool
    clear_void: bool


class Workshop:
    """Makes frames, with a shelf for what was loaded before. Safe to use from several threads.

    Parameters
    ----------
    room
        What the shelf may hold, in bytes.
    """

    def __init__(self, room: int) -> None:
        self.shelf = Shelf(room)
        self._before: tuple[Painted, tuple[PaneFrame, ...]] | None = None

    def frame(self, wanted: Wanted, stopped: Callable[[], bool]) -> Frame:
        """What the panes show. Whatever cannot be read is said in the frame. Raises `Cancelled` where it was stopped.

        One thread at a time may call this; others may `warm` meanwhile.
        """
        seen = self.seen(wanted.document, wanted.image)
        judged = {chain: self._with_live(wanted, chain) for chain in wanted.chains}
        painted = Painted(seen, wanted.look.colours, wanted.look.backwards, wanted.look.clear_void)
        before = self._before[1] if self._before is not None and self._before[0] == painted else ()
        panes: list[PaneFrame] = []
        for chain, layer in wanted.panes:
            one, first = judged[chain], judged[wanted.chains[0]]
            mean = self._mean(wanted, chain, layer, one, stopped)
            content = shown(one, first, layer, wanted.comparison, mean, seen)
            pane = PaneFrame(chain, one, _standing(wanted, chain), content)
            panes.append(_painted(wanted, seen, pane, (*panes, *before)))
        self._before = painted, tuple(panes)
        return Frame(wanted.document, wanted.image, seen, tuple(panes), _patch(wanted), self._spotlight(wanted, seen))

    def warm(self, wanted: Wanted) -> None:
        """Load an image that may be looked at next."""
        self.seen(wanted.document, wanted.image)
        for chain in wanted.chains:
            self.judged(wanted.document, wanted.image, chain, wanted.attack)

    def seen(self, document: AuditDocument, image: int) -> Seen:
        """An image and its label map, decoded."""
        return self.shelf.take((document, image), lambda: _seen(document, image))

    def judged(self, document: AuditDocument, image: int, chain: str, attack: str) -> Judged:
        """The maps of an image under one defense and attack. A running audit may have them the next time."""
        key = (document, image, chain, attack, document.row(image).state)
        return self.shelf.take(key, lambda: _judged(document, image, chain, attack))

    def _spotlight(self, wanted: Wanted, seen: Seen) -> Spotlight | None:
        highlight = wanted.highlight
        if highlight is None or seen.picture is None:
            return None
        return self.shelf.take((wanted.document, wanted.image, highlight), lambda: spotlight(highlight, seen))

    def _with_live(self, wanted: Wanted, chain: str) -> Judged:
        stored = self.judged(wanted.document, wanted.image, chain, wanted.attack)
        live = wanted.live.get(chain)
        if live is None:
            awaited = chain in wanted.awaited
            return replace(stored, reason=stored.reason or wanted.waiting, settled=False) if awaited else stored
        windows = stored.windows if live.windows is None else live.windows
        reason = live.reason or stored.reason
        return Judged({**stored.maps, **live.maps}, windows, live.prediction, reason, live.settled)

    def _mean(
        self, wanted: Wanted, chain: str, layer: Layer, judged: Judged, stopped: Callable[[], bool]
    ) -> Mean | None:
        """The mean map of the non-members, where it is asked for and the image has such a map itself."""
        values = judged.maps.get(layer.id)
        if values is None or not (wanted.comparison.needs_mean and layer.scalar):
            return None
        document, tried = wanted.document, wanted.means.get(chain)
        if tried is not None:
            return Mean.made(tried.means.get((layer.id, values.shape)), len(_non_members(document)), tried.why)
        finished = int((document.listing.states == "done").sum())
        key = ("mean", document, chain, wanted.attack, layer.id, values.shape, finished, document.excluded)

        def read(image: int) -> Map | None:
            return _judged(document, image, chain, wanted.attack).maps.get(layer.id)

        return self.shelf.take(key, lambda: mean_map(_non_members(document), read, values.shape, stopped))


# ---------------------------------------------------------------- loading


def _seen(document: AuditDocument, image: int) -> Seen:
    try:
        picture = Picture.of(document.image(image))
    except (SegLeakError, MemoryError) as error:
        return Seen(None, reason=str(error) or "There is not enough memory for this image.")
    try:
        label = document.label(image)
    except (SegLeakError, MemoryError) as error:
        return Seen(picture, label_reason=str(error) or "There is not enough memory for this label map.")
    scheme = document.scheme_of(document.row(image).entry)
    return Seen(picture, label, scheme, label_reason="" if label is not None else "This image has no label map.")


def _judged(document: AuditDocument, image: int, chain: str, attack: str) -> Judged:
    try:
        maps = document.maps(image, chain, attack)
        loss = maps.get(layers.LOSS)
        if loss is None:
            loss = document.loss_map(image, chain)
    except SegLeakError as error:
        return Judged(reason=str(error))
    windows = maps.pop(WINDOWS, None)
    if loss is not None:
        maps[layers.LOSS] = loss
        maps.setdefault(layers.TRUE_POSTERIOR, np.exp(-loss))
    return Judged(maps, windows, reason=document.reason(image, chain, attack) or "")


def _patch(wanted: Wanted) -> int:
    """Side of the patches of the attack's network, as the run recorded it."""
    network = wanted.document.fact("attack_networks", {}).get(wanted.attack, {})
    return int(network.get("card", {}).get("patch", 0))


def _non_members(document: AuditDocument) -> list[int]:
    out = document.excluded
    return [r.id for r in document.rows if r.role is Role.NON_MEMBER and r.state == "done" and r.id not in out]


def _standing(wanted: Wanted, chain: str) -> Standing | None:
    """The image score and its rank among all images with a score under the same defense."""
    scores = wanted.document.scores(chain, wanted.attack)
    live = wanted.live.get(chain)
    own = float(scores[wanted.document.listing.index[wanted.image]])
    score = own if live is None or live.score is None else live.score
    if np.isnan(score):
        return None
    return Standing(score, 1 + int((scores > score).sum()), int(np.isfinite(scores).sum()))


# ---------------------------------------------------------------- painting


def _painted(wanted: Wanted, seen: Seen, pane: PaneFrame, before: Sequence[PaneFrame]) -> PaneFrame:
    """The pane with its overlay: that of a pane before it, where that shows the same in the same colours."""
    content = pane.shown
    if content.shape is None or seen.picture is None:
        return pane
    ends = None if content.values is None else _ends(wanted, pane.chain, content)
    placement = seen.placement(content.shape)
    same = next((known.overlay for known in before if content.is_same(known.shown) and known.ends == ends), None)
    overlay = same or Overlay.of(_without_void(wanted, seen, placement.spread(_colours(wanted, seen, content, ends))))
    return replace(pane, placement=placement, ends=ends, overlay=overlay)


def _without_void(wanted: Wanted, seen: Seen, colours: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Colours `(H, W)` as large as the image, transparent where void if that is wanted."""
    if seen.void is None or not wanted.look.clear_void:
        return colours
    return np.where(seen.void, np.uint32(0), colours)


def _colours(wanted: Wanted, seen: Seen, content: Shown, ends: Range | None) -> npt.NDArray[np.uint32]:
    """What is shown in colours, `(h, w)` 0xAARRGGBB."""
    if content.classes is not None:
        return np.take(class_table(class_colours(content.layer, seen)), content.classes)
    assert ends is not None
    values, kind = content.scalars
    return wanted.look.overlay(kind)[levels(values, ends)]


def _ends(wanted: Wanted, chain: str, content: Shown) -> Range:
    if wanted.look.ends is Ends.HAND:
        return wanted.look.hand
    if wanted.look.ends is Ends.OWN:
        return own_range(*content.scalars)
    document, layer = wanted.document, content.layer.id
    attack = document.loss_attack if layer == layers.LOSS else wanted.attack
    ends = document.value_range(attack or wanted.attack, layer, hard=chain in wanted.hard)
    return difference_range(ends) if content.difference else ends
