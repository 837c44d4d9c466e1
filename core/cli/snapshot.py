"""`main.py snapshot`: the PDF of an audit. What is in it is decided here; it is drawn by the window's part."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.cli.flags import add_flags, given_flags
from core.cli.models import add_device_flag
from core.cli.screen import Screen
from core.errors import SegLeakError
from core.parameters import Choice
from core.progress import Progress
from core.snapshot.choices import PARTS, SECTIONS, SnapshotChoices, read_profile, write_profile

Draw = Callable[[Path, SnapshotChoices, Path, Progress, str], Path]
"""Writes the snapshot of an audit folder to a file or folder, and returns where; the target is asked on a device."""

NO_PAINTER = SegLeakError("Snapshots cannot be drawn from here.", "Use main.py snapshot.")


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "snapshot",
        usage="%(prog)s AUDIT --out FILE.pdf [options]",
        help="the PDF of an audit, or its pages and figures as pictures",
        epilog=f"Sections: {', '.join(SECTIONS)}.",
    )
    parser.add_argument("audit", type=Path, help="audit folder")
    parser.add_argument(
        "--out", type=Path, metavar="PATH", help="PDF to write, or a folder for PNG, SVG and CSV (default AUDIT.pdf)"
    )
    parser.add_argument("--profile", type=Path, metavar="FILE", help="choices to begin with, as kept by --keep")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep these choices as a profile")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)
    for part in PARTS:
        add_flags(parser, part, part.title)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Write the snapshot."""
    choices = _choices(args)
    if args.keep is not None:
        write_profile(choices, args.keep)
    path = args.out or args.audit.with_suffix(".pdf")
    screen.print(str(draw(args, choices, args.audit, path, screen)))
    return 0


def draw(args: argparse.Namespace, choices: SnapshotChoices, audit: Path, path: Path, screen: Screen) -> Path:
    """Have a snapshot drawn. Raises `SegLeakError` where the command line was started without a painter."""
    paint: Draw | None = getattr(args, "draw_snapshot", None)
    if paint is None:
        raise NO_PAINTER
    written = paint(audit, choices, path, screen.progress, args.device)
    screen.close()
    return written


def _choices(args: argparse.Namespace) -> SnapshotChoices:
    """The profile's choices with the flags over them."""
    start = SnapshotChoices() if args.profile is None else read_profile(args.profile)
    return SnapshotChoices(**{part.name: _part(getattr(start, part.name), args) for part in PARTS})  # type: ignore[arg-type]


def _part(start: Choice, args: argparse.Namespace) -> Choice:
    return replace(start, **given_flags(args, type(start)))
