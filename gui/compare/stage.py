"""Which pane shows which overlays: side by side, under a curtain, or in turn. Knows nothing of widgets."""

from dataclasses import dataclass
from enum import StrEnum

from gui.compare.curtain import Curtain
from gui.compare.frame import Frame, PaneFrame
from gui.compare.picture import Overlay
from gui.compare.readout import end


class Mode(StrEnum):
    """How several defenses are compared."""

    PANES = "panes"
    CURTAIN = "curtain"
    BLINK = "blink"


@dataclass(frozen=True, eq=False)
class Stage:
    """What one pane lays over the image.

    Attributes
    ----------
    pane
        Whose values, scale and patches are shown.
    overlays
        One, or two where there is a curtain.
    other
        What is right of the curtain; None: the bare image.
    curtain
        Where one ends and the other begins.
    """

    pane: PaneFrame
    overlays: tuple[Overlay | None, ...]
    other: PaneFrame | None = None
    curtain: Curtain | None = None

    @property
    def about(self) -> str:
        """What is shown, and whatever there is to know about it."""
        shown = self.pane.shown
        title = f"{shown.title}, in {shown.layer.unit}" if shown.layer.unit else shown.title
        parts = [f"{title}. {shown.note}" if shown.note and shown.shape is not None else title]
        if self.other is not None and self.other.ends is not None and self.other.ends != self.pane.ends:
            parts.append(f"Right of the edge the colours go from {' to '.join(map(end, self.other.ends))}.")
        return "   ".join(parts)


def staged(frame: Frame, mode: Mode, partner: int, turn: int, curtain: Curtain) -> tuple[Stage, ...]:
    """What every pane shows.

    Parameters
    ----------
    frame
        What was loaded.
    mode
        How it is compared.
    partner
        The pane that the first one is compared with under a curtain; the bare image where there is no such pane.
    turn
        Counts up while panes are shown in turn; a single one takes turns with the bare image.
    curtain
        Where its edge is.
    """
    panes = frame.panes
    if mode is Mode.PANES or not panes:
        return tuple(Stage(pane, (pane.overlay,)) for pane in panes)
    if mode is Mode.CURTAIN:
        other = panes[partner] if 0 < partner < len(panes) else None
        right = None if other is None else other.overlay
        return (Stage(panes[0], (panes[0].overlay, right), other, curtain),)
    if len(panes) == 1:
        return (Stage(panes[0], (panes[0].overlay if turn % 2 == 0 else None,)),)
    pane = panes[turn % len(panes)]
    return (Stage(pane, (pane.overlay,)),)
