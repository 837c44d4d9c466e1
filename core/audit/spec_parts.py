"""What a spec holds: its parts, where its paths lead, and its form as a TOML document. Imports no torch."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import tomli_w

from core.attacks.base import Attack
from core.attacks.hidden import WEAKER
from core.attacks.shipped import is_short_name
from core.data.images import PIXEL_LIMIT
from core.data.samples import Role
from core.defenses.chain import Chain
from core.defenses.hardened import Hardened
from core.errors import SpecError
from core.files import sha256_of_bytes
from core.parameters import Choice, param
from core.targets.options import TargetOptions

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
class Protocol(Choice):
    """How verdicts are reached; fixed before anything is scored. See `core.audit.verdicts`."""

    name: ClassVar[str] = "protocol"
    level: float = param(0.05, "share of false alarms among the suspects that are flagged", low=0.001, high=0.5)
    calibration: float = param(1.0, "share of the non-members that serve as calibration, 1: all", low=0.01, high=1.0)
    chosen: str = param("", "how primary attack and released output were chosen, on other data; printed with verdicts")


@dataclass(frozen=True)
class TargetEntry:
    """The target: its file, and what the file does not say itself."""

    path: str
    options: TargetOptions = field(default_factory=TargetOptions)
    preprocessing: Mapping[str, Any] | None = None
    """The keys of `Preprocessing` that are given; the rest is as the model file says."""
    trust: str | None = None
    """SHA-256 of a file with code (TorchScript, .pt2) that the spec's author trusts."""


@dataclass(frozen=True)
class ReferenceEntry(TargetEntry):
    """A reference model of the attacker's: any model of the target's classes."""

    members: str = ""
    """What it was trained on: a membership table, or images; empty: as the list beside its file says."""


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
    calibration: bool = False
    """Whether these non-members, and no others, calibrate the verdicts."""


@dataclass(frozen=True)
class AttackEntry:
    """One attack, under a name that is unique in the audit."""

    id: str
    attack: Attack
    primary: bool = False
    hidden: bool = False
    """Whether label maps are hidden from it, so that the target's own prediction is all there is; weaker."""

    @property
    def words(self) -> str:
        """What to call it where people read, with its id where that says more."""
        title = self.attack.title or self.attack.name
        return title if self.id == self.attack.name else f"{title} ({self.id})"

    @property
    def note(self) -> str:
        """What a reader of its scores must know, or empty."""
        return " ".join(filter(None, (WEAKER if self.hidden else "", self.attack.remark)))


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
    references: tuple[ReferenceEntry, ...] = ()
    protocol: Protocol = field(default_factory=Protocol)
    released: int = 0
    """Place in `defenses` of the output that is released: verdicts are given for no other."""
    folder: Path = field(default=Path(), compare=False)

    @property
    def primary(self) -> AttackEntry:
        """The one attack named before anything is scored; all others are exploratory."""
        return next((a for a in self.attacks if a.primary), self.attacks[0])

    @property
    def release(self) -> Chain:
        """The one output named before anything is scored."""
        return self.defenses[self.released]

    def resolve(self, path: str) -> Path:
        """A path of the spec as a path on this machine. Raises `SpecError` for the home folder of nobody."""
        wanted = _expanded(path)
        if wanted.is_absolute():
            return wanted
        # From the real folder: behind a symbolic link, ".." leads elsewhere than the link's own name says.
        return Path(os.path.normpath(self.folder.resolve() / wanted))

    def moved_to(self, folder: Path) -> "AuditSpec":
        """The same spec for a file in another folder: relative paths are rewritten, `~` is written out."""

        def moved(path: str) -> str:
            if not path:
                return path
            if _expanded(path).is_absolute():
                return _expanded(path).as_posix()
            try:
                return Path(os.path.relpath(self.resolve(path), folder.resolve())).as_posix()
            except ValueError:  # another drive of Windows
                return self.resolve(path).as_posix()

        return replace(self.with_paths(moved), folder=folder)

    def with_paths(self, moved: "Moved") -> "AuditSpec":
        """The same spec with every path in it replaced by what `moved` makes of it."""
        return replace(
            self,
            target=replace(self.target, path=moved(self.target.path)),
            images=tuple(_moved_images(i, moved) for i in self.images),
            defenses=tuple(_moved_chain(c, moved) for c in self.defenses),
            attacks=tuple(replace(a, attack=_moved_attack(a.attack, moved)) for a in self.attacks),
            scheme=_moved_scheme(self.scheme, moved),
            references=tuple(
                replace(r, path=moved(r.path), members=r.members and moved(r.members)) for r in self.references
            ),
        )

    @property
    def sha256(self) -> str:
        """Hash of what is asked. Name, trust and run settings ask nothing and are left out."""
        table = to_mapping(self)
        table.pop("run")
        table.pop("name")
        for model in (table["target"], *table.get("references", ())):
            model.pop("trust", None)
        return sha256_of_bytes(tomli_w.dumps(table).encode())


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise SpecError(f"'{path}': there is no such home folder.", "Write the path without '~'.") from error


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
    """An attack network may be a shipped one's short name; so may a table; a combiner is always a file."""
    files = {key: getattr(attack, key, None) for key in ("network", "table", "combiner")}
    return replace(
        attack, **{k: moved(file) for k, file in files.items() if file and (k == "combiner" or not is_short_name(file))}
    )


# ---------------------------------------------------------------- as TOML


def to_mapping(spec: AuditSpec) -> dict[str, Any]:
    """The spec as a TOML document."""
    head: dict[str, Any] = {"version": VERSION, "name": spec.name, "seed": spec.seed}
    if spec.scheme:
        head["scheme"] = spec.scheme
    if protocol := _set_only(spec.protocol):
        head["protocol"] = protocol
    references = {"references": [_model_table(r) for r in spec.references]} if spec.references else {}
    return head | {
        "target": _model_table(spec.target),
        "run": spec.run.to_mapping(),
        "images": [_images_table(i) for i in spec.images],
        "defenses": [_defense_table(c, released=i == spec.released > 0) for i, c in enumerate(spec.defenses)],
        "attacks": [_attack_table(a) for a in spec.attacks],
        **references,
    }


def _model_table(entry: TargetEntry) -> dict[str, Any]:
    table: dict[str, Any] = {"path": entry.path, **_set_only(entry.options)}
    if entry.trust:
        table["trust"] = entry.trust
    if entry.preprocessing is not None:
        table["preprocessing"] = dict(entry.preprocessing)
    return table | ({"members": entry.members} if isinstance(entry, ReferenceEntry) and entry.members else {})


def _set_only(options: Choice) -> dict[str, Any]:
    """Options that differ from their default: an empty architecture in a file says nothing."""
    plain = type(options)().to_mapping()
    return {k: v for k, v in options.to_mapping().items() if plain.get(k) != v}


def _defense_table(chain: Chain, *, released: bool) -> dict[str, Any]:
    return chain.to_table() | ({"released": True} if released else {})


def _images_table(entry: ImagesEntry) -> dict[str, Any]:
    table: dict[str, Any] = {"role": str(entry.role), "path": entry.path, "layout": entry.layout}
    rest = {name: getattr(entry, name) for name in ("scheme", "encoding", "limit", "calibration")}
    rest = {"options": dict(entry.options), **rest}
    return table | {k: v for k, v in rest.items() if v}


def _attack_table(entry: AttackEntry) -> dict[str, Any]:
    table = {"name": entry.attack.name, "id": entry.id, **entry.attack.to_mapping()}
    if entry.hidden:
        table["labels"] = "hidden"
    return table | {"primary": True} if entry.primary else table
