"""Hashes of an audit's images, and the check against the training lists of its models."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from core.attacks.base import Attack
from core.audit.independence import HashedImage, check_attack, check_roles, check_target
from core.audit.sources import Source
from core.audit.spec import AuditSpec
from core.audit.store import AuditStore, ImageRow
from core.errors import StoreError
from core.files import sha256_of_file, sha256_of_path
from core.progress import Progress
from core.training.manifest import read_manifest

READERS = 4
ANOTHER_FOLDER = "Choose another folder with --out."


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
    _same_models(store, sources, networks)
    _same_images(store, rows, images)
    store.set_fact("independence", list(dict.fromkeys(sentences)))
    store.set_fact("attack_networks", networks)


def _same_models(store: AuditStore, sources: Sequence[Source], networks: Mapping[str, Mapping[str, Any]]) -> None:
    """Record the models' hashes; refuse to go on with an audit that was begun with others."""
    models = {source.target.info.path.name: source.target.info.sha256 for source in sources}
    models |= {facts["file"]: facts["sha256"] for facts in networks.values()}
    known = store.fact("models")
    changed = [] if known is None else [name for name, sha256 in models.items() if known.get(name) != sha256]
    if changed:
        raise StoreError(f"{', '.join(changed)}: has changed since this audit began.", ANOTHER_FOLDER)
    store.set_fact("models", models)


def _same_images(store: AuditStore, rows: Sequence[ImageRow], images: Sequence[HashedImage]) -> None:
    """Refuse to go on where an image that is already audited has been replaced."""
    now = {(image.role, image.key): image.sha256 for image in images}
    for row in rows:
        if row.sha256 is not None and now.get((row.role, row.key), row.sha256) != row.sha256:
            raise StoreError(f"{row.path}: has changed since it was audited.", ANOTHER_FOLDER)


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
