"""`main.py slices`: where an audit leaks, by class, distance to a label boundary, object size, place; which objects."""

import argparse
import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.runner import open_audit
from core.cli.screen import Screen, table
from core.cli.usage import positive
from core.files import write_text

if TYPE_CHECKING:
    from core.audit.slices import Slice

OBJECTS = "instead of parts the N single objects (at most 500) that stand highest among their like in non-members"
KINDS = ("class", "boundary", "size", "place")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "slices", usage="%(prog)s AUDIT [options]", help="which parts of the images tell members from non-members"
    )
    parser.add_argument("audit", type=Path, help="audit folder")
    parser.add_argument("--defense", metavar="ID", help="default: the released output")
    parser.add_argument("--attack", metavar="ID", help="whose first map is cut into parts; default: the primary attack")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--by", choices=KINDS, help="one way of cutting only")
    which.add_argument("--objects", type=positive, metavar="N", help=OBJECTS)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write them as CSV too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Print the slices, those that surely leak most first."""
    from core.audit.slices import slices_of
    from core.cli import slice_objects

    store, spec = open_audit(args.audit)
    with store:
        chain, attack = args.defense or spec.release.id, args.attack or spec.primary.id
        found = slices_of(store, spec, chain, attack, screen.progress)
        rows = {row.id: row for row in store.images()}
    title = f"Map '{found.map}' of {attack} under {chain}"
    if args.objects is None:
        csv_text = _show([one for one in found.slices if args.by in {None, one.kind}], title, screen)
    else:
        csv_text = slice_objects.show(found.objects, args.objects, rows, screen, title)
    if args.out is not None:
        write_text(args.out, csv_text)
    return 0


def _show(shown: list["Slice"], title: str, screen: Screen) -> str:
    made = table(title, "part", "of", "AUC", "interval", "members", "non-m.", texts=2)
    for one in shown:
        made.add_row(one.name, one.title, *_cells(one))
    screen.print(made)
    screen.note(
        "Pixels are averaged within each image first; intervals resample images. Slices are exploratory: the best of "
        "many looks better than it is."
    )
    return _csv(shown)


def _cells(one: "Slice") -> tuple[str, str, str, str]:
    leak, interval = one.leak, one.leak.interval
    return (
        "n/m" if leak.auc is None else f"{leak.auc:.3f}",
        f"{interval.low:.2f}-{interval.high:.2f}" if interval else "n/m",
        str(leak.members),
        str(leak.non_members),
    )


def _csv(slices: list["Slice"]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["kind", "part", "auc", "low", "high", "members", "non_members"])
    for one in slices:
        leak, interval = one.leak, one.leak.interval
        ends = (interval.low, interval.high) if interval else (None, None)
        writer.writerow([one.kind, one.name, leak.auc, *ends, leak.members, leak.non_members])
    return buffer.getvalue()
