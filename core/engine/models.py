"""What the engine keeps open from job to job. Imports no torch until something is opened."""

import threading
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING

from core.attacks.shipped import network_path
from core.audit.device import pick_device
from core.audit.memory import give_back_memory
from core.audit.spec import AuditSpec
from core.audit.store import RESULTS_NAME
from core.engine.opened import OpenedAudit
from core.engine.recent import Recent
from core.engine.stamps import stamp
from core.targets.trust import TrustStore

if TYPE_CHECKING:
    from core.targets.base import Target

TARGETS, AUDITS = 4, 4
"""How many stay open."""


class Models:
    """Opens audits, and keeps them as long as their files stay as they are. Used from several threads."""

    def __init__(self) -> None:
        # One lock for all: audits share targets, and dropout hooks into a target while it answers.
        self._lock = threading.RLock()
        self._targets: Recent[Hashable, Target] = Recent(TARGETS)
        self._audits: Recent[Hashable, OpenedAudit] = Recent(AUDITS)

    def audit(self, spec: AuditSpec, device: str, trusted: frozenset[str]) -> OpenedAudit:
        """An audit with its target open. Raises `SegLeakError` where something of it cannot be used."""
        device, allowed = pick_device(device), consents(trusted, spec)
        target = stamp(spec.resolve(spec.target.path)), repr(spec.target), device, allowed
        key = (repr(spec), target, *map(stamp, _networks(spec)), _results(spec))
        with self._lock:
            return self._audits.get(key, lambda: self._opened(spec, target, device, allowed))

    def _opened(self, spec: AuditSpec, key: Hashable, device: str, trusted: frozenset[str]) -> OpenedAudit:
        from core.targets.open import open_target

        entry = spec.target
        path = spec.resolve(entry.path)
        target = self._targets.get(key, lambda: open_target(path, entry.options, entry.preprocessing, device, trusted))
        return OpenedAudit(spec, target, trusted, self._lock)

    def clear(self) -> None:
        """Close everything and give the memory back."""
        with self._lock:
            self._audits.clear()
            self._targets.clear()
        give_back_memory()


def consents(trusted: frozenset[str], spec: AuditSpec | None = None) -> frozenset[str]:
    """SHA-256 of all files whose code may run: given now, given before, or written into the spec."""
    before = {consent.sha256 for consent in TrustStore().entries()}
    written = {spec.target.trust} if spec is not None and spec.target.trust else set()
    return trusted | before | written


def _networks(spec: AuditSpec) -> list[Path]:
    names = [getattr(entry.attack, "network", None) for entry in spec.attacks]
    return [network_path(name, spec.folder) for name in names if name]


def _results(spec: AuditSpec) -> int | None:
    """Tells the audit's results from those of an audit that was begun anew in their place."""
    try:
        return (spec.folder / RESULTS_NAME).stat().st_ino
    except OSError:
        return None
