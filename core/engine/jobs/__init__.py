"""What the engine can be asked to do. Imports no torch."""

from core.engine.jobs.base import Job, SpecSource, SpecTable
from core.engine.jobs.check_references import CheckedReference, CheckReferences
from core.engine.jobs.check_target import CheckedTarget, CheckTarget, WeightsAlone
from core.engine.jobs.count_seen import CountSeen, Seen
from core.engine.jobs.look_at_fleet import FoundArchitecture, FoundFleet, LookAtArchitecture, LookAtFleet
from core.engine.jobs.look_at_images import CheckImages, FoundSet, ImagesAsked, LookAtImages
from core.engine.jobs.observe import LAYERS, Observe, Observed, View
from core.engine.jobs.read_cards import ReadCard, ReadCards
from core.engine.jobs.rescore import Rescore, Rescored
from core.engine.jobs.run_audit import RunAudit
from core.engine.jobs.train_references import TrainReferences
from core.engine.jobs.warm_up import WarmUp

__all__ = [
    "LAYERS",
    "CheckImages",
    "CheckReferences",
    "CheckTarget",
    "CheckedReference",
    "CheckedTarget",
    "CountSeen",
    "FoundArchitecture",
    "FoundFleet",
    "FoundSet",
    "ImagesAsked",
    "Job",
    "LookAtArchitecture",
    "LookAtFleet",
    "LookAtImages",
    "Observe",
    "Observed",
    "ReadCard",
    "ReadCards",
    "Rescore",
    "Rescored",
    "RunAudit",
    "Seen",
    "SpecSource",
    "SpecTable",
    "TrainReferences",
    "View",
    "WarmUp",
    "WeightsAlone",
]
