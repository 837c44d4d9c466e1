"""Opening what an audit needs before somebody waits for it."""

from dataclasses import dataclass
from typing import ClassVar

from core.defenses.chain import Chain
from core.engine.gate import Lane
from core.engine.jobs.base import Desk, Job, SpecSource, spec_of


@dataclass(frozen=True)
class WarmUp(Job):
    """Open an audit's target and attacks, so that the first `Observe` is quick; the value is the target's SHA-256.

    Attributes
    ----------
    audit
        As for `Observe`.
    """

    lane: ClassVar[Lane] = Lane.LOOK
    audit: SpecSource

    def run(self, desk: Desk) -> str:
        """Open them."""
        audit = desk.models.audit(spec_of(self.audit), self.device, self.trusted)
        audit.attacks([entry.id for entry in audit.spec.attacks])
        audit.source(Chain())
        return audit.target.info.sha256
