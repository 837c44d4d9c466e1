"""An audit that takes in more defenses after it has ended: only they are computed. Imports no torch."""

from collections.abc import Sequence
from dataclasses import replace

from core.audit.sources import Source
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.defenses.chain import Chain
from core.versions import now

EXTENDED = "extended"
"""The fact that lists when an audit took in which defenses, and the hashes of the spec before and after."""


def extends(spec: AuditSpec, known: AuditSpec) -> bool:
    """Whether a spec asks what a known one asks, and has more defenses behind its own."""
    own, same_release = len(known.defenses), spec.released == known.released
    first = replace(spec, defenses=spec.defenses[:own])
    return len(spec.defenses) > own and same_release and first.sha256 == known.sha256


def take_in(store: AuditStore, spec: AuditSpec, known: AuditSpec) -> None:
    """Record that an audit becomes another one's extension, before anything else of it changes; it has not ended now.

    Killed at any moment afterwards, it goes on with the spec that its folder holds.
    """
    added = [chain.describe() for chain in spec.defenses[len(known.defenses) :]]
    entry = {"when": now(), "defenses": added, "from": known.sha256, "to": spec.sha256}
    store.set_fact(EXTENDED, [*store.fact(EXTENDED, []), entry])
    store.set_fact("finished", None)


def was_taken_in(store: AuditStore, spec: AuditSpec) -> bool:
    """Whether the audit was about to become this one when its run was killed."""
    return any(entry["to"] == spec.sha256 for entry in store.fact(EXTENDED, [])[-1:])


def lacking(store: AuditStore, spec: AuditSpec) -> dict[str, frozenset[int]]:
    """Ids of the images that are done and have no scores under a defense, by its id; only defenses that lack some."""
    found = {chain.id: store.unscored(chain.id) for chain in spec.defenses}
    return {chain: images for chain, images in found.items() if images}


def due_again(rows: Sequence[ImageRow], images: frozenset[int]) -> list[ImageRow]:
    """The rows, those of these images as waiting: they go through again in the batches in which they went before."""
    return [replace(row, state="waiting") if row.id in images else row for row in rows]


def only(sources: Sequence[Source], chains: Sequence[Chain]) -> tuple[Source, ...]:
    """The sources with these chains alone; those that have none of them are left out."""
    kept = ((source, tuple(chain for chain in source.chains if chain in chains)) for source in sources)
    return tuple(replace(source, chains=own) for source, own in kept if own)
