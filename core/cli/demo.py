"""`main.py demo`: run the built-in demo audit."""

import argparse
from pathlib import Path

from core.audit.spec import read_spec
from core.cli.models import add_device_flag
from core.cli.report import print_summary
from core.cli.screen import Screen
from core.cli.snapshot import draw
from core.snapshot.choices import SnapshotChoices

SPEC = Path(__file__).resolve().parents[2] / "resources" / "demo" / "demo.toml"


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("demo", help="run the built-in demo audit, on drawn street scenes")
    parser.add_argument(
        "--out", type=Path, default=Path("demo.segleak"), metavar="FOLDER", help="audit folder (default demo.segleak)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Run the demo audit, or go on with it, print its summary, and write its snapshot."""
    from core.audit.runner import RunOptions, run_audit

    summary = run_audit(read_spec(SPEC), args.out, RunOptions(device=args.device), screen.progress)
    screen.close()
    print_summary(summary, screen)
    if args.draw_snapshot is not None:
        path = args.out.with_suffix(".pdf")
        screen.print(f"Snapshot: {draw(args, SnapshotChoices(), args.out, path, screen)}")
    screen.note(f"Audit folder: {args.out}. Which suspects were trained on: {SPEC.parent / 'README.md'}")
    return 0
