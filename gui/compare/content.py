"""What a canvas shows. Knows nothing of widgets."""

from dataclasses import dataclass

from gui.compare.curtain import Curtain
from gui.compare.picture import Overlay, Picture
from gui.compare.spotlight import Spotlight


@dataclass(frozen=True, eq=False)
class Layers:
    """What a canvas shows.

    Attributes
    ----------
    picture
        The image; None for nothing.
    overlays
        One, or two where there is a curtain between them, each as large as the image; None for no overlay.
    opacity
        Of the overlays, 0 to 1.
    curtain
        Where the first overlay ends and the second one begins.
    spotlight
        What is made out, over all of them.
    """

    picture: Picture | None = None
    overlays: tuple[Overlay | None, ...] = ()
    opacity: float = 0.6
    curtain: Curtain | None = None
    spotlight: Spotlight | None = None
