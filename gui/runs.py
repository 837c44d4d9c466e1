"""What the window asks the engine to run: the demo, and audits that have not ended. Knows nothing of Qt."""

import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.spec_parts import to_mapping
from core.defenses.chain import Chain
from core.engine.jobs import RunAudit, SpecTable
from core.errors import SegLeakError
from gui.folders import DEMO_SPEC, demo_folder
from gui.settings.table import Preferences

if TYPE_CHECKING:
    from gui.document import AuditDocument


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


def extended(document: "AuditDocument", chains: Sequence[Chain], preferences: Preferences) -> RunAudit:
    """Have an audit take in more defenses; only they are computed. Its spec and its release stay as they are."""
    spec = replace(document.spec, defenses=(*document.chains, *chains))
    table = SpecTable(to_mapping(spec), document.folder)
    return RunAudit(table, document.folder, device=preferences.computing.device, extend=True)


def resumed(folder: Path, preferences: Preferences) -> RunAudit:
    """Go on with an audit that has not ended, with its own spec."""
    return RunAudit(folder, folder, device=preferences.computing.device)
