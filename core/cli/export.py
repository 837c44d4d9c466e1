"""`main.py export`: scores as CSV, everything as JSON, maps as PNG, TIFF or NPZ."""

import argparse
from pathlib import Path

from core.audit.export import export_json, export_roc, export_scores
from core.audit.map_export import FORMS, MapExport, export_maps
from core.audit.runner import open_audit
from core.cli.screen import Screen


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("export", help="scores, ROC curves, audit.json and membership maps of an audit")
    parser.add_argument("audit", type=Path, help="audit folder")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write to")
    parser.add_argument("--maps", choices=("none", *FORMS), default="none", help="also write maps (default none)")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Write the files and name them."""
    store, spec = open_audit(args.audit)
    with store:
        written = [write(store, spec, args.out) for write in (export_scores, export_roc, export_json)]
        if args.maps != "none":
            written.append(export_maps(store, spec, args.out, MapExport(args.maps), screen.progress))
    screen.close()
    for path in written:
        screen.print(str(path))
    return 0
