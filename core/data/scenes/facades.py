"""How the fronts of houses look: walls, windows, doors, shops, balconies."""

from dataclasses import dataclass

from core.data.scenes.dice import Colour, Dice

PLASTERS: tuple[Colour, ...] = (
    (206, 194, 168), (188, 176, 152), (214, 208, 196), (196, 158, 118), (178, 146, 124), (172, 178, 176),
    (204, 180, 136), (160, 122, 98), (150, 158, 148), (226, 218, 200), (186, 150, 140), (140, 134, 128),
)  # fmt: skip
BRICKS: tuple[Colour, ...] = ((150, 84, 66), (132, 76, 62), (164, 110, 82), (122, 92, 80), (172, 136, 104))
CLADDINGS: tuple[Colour, ...] = ((120, 128, 134), (92, 102, 112), (150, 154, 156), (84, 88, 92), (170, 166, 158))
FRAMES: tuple[Colour, ...] = ((228, 226, 220), (228, 226, 220), (84, 64, 50), (62, 64, 66))

Area = tuple[float, float, float, float]
"""Top, bottom, left, right of a part, as shares of its cell."""


@dataclass(frozen=True)
class Facade:
    """What is on a front; lengths in metres.

    Attributes
    ----------
    storey, bay
        Height of a floor, distance of the windows.
    floors
        Number of floors, the ground floor included.
    window
        Place of the window in its cell.
    panes
        Number of panes across.
    ground
        What is at street level: "shop", "door" or "blank".
    bands
        Whether a cornice runs along each floor.
    balconies
        Share of bays with a balcony.
    """

    storey: float
    bay: float
    floors: int
    window: Area
    panes: int
    ground: str
    bands: bool
    balconies: float = 0.0

    @property
    def tall(self) -> float:
        """Height in metres up to the eaves."""
        return self.storey * self.floors + 0.5


@dataclass(frozen=True)
class Coat:
    """The colours of one house, and whether its wall is of bricks, else of plaster or panels."""

    wall: Colour
    frame: Colour
    brick: bool


def make_facade(dice: Dice, kind: str) -> Facade:
    """Draw what is on the fronts of a kind of house: "block", "office", "house" or "hall"."""
    bands = dice.chance(0.4)
    if kind == "hall":
        bay, floors = dice.between(3, 5), dice.whole(1, 3)
        return Facade(dice.between(3.4, 4.5), bay, floors, (0.2, 0.5, 0.1, 0.9), 3, "blank", bands)
    storey, bay = dice.between(2.8, 3.6), dice.between(1.9, 3.2)
    ground = "shop" if dice.chance(0.55) else "door"
    if kind == "office":
        window = (dice.between(0.08, 0.35), 0.94, 0.05, 0.95)
        return Facade(storey, bay, dice.whole(4, 12), window, 1, ground, bands)
    left, panes = dice.between(0.16, 0.32), dice.pick((1, 2, 2, 3))
    window = (dice.between(0.18, 0.3), dice.between(0.72, 0.86), left, 1 - left)
    if kind == "house":
        return Facade(2.7, bay, dice.whole(1, 3), window, panes, "door", False)
    balconies = dice.between(0.15, 0.5) if dice.chance(0.3) else 0.0
    return Facade(storey, bay, dice.whole(3, 6), window, panes, ground, bands, balconies)


def make_coat(dice: Dice, kind: str) -> Coat:
    """Draw the colours of a kind of house."""
    brick = dice.chance(0.3) and kind != "office"
    if kind == "office":
        return Coat(dice.near(dice.pick(CLADDINGS), 14), dice.near((90, 94, 98), 20), brick)
    frame = dice.near(dice.pick(FRAMES), 8)
    if kind == "hall":
        return Coat(dice.near(dice.pick(CLADDINGS), 20), frame, brick)
    return Coat(dice.near(dice.pick(BRICKS if brick else PLASTERS), 16), frame, brick)
