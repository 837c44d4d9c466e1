"""The colours of a front: it is drawn in numbers from 0 to 255, each of which has its paint in the light there.

Numbers from 0 are tones of the wall, dark to bright; then come tones of panes; then whatever else there is.
"""

from functools import cached_property

import numpy as np
import numpy.typing as npt

from core.data.scenes.classes import BUILDING
from core.data.scenes.dice import Colour, Dice
from core.data.scenes.facades import Coat
from core.data.scenes.light import Light
from core.data.scenes.tiles import Grey, Rgba

GLASS: Colour = (66, 78, 88)
CURTAIN: Colour = (196, 188, 174)
LIT: Colour = (252, 208, 138)
WALLS = 128
"""Tones of the wall."""
TONES = 12
"""Tones of a pane: a dark room, the sky's reflection, a room with a lamp at night; `TONES` each, in this order."""
DRAWN = 3 * TONES
"""What a drawn curtain adds to a pane's number."""
FIRST = WALLS + 2 * DRAWN
"""The first number of all other colours."""
CONTRAST = 0.55
"""Of the wall's texture."""
WALL, FRAME, SKY, LAMP, HAZE = range(5)


class Inks:
    """The numbers of one front and what their colours are made of.

    Attributes
    ----------
    shares
        How much of the wall's colour, the frames', the sky's light, lamps' light and the haze, `(256, 5)`.
    own
        The colour besides, `(256, 4)`, 0 for the label.
    """

    def __init__(self) -> None:
        self.shares = np.zeros((256, 5))
        self.own = np.zeros((256, 4))
        self.shares[:, HAZE] = 1
        self.shares[:WALLS, WALL] = np.linspace(1 - CONTRAST, 1 + CONTRAST, WALLS)
        tone = np.tile(np.linspace(0, 1, TONES), 3)
        panes, curtains = slice(WALLS, WALLS + DRAWN), slice(WALLS + DRAWN, FIRST)
        self.own[panes, :3] = np.array(GLASS) * (0.45 + 0.8 * tone)[:, None]
        self.shares[panes, SKY] = np.repeat((0.0, 0.4, 0.0), TONES)
        self.shares[panes, LAMP] = np.repeat((0.0, 0.0, 1.0), TONES) * (0.6 + 0.4 * tone)
        self.own[curtains, :3] = 0.45 * self.own[panes, :3] + 0.5 * np.array(CURTAIN)
        self.shares[curtains, SKY : LAMP + 1] = 0.45 * self.shares[panes, SKY : LAMP + 1]
        self._next = FIRST

    def of(self, source: int, level: float = 1.0) -> int:
        """A number for the wall's or the frames' colour at another brightness."""
        self.shares[self._next, source] = level
        self._next += 1
        return self._next - 1

    def colour(self, colour: Colour) -> int:
        """A number for a colour."""
        self.own[self._next, :3] = colour
        self._next += 1
        return self._next - 1

    def tables(self, coat: Coat, light: Light, z: float, facing: float, level: float) -> tuple[Rgba, Rgba]:
        """The paint of each number in the light `z` metres away, `(256, 4)`, and the same at another brightness."""
        clear = light.clear(z)
        glow = clear if light.night else 0.0
        veil = 1 - clear
        red, green, blue = (share * (facing * clear) for share in light.ambient)
        haze = *(c * veil + (0.5 + 1e-6) for c in light.haze), BUILDING + (0.5 + 1e-6)
        table = self._mix @ np.array(
            (
                (coat.wall[0] * red, coat.wall[1] * green, coat.wall[2] * blue, 0.0),
                (coat.frame[0] * red, coat.frame[1] * green, coat.frame[2] * blue, 0.0),
                (light.low[0] * clear, light.low[1] * clear, light.low[2] * clear, 0.0),
                (LIT[0] * glow, LIT[1] * glow, LIT[2] * glow, 0.0),
                haze,
                (red, 0.0, 0.0, 0.0),
                (0.0, green, 0.0, 0.0),
                (0.0, 0.0, blue, 0.0),
            )
        )
        np.minimum(table, 255, out=table)
        plain = table.astype(np.uint8)
        table *= level
        table += tuple((1 - level) * c for c in haze)
        return plain, table.astype(np.uint8)

    @cached_property
    def _mix(self) -> npt.NDArray[np.float64]:
        """Shares and own colours beside each other, `(256, 8)`."""
        return np.concatenate([self.shares, self.own[:, :3]], 1)


def pane_numbers(dice: Dice, *shape: int) -> tuple[Grey, Grey]:
    """Numbers of panes, and the same for their parts behind curtains, which some have."""
    draws, kinds = dice.octets(2, *shape)
    plain = draws % TONES + _KINDS[kinds]
    return plain, np.where(draws < 77, plain + np.uint8(DRAWN), plain)


_KINDS: npt.NDArray[np.uint8] = np.repeat((WALLS, WALLS + TONES, WALLS + 2 * TONES), (126, 42, 88)).astype(np.uint8)
"""The first number of a pane for each byte: a quarter of those without a lamp show the sky, a third has one."""
