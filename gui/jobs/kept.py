"""The queue on disk: audits that ran or waited when the program ended, however it ended. Knows nothing of Qt."""

import contextlib
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tomli_w

from core.engine.jobs import RunAudit, SpecTable
from core.files import write_text
from core.places import config_folder


def queue_path() -> Path:
    """Where the queue is."""
    return config_folder() / "queue.toml"


def write_queue(jobs: Iterable[RunAudit]) -> None:
    """Keep these jobs, the next one first. What cannot be written is not worth a message."""
    with contextlib.suppress(OSError, ValueError, TypeError):
        write_text(queue_path(), tomli_w.dumps({"audits": [_as_table(job) for job in jobs]}))


def read_queue() -> list[RunAudit]:
    """The jobs that were kept; none where their file is damaged. Trust in model files is not kept."""
    try:
        tables = tomllib.loads(queue_path().read_text("utf-8")).get("audits", [])
        return [_as_job(table) for table in tables]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return []


def _as_table(job: RunAudit) -> dict[str, Any]:
    table: dict[str, Any] = {"folder": str(job.folder), "device": job.device}
    if isinstance(job.spec, SpecTable):
        table |= {"spec": dict(job.spec.table), "spec_folder": str(job.spec.folder)}
    else:
        table["spec_path"] = str(job.spec)
    if job.extend:
        table["extend"] = True
    return table if job.most is None else table | {"most": job.most}


def _as_job(table: Mapping[str, Any]) -> RunAudit:
    spec = SpecTable(table["spec"], Path(table["spec_folder"])) if "spec" in table else Path(table["spec_path"])
    return RunAudit(spec, Path(table["folder"]), table.get("most"), table.get("extend") is True, device=table["device"])
