"""The audit's spec: what is asked, as TOML a person can read and edit.

Paths in a spec are relative to the folder of the spec file. Every message of a wrong spec names the key and what is
allowed there. Imports no torch.
"""

import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import tomli_w

from core.attacks.all import ATTACKS
from core.attacks.base import Attack
from core.data.images import PIXEL_LIMIT
from core.data.samples import Role
from core.defenses.chain import Chain
from core.defenses.hardened import Hardened
from core.errors import SpecError
from core.files import sha256_of_bytes, write_text
from core.parameters import Choice, param
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing

VERSION = 1


@dataclass(frozen=True)
class RunSettings(Choice):
    """How the runner works. Nothing here changes what is asked, only how fast and how much is kept."""

    name: ClassVar[str] = "run"
    batch: int = param(4, "images per forward pass of the target", unit="images", low=1, high=256)
    patch_batch: int = param(64, "patches per forward pass of the attack network", unit="patches", low=1, high=4096)
    maps: str = param("all", "which membership maps are kept", choices=("all", "primary", "none"))
    cache_gb: float = param(10.0, "room for cached posteriors; 0: no cache", unit="GB", low=0)
    data_check: bool = param(True, "look for duplicates, mismatches and shifts before the run")
    resamples: int = param(2000, "bootstrap resamples behind each interval", low=100, high=100_000)
    level: float = param(0.95, "level of the intervals", low=0.5, high=0.999)
    pixel_limit: int = param(PIXEL_LIMIT, "larger images are refused before they are decoded", unit="px", low=1)


@dataclass(frozen=True)
class TargetEntry:
    """The target: its file, and what the file does not say itself."""

    path: str
    options: TargetOptions = field(default_factory=TargetOptions)
    preprocessing: Preprocessing | None = None
    trust: str | None = None
    """SHA-256 of a file with code (TorchScript, .pt2) that the spec's author trusts."""


@dataclass(frozen=True)
class ImagesEntry:
    """One folder or list of images of one role."""

    role: Role
    path: str
    layout: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict)
    scheme: str | None = None
    encoding: str | None = None
    limit: int | None = None


@dataclass(frozen=True)
class AttackEntry:
    """One attack, under a name that is unique in the audit."""

    id: str
    attack: Attack
    primary: bool = False


@dataclass(frozen=True)
class AuditSpec:
    """Target x image sets x defenses x attacks."""

    name: str
    target: TargetEntry
    images: tuple[ImagesEntry, ...]
    defenses: tuple[Chain, ...]
    attacks: tuple[AttackEntry, ...]
    scheme: str | None = None
    seed: int = 0
    run: RunSettings = field(default_factory=RunSettings)
    folder: Path = field(default=Path(), compare=False)

    @property
    def primary(self) -> AttackEntry:
        """The one attack named before anything is scored; all others are exploratory."""
        return next((a for a in self.attacks if a.primary), self.attacks[0])

    def resolve(self, path: str) -> Path:
        """A path of the spec as a path on this machine."""
        return (self.folder / Path(path).expanduser()).absolute()

    def moved_to(self, folder: Path) -> "AuditSpec":
        """The same spec for a file in another folder: relative paths are rewritten."""

        def moved(path: str) -> str:
            if not path or Path(path).expanduser().is_absolute():
                return path
            return Path(os.path.relpath(self.resolve(path), folder.absolute())).as_posix()

        return replace(
            self,
            folder=folder,
            target=replace(self.target, path=moved(self.target.path)),
            images=tuple(_moved_images(i, moved) for i in self.images),
            defenses=tuple(_moved_chain(c, moved) for c in self.defenses),
            attacks=tuple(replace(a, attack=_moved_attack(a.attack, moved)) for a in self.attacks),
            scheme=_moved_scheme(self.scheme, moved),
        )

    @property
    def sha256(self) -> str:
        """Hash of what is asked; the run settings that change no result are left out."""
        table = to_mapping(self)
        table.pop("run")
        table.pop("name")
        return sha256_of_bytes(tomli_w.dumps(table).encode())


Moved = Callable[[str], str]
"""Rewrites a relative path for another folder."""


def _moved_scheme(scheme: str | None, moved: Moved) -> str | None:
    """A scheme is a built-in name or a file."""
    return moved(scheme) if scheme and scheme.endswith((".toml", ".json")) else scheme


def _moved_images(entry: ImagesEntry, moved: Moved) -> ImagesEntry:
    # A layout's own options are relative to its folder or list, not to the spec.
    return replace(entry, path=moved(entry.path), scheme=_moved_scheme(entry.scheme, moved))


def _moved_chain(chain: Chain, moved: Moved) -> Chain:
    source = chain.source
    if not isinstance(source, Hardened):
        return chain
    return replace(chain, defenses=(replace(source, path=moved(source.path)), *chain.outputs))


def _moved_attack(attack: Attack, moved: Moved) -> Attack:
    network = getattr(attack, "network", None)
    return replace(attack, network=moved(network)) if network else attack  # type: ignore[call-arg]


# ---------------------------------------------------------------- reading


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
    _only(table, "", ("version", "name", "seed", "scheme", "target", "images", "defenses", "attacks", "run"))
    version = table.get("version", VERSION)
    if version != VERSION:
        raise SpecError(f"'version' cannot be {version!r}.", f"This program reads version {VERSION}.")
    seed = _typed(table, "seed", int, "", 0)
    if seed < 0:
        raise SpecError(f"'seed' cannot be {seed}.", "It takes a whole number of at least 0.")
    attacks = attack_entries(_tables(table, "attacks", required=True))
    return AuditSpec(
        name=_typed(table, "name", str, "", "audit"),
        target=_target(_table(table, "target")),
        images=tuple(_images(t, i) for i, t in enumerate(_tables(table, "images", required=True))),
        defenses=_defenses(_tables(table, "defenses")),
        attacks=attacks,
        scheme=_typed(table, "scheme", str, "", None),
        seed=seed,
        run=RunSettings.from_mapping(table.get("run", {})),
        folder=folder,
    )


def _target(table: Mapping[str, Any]) -> TargetEntry:
    rest = dict(table)
    path = _typed(rest, "path", str, "target", None)
    if not path:
        raise SpecError("target: the key 'path' is missing.", "It takes the path of a model file or folder.")
    trust = _typed(rest, "trust", str, "target", None)
    preprocessing = rest.pop("preprocessing", None)
    rest.pop("path", None)
    rest.pop("trust", None)
    return TargetEntry(
        path=path,
        options=TargetOptions.from_mapping(rest),
        preprocessing=None if preprocessing is None else Preprocessing.from_mapping(preprocessing),
        trust=trust,
    )


def _images(table: Mapping[str, Any], index: int) -> ImagesEntry:
    where = f"images[{index}]"
    _only(table, where, ("role", "path", "layout", "options", "scheme", "encoding", "limit"))
    role, path = table.get("role"), table.get("path")
    if role not in list(Role):
        raise SpecError(f"{where}: 'role' cannot be {role!r}.", f"It takes one of {', '.join(Role)}.")
    if not isinstance(path, str) or not path:
        raise SpecError(f"{where}: the key 'path' is missing.", "It takes a folder, an image or a list file.")
    limit = _typed(table, "limit", int, where, None)
    if limit is not None and limit < 1:
        raise SpecError(f"{where}: 'limit' cannot be {limit}.", "It takes a whole number of at least 1.")
    return ImagesEntry(
        role=Role(role),
        path=path,
        layout=_typed(table, "layout", str, where, "auto"),
        options=_typed(table, "options", dict, where, {}),
        scheme=_typed(table, "scheme", str, where, None),
        encoding=_typed(table, "encoding", str, where, None),
        limit=limit,
    )


def _defenses(tables: Sequence[Mapping[str, Any]]) -> tuple[Chain, ...]:
    chains = [Chain.parse(t) for t in tables] or [Chain.parse({"name": "none"})]
    seen: set[str] = set()
    for chain in chains:
        if chain.id in seen:
            raise SpecError(f"defenses: '{chain.describe()}' is listed twice.", "Remove one.")
        seen.add(chain.id)
    return tuple(chains)


def attack_entries(tables: Sequence[Mapping[str, Any]]) -> tuple[AttackEntry, ...]:
    """The attacks of a spec, each under a name of its own."""
    entries: list[AttackEntry] = []
    for table in tables:
        rest = dict(table)
        primary = _typed(rest, "primary", bool, "attacks", default=False)
        label = _typed(rest, "id", str, "attacks", None)
        rest.pop("primary", None)
        rest.pop("id", None)
        attack = ATTACKS.make(rest)
        entries.append(AttackEntry(_unique(label or attack.name, entries), attack, primary))
    if sum(e.primary for e in entries) > 1:
        raise SpecError("attacks: more than one is 'primary'.", "Name one; all others are exploratory.")
    return tuple(entries)


def _unique(name: str, entries: Sequence[AttackEntry]) -> str:
    taken = {e.id for e in entries}
    number = 2
    unique = name
    while unique in taken:
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


# ---------------------------------------------------------------- writing


def to_mapping(spec: AuditSpec) -> dict[str, Any]:
    """The spec as a TOML document."""
    target: dict[str, Any] = {"path": spec.target.path, **_set_only(spec.target.options)}
    if spec.target.trust:
        target["trust"] = spec.target.trust
    if spec.target.preprocessing is not None:
        target["preprocessing"] = spec.target.preprocessing.to_mapping()
    head: dict[str, Any] = {"version": VERSION, "name": spec.name, "seed": spec.seed}
    if spec.scheme:
        head["scheme"] = spec.scheme
    return head | {
        "target": target,
        "run": spec.run.to_mapping(),
        "images": [_images_table(i) for i in spec.images],
        "defenses": [c.to_table() for c in spec.defenses],
        "attacks": [_attack_table(a) for a in spec.attacks],
    }


def _set_only(options: TargetOptions) -> dict[str, Any]:
    """Options that differ from their default: an empty architecture in a file says nothing."""
    plain = TargetOptions().to_mapping()
    return {k: v for k, v in options.to_mapping().items() if plain.get(k) != v}


def _images_table(entry: ImagesEntry) -> dict[str, Any]:
    table: dict[str, Any] = {"role": str(entry.role), "path": entry.path, "layout": entry.layout}
    rest = {"options": dict(entry.options), "scheme": entry.scheme, "encoding": entry.encoding, "limit": entry.limit}
    return table | {k: v for k, v in rest.items() if v}


def _attack_table(entry: AttackEntry) -> dict[str, Any]:
    table = {"name": entry.attack.name, "id": entry.id, **entry.attack.to_mapping()}
    return table | {"primary": True} if entry.primary else table


def write_spec(spec: AuditSpec, path: Path) -> None:
    """Write a spec file atomically, with its paths relative to the file's folder."""
    write_text(path, tomli_w.dumps(to_mapping(spec.moved_to(path.parent))))
