"""Attacks with their networks loaded."""

import threading
from collections.abc import Sequence
from dataclasses import replace

from core.attacks.base import AttackContext, AttackResult, Observation
from core.attacks.hidden import without_label
from core.audit.memory import give_back_memory, is_out_of_memory
from core.audit.spec import AttackEntry
from core.errors import AttackError


class StartedAttack:
    """An attack of the audit, ready to score. Raises `AttackError` where it cannot start.

    Attributes
    ----------
    entry
        The attack under its name in the audit.
    needs_label
        Whether images need a label map.
    needs_references
        Whether it is shown what reference models give.
    probes
        The changed images it wants the target to be asked about.
    views
        The enlarged views of images it wants target and references to be asked about.
    """

    def __init__(self, entry: AttackEntry, context: AttackContext) -> None:
        self.entry = entry
        self.needs_label = not entry.hidden and entry.attack.requires_label(context)
        self.needs_references = entry.attack.requires_references(context)
        self.probes = entry.attack.probes(context)
        self.views = entry.attack.asked_views(context)
        self._lock = threading.Lock()
        self._context = context
        self._scorer = entry.attack.start(context)

    def score(self, observations: Sequence[Observation]) -> list[AttackResult]:
        """Results in order, with fewer patches at a time where memory runs out.

        Raises `AttackError` where an image cannot be judged, or a single patch does not fit into memory.
        """
        if self.entry.hidden:
            observations = [without_label(observation) for observation in observations]
        while True:
            scorer = self._scorer
            try:
                return scorer(observations)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                with self._lock:
                    # Of several images that ran out of memory together, the first shrinks the batch for all.
                    if scorer is self._scorer:
                        self._shrink(error)

    def _shrink(self, error: Exception) -> None:
        if self._context.batch == 1:
            raise AttackError("memory ran out in the attack network.", "Use a smaller one.") from error
        give_back_memory()
        self._context = replace(self._context, batch=self._context.batch // 2)
        self._scorer = self.entry.attack.start(self._context)
