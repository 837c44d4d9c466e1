"""Running an audit."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

from core.audit.spec import AuditSpec
from core.engine.gate import Lane
from core.engine.jobs.base import Desk, Gentler, Job, SpecSource, spec_of


@dataclass(frozen=True)
class RunAudit(Job):
    """Run an audit, or go on with it; the value is its summary. What is finished can be read from its folder meanwhile.

    Attributes
    ----------
    spec
        What is asked; an audit folder goes on with its own spec.
    folder
        The audit folder.
    most
        The most images, and patches, at a time; None: as the spec says.
    extend
        Whether the audit may take in defenses that the spec has behind those it was run with.
    """

    lane: ClassVar[Lane] = Lane.LONG
    spec: SpecSource
    folder: Path
    most: int | None = None
    extend: bool = False

    def run(self, desk: Desk) -> dict[str, Any]:
        """Run it with the one runner."""
        from core.audit.memory import give_back_memory
        from core.audit.runner import RunOptions, run_audit
        from core.engine.models import consents

        spec = self._spec()
        options = RunOptions(self.device, consents(self.trusted, spec), extend=self.extend)
        try:
            return run_audit(spec, self.folder, options, desk.progress)
        finally:
            give_back_memory()

    def _spec(self) -> AuditSpec:
        spec = spec_of(self.spec)
        if self.most is None:
            return spec
        batch, patch_batch = min(spec.run.batch, self.most), min(spec.run.patch_batch, self.most)
        return replace(spec, run=replace(spec.run, batch=batch, patch_batch=patch_batch))

    def gentler(self) -> Gentler | None:
        """One image at a time first, then the CPU."""
        if self.most is None:
            return Gentler(replace(self, most=1), "It goes on with one image at a time.")
        return None if self.device == "cpu" else Gentler(self.on_cpu(), "It goes on on the CPU.")
