"""Hashes of an audit's images, and the check against the training lists of its models."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.attacks.base import Attack
from core.audit.independence import HashedImage, check_attack, check_roles, check_target
from core.audit.sources import Source
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.files import sha256_of_file, sha256_of_path
from core.progress import Progress
from core.training.manifest import read_manifest

READERS = 4


def check_independence(
    spec: AuditSpec, store: AuditStore, sources: Sequence[Source], rows: Sequence[ImageRow], progress: Progress
) -> None:
    """Check every model's list of training images against the audit's sets, and record what was found.

    Raises `DataError` where a list contradicts the audit.
    """
    images = hash_images(rows, progress)
    check_roles(images)
    sentences: list[str] = []
    for source in sources:
        if source.dropout is not None:
            continue
        info = source.target.info
        sentences += check_target(info.path.name, read_manifest(info.path, info.sha256), images)
    networks: dict[str, dict[str, Any]] = {}
    for entry in spec.attacks:
        network = getattr(entry.attack, "network", None)
        if network:
            path = spec.resolve(network)
            networks[entry.id] = facts = _network_facts(entry.attack, path)
            sentences += check_attack(path.name, read_manifest(path, facts["sha256"]), images)
    store.set_fact("independence", list(dict.fromkeys(sentences)))
    store.set_fact("attack_networks", networks)


def _network_facts(attack: Attack, path: Path) -> dict[str, Any]:
    """What is recorded of an attack network. Its threshold counts only where images are scored as its card did."""
    from core.attacks.networks import read_card

    card = read_card(path)
    comparable = getattr(attack, "sampler", "dense") == "dense"
    return {
        "file": path.name,
        "sha256": sha256_of_path(path),
        "card": json.loads(card.to_json()),
        "threshold": card.threshold if comparable else None,
        "threshold_source": card.threshold_source,
    }


def hash_images(rows: Sequence[ImageRow], progress: Progress) -> list[HashedImage]:
    """SHA-256 of every image file that can be read."""
    progress.start("Hashing images", len(rows))
    hashed = []
    with ThreadPoolExecutor(READERS, "hash") as pool:
        for row, sha256 in zip(rows, pool.map(_hash, rows), strict=True):
            if sha256 is not None:
                hashed.append(HashedImage(row.key, row.role, sha256))
            progress.step()
    return hashed


def _hash(row: ImageRow) -> str | None:
    """The hash, or None for a file that cannot be read; the run records the reason."""
    try:
        return sha256_of_file(Path(row.path))
    except OSError:
        return None
