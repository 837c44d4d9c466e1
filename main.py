"""The door to SegLeak: a subcommand runs without a window. Imports nothing heavy."""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Run SegLeak with command-line arguments; returns the exit code."""
    from core.cli.app import run

    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
