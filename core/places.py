"""Where SegLeak keeps its own files. `SEGLEAK_HOME` moves all of them, `SEGLEAK_CACHE` the cache alone."""

import os
from pathlib import Path

import platformdirs

CACHE_VARIABLE = "SEGLEAK_CACHE"


def _place(default: str, name: str) -> Path:
    home = os.environ.get("SEGLEAK_HOME")
    return Path(home) / name if home else Path(default)


def cache_folder() -> Path:
    """Posteriors and thumbnails: may be deleted at any time."""
    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else _place(platformdirs.user_cache_dir("segleak", appauthor=False), "cache")


def config_folder() -> Path:
    """Settings and the list of trusted model files."""
    return _place(platformdirs.user_config_dir("segleak", appauthor=False), "config")


def data_folder() -> Path:
    """Audits that are made without being told where."""
    return _place(platformdirs.user_data_dir("segleak", appauthor=False), "data")
