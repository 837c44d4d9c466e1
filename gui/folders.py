"""What comes with the program, and the demo audit. Knows nothing of Qt."""

from pathlib import Path

from core.places import data_folder

SUFFIX = ".segleak"
RESOURCES = Path(__file__).resolve().parents[1] / "resources"
DEMO_SPEC = RESOURCES / "demo" / "demo.toml"


def demo_folder() -> Path:
    """The demo audit."""
    return data_folder() / f"demo{SUFFIX}"


def is_audit(path: Path) -> bool:
    """Whether a path looks like an audit folder; says nothing of its contents."""
    from core.audit.store import RESULTS_NAME

    return (path / RESULTS_NAME).is_file()


def is_begun(path: Path) -> bool:
    """Whether an audit folder can be opened: a run that was killed at birth has left no spec in it."""
    from core.audit.store import SPEC_NAME

    return is_audit(path) and (path / SPEC_NAME).is_file()
