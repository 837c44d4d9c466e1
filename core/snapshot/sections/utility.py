"""What defenses cost: mIoU per class, and privacy against utility."""

from collections.abc import Mapping
from typing import Any

from core.data.samples import Role
from core.snapshot import words
from core.snapshot.blocks import Block, Dot, FigureRow, ScatterFigure, Table, Text
from core.snapshot.content import Content
from core.snapshot.record import Record

NAMED = 10
"""Dots of a figure that have their names beside it."""
PER_TABLE = 6
"""Defenses side by side in a table of classes."""


def classes(content: Content, record: Record) -> list[Block]:
    """IoU per class on members and non-members, under each defense."""
    counted = [chain for chain in content.chains if content.summary["segmentation"].get(chain.id)]
    if not counted:
        return []
    note = (
        "Intersection over union at full label resolution, members / non-members. A dash: the class occurs in neither."
    )
    tables = [_table(content, counted[start : start + PER_TABLE]) for start in range(0, len(counted), PER_TABLE)]
    return [Text(note, "small"), *tables]


def _table(content: Content, chains: "list[Any]") -> Table:
    sides = [content.summary["segmentation"][chain.id] for chain in chains]
    names = content.summary["classes"].get("names", [])
    size = max(len(side["iou"]) for roles in sides for side in roles.values())
    titles = [names[i] if i < len(names) else f"class {i}" for i in range(size)]
    rows = [("Mean (mIoU)", *(_pair(side, lambda s: s["miou"]) for side in sides))]
    rows += [(title, *(_pair(side, lambda s, i=i: s["iou"][i]) for side in sides)) for i, title in enumerate(titles)]
    rows.append(("Pixel accuracy", *(_pair(side, lambda s: s["pixel_accuracy"]) for side in sides)))
    head = ("Class", *(content.name_of(chain) for chain in chains))
    return Table(head, tuple(rows), (1.9, *[1.6] * len(chains)), ("left", *["right"] * len(chains)))  # type: ignore[arg-type]


def _pair(sides: Mapping[str, Any], read: Any) -> str:
    values = (read(sides[str(role)]) if str(role) in sides else None for role in (Role.MEMBER, Role.NON_MEMBER))
    return " / ".join(words.number(value, 2) for value in values)


def utility(content: Content, record: Record) -> list[Block]:
    """AUC against mIoU on non-members: how much a defense protects and what it costs."""
    dots = tuple(dot for place, chain in enumerate(content.chains) if (dot := _dot(content, chain, place)) is not None)
    if not dots:
        return []
    beside = len(dots) <= NAMED
    note = (
        "Left and up is better: the attack does less and the target segments unseen images better. Bars: "
        f"{words.level(content)} interval of the AUC. Only the attack “{content.spec.primary.words}” is shown; one "
        f"that knows the defense may do better.{'' if beside else ' Numbers are those of the table.'}"
    )
    figure = FigureRow((ScatterFigure(dots, beside),), height=230)
    return [figure, Text(note, "small"), *([] if beside else [_table_of(content, dots)])]


def _table_of(content: Content, dots: tuple[Dot, ...]) -> Table:
    """The numbers of the dots, where there are too many for their names."""
    head = ("No.", "Defense", "AUC", f"{words.level(content)} interval", "mIoU, non-members")
    rows = tuple((str(number), *_row(dot)) for number, dot in enumerate(dots, start=1))
    return Table(head, rows, (0.6, 4.0, 1.0, 1.6, 2.0), ("right", "left", "right", "right", "right"))


def _row(dot: Dot) -> tuple[str, str, str, str]:
    ends = None if dot.low is None or dot.high is None else {"low": dot.low, "high": dot.high}
    return dot.name, words.number(dot.x), words.interval(ends), words.number(dot.y)


def _dot(content: Content, chain: Any, place: int) -> Dot | None:
    metrics = content.result(chain.id)["metrics"]
    miou = content.summary["segmentation"].get(chain.id, {}).get(str(Role.NON_MEMBER), {}).get("miou")
    if metrics["auc"] is None or miou is None:
        return None
    at = metrics["auc_interval"] or {"low": None, "high": None}
    return Dot(content.name_of(chain), metrics["auc"], miou, at["low"], at["high"], place)
