"""What the engine can be asked to do. Imports no torch."""

from core.engine.jobs.base import Job, SpecSource, SpecTable
from core.engine.jobs.check_target import CheckedTarget, CheckTarget
from core.engine.jobs.observe import LAYERS, Observe, Observed, View
from core.engine.jobs.rescore import Rescore, Rescored
from core.engine.jobs.run_audit import RunAudit
from core.engine.jobs.warm_up import WarmUp

__all__ = [
    "LAYERS",
    "CheckTarget",
    "CheckedTarget",
    "Job",
    "Observe",
    "Observed",
    "Rescore",
    "Rescored",
    "RunAudit",
    "SpecSource",
    "SpecTable",
    "View",
    "WarmUp",
]
