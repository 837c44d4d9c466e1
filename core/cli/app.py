"""The command line: one subcommand a file, one place for errors, signals and exit codes.

Exit codes: 0 done; 1 done, but some images failed or a check found an error; 2 wrong use, or a file or setting that
cannot be used; 130 stopped on request (run the same command again to go on).
"""

import argparse
import os
import signal
from collections.abc import Sequence
from types import FrameType

from core import __version__
from core.cli import audit, check, demo, export, info, purge, review, scenes, slices, snapshot, train, verify
from core.cli.screen import Screen
from core.cli.usage import Parser
from core.errors import Cancelled, SegLeakError

DONE, UNUSABLE, STOPPED = 0, 2, 130

COMMANDS = (demo, audit, check, train, export, snapshot, verify, info, slices, review, purge, scenes)

EXAMPLES = """\
a first audit:
  main.py train target --images shadow/members.txt --scheme camvid11 --out shadow.safetensors
  main.py train attack --shadow shadow.safetensors --members shadow/members.txt \\
                       --non-members shadow/non-members.txt --scheme camvid11 --out attack.safetensors
  main.py audit --target target.safetensors --members members.txt --non-members non-members.txt \\
                --scheme camvid11 --attack patch:network=attack.safetensors --attack loss \\
                --defense none --defense argmax --defense gauss:sigma=0.05 --out first.segleak
  main.py export first.segleak --out first --maps png
  main.py snapshot first.segleak --out first.pdf
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    root = Parser(
        prog="main.py",
        description="SegLeak shows where a segmentation model remembers its training images. Without a command it "
        "opens the window, with --demo alone on the built-in demo audit.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    root.add_argument("--version", action="version", version=f"SegLeak {__version__}")
    commands = root.add_subparsers(dest="command", metavar="COMMAND")
    for module in COMMANDS:
        module.add_parser(commands)
    return root


def run(arguments: Sequence[str], draw_snapshot: snapshot.Draw | None = None) -> int:
    """Run one command; prints what went wrong and what to do about it. `draw_snapshot` draws what core/ cannot."""
    root = parser()
    root.set_defaults(draw_snapshot=draw_snapshot)
    try:
        args = root.parse_args(list(arguments))
    except SystemExit as stop:  # argparse has printed the usage
        return int(stop.code or 0)
    if args.command is None:
        root.print_help()
        return DONE
    screen = Screen(quiet=getattr(args, "quiet", False))
    with _Interrupts(screen):
        try:
            return int(args.run(args, screen))
        except Cancelled:
            screen.note("Stopped. Everything finished so far is kept; the same command goes on from there.")
            return STOPPED
        except (SegLeakError, OSError, MemoryError) as error:
            screen.error(_told(error))
            return UNUSABLE
        finally:
            screen.close()


def _told(error: SegLeakError | OSError | MemoryError) -> SegLeakError:
    """An error of the machine, with what to do about it."""
    if isinstance(error, SegLeakError):
        return error
    if isinstance(error, MemoryError):
        return SegLeakError("Memory ran out.", "Use a smaller --batch, or set a tile in the pre-processing.")
    what = f"{error.filename}: " if error.filename else ""
    return SegLeakError(
        f"{what}{error.strerror or error}.", "Check that it is there, may be written to, and that the disk has room."
    )


class _Interrupts:
    """The first Ctrl-C or SIGTERM stops cleanly, the second at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._before: dict[int, object] = {}

    def __enter__(self) -> None:
        try:
            self._before = {s: signal.signal(s, self._stop) for s in self.SIGNALS}
        except ValueError:  # not the main thread: the caller handles signals
            self._before = {}

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _stop(self, number: int, frame: FrameType | None) -> None:
        if self._screen.progress.cancelled:
            # Not sys.exit, which waits for the threads. Whatever is being written survives this, as it does SIGKILL.
            os._exit(STOPPED)
        self._screen.note("Stopping after the images in flight. Once more stops at once.")
        self._screen.progress.cancel()
