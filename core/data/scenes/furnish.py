"""Decides what stands where along a street."""

import math

from core.data.scenes.barriers import clutter, fence, wall
from core.data.scenes.bodies import Shape, bus, car, tram, truck
from core.data.scenes.buildings import closing_house, house
from core.data.scenes.cycles import bicycle, motorcycle
from core.data.scenes.dice import Dice
from core.data.scenes.people import person
from core.data.scenes.plants import bush, hedge, tree
from core.data.scenes.poles import lamp_post, plain_pole, traffic_light, traffic_sign
from core.data.scenes.street import Street
from core.data.scenes.things import Thing
from core.data.scenes.vehicles import vehicle

LENGTHS = {"city": (9, 22), "avenue": (14, 34), "suburb": (8, 15), "works": (18, 45), "outskirts": (9, 20)}
"""Length of a house along the street in metres."""
GAPS = {"city": 0.1, "avenue": 0.25, "suburb": 0.4, "works": 0.45, "outskirts": 0.65}
"""Share of places without a house."""
END = 130.0
"""Nothing is built farther away than this, in metres."""


def furnish(street: Street, dice: Dice) -> list[Thing]:
    """Everything that stands on the ground, in no order."""
    things: list[Thing] = []
    busy = dice.between(0.2, 1.0)
    for side in (-1, 1):
        name = "left" if side < 0 else "right"
        things += _fronts(street, side, dice.child(f"fronts {name}"))
        things += _greenery(street, side, dice.child(f"greenery {name}"))
        things += _posts(street, side, dice.child(f"posts {name}"))
        things += _parked(street, side, dice.child(f"parked {name}"))
        things += _walkers(street, side, busy, dice.child(f"walkers {name}"))
    things += _traffic(street, busy, dice.child("traffic"))
    if street.crossing:
        things += _at_crossing(street, busy, dice.child("crossing"))
    if dice.chance(0.5):
        things.append(closing_house(street, dice.between(110, 190), dice.child("closing")))
    return things


def _fronts(street: Street, side: int, dice: Dice) -> list[Thing]:
    """Houses, and what fills the gaps between them."""
    things: list[Thing] = []
    z, number, exposed = 1.2, 0, True
    while z < END:
        part = dice.child(number)
        number += 1
        long = part.between(*LENGTHS[street.character])
        if street.crossing and street.crossing[0] - 3 < z + long and z < street.crossing[1] + 3:
            z, exposed = street.crossing[1] + 3.5, True
            continue
        if part.chance(GAPS[street.character]):
            things += _gap(street, side, z, z + long, part)
            exposed = True
        else:
            back = part.pick((0.0, 0.0, 0.0, 1.5))
            things.append(house(street, side, z, z + long, part, exposed=exposed or back == 0, back=back))
            exposed = back > 0
            if street.side(side).yard > 2.5 and part.chance(0.6):
                things += _boundary(street, side, z, z + long, part)
        z += long
    return things


def _boundary(street: Street, side: int, z0: float, z1: float, dice: Dice) -> list[Thing]:
    """A wall, fence or hedge behind the pavement."""
    plan = street.side(side)
    s = (street.half(side) + plan.verge + plan.walk + 0.3) * side
    if dice.chance(0.1):
        return []
    make = dice.pick((wall, fence, fence, hedge))
    return [make(street, s, max(z0, 1.3), z1, dice.child("boundary"))]


def _gap(street: Street, side: int, z0: float, z1: float, dice: Dice) -> list[Thing]:
    """Trees and bushes behind a boundary."""
    things = _boundary(street, side, z0, z1, dice)
    for number in range(dice.whole(2, 5)):
        s, z = street.front(side) + dice.between(1.5, 16), dice.between(z0, z1)
        if z > 3:
            part = dice.child(f"plant {number}")
            x = street.x(s * side, z)
            things.append(tree(x, z, part, 1.1) if part.chance(0.6) else bush(x, z, part))
    return things


def _greenery(street: Street, side: int, dice: Dice) -> list[Thing]:
    """Trees along the verge or the pavement, bushes in the yards."""
    plan, things = street.side(side), list[Thing]()
    row = 0.75 if plan.verge or street.character == "avenue" else 0.3
    if dice.chance(row):
        step, z, size = dice.between(7, 16), dice.between(5, 16), dice.between(0.55, 1.0)
        s = street.half(side) + (plan.verge / 2 if plan.verge else 0.6)
        while z < 120:
            part = dice.child(round(z * 10))
            if not street.in_crossing(z, 5) and part.chance(0.85):
                things.append(tree(street.x(s * side, z), z, part, size))
            z += step * part.between(0.8, 1.25)
    if plan.yard > 2.5:
        for number in range(dice.whole(2, 8)):
            part = dice.child(f"bush {number}")
            z = part.between(5, 60)
            s = street.half(side) + plan.verge + plan.walk + part.between(0.8, max(1.0, plan.yard - 0.5))
            if not street.in_crossing(z, 2):
                plant = bush if part.chance(0.75) else tree
                things.append(plant(street.x(s * side, z), z, part.child("plant")))
    return things


def _posts(street: Street, side: int, dice: Dice) -> list[Thing]:
    """Lamp posts, signs, bollards and clutter near the kerb."""
    things: list[Thing] = []
    edge = street.half(side)
    if dice.chance(0.75):
        z, step = dice.between(7, 22), dice.between(20, 34)
        while z < 140:
            if not street.in_crossing(z, 1):
                things.append(lamp_post(street.x((edge + 0.5) * side, z), z, side, dice.child(f"lamp {z:.1f}")))
            z += step
    for number in range(dice.whole(0, 4)):
        part = dice.child(f"sign {number}")
        z = part.between(6, 45)
        if not street.in_crossing(z):
            things.append(traffic_sign(street.x((edge + part.between(0.3, 0.9)) * side, z), z, part))
    if dice.chance(0.3):
        begin, step = dice.between(5, 20), dice.between(1.5, 2.5)
        for number in range(dice.whole(3, 10)):
            z = begin + number * step
            if not street.in_crossing(z):
                things.append(plain_pole(street.x((edge + 0.35) * side, z), z, dice.child("row"), short=True))
    elif dice.chance(0.6):
        z = dice.between(8, 40)
        things.append(plain_pole(street.x((edge + 0.6) * side, z), z, dice.child("one")))
    for number in range(dice.whole(0, 3)):
        part = dice.child(f"clutter {number}")
        z = part.between(6, 40)
        if not street.in_crossing(z):
            place = edge + street.side(side).verge + part.between(0.4, max(0.5, street.side(side).walk))
            things.append(clutter(street.x(place * side, z), z, part))
    return things


def _parked(street: Street, side: int, dice: Dice) -> list[Thing]:
    """Cars at the kerb, and bicycles and motorcycles on the pavement."""
    things: list[Thing] = []
    if street.side(side).parking:
        s, z, full = street.half(side) - 1.15, dice.between(4.5, 12), dice.between(0.3, 0.95)
        while z < 110:
            part = dice.child(round(z * 10))
            shape = truck(part) if part.chance(0.05) else car(part)
            long = shape.long
            if part.chance(full) and not street.in_crossing(z, 4 + long / 2):
                turn = street.heading(z) + (math.pi if side < 0 else 0) + part.between(-0.04, 0.04)
                things.append(vehicle(shape, street.x((s + part.between(-0.1, 0.15)) * side, z), z, turn, part))
            z += long + part.between(0.5, 1.6)
    for number in range(dice.whole(0, 4)):
        part = dice.child(f"cycle {number}")
        z = part.between(6, 36)
        s = street.half(side) + street.side(side).verge + part.between(0.6, max(0.7, street.side(side).walk))
        if not street.in_crossing(z):
            make = bicycle if part.chance(0.7) else motorcycle
            things.append(make(street.x(s * side, z), z, part.between(0.5, 1.0), part, ridden=False))
    return things


def _walkers(street: Street, side: int, busy: float, dice: Dice) -> list[Thing]:
    """People on the pavement, some in groups."""
    things: list[Thing] = []
    plan = street.side(side)
    inner = street.half(side) + plan.verge
    for number in range(int(busy * dice.between(0, 8))):
        part = dice.child(number)
        z, s = 5.5 + 55 * part.unit() ** 1.5, inner + part.between(0.4, max(0.5, plan.walk - 0.2))
        for other in range(part.pick((1, 1, 2, 3))):
            x = street.x(s * side, z) + 0.6 * other
            things.append(person(x, z + 0.3 * other, part.child(other)))
    return things


def _shape(dice: Dice) -> Shape:
    make = dice.pick((car, car, car, car, car, car, truck, bus))
    return make(dice)


def _traffic(street: Street, busy: float, dice: Dice) -> list[Thing]:
    """Vehicles and cyclists on the road: with the camera on the right half, towards it on the left."""
    things: list[Thing] = []
    if street.lanes >= 2 and dice.chance(0.16):
        shape, z = tram(dice.child("tram")), dice.between(24, 60)
        turn = street.heading(z) + math.pi
        things.append(vehicle(shape, street.x(-street.lane * 0.55, z), z, turn, dice.child("tram paint")))
    for lane in range(street.lanes):
        s = (lane - street.lanes / 2 + 0.5) * street.lane
        ahead = s > -0.1
        own = abs(s - street.offset) < 1.2
        part = dice.child(lane)
        z = part.between(9, 40) if own else part.between(6, 30)
        while z < 120:
            shape = _shape(part)
            z += shape.long / 2
            free = not any(thing.contact and abs(thing.depth - z) < 18 and thing.tall > 2.6 for thing in things[:1])
            if part.chance(busy) and (free or ahead) and z - shape.long / 2 > 5:
                turn = street.heading(z) + (0 if ahead else math.pi) + part.between(-0.03, 0.03)
                things.append(vehicle(shape, street.x(s + part.between(-0.3, 0.3), z), z, turn, part))
            z += shape.long / 2 + part.between(5, 40)
    for number in range(dice.pick((0, 0, 1, 1, 2, 3))):
        part = dice.child(f"rider {number}")
        side = part.pick((-1, 1, 1))
        z = part.between(7, 40)
        s = (street.lanes * street.lane / 2 - part.between(0.3, 0.9)) * side
        make = bicycle if part.chance(0.65) else motorcycle
        things.append(make(street.x(s, z), z, part.between(0.12, 0.45), part, ridden=True))
    return things


def _at_crossing(street: Street, busy: float, dice: Dice) -> list[Thing]:
    """Signals, cross traffic, people on the zebra."""
    assert street.crossing is not None
    z0, z1 = street.crossing
    things: list[Thing] = []
    if dice.chance(0.7):
        overhead = dice.chance(0.4)
        for side in (-1, 1):
            for z in (z0 - 0.6, z1 + 0.8):
                x = street.x((street.half(side) + 0.6) * side, z)
                things.append(traffic_light(x, z, side, dice.child(f"{side} {z:.1f}"), overhead=overhead))
    middle = (z0 + z1) / 2
    for way, z in ((1, middle - (z1 - z0) / 4), (-1, middle + (z1 - z0) / 4)):
        part = dice.child(f"across {way}")
        x = part.between(-30, 0)
        while x < 30:
            shape = _shape(part)
            x += shape.long / 2
            if part.chance(0.6 * busy) and z > 8:
                things.append(vehicle(shape, x, z, way * math.pi / 2, part))
            x += shape.long / 2 + part.between(3, 30)
    for number in range(int(busy * dice.between(0, 6))):
        part = dice.child(f"zebra {number}")
        s, z = part.between(-street.half(-1), street.half(1)), z0 - part.between(0.8, 3.0)
        if z > 5:
            ridden = part.chance(0.25)
            x = street.x(s, z)
            things.append(bicycle(x, z, 1.0, part, ridden=True) if ridden else person(x, z, part))
    return things
