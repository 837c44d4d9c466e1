"""`main.py verify`: whether the files on disk are still those that a snapshot was made from."""

import argparse
from collections import Counter
from pathlib import Path

from core.cli.models import add_device_flag
from core.cli.screen import Screen
from core.cli.usage import positive
from core.snapshot.rescore import rescored
from core.snapshot.verify import Checked, Snapshot, State, Verifier, read_snapshot

GOOD = {State.MATCHES, State.MOVED, State.EXTENDED}
MOST_SHOWN = 20
"""Images of one state that are named; all are counted."""


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the subcommand."""
    parser = commands.add_parser("verify", help="check a snapshot against the files on disk")
    parser.add_argument("snapshot", type=Path, help="PDF written by `snapshot`")
    parser.add_argument(
        "--audit", type=Path, metavar="FOLDER", help="audit folder, where it moved or paths are left out"
    )
    parser.add_argument("--images", type=Path, metavar="FOLDER", help="look for moved files here, by their hashes")
    parser.add_argument("--rescore", type=positive, metavar="N", help="compute the scores of N images again")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_device_flag(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace, screen: Screen) -> int:
    """Say what matches, what changed and what is missing; 1 where something does not match."""
    snapshot = read_snapshot(args.snapshot)
    checked = Verifier(snapshot, args.audit, args.images).check(screen.progress)
    screen.close()
    _print(checked, screen)
    good = all(file.state in GOOD for file in checked)
    if args.rescore:
        good = _rescore(snapshot, args, screen) and good
    return 0 if good else 1


def _print(checked: list[Checked], screen: Screen) -> None:
    """Everything that is no image one by one, of the images only what does not match; then how many of each."""
    shown: Counter[State] = Counter()
    for file in checked:
        of_image = file.what.startswith(("image ", "label map "))
        shown[file.state] += of_image
        if file.state not in GOOD and shown[file.state] <= MOST_SHOWN:
            screen.warn("  ".join(filter(None, (f"{file.state}: {file.what}", file.path, file.told))))
        elif not of_image:
            screen.print("  ".join(filter(None, (f"{file.state}: {file.what}", file.told))))
    counts = Counter(file.state for file in checked)
    screen.print(", ".join(f"{count} {state}" for state, count in counts.items()))
    if counts[State.UNKNOWN]:
        screen.note("Not checked: the snapshot has no paths. Name the audit with --audit, or a folder with --images.")


def _rescore(snapshot: Snapshot, args: argparse.Namespace, screen: Screen) -> bool:
    good = True
    for again in rescored(snapshot, args.rescore, args.audit, args.device, screen.progress):
        good = good and again.agrees
        shown = again.reason if again.now is None else f"{again.now:.6f}"
        line = (
            f"{'agrees' if again.agrees else 'differs'}: {again.name}, {again.defense}: {again.then:.6f}, now {shown}"
        )
        screen.print(line) if again.agrees else screen.warn(line)
    screen.close()
    return good
