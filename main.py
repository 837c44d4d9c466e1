"""The door to SegLeak: the window, or a subcommand without one. Imports nothing heavy."""

import os
import sys
from pathlib import Path

# Idle OpenMP threads sleep rather than spin: a spinning one takes a core from whatever else runs, for a second and more
# per forward pass on a busy machine. Read once, when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

DEMO = "--demo"
COMMANDS = Path(__file__).resolve().parent / "core" / "cli"


def main(arguments: list[str] | None = None) -> int:
    """Open the window: as it was left, with --demo, or with the path of an audit. Else run a subcommand.

    Returns the exit code.
    """
    given = sys.argv[1:] if arguments is None else arguments
    demo = given == [DEMO]
    if not given or demo or _is_path(given):
        from gui.door import open_window

        return open_window(Path(given[0]) if given and not demo else None, demo=demo)
    from core.cli.app import run
    from gui.door import draw_snapshot

    return run(given, draw_snapshot)


def _is_path(given: list[str]) -> bool:
    """Whether the one argument is something on disk; a word that is also a subcommand means the subcommand."""
    return len(given) == 1 and Path(given[0]).exists() and given[0] not in {p.stem for p in COMMANDS.iterdir()}


if __name__ == "__main__":
    sys.exit(main())
