"""Which images a checkpoint was trained on: a JSON file beside it, so that an audit can check independence.

Only hashes are kept, never names or pictures.
"""

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import DataError
from core.files import sha256_of_path, write_text

SUFFIX = ".training.json"
KINDS = ("target", "attack")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ShadowRecord:
    """One shadow an attack network learned from.

    Attributes
    ----------
    sha256
        Hash of the shadow's checkpoint.
    members
        Hashes of the images the shadow was trained on: as its own manifest says, else those named as members.
    """

    sha256: str
    members: tuple[str, ...]


@dataclass(frozen=True)
class TrainingManifest:
    """What a checkpoint was trained on.

    Attributes
    ----------
    kind
        "target" or "attack".
    checkpoint_sha256
        Hash of the checkpoint; ties the manifest to one file.
    members
        SHA-256 of the training images' files; for an attack network the images shown to it as members.
    non_members
        Attack networks only: the images shown as non-members.
    shadows
        Attack networks only: the shadows.
    others
        Targets only: images that shaped the weights without being members (pre-training, references).
    settings
        The training settings, plain JSON values.
    report
        What the training itself reports (epsilon of DP-SGD, say), plain JSON values.
    versions
        Of Python and the libraries.
    seed
        The seed of the training.
    created
        ISO 8601 in UTC.
    """

    kind: str
    checkpoint_sha256: str
    members: tuple[str, ...]
    non_members: tuple[str, ...] = ()
    shadows: tuple[ShadowRecord, ...] = ()
    others: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    report: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    created: str = ""


def manifest_path(checkpoint: Path) -> Path:
    """Where the manifest of a checkpoint lies: `<file name>.training.json` beside it."""
    return checkpoint.with_name(checkpoint.name + SUFFIX)


def write_manifest(checkpoint: Path, manifest: TrainingManifest) -> Path:
    """Write the manifest beside the checkpoint, atomically; returns its path."""
    path = manifest_path(checkpoint)
    write_text(path, json.dumps(dataclasses.asdict(manifest), indent=1, sort_keys=True) + "\n")
    return path


def read_manifest(checkpoint: Path, sha256: str | None = None) -> TrainingManifest | None:
    """Read the manifest of a checkpoint; None where there is no such file.

    Parameters
    ----------
    checkpoint
        The checkpoint, a file or a folder.
    sha256
        Its hash where it is already known; computed otherwise.

    Raises
    ------
    DataError
        The manifest is damaged, or belongs to another checkpoint.
    """
    path = manifest_path(checkpoint)
    if not path.is_file():
        return None
    try:
        manifest = _manifest(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(
            f"{path}: the list of training images is damaged ({error}).",
            "Restore it, or delete it: the audit then says that independence cannot be verified.",
        ) from error
    if manifest.checkpoint_sha256 != (sha256 or sha256_of_path(checkpoint)):
        raise DataError(
            f"{path}: the list of training images belongs to another checkpoint than {checkpoint.name}.",
            "Put the right one beside it, or delete it: the audit then says that independence cannot be verified.",
        )
    return manifest


def _manifest(values: Mapping[str, Any]) -> TrainingManifest:
    if not isinstance(values, dict):
        raise ValueError("not a JSON object")
    known = {f.name for f in dataclasses.fields(TrainingManifest)}
    if unknown := sorted(set(values) - known):
        raise ValueError(f"unknown key '{unknown[0]}'")
    if values["kind"] not in KINDS:
        raise ValueError(f"'kind' is {values['kind']!r}")
    shadows = (ShadowRecord(_hash(s["sha256"]), _hashes(s["members"])) for s in values.get("shadows", ()))
    return TrainingManifest(
        kind=values["kind"],
        checkpoint_sha256=_hash(values["checkpoint_sha256"]),
        members=_hashes(values["members"]),
        non_members=_hashes(values.get("non_members", ())),
        shadows=tuple(shadows),
        others=_hashes(values.get("others", ())),
        report=dict(values.get("report", {})),
        settings=dict(values.get("settings", {})),
        versions=dict(values.get("versions", {})),
        seed=int(values.get("seed", 0)),
        created=str(values.get("created", "")),
    )


def _hash(value: object) -> str:
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise ValueError(f"{str(value)[:80]!r} is not a SHA-256")
    return value


def _hashes(values: Iterable[object]) -> tuple[str, ...]:
    if not isinstance(values, list | tuple):
        raise ValueError("a list of hashes is missing")
    return tuple(_hash(value) for value in values)
