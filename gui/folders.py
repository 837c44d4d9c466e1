"""Where the window keeps what is a person's own, beside settings and cache. Knows nothing of Qt."""

import os
from pathlib import Path

import platformdirs

SUFFIX = ".segleak"
RESOURCES = Path(__file__).resolve().parents[1] / "resources"
DEMO_SPEC = RESOURCES / "demo" / "demo.toml"


def data_folder() -> Path:
    """Audits that the window makes without being told where; `SEGLEAK_HOME` moves it."""
    home = os.environ.get("SEGLEAK_HOME")
    return Path(home) / "data" if home else platformdirs.user_data_path("segleak", appauthor=False)


def demo_folder() -> Path:
    """The demo audit."""
    return data_folder() / f"demo{SUFFIX}"


def is_audit(path: Path) -> bool:
    """Whether a path looks like an audit folder; says nothing of its contents."""
    from core.audit.store import RESULTS_NAME

    return (path / RESULTS_NAME).is_file()
