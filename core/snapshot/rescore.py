"""Computing some scores of a snapshot again, from the images and the models."""

import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.audit.device import pick_device
from core.audit.spec import parse_spec
from core.errors import SegLeakError, StoreError
from core.progress import Progress
from core.snapshot.verify import Snapshot

TOLERANCE = 1e-3
"""Scores agree where they differ by at most this share of the primary attack's spread: an image alone and in a batch,
on a GPU or a CPU, differ by less."""


@dataclass(frozen=True)
class Again:
    """One score computed again; `now` None where it could not be, with the reason."""

    name: str
    defense: str
    then: float
    now: float | None
    agrees: bool
    reason: str = ""


def rescored(snapshot: Snapshot, count: int, audit: Path | None, device: str, progress: Progress) -> Iterator[Again]:
    """Score `count` images again under every defense, with the primary attack. Which ones follows from the snapshot.

    Raises `StoreError` where paths were left out and no audit folder is given.
    """
    from core.engine.opened import OpenedAudit
    from core.targets.open import open_target

    document = snapshot.document
    folder = audit or (Path(document["folder"]) if document.get("folder") else None)
    if folder is None:
        raise StoreError("The snapshot has no paths, so nothing can be scored again.", "Name the audit with --audit.")
    spec = _spec_of(snapshot, folder, redacted=snapshot.redacted)
    spec = replace(spec, run=replace(spec.run, cache_gb=0.0), folder=folder)
    trusted = frozenset({spec.target.trust} if spec.target.trust else ())
    target = open_target(
        spec.resolve(spec.target.path), spec.target.options, spec.target.preprocessing, pick_device(device), trusted
    )
    opened = OpenedAudit(spec, target, trusted, threading.RLock())
    then = {(s["image"], s["defense"]): s["score"] for s in document["scores"] if s["attack"] == spec.primary.id}
    spread = _spread(list(then.values()))
    scored = {image for (image, _), score in then.items() if score is not None}
    chosen = _chosen([image for image in document["images"] if image["id"] in scored], count, snapshot.sha256)
    for image in progress.over("Scoring again", chosen, len(chosen)):
        for chain, named in zip(spec.defenses, document["summary"]["defenses"], strict=False):  # may be extended since
            known = then.get((image["id"], named["id"]))
            if known is not None:
                yield _again(opened, image, chain, known, spread)


def _again(opened: Any, image: Mapping[str, Any], chain: Any, known: float, spread: float) -> Again:
    try:
        source = opened.source(chain)
        result = opened.score(source, opened.evidence(source, opened.row(image["id"])), ())[opened.spec.primary.id]
    except SegLeakError as error:
        return Again(_name(image), chain.title, known, None, agrees=False, reason=str(error))
    if isinstance(result, str):
        return Again(_name(image), chain.title, known, None, agrees=False, reason=result)
    close = abs(result.score - known) <= TOLERANCE * spread
    return Again(_name(image), chain.title, known, float(result.score), agrees=close)


def _name(image: Mapping[str, Any]) -> str:
    """What an image is called, with its role, unless that is its name: images of two roles may be called alike."""
    role = str(image["role"])
    return str(image["key"]) if str(image["key"]).startswith(role) else f"{image['key']} ({role})"


def _spec_of(snapshot: Snapshot, folder: Path, *, redacted: bool) -> Any:
    """The spec as the snapshot has it, or as the audit folder has it where paths were left out."""
    from core.audit.spec import read_spec
    from core.audit.store import SPEC_NAME

    return read_spec(folder / SPEC_NAME) if redacted else parse_spec(snapshot.document["spec"], folder)


def _chosen(images: "list[dict[str, Any]]", count: int, salt: str) -> "list[dict[str, Any]]":
    """Images by the hash of their hash and the snapshot's: nobody could choose them beforehand."""
    return sorted(images, key=lambda i: hashlib.sha256(f"{salt}{i['sha256']}".encode()).digest())[:count]


def _spread(scores: "list[float | None]") -> float:
    known = [score for score in scores if score is not None]
    return max(known) - min(known) if known else 1.0
