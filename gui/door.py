"""Before any Qt is loaded: can there be a window, and what happens where there cannot."""

import os
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.progress import Progress
    from core.snapshot.choices import SnapshotChoices

NO_DISPLAY = (
    "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set), so SegLeak works without a window: {instead}\n"
    "All it can do this way: main.py --help"
)
NO_QT = (
    "error: the window needs PySide6, which is not installed.\n"
    "  Install it with: {python} -m pip install {packages}\n"
    "  Everything but the window works without it: main.py --help"
)
MODULES = ("PySide6", "shiboken6", "pyqtgraph")
PACKAGES = ("PySide6-Essentials", "pyqtgraph")
NO_LIBRARY = (
    "error: the window cannot start: {error}.\n"
    "  Install the library named; on Debian and Ubuntu: apt install libegl1 libgl1 libxkbcommon0 libxcb-cursor0\n"
    "  Everything but the window works without it: main.py --help"
)
UNUSABLE = 2


def has_display(platform: str = sys.platform, variables: Mapping[str, str] = os.environ) -> bool:
    """Whether windows can be shown: Linux needs a display server, or another of Qt's platforms by name."""
    if not platform.startswith(("linux", "freebsd")):
        return True
    return any(variables.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))


def open_window(path: Path | None, *, demo: bool = False) -> int:
    """Show the window, with an audit where there is a path, or with the built-in demo audit; returns the exit code."""
    if not has_display():
        return _headless(path)
    try:
        from gui.app import run
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in MODULES:
            print(NO_QT.format(python=sys.executable, packages=_packages()), file=sys.stderr)
        elif ".so" in str(error):
            print(NO_LIBRARY.format(error=error), file=sys.stderr)
        else:
            raise
        return UNUSABLE
    return run(path, demo=demo)


def _packages() -> str:
    """What pip is to install, with the versions that this program needs."""
    try:
        lines = metadata.requires("segleak") or []
    except metadata.PackageNotFoundError:
        lines = []
    wanted = [line.partition(";")[0].strip() for line in lines if line.startswith(PACKAGES)]
    return " ".join(f'"{line}"' for line in wanted or PACKAGES)


def _headless(path: Path | None) -> int:
    from core.cli.app import run

    instead = "it runs the built-in demo audit." if path is None else "it says what it knows of the path."
    print(NO_DISPLAY.format(instead=instead), file=sys.stderr)
    return run(["demo"] if path is None else _told_of(path), draw_snapshot)


def _told_of(path: Path) -> list[str]:
    """The subcommand that says what is known of a path. A folder of images is checked, all else described."""
    from core.errors import SegLeakError
    from gui.wizard.kinds import Kind, kind_of

    try:
        images = kind_of(path) is Kind.IMAGES
    except SegLeakError:
        images = False
    return ["check", "--suspects", str(path)] if images else ["info", str(path)]


def draw_snapshot(
    audit: Path, choices: "SnapshotChoices", path: Path, progress: "Progress", device: str = "auto"
) -> Path:
    """Write the snapshot of an audit: a PDF, or a folder of pictures where the path has no ending.

    Raises `SegLeakError` where it cannot be written, or Qt is not there to draw it.
    """
    from core.errors import SegLeakError

    try:
        from gui.snapshot.export import write_snapshot
    except ImportError as error:
        raise SegLeakError(
            f"Snapshots are drawn with PySide6, which cannot be used ({error}).",
            f"Install it with: {sys.executable} -m pip install {_packages()}",
        ) from error
    return write_snapshot(audit, choices, path, progress, device)
