"""Light and weather: which colour a surface has in the picture."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.data.scenes.dice import Colour, Dice

Pixel = tuple[int, int, int]
"""Red, green, blue."""
Paint = tuple[int, int, int, int]
"""Red, green, blue and label of what is drawn."""


class Shade(Protocol):
    """Which paint a surface of a colour has, catching the share `facing` of the light."""

    def __call__(self, colour: Colour, facing: float = 1.0) -> Paint:
        """Red, green, blue and label."""
        ...


@dataclass(frozen=True)
class Light:
    """The light of one scene.

    Attributes
    ----------
    moment
        One of `MOMENTS`.
    ambient
        What surfaces keep of each colour channel.
    sun
        Strength of direct light, 0 (no shadows) to 1.
    shadow
        Where the shadow of a point one metre up falls: metres in x and z.
    haze
        Colour into which distance fades.
    density
        Share of the colour lost a metre: fog is 0.02 to 0.05.
    high, low
        Colours of the sky above and at the horizon.
    clouds
        Cover of the sky, 0 to 1.
    wet
        How much the road mirrors, 0 to 1.
    """

    moment: str
    ambient: Colour
    sun: float
    shadow: tuple[float, float]
    haze: Colour
    density: float
    high: Colour
    low: Colour
    clouds: float
    wet: float

    @property
    def night(self) -> bool:
        """Whether lamps are lit."""
        return self.moment in ("night", "dusk")

    def clear(self, z: float) -> float:
        """The share of a colour that is left `z` metres away."""
        return math.exp(-self.density * z)

    def shade(self, colour: Colour, z: float, facing: float = 1.0) -> Pixel:
        """A surface's colour `z` metres away; `facing` is the share of light it catches."""
        return self.shader(z, 0)(colour, facing)[:3]

    def shader(self, z: float, label: int) -> Shade:
        """What gives the paint of surfaces `z` metres away that have a label."""
        clear = self.clear(z)
        most = 255.0 * clear
        (lit_red, lit_green, lit_blue), (veil_red, veil_green, veil_blue), veil = self.ambient, self.haze, 1 - clear
        lit_red, lit_green, lit_blue = lit_red * clear, lit_green * clear, lit_blue * clear
        veil_red, veil_green, veil_blue = veil_red * veil + 0.5, veil_green * veil + 0.5, veil_blue * veil + 0.5

        def shade(colour: Colour, facing: float = 1.0) -> Paint:
            red, green, blue = colour
            red, green, blue = red * lit_red * facing, green * lit_green * facing, blue * lit_blue * facing
            return (
                int((red if red < most else most) + veil_red),
                int((green if green < most else most) + veil_green),
                int((blue if blue < most else most) + veil_blue),
                label,
            )

        return shade

    def glow(self, colour: Colour, z: float) -> Pixel:
        """The colour of something that shines by itself."""
        clear = math.exp(-self.density * 0.5 * z)
        red, green, blue = (round(c * clear + h * (1 - clear)) for c, h in zip(colour, self.haze, strict=True))
        return red, green, blue

    def facing(self, x: float, z: float) -> float:
        """The share of light that a wall catches whose normal points along x, z (a unit vector)."""
        length = math.hypot(*self.shadow) or 1.0
        toward = -(x * self.shadow[0] + z * self.shadow[1]) / length
        return 0.82 + 0.26 * self.sun * toward


@dataclass(frozen=True)
class _Weather:
    share: float
    ambient: Colour
    sun: tuple[float, float]
    density: tuple[float, float]
    high: Colour
    low: Colour
    clouds: tuple[float, float]
    wet: tuple[float, float] = (0.0, 0.0)


MOMENTS = {
    "clear": _Weather(
        0.30, (1.04, 1.02, 0.97), (0.7, 1.0), (0.0005, 0.003), (66, 118, 190), (186, 208, 226), (0.0, 0.4)
    ),
    "cloudy": _Weather(
        0.22, (0.98, 0.98, 0.98), (0.3, 0.7), (0.001, 0.004), (104, 140, 186), (204, 212, 220), (0.4, 0.8)
    ),
    "overcast": _Weather(
        0.16, (0.86, 0.88, 0.90), (0, 0.1), (0.003, 0.008), (178, 184, 190), (208, 210, 212), (0.7, 1.0)
    ),
    "fog": _Weather(0.08, (0.88, 0.89, 0.90), (0, 0), (0.015, 0.04), (190, 194, 198), (198, 200, 203), (0.0, 0.2)),
    "rain": _Weather(
        0.09, (0.70, 0.73, 0.77), (0, 0), (0.006, 0.014), (132, 140, 150), (172, 178, 184), (0.6, 1), (0.4, 0.8)
    ),
    "dusk": _Weather(
        0.09, (0.74, 0.60, 0.58), (0.2, 0.5), (0.002, 0.007), (72, 84, 136), (236, 166, 116), (0.2, 0.8), (0, 0.3)
    ),
    "night": _Weather(
        0.06, (0.34, 0.34, 0.42), (0, 0), (0.002, 0.008), (14, 18, 34), (54, 54, 70), (0.1, 0.8), (0, 0.5)
    ),
}


def make_light(dice: Dice) -> Light:
    """Draw a moment and its light, as the camera's colour cast shows it."""
    borders = np.cumsum([kind.share for kind in MOMENTS.values()])
    moment, kind = list(MOMENTS.items())[int(np.searchsorted(borders, dice.unit() * borders[-1], side="right"))]
    elevation = math.radians(dice.between(12, 24) if moment == "dusk" else dice.between(28, 68))
    turn = dice.between(0, 2 * math.pi)
    reach = 1 / math.tan(elevation)
    level = dice.between(0.86, 1.08)
    cast = 0.94 + 0.12 * dice.child("cast").array(3)
    low = _shown(cast * dice.near(kind.low, 10))
    high = _shown(cast * dice.near(kind.high, 14))
    return Light(
        moment=moment,
        ambient=_shown(cast * level * kind.ambient),
        sun=dice.between(*kind.sun),
        shadow=(reach * math.cos(turn), reach * math.sin(turn)),
        haze=low,
        density=dice.between(*kind.density),
        high=high,
        low=low,
        clouds=dice.between(*kind.clouds),
        wet=dice.between(*kind.wet),
    )


def _shown(colour: npt.NDArray[np.float64]) -> Colour:
    """A colour that is no brighter than the picture can show."""
    red, green, blue = colour.clip(0, 255).tolist()
    return red, green, blue
