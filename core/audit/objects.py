"""The single objects of an audit that stand highest among their like in non-members. Imports no torch.

Exploratory: there are thousands of objects, and some stand above all others whatever the target remembers.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core.audit.store import ImageRow
from core.data.samples import Role
from core.metrics.intervals import unit_numbers
from core.metrics.objects import FEWEST, ObjectTable, standings

MOST = 500
"""Objects that are listed."""


@dataclass(frozen=True)
class FoundObject:
    """A connected area of one class in one image.

    Attributes
    ----------
    image, number
        Image id, and the object's number in it, as `core.metrics.slices.objects` counts.
    name
        Its class.
    pixels
        Of the attack grid.
    top, left
        The middle of its pixels, as shares of the image's height and width.
    value
        The mean of the map; higher = more likely a member.
    of, as_high
        With how many objects of non-members it is compared (same class, similar size, other images), and how many of
        those have a mean at least as high.
    """

    image: int
    number: int
    name: str
    pixels: int
    top: float
    left: float
    value: float
    of: int
    as_high: int

    @property
    def percentile(self) -> float | None:
        """How many per cent of those that it is compared with lie below it; None where they are too few."""
        return 100 * (1 - self.as_high / self.of) if self.of >= FEWEST else None


@dataclass(frozen=True)
class FoundObjects:
    """The objects that stand highest, the highest first.

    Attributes
    ----------
    listed
        At most `MOST`.
    of
        How many there are.
    roles, listed_roles
        How many of all, and of those that are listed, belong to images of each role.
    """

    listed: tuple[FoundObject, ...] = ()
    of: int = 0
    roles: Mapping[Role, int] = field(default_factory=dict)
    listed_roles: Mapping[Role, int] = field(default_factory=dict)

    @property
    def shares(self) -> str:
        """How much of the list belongs to members, beside how much of all objects does: alike where nothing leaks."""
        if not self.listed:
            return ""
        listed, of_all = (
            100 * counts.get(Role.MEMBER, 0) / total
            for counts, total in ((self.listed_roles, len(self.listed)), (self.roles, self.of))
        )
        return f"{listed:.0f} % of the {len(self.listed)} that stand highest are of members; of all {of_all:.0f} %."


def found_objects(tables: Sequence[ObjectTable], rows: Sequence[ImageRow], names: Sequence[str]) -> FoundObjects:
    """Rank the objects of all images; `rows` are the images, `names` those of the classes."""
    table = ObjectTable.joined(tables)
    role_of = {row.id: row.role for row in rows}
    roles = [role_of[image] for image in table.image.tolist()]
    unit_of = dict(zip(role_of, unit_numbers([row.group for row in rows]).tolist(), strict=True))
    units = np.array([unit_of[image] for image in table.image.tolist()], np.int64)
    found = standings(table, np.array([role is Role.NON_MEMBER for role in roles], np.bool_), units)
    order = np.lexsort((-table.value, found.rank))[:MOST]
    listed = tuple(
        FoundObject(
            image=int(table.image[i]),
            number=int(table.number[i]),
            name=_name(names, int(table.class_id[i])),
            pixels=int(table.pixels[i]),
            top=float(table.top[i]),
            left=float(table.left[i]),
            value=float(table.value[i]),
            of=int(found.of[i]),
            as_high=int(found.as_high[i]),
        )
        for i in order
    )
    return FoundObjects(listed, len(table), Counter(roles), Counter(roles[i] for i in order))


def placed(one: FoundObject, row: ImageRow) -> tuple[float, float]:
    """The middle of an object (x, y) in pixels of its image; per cent of its sides where its size is not known."""
    height, width = row.size or (100, 100)
    return one.left * width, one.top * height


def _name(names: Sequence[str], class_id: int) -> str:
    return names[class_id] if class_id < len(names) else str(class_id)
