"""A home for the tour: settings, cache and the demo audit in a folder whose name may be seen in the pictures."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

from core.audit.spec import read_spec, write_spec
from core.audit.store import SPEC_NAME
from gui.folders import DEMO_SPEC, demo_folder

ROOT = Path(__file__).resolve().parents[2]
STREETS = "streets"
"""The demo's model and images, below the home."""


@contextmanager
def own_home() -> Iterator[Path]:
    """A new home, gone in the end. Raises `FileExistsError` where another tour is under way."""
    home = Path(tempfile.gettempdir()) / "segleak"
    home.mkdir()
    try:
        shutil.copytree(DEMO_SPEC.parent, home / STREETS)
        with patch.dict(os.environ, SEGLEAK_HOME=str(home)):
            yield home
    finally:
        shutil.rmtree(home)


def bring_demo(home: Path, audit: Path | None) -> None:
    """Have the demo audit in the home: a copy of a finished one, or run anew."""
    folder = demo_folder()
    folder.parent.mkdir(parents=True)
    if audit is None:
        command = [sys.executable, str(ROOT / "main.py"), "audit", str(home / STREETS / DEMO_SPEC.name)]
        subprocess.run([*command, "--out", str(folder)], check=True)
        return
    shutil.copytree(audit, folder)
    write_spec(read_spec(home / STREETS / DEMO_SPEC.name).moved_to(folder), folder / SPEC_NAME)
