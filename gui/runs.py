"""What the window asks the engine to run: the demo, and audits that have not ended. Knows nothing of Qt."""

import tomllib
from pathlib import Path

from core.engine.jobs import RunAudit, SpecTable
from core.errors import SegLeakError
from gui.folders import DEMO_SPEC, demo_folder
from gui.settings.table import Preferences


def demo_job(preferences: Preferences) -> RunAudit:
    """The demo audit, in the user's data folder. Raises `SegLeakError` where the demo did not come along."""
    try:
        table = tomllib.loads(DEMO_SPEC.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SegLeakError(f"{DEMO_SPEC}: cannot be read ({error}).", "Install SegLeak again.") from error
    table["run"] = run_table(preferences) | table.get("run", {})
    return RunAudit(SpecTable(table, DEMO_SPEC.parent), demo_folder(), device=preferences.computing.device)


def run_table(preferences: Preferences) -> dict[str, object]:
    """The [run] table of an audit that is begun in the window."""
    return preferences.new_audits.to_mapping()


def resumed(folder: Path, preferences: Preferences) -> RunAudit:
    """Go on with an audit that has not ended, with its own spec."""
    return RunAudit(folder, folder, device=preferences.computing.device)
