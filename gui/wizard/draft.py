"""An audit that is being set up: a spec that may have gaps, and where its folder is to be. Knows nothing of Qt."""

import contextlib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tomli_w

from core.attacks.offered import offered
from core.audit.spec import (
    AuditSpec,
    RunSettings,
    TargetEntry,
    attack_entries,
    parse_spec,
    read_spec,
    to_mapping,
    write_spec,
)
from core.defenses.chain import Chain
from core.errors import SegLeakError, SpecError
from core.files import write_text
from core.places import data_folder
from gui.folders import SUFFIX, is_audit

GAP = ".gap."
"""Stands in a file, as path or id, for what a spec must have and a draft has not."""


@dataclass(frozen=True)
class Draft:
    """What is known of an audit that is to be run.

    Attributes
    ----------
    spec
        As it would be run; target, images and attacks may still be missing.
    place
        The folder in which the audit folder will lie.
    """

    spec: AuditSpec
    place: Path

    @property
    def folder(self) -> Path:
        """The audit folder."""
        return self.place / f"{self.spec.name}{SUFFIX}"

    @property
    def target(self) -> Path | None:
        """The model file or folder; None where it is missing."""
        return self.spec.resolve(self.spec.target.path) if self.spec.target.path else None


def empty(run: Mapping[str, Any]) -> Draft:
    """A draft with the usual attacks and no defense; `run` is its [run] table."""
    attacks = attack_entries(offered(labels_only=False, references=False))
    spec = AuditSpec("", TargetEntry(""), (), (Chain(),), attacks, run=RunSettings.from_mapping(run))
    return Draft(spec, data_folder())


def of_spec(path: Path) -> Draft:
    """The draft of a spec file; the audit is to lie beside it. Raises `SpecError`."""
    spec = read_spec(path.absolute())
    return Draft(replace(spec, name=free_name(path.absolute().parent, spec.name)), path.absolute().parent)


def again(spec: AuditSpec, folder: Path) -> Draft:
    """The draft of an audit that is there already: the same once more, under another name beside it."""
    beside = spec.moved_to(folder.absolute())
    return Draft(replace(beside, name=free_name(folder.parent, spec.name)), folder.parent)


def free_name(place: Path, name: str) -> str:
    """The name, with a number where an audit of that name has begun to be written."""
    number, free = 2, name
    while is_audit(place / f"{free}{SUFFIX}"):
        free, number = f"{name}-{number}", number + 1
    return free


# ---------------------------------------------------------------- as the spec of an audit


def save_spec(draft: Draft, path: Path) -> None:
    """Write the spec. What lies below the file's folder is named relative to it, all else by its full path.

    Raises `SpecError` where it cannot be written.
    """
    try:
        write_spec(_with_sensible_paths(draft.spec, path.parent), path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SpecError(f"{path}: cannot be written to ({reason}).", "Choose another place for the audit.") from error


def save_beside(draft: Draft) -> Path:
    """Write the spec beside the audit folder, under its name, and never over another one. Raises as `save_spec`."""
    spec = _with_sensible_paths(draft.spec, draft.place)
    number, path = 2, draft.folder.with_suffix(".toml")
    while path.exists() and not _holds(path, spec):
        path, number = draft.place / f"{draft.spec.name}-{number}.toml", number + 1
    if not path.exists():
        save_spec(draft, path)
    return path


def _holds(path: Path, spec: AuditSpec) -> bool:
    """Whether a spec file already says the same, perhaps with a person's comments."""
    try:
        return read_spec(path) == spec
    except SpecError:
        return False


def _with_sensible_paths(spec: AuditSpec, folder: Path) -> AuditSpec:
    def sensible(path: str) -> str:
        if not path:
            return path
        full = spec.resolve(path)
        inside = full.is_relative_to(folder)
        return full.relative_to(folder).as_posix() if inside else full.as_posix()

    return replace(spec.with_paths(sensible), folder=folder)


# ---------------------------------------------------------------- as a file of its own


def draft_path() -> Path:
    """Where the draft is kept."""
    return data_folder() / "new-audit.toml"


def read_draft() -> Draft | None:
    """The draft that was left, or None. One that cannot be read is as if there were none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, SegLeakError):
        table = tomllib.loads(draft_path().read_text("utf-8"))
        return Draft(_opened(parse_spec(_filled(table["spec"]), Path(table["folder"]))), Path(table["place"]))
    return None


def write_draft(draft: Draft) -> None:
    """Keep the draft, atomically. Raises `OSError` or `ValueError` where that cannot be."""
    table = {"place": str(draft.place), "folder": os.fspath(draft.spec.folder), "spec": to_mapping(draft.spec)}
    write_text(draft_path(), tomli_w.dumps(table))


def _filled(table: Mapping[str, Any]) -> dict[str, Any]:
    """The table with its gaps filled, so that it reads as a spec."""
    return dict(table) | {
        "target": table["target"] | {"path": table["target"]["path"] or GAP},
        "images": table["images"] or [{"role": "member", "path": GAP}],
        "attacks": table["attacks"] or [{"name": "loss", "id": GAP}],
    }


def _opened(spec: AuditSpec) -> AuditSpec:
    """The spec with its gaps again."""
    return replace(
        spec,
        target=replace(spec.target, path="") if spec.target.path == GAP else spec.target,
        images=tuple(entry for entry in spec.images if entry.path != GAP),
        attacks=tuple(entry for entry in spec.attacks if entry.id != GAP),
    )
