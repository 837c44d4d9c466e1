"""The door to SegLeak: a subcommand runs without a window. Imports nothing heavy."""

import os
import sys

# Idle OpenMP threads sleep rather than spin: a spinning one takes a core from whatever else runs, for a second and more
# per forward pass on a busy machine. Read once, when torch loads.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def main(arguments: list[str] | None = None) -> int:
    """Run SegLeak with command-line arguments; returns the exit code."""
    from core.cli.app import run

    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
