"""The audit's spec: what is asked, as TOML a person can read and edit.

Paths in a spec are relative to the folder of the spec file. Every message of a wrong spec names the key and what is
allowed there. Imports no torch.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomli_w

from core.attacks.all import ATTACKS
from core.audit.spec_parts import (
    VERSION,
    AttackEntry,
    AuditSpec,
    ImagesEntry,
    Protocol,
    ReferenceEntry,
    RunSettings,
    TargetEntry,
    to_mapping,
)
from core.data.labels import ENCODINGS
from core.data.samples import Role
from core.defenses.chain import Chain
from core.errors import SpecError
from core.files import write_text
from core.parameters import parameters_of
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing

__all__ = [
    "AttackEntry",
    "AuditSpec",
    "ImagesEntry",
    "Protocol",
    "ReferenceEntry",
    "RunSettings",
    "TargetEntry",
    "attack_entries",
    "parse_spec",
    "read_spec",
    "to_mapping",
    "write_spec",
]

KEYS = ("version", "name", "seed", "scheme", "target", "images", "defenses", "attacks", "references", "protocol", "run")

MODEL_KEYS = ("path", "trust", "preprocessing", *(info.name for info in parameters_of(TargetOptions)))
"""What a table about a model takes."""

LABELS = ("given", "hidden")
"""Whether an attack sees the images' label maps."""

ATTACK_ID = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,39}")
"""Attack ids become parts of file names."""


def read_spec(path: Path) -> AuditSpec:
    """Read a spec file. Raises `SpecError` naming the file and key."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror}).", "Give the path of an audit spec.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SpecError(f"{path}: is not valid TOML ({error}).", "Mend the line named.") from error
    try:
        return parse_spec(table, path.parent)
    except SpecError as error:
        raise SpecError(f"{path.name}: {error.message}", error.remedy) from error


def parse_spec(table: Mapping[str, Any], folder: Path = Path()) -> AuditSpec:
    """Make a spec from a TOML document. Raises `SpecError` naming the key and the allowed values."""
    _only(table, "", KEYS)
    version = table.get("version", VERSION)
    if version != VERSION:
        raise SpecError(f"'version' cannot be {version!r}.", f"This program reads version {VERSION}.")
    seed = _typed(table, "seed", int, "", 0)
    if seed < 0:
        raise SpecError(f"'seed' cannot be {seed}.", "It takes a whole number of at least 0.")
    attacks = attack_entries(_tables(table, "attacks", required=True))
    defenses, released = _defenses(_tables(table, "defenses"))
    return AuditSpec(
        name=_typed(table, "name", str, "", "audit"),
        target=TargetEntry(**_model(_table(table, "target"), "target")),
        images=tuple(_images(t, i) for i, t in enumerate(_tables(table, "images", required=True))),
        defenses=defenses,
        attacks=attacks,
        scheme=_typed(table, "scheme", str, "", None),
        seed=seed,
        run=RunSettings.from_mapping(_typed(table, "run", dict, "", {})),
        protocol=Protocol.from_mapping(_typed(table, "protocol", dict, "", {})),
        released=released,
        references=tuple(_reference(t, i) for i, t in enumerate(_tables(table, "references"))),
        folder=folder,
    )


def _reference(table: Mapping[str, Any], index: int) -> ReferenceEntry:
    where = f"references[{index}]"
    rest = dict(table)
    members = _typed(rest, "members", str, where, "")
    model = _model(rest, where)
    return ReferenceEntry(**model, members=members)


def _model(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """What `TargetEntry` takes."""
    _only(table, where, (*MODEL_KEYS, *(("members",) if where.startswith("references") else ())))
    rest = dict(table)
    path = _typed(rest, "path", str, where, None)
    if not path:
        raise SpecError(f"{where}: the key 'path' is missing.", "It takes the path of a model file or folder.")
    trust = _typed(rest, "trust", str, where, None)
    preprocessing = _typed(rest, "preprocessing", dict, where, None)
    for key in ("path", "trust", "preprocessing", "members"):
        rest.pop(key, None)
    return {
        "path": path,
        "options": _options(rest, where),
        "preprocessing": None if preprocessing is None else _given_preprocessing(preprocessing),
        "trust": trust,
    }


def _options(table: Mapping[str, Any], where: str) -> TargetOptions:
    try:
        return TargetOptions.from_mapping(table)
    except SpecError as error:  # which speaks of a target, whichever model it is about
        raise SpecError(error.message.replace("target:", f"{where}:", 1), error.remedy) from error


def _given_preprocessing(table: Mapping[str, Any]) -> dict[str, Any]:
    """The keys that are given, checked, in plain TOML values."""
    checked = Preprocessing.from_mapping(table).to_mapping()
    return {key: checked[key] for key in table}


def _images(table: Mapping[str, Any], index: int) -> ImagesEntry:
    where = f"images[{index}]"
    _only(table, where, ("role", "path", "layout", "options", "scheme", "encoding", "limit", "calibration"))
    role, path = table.get("role"), table.get("path")
    if role not in list(Role):
        raise SpecError(f"{where}: 'role' cannot be {role!r}.", f"It takes one of {', '.join(Role)}.")
    if not isinstance(path, str) or not path:
        raise SpecError(f"{where}: the key 'path' is missing.", "It takes a folder, an image or a list file.")
    limit = _typed(table, "limit", int, where, None)
    if limit is not None and limit < 1:
        raise SpecError(f"{where}: 'limit' cannot be {limit}.", "It takes a whole number of at least 1.")
    encoding = _typed(table, "encoding", str, where, None)
    if encoding not in {None, *ENCODINGS}:
        raise SpecError(f"{where}: 'encoding' cannot be {encoding!r}.", f"It takes one of {', '.join(ENCODINGS)}.")
    calibration = _typed(table, "calibration", bool, where, default=False)
    if calibration and role != Role.NON_MEMBER:
        raise SpecError(f"{where}: a {role} cannot be 'calibration'.", "Only known non-members calibrate verdicts.")
    return ImagesEntry(
        role=Role(role),
        path=path,
        layout=_typed(table, "layout", str, where, "auto"),
        options=_typed(table, "options", dict, where, {}),
        scheme=_typed(table, "scheme", str, where, None),
        encoding=encoding,
        limit=limit,
        calibration=calibration,
    )


def _defenses(tables: Sequence[Mapping[str, Any]]) -> tuple[tuple[Chain, ...], int]:
    """The chains, and the place of the one that is released."""
    plain = [{k: v for k, v in table.items() if k != "released"} for table in tables]
    chains = [Chain.parse(t) for t in plain] or [Chain.parse({"name": "none"})]
    released = [i for i, t in enumerate(tables) if _typed(t, "released", bool, "defenses", default=False)]
    if len(released) > 1:
        raise SpecError("defenses: more than one is 'released'.", "Name one; all others are exploratory.")
    seen: set[str] = set()
    for chain in chains:
        if chain.id in seen:
            raise SpecError(f"defenses: '{chain.describe()}' is listed twice.", "Remove one.")
        seen.add(chain.id)
    return tuple(chains), released[0] if released else 0


def attack_entries(tables: Sequence[Mapping[str, Any]]) -> tuple[AttackEntry, ...]:
    """The attacks of a spec, each under a name of its own."""
    entries: list[AttackEntry] = []
    for table in tables:
        rest = dict(table)
        primary = _typed(rest, "primary", bool, "attacks", default=False)
        label = _typed(rest, "id", str, "attacks", None)
        labels = rest.pop("labels", LABELS[0])
        rest.pop("primary", None)
        rest.pop("id", None)
        if labels not in LABELS:
            raise SpecError(f"attacks: 'labels' cannot be {labels!r}.", f"It takes one of {', '.join(LABELS)}.")
        if label is not None and (not ATTACK_ID.fullmatch(label) or "--" in label):
            raise SpecError(
                f"attacks: 'id' cannot be {label!r}.", "It takes up to 40 letters, digits and the characters _ . -"
            )
        attack = ATTACKS.make(rest)
        hidden = labels == LABELS[1]
        name = f"{attack.name}-hidden" if hidden else attack.name
        entries.append(AttackEntry(_unique(label or name, entries), attack, primary, hidden))
    if sum(e.primary for e in entries) > 1:
        raise SpecError("attacks: more than one is 'primary'.", "Name one; all others are exploratory.")
    return tuple(entries)


def _unique(name: str, entries: Sequence[AttackEntry]) -> str:
    taken = {e.id.lower() for e in entries}  # not every file system tells A from a
    number = 2
    unique = name
    while unique.lower() in taken:
        unique, number = f"{name}-{number}", number + 1
    return unique


def _only(table: Mapping[str, Any], where: str, allowed: Sequence[str]) -> None:
    for key in table:
        if key not in allowed:
            prefix = f"{where}: " if where else ""
            raise SpecError(f"{prefix}unknown key '{key}'.", f"Allowed keys: {', '.join(allowed)}.")


def _typed(table: Mapping[str, Any], key: str, kind: type, where: str, default: Any) -> Any:
    value = table.get(key, default)
    if value is default:
        return value
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        words = {str: "a text", int: "a whole number", dict: "a table", bool: "true or false"}
        prefix = f"{where}: " if where else ""
        raise SpecError(f"{prefix}'{key}' cannot be {value!r}.", f"It takes {words[kind]}.")
    return value


def _table(table: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = table.get(key)
    if not isinstance(value, Mapping):
        raise SpecError(f"the table [{key}] is missing.", f"Add [{key}] with its keys.")
    return value


def _tables(table: Mapping[str, Any], key: str, *, required: bool = False) -> Sequence[Mapping[str, Any]]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, Mapping) for v in value):
        raise SpecError(f"'{key}' cannot be {value!r}.", f"It takes a list of tables, each begun by [[{key}]].")
    if required and not value:
        raise SpecError(f"'{key}' is missing.", f"Add at least one [[{key}]].")
    return value


def write_spec(spec: AuditSpec, path: Path) -> None:
    """Write a spec file atomically, with its paths relative to the file's folder."""
    write_text(path, tomli_w.dumps(to_mapping(spec.moved_to(path.parent))))
