"""Hashes of an audit's images, and the check against the training lists of its models."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from core.audit.asked_alike import SEEN_BY_REFERENCES, TAUGHT_IN_BLOCKS, seen_counts
from core.audit.independence import (
    SHOWN_TO_ATTACKS,
    HashedImage,
    check_attack,
    check_roles,
    check_target,
    seen_in_training,
)
from core.audit.networks import AuditedNetwork
from core.audit.references import AuditedReference, taught_in_blocks, told
from core.audit.sources import Source
from core.audit.store import AuditStore, ImageRow
from core.data.scheme import ClassScheme
from core.errors import StoreError
from core.files import sha256_of_bytes, sha256_of_file
from core.progress import Progress
from core.training.manifest import read_manifest

READERS = 4
ANOTHER_FOLDER = "Choose another folder with --out."


def check_independence(
    store: AuditStore,
    sources: Sequence[Source],
    networks: Mapping[str, AuditedNetwork],
    rows: Sequence[ImageRow],
    progress: Progress,
    references: Sequence[AuditedReference] = (),
) -> None:
    """Check every model's list of training images against the audit's sets, and record what was found.

    Raises `DataError` where a list contradicts the audit, `StoreError` where an image changed since it was audited.
    """
    hashes = hash_files([Path(row.path) if row.size else None for row in rows], progress)
    images = [HashedImage(row.key, row.role, sha) for row, sha in zip(rows, hashes, strict=True) if sha is not None]
    check_roles(images)
    sentences: list[str] = []
    for source in sources:
        if source.dropout is None:
            info = source.target.info
            manifest = read_manifest(info.path, info.sha256)
            sentences += check_target(info.path.name, manifest, images, hardened=source.hardened)
    targets = {source.target.info.sha256 for source in sources}
    shown: dict[str, list[str]] = {}
    for key, network in networks.items():
        manifest = read_manifest(network.path, network.sha256)
        sentences += check_attack(network.path.name, manifest, images, targets)
        shown[key] = seen_in_training(manifest, images)
    sentences += told(references, [image.sha256 for image in images])
    _same_images(rows, hashes, progress)
    store.set_fact("independence", list(dict.fromkeys(sentences)))
    store.set_fact(SHOWN_TO_ATTACKS, shown)
    store.set_fact(SEEN_BY_REFERENCES, seen_counts([r.members for r in references], [image.sha256 for image in images]))
    store.set_fact(TAUGHT_IN_BLOCKS, taught_in_blocks(references, {image.sha256 for image in images}))
    store.set_fact("attack_networks", {key: network.facts() for key, network in networks.items()})


def check_unchanged(
    store: AuditStore,
    sources: Sequence[Source],
    networks: Mapping[str, AuditedNetwork],
    schemes: Sequence[ClassScheme | None],
    references: Sequence[AuditedReference] = (),
) -> None:
    """Record hashes of models and class schemes; raises `StoreError` where the audit was begun with others."""
    used = {source.id: (source.target.info.path.name, source.target.info.sha256) for source in sources}
    for number, reference in enumerate(references):
        info = reference.source.target.info
        used[f"reference {number}"] = info.path.name, sha256_of_bytes(f"{info.sha256} {reference.known}".encode())
    used |= {f"attack {key}": (network.path.name, network.sha256) for key, network in networks.items()}
    for number, scheme in enumerate(schemes):
        if scheme is not None:
            used[f"scheme {number}"] = scheme.name, sha256_of_bytes(str(scheme).encode())
    known = store.fact("used", {})
    changed = {name for key, (name, sha256) in used.items() if known.get(key, sha256) != sha256}
    if changed:
        raise StoreError(f"{', '.join(sorted(changed))}: has changed since this audit began.", ANOTHER_FOLDER)
    store.set_fact("used", {key: sha256 for key, (_, sha256) in used.items()})


def _same_images(rows: Sequence[ImageRow], hashes: Sequence[str | None], progress: Progress) -> None:
    """Refuse to go on where an image or label map that is already audited has been replaced."""
    done = [(row, sha) for row, sha in zip(rows, hashes, strict=True) if row.state == "done"]
    labels = hash_files([Path(row.label_path) if row.label_path else None for row, _ in done], progress)
    for (row, sha), label in zip(done, labels, strict=True):
        for path, before, now in ((row.path, row.sha256, sha), (row.label_path, row.label_sha256, label)):
            if before is not None and now not in {None, before}:
                raise StoreError(f"{path}: has changed since it was audited.", ANOTHER_FOLDER)


def hash_files(paths: Sequence[Path | None], progress: Progress) -> list[str | None]:
    """SHA-256 of every file; None where there is none or it cannot be read: the run records the reason."""
    progress.start("Hashing files", len(paths))
    hashes = []
    with ThreadPoolExecutor(READERS, "hash") as pool:
        for sha256 in pool.map(_hash, paths):
            hashes.append(sha256)
            progress.step()
    return hashes


def _hash(path: Path | None) -> str | None:
    try:
        # A pipe among the label maps would block for ever.
        return sha256_of_file(path) if path is not None and path.is_file() else None
    except OSError:
        return None
