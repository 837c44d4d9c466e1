"""Shapes of vehicles: profiles seen from the side, drawn out to their width.

Body coordinates in metres: `l` forward from the middle, `y` up from the ground, `w` to the right. There is a number of
models of each kind of vehicle, which are made once; their colours are each vehicle's own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

from core.data.scenes.classes import BUS, CAR, TRAIN, TRUCK
from core.data.scenes.dice import Colour, Dice

PAINTS: tuple[Colour, ...] = (
    (196, 198, 200), (142, 146, 150), (54, 56, 60), (28, 29, 32), (232, 232, 230), (226, 226, 224), (160, 32, 34),
    (36, 62, 118), (24, 36, 66), (96, 104, 110), (104, 84, 64), (52, 84, 66), (206, 170, 60), (120, 150, 180),
    (176, 90, 40),
)  # fmt: skip
BUSES: tuple[Colour, ...] = (
    (214, 190, 60), (178, 34, 38), (232, 230, 224), (36, 92, 150), (60, 130, 90), (210, 110, 40),
)  # fmt: skip
TRAMS: tuple[Colour, ...] = ((196, 44, 40), (226, 206, 90), (60, 120, 80), (70, 110, 170), (226, 224, 218))
MODELS = 64
"""Models of each kind of vehicle."""

Paints = tuple[Colour, Colour, Colour]
Tint = tuple[int, float]
"""What gives the colour of a part, one of the following, and its brightness."""
PAINT, SECOND, THIRD, GLASS, DARK, SKY, REAR, HEAD, PLATE, GRILLE, TYRE, RIM, HUB = range(13)

Profile = tuple[tuple[float, float, float], ...]
"""Points l, y and half width, from the bottom of the rear over the roof to the bottom of the front."""


Box = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Window:
    """A pane or another plate on both sides: points l, y and half width."""

    points: Profile
    tint: Tint = (GLASS, 1.0)


@dataclass(frozen=True)
class Body:
    """One closed part of a vehicle.

    Attributes
    ----------
    strips
        Tint of the surface between each two points of the profile.
    lamps
        Index of the strip with the rear lamps, and of the one with the headlamps; None for none.
    """

    profile: Profile
    strips: tuple[Tint, ...]
    side: Tint
    windows: tuple[Window, ...] = ()
    lamps: tuple[int | None, int | None] = (None, None)


@dataclass(frozen=True, eq=False)
class Model:
    """The shape of a vehicle: bodies from rear to front, and wheels at places `l` with a radius.

    Attributes
    ----------
    solid
        Boxes inside it, which hide what is behind: from and to in `l`, half their width, from and to in `y`.
    """

    label: int
    bodies: tuple[Body, ...]
    wheels: tuple[float, ...]
    radius: float
    long: float
    wide: float
    tall: float
    solid: tuple[Box, ...]


@dataclass(frozen=True)
class Shape:
    """A vehicle without a place: a model and what draws its `PAINT`, `SECOND` and `THIRD`."""

    model: Model
    paints: Callable[[Dice], Paints]

    @property
    def long(self) -> float:
        """Length in metres."""
        return self.model.long

    @property
    def wide(self) -> float:
        """Width in metres."""
        return self.model.wide

    @property
    def tall(self) -> float:
        """Height in metres."""
        return self.model.tall


def car(dice: Dice) -> Shape:
    """A saloon, estate, hatchback, off-roader or van."""
    return Shape(_car(dice.whole(1, MODELS)), _one_paint)


def truck(dice: Dice) -> Shape:
    """A cab with a high box or a low load."""
    return Shape(_truck(dice.whole(1, MODELS)), _with_cargo)


def bus(dice: Dice) -> Shape:
    """A city bus or coach."""
    return Shape(_bus(dice.whole(1, MODELS)), partial(_with_band, BUSES))


def tram(dice: Dice) -> Shape:
    """A train of two carriages, as on streets with rails."""
    return Shape(_tram(dice.whole(1, MODELS)), partial(_with_band, TRAMS))


def _one_paint(dice: Dice) -> Paints:
    paint = dice.near(dice.pick(PAINTS), 12)
    return paint, paint, paint


def _with_cargo(dice: Dice) -> Paints:
    cargo = dice.near(dice.pick((*PAINTS, (214, 210, 200), (220, 220, 220), (60, 90, 140))), 14)
    return dice.near(dice.pick(PAINTS), 14), cargo, dice.near(dice.pick(PAINTS), 20)


def _with_band(paints: tuple[Colour, ...], dice: Dice) -> Paints:
    band = dice.near(dice.pick(PAINTS), 20)
    return dice.near(dice.pick(paints), 14), band, band


@cache
def _car(number: int) -> Model:
    dice = Dice(number, "car")
    kind = dice.pick(("saloon", "hatch", "hatch", "estate", "tall", "van"))
    long = {"saloon": 4.5, "hatch": 3.9, "estate": 4.6, "tall": 4.5, "van": 5.0}[kind] * dice.between(0.95, 1.06)
    tall = {"tall": 1.7, "van": 2.0}.get(kind, 1.46) * dice.between(0.97, 1.04)
    wide, half = 1.8, long / 2
    low, belt = 0.9, tall * (0.62 if kind != "van" else 0.56)
    roof = 0.68 if kind not in ("van", "tall") else 0.78
    nose = half - (0.85 if kind == "van" else 1.25)
    rear = -half + (0.9 if kind == "saloon" else 0.0)
    boot = belt + 0.03 if kind == "saloon" else belt
    top_rear, top_front = rear + (0.75 if kind == "saloon" else 0.4 if kind == "hatch" else 0.18), nose - 0.75
    profile = (
        (-half, 0.28, 0.86),
        (-half - 0.03, 0.62, low),
        (-half + 0.06, boot, 0.86),
        (rear + 0.07, boot + 0.02, 0.84),
        (top_rear, tall - 0.03, roof),
        (top_rear + 0.5, tall, roof),
        (top_front, tall - 0.04, roof),
        (nose, belt + 0.02, 0.84),
        (half - 0.12, belt * 0.86, 0.84),
        (half + 0.02, 0.58, low - 0.03),
        (half, 0.26, 0.82),
    )
    bumper = (DARK, 1.0) if dice.chance(0.3) else (PAINT, 0.85)
    paint, glass = (PAINT, 1.0), (GLASS, 1.0)
    strips = (bumper, paint, paint, glass, paint, (PAINT, 1.08), glass, paint, paint, bumper)
    inner = roof + 0.3 * (low - roof)
    pillar = (top_rear + top_front) / 2 + 0.1
    high = tall - 0.12
    back = Window(
        (
            (rear + 0.32, belt + 0.04, low - 0.03),
            (top_rear + 0.22, high, inner),
            (pillar - 0.05, high, inner),
            (pillar - 0.05, belt + 0.04, low - 0.03),
        )
    )
    front = Window(
        (
            (pillar + 0.05, belt + 0.04, low - 0.03),
            (pillar + 0.05, high, inner),
            (top_front - 0.02, high, inner),
            (nose - 0.25, belt + 0.04, low - 0.03),
        )
    )
    windows = (front,) if kind == "van" and dice.chance(0.5) else (back, front)
    lines = tuple(Window(_pane(line, line + 0.025, 0.34, belt, low), (PAINT, 0.6)) for line in (pillar, nose - 0.3))
    sill = Window(_pane(-half + 0.1, half - 0.1, 0.26, 0.36, low), (DARK, 1.0))
    body = Body(profile, strips, paint, (*windows, *lines, sill), (1, 8))
    solid = (-half + 0.08, half - 0.15, 0.8, 0.3, belt * 0.84), (top_rear, top_front, roof, 0.3, tall - 0.05)
    return Model(CAR, (body,), (-half + 0.8, half - 0.82), 0.33, long, wide, tall, solid)


@cache
def _truck(number: int) -> Model:
    dice = Dice(number, "truck")
    long, tall = dice.between(6.0, 11.0), dice.between(2.8, 3.8)
    half, cab = long / 2, dice.between(1.6, 2.1)
    start = half - cab
    height = dice.between(2.4, 2.9)
    box_tall = tall if dice.chance(0.8) else 1.6
    end, w = start - 0.15, 1.22
    dark: Tint = (DARK, 1.0)
    box = Body(
        ((-half, 0.9, w), (-half, box_tall, w), (end, box_tall, w), (end, 0.9, w)),
        ((SECOND, 0.92), (SECOND, 1.1), (SECOND, 1.0)),
        (SECOND, 1.0),
        (
            Window(_pane(-half, end, 0.9, 1.02, w), dark),
            Window(_pane(-half * 0.8, start * 0.5, box_tall * 0.55, box_tall * 0.78, w), (THIRD, 1.0)),
        ),
        (0, None),
    )
    sill, top = height * 0.58, height * 0.9
    pane = (start + 0.45, sill, 1.16), (start + 0.45, top, 1.13), (half - 0.5, top, 1.12), (half - 0.2, sill, 1.16)
    roof = (start, height, 1.12), (half - 0.35, height, 1.1)
    front = Body(
        ((start, 0.5, 1.15), *roof, (half - 0.03, height * 0.56, 1.15), (half, 0.45, 1.15)),
        (dark, (PAINT, 1.0), (GLASS, 1.0), (PAINT, 1.0)),
        (PAINT, 1.0),
        (Window(pane),),
        (None, 3),
    )
    frame = (-half + 0.2, 0.5, 0.5), (-half + 0.2, 0.95, 1.0), (start, 0.95, 1.0), (start, 0.5, 0.5)
    chassis = Body(frame, (dark, dark, dark), dark)
    solid = (-half, end, w, 0.92, box_tall - 0.02), (start, half - 0.37, 1.08, 0.52, height - 0.02)
    wheels = (-half + 1.2, -half + 2.3, half - 0.8)
    return Model(TRUCK, (chassis, box, front), wheels, 0.48, long, 2.45, max(tall, height), solid)


@cache
def _bus(number: int) -> Model:
    dice = Dice(number, "bus")
    long, tall = dice.between(9.5, 12.5), dice.between(2.9, 3.2)
    body = _carriage(long, tall, 1.25)
    solid = (_inside(body),)
    return Model(BUS, (body,), (-long / 2 + 2.6, long / 2 - 2.4), 0.48, long, 2.5, tall, solid)


@cache
def _tram(number: int) -> Model:
    dice = Dice(number, "tram")
    long, tall = dice.between(18, 26), dice.between(3.3, 3.6)
    half = long / 4 - 0.25
    carriage = _carriage(2 * half, tall, 1.2)
    bodies = tuple(_moved(carriage, place) for place in (-half - 0.2, half + 0.2))
    return Model(TRAIN, bodies, (), 0.3, long, 2.4, tall, tuple(_inside(body) for body in bodies))


def _carriage(long: float, tall: float, half_wide: float) -> Body:
    half, low = long / 2, 0.35
    edge, roof = half_wide - 0.04, half_wide - 0.1
    profile = (
        (-half, low, half_wide),
        (-half - 0.02, tall * 0.48, half_wide),
        (-half + 0.05, tall * 0.9, edge),
        (-half + 0.15, tall, roof),
        (half - 0.35, tall, roof),
        (half - 0.12, tall * 0.88, edge),
        (half, tall * 0.38, half_wide),
        (half - 0.02, low, half_wide),
    )
    paint, glass = (PAINT, 1.0), (GLASS, 1.0)
    strips = (paint, glass, paint, (PAINT, 1.1), (PAINT, 0.8), glass, paint)
    count = max(3, round(long / 1.6))
    step = (long - 0.8) / count
    panes = []
    for number in range(count):
        left, bottom = -half + 0.4 + number * step, 0.5 if number % 3 == 1 else tall * 0.44  # every third is a door
        panes.append(Window(_pane(left, left + step * 0.9, bottom, tall * 0.84, half_wide)))
    band = Window(_pane(-half, half, tall * 0.2, tall * 0.32, half_wide), (SECOND, 1.0))
    skirt = Window(_pane(-half, half, low, low + 0.14, half_wide), (DARK, 1.0))
    return Body(profile, strips, paint, (band, *panes, skirt), (0, 6))


def _inside(carriage: Body) -> Box:
    """The box between the ends of a carriage's roof."""
    rear, front = carriage.profile[3], carriage.profile[4]
    return rear[0] + 0.02, front[0] - 0.02, rear[2] - 0.02, 0.37, rear[1] - 0.02


def _moved(body: Body, by: float) -> Body:
    profile = tuple((along + by, y, w) for along, y, w in body.profile)
    windows = tuple(
        Window(tuple((along + by, y, w) for along, y, w in pane.points), pane.tint) for pane in body.windows
    )
    return Body(profile, body.strips, body.side, windows, body.lamps)


def _pane(rear: float, front: float, low: float, high: float, half_wide: float) -> Profile:
    """An upright rectangle on the side."""
    return (rear, low, half_wide), (rear, high, half_wide), (front, high, half_wide), (front, low, half_wide)
