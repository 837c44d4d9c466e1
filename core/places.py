"""Where SegLeak keeps its own files. `SEGLEAK_HOME` moves all of them."""

import os
from pathlib import Path

import platformdirs


def _place(default: str, name: str) -> Path:
    home = os.environ.get("SEGLEAK_HOME")
    return Path(home) / name if home else Path(default)


def cache_folder() -> Path:
    """Posteriors and thumbnails: may be deleted at any time."""
    return _place(platformdirs.user_cache_dir("segleak", appauthor=False), "cache")


def config_folder() -> Path:
    """Settings and the list of trusted model files."""
    return _place(platformdirs.user_config_dir("segleak", appauthor=False), "config")
