"""A look at reference models before an audit: whether they open, and what is known of their training."""

from dataclasses import dataclass

from core.audit.spec import ReferenceEntry
from core.engine.jobs.base import Desk, Job
from core.errors import SegLeakError, TrustNeededError


@dataclass(frozen=True)
class CheckedReference:
    """What one reference is, or why it cannot be used.

    Attributes
    ----------
    problem, remedy
        Why not, and what to do; both empty where it can be.
    trust
        SHA-256 of a file whose code may run only after somebody has said that they trust it; or empty.
    sha256
        Of the model; empty where it cannot be used.
    words
        Its format and architecture.
    classes, scheme
        How many it gives, 0: not known until it has run; and its class scheme, where it names one.
    members
        How many images it is known to be trained on; None where nothing says so.
    in_blocks
        Whether it learned from half of the blocks of each of them.
    """

    problem: str = ""
    remedy: str = ""
    trust: str = ""
    sha256: str = ""
    words: str = ""
    classes: int = 0
    scheme: str | None = None
    members: int | None = None
    in_blocks: bool = False


@dataclass(frozen=True)
class CheckReferences(Job):
    """Open reference models; the value is a `CheckedReference` for each.

    Attributes
    ----------
    entries
        As in the spec, with full paths.
    """

    entries: tuple[ReferenceEntry, ...]

    def run(self, desk: Desk) -> tuple[CheckedReference, ...]:
        """Open one after the other; one that cannot be opened does not keep the others back."""
        found = []
        for entry in self.entries:
            desk.progress.check()
            found.append(self._look(entry))
        return tuple(found)

    def _look(self, entry: ReferenceEntry) -> CheckedReference:
        from core.audit.references import open_reference
        from core.engine.models import consents

        try:
            opened = open_reference(entry, "cpu", consents(self.trusted))
        except TrustNeededError as error:
            return CheckedReference(error.message, error.remedy, trust=error.sha256)
        except SegLeakError as error:
            return CheckedReference(error.message, error.remedy)
        info = opened.source.target.info
        return CheckedReference(
            sha256=info.sha256,
            words=", ".join(filter(None, (info.format, info.architecture))),
            classes=info.classes,
            scheme=info.scheme,
            members=None if opened.members is None else len(opened.members),
            in_blocks=opened.truth is not None,
        )
