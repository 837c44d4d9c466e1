"""Training references for a draft: the settings that fit its target, and the command. Knows nothing of Qt."""

import contextlib
import dataclasses
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from core.engine.jobs import TrainReferences
from core.errors import DataError, SpecError
from core.parameters import Choice, param, parameters_of
from core.targets.catalogue import ENCODERS, architectures
from core.training.manifest import read_manifest
from core.training.settings import EXCHANGES, MULTIPLE, TargetTraining
from gui.wizard.draft import Draft
from gui.wizard.looking import Known

MAIN = Path(__file__).resolve().parents[2] / "main.py"
COUNT = 8
"""Four pairs: each image is seen by four and not by four."""
ONLY_FOLDERS = "The command reads all folders alike; what is set for single ones under 'Options' is not in it."


def _same(name: str) -> Any:
    """A field of `TargetTraining`, with its help and range."""
    field = TargetTraining.__dataclass_fields__[name]
    return dataclasses.field(default=field.default, metadata=field.metadata)


@dataclass(frozen=True)
class ReferenceSettings(Choice):
    """What matters most about references that are to be trained."""

    name: ClassVar[str] = "references"
    count: int = param(COUNT, "how many; each two exchange their halves", low=2, high=64)
    exchange: str = param(
        "images",
        "what these are halves of: the images, for the strongest scores, or the blocks of every image, for maps that "
        "tell what of an image was learned",
        choices=EXCHANGES,
    )
    architecture: str = param("smp:Unet", "best that of the target", choices=tuple(architectures()))
    encoder: str = param("resnet18", "best that of the target; for architectures named smp:", suggested=ENCODERS)
    height: int = param(192, "images are resized to this for training", unit="px", low=MULTIPLE, high=8192)
    width: int = param(256, "likewise; both are multiples of 32", unit="px", low=MULTIPLE, high=8192)
    epochs: int = _same("epochs")
    augment: str = _same("augment")
    seed: int = param(0, "of the halves, the first weights and the order", low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count % 2:
            raise SpecError(f"{self.name}: 'count' cannot be {self.count}.", "It takes an even number: they are pairs.")
        for key in ("height", "width"):
            value = getattr(self, key)
            if value % MULTIPLE:
                below = value - value % MULTIPLE
                raise SpecError(
                    f"{self.name}: '{key}' cannot be {value}.",
                    f"It takes a multiple of {MULTIPLE}, such as {below} or {below + MULTIPLE}.",
                )


@dataclass(frozen=True)
class FurtherSettings(Choice):
    """The rest."""

    name: ClassVar[str] = "references"
    batch: int = _same("batch")
    learning_rate: float = _same("learning_rate")
    weight_decay: float = _same("weight_decay")
    optimizer: str = _same("optimizer")
    schedule: str = _same("schedule")
    norm: str = _same("norm")
    precision: str = _same("precision")


@dataclass(frozen=True)
class Proposal:
    """Settings for references that are as alike to a draft's target as can be.

    Attributes
    ----------
    unlike
        Why they will not be like it, and what to do about that, in sentences; empty where nothing is known to differ.
    """

    settings: ReferenceSettings = ReferenceSettings()
    further: FurtherSettings = FurtherSettings()
    unlike: tuple[str, ...] = ()

    @classmethod
    def of(cls, training: TargetTraining, count: int, exchange: str = "images") -> "Proposal":
        """Settings as a training has them. Raises `SpecError` where these forms cannot say it."""
        values = training.to_mapping()
        height, width = training.size
        first = values | {"count": count, "exchange": exchange, "height": height, "width": width}
        return cls(*(kind.from_mapping(_of_kind(kind, first)) for kind in (ReferenceSettings, FurtherSettings)))  # type: ignore[arg-type]


def _of_kind(kind: type[Choice], values: Mapping[str, Any]) -> dict[str, Any]:
    return {info.name: values[info.name] for info in parameters_of(kind) if info.name in values}


def training_of(settings: ReferenceSettings, further: FurtherSettings) -> TargetTraining:
    """How each reference is trained. Raises `SpecError`."""
    values = settings.to_mapping() | further.to_mapping()
    size = values.pop("height"), values.pop("width")
    del values["count"], values["exchange"]
    if not settings.architecture.startswith("smp:"):
        values["encoder"] = TargetTraining().encoder  # it is not used: what was typed is no setting
    return TargetTraining(size=size, **values)


# ---------------------------------------------------------------- what fits the target


def proposed(draft: Draft, known: Known) -> Proposal:
    """What the target's file, and the list of its training images where there is one, say of how it was trained."""
    target = known.target
    if target is None:
        words = "Which model is audited is not known yet: choose it first, and they are trained like it."
        return Proposal(unlike=(words,))
    manifest = _manifest(draft, known)
    kept = _kept(manifest)
    found, unlike = _size(known, kept)
    values = {**kept, **found}
    for key in ("start", "seed", "count"):
        values.pop(key, None)
    architecture, words = _architecture(str(target.facts["architecture"] or ""), str(target.facts["format"]))
    values |= architecture
    first = ReferenceSettings.from_mapping(_of_kind(ReferenceSettings, values))
    further = FurtherSettings.from_mapping(_of_kind(FurtherSettings, values))
    told = (words, unlike, "" if kept else EPOCHS_UNKNOWN, _beyond(manifest))
    return Proposal(first, further, tuple(filter(None, told)))


EPOCHS_UNKNOWN = (
    "The file does not say how long and with what augmentation the target was trained: where you know it, set it here."
)


def _manifest(draft: Draft, known: Known) -> Mapping[str, Any]:
    """The settings in the list of training images beside the target; none where there is no such list."""
    with contextlib.suppress(DataError, OSError):
        if draft.target is not None and known.target is not None:
            manifest = read_manifest(draft.target, known.target.facts["sha256"])
            return manifest.settings if manifest is not None and manifest.kind == "target" else {}
    return {}


def _kept(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, as that list has them; none where they are not those of a training as it is known here."""
    with contextlib.suppress(SpecError):
        known = {key: value for key, value in manifest.items() if key in TargetTraining.__dataclass_fields__}
        return TargetTraining.from_mapping(known | {"start": ""}).to_mapping() if known else {}
    return {}


def _beyond(manifest: Mapping[str, Any]) -> str:
    """What the target's training had that a form does not ask for."""
    hardening = manifest.get("hardening") or {}
    found = {
        "--start": f"began with the weights of {manifest['start']}" if manifest.get("start") else "",
        "--hardening": f"was hardened by {hardening.get('name', '')}" if hardening else "",
        "--half-supervised": "was taught by half of each image" if manifest.get("half_supervised") else "",
    }
    told = [words for words in found.values() if words]
    if not told:
        return ""
    flags = " and ".join(flag for flag, words in found.items() if words)
    return f"The target {' and '.join(told)}, and these references would not be: {flags} of the command does that."


def _size(known: Known, kept: Mapping[str, Any]) -> tuple[dict[str, int], str]:
    """Height and width, and what is guessed about them."""
    target = known.target
    resize = None if target is None else target.facts["preprocessing"].get("resize")
    size = kept.get("size") or resize
    if size:
        height, width = (max(MULTIPLE, round(side / MULTIPLE) * MULTIPLE) for side in size)
        near = "" if [height, width] == list(size) else f"The target takes {size[1]} x {size[0]} px; this is near it."
        return {"height": height, "width": width}, near
    height = ReferenceSettings().height
    shape = None if target is None or target.image is None else target.image.shape
    aspect = shape[1] / shape[0] if shape is not None else ReferenceSettings().width / height
    width = max(MULTIPLE, round(height * aspect / MULTIPLE) * MULTIPLE)
    return {"height": height, "width": width}, "The file does not say at what size the target was trained: set it here."


def _architecture(text: str, format: str) -> tuple[dict[str, str], str]:
    """Architecture and encoder of the target; where it cannot be trained here, none, and what that means."""
    name, _, encoder = text.partition(" ")
    exact = {known.lower(): known for known in architectures()}.get(name.lower())
    if exact is None:
        what = f"{text} cannot be trained here" if text else f"A model in the format {format} cannot be trained here"
        return {}, f"{what}, and references of another architecture see less: choose the one most like it."
    return {"architecture": exact} | ({"encoder": encoder} if encoder and exact.startswith("smp:") else {}), ""


# ---------------------------------------------------------------- the job and the command


def folder_of(draft: Draft) -> Path:
    """Where references go where nobody says otherwise: beside the audit."""
    return draft.place / f"{draft.spec.name or 'audit'}-references"


def command(job: TrainReferences) -> str:
    """What does the same in a terminal; empty without images."""
    asked = job.asked
    if not asked.entries:
        return ""
    parts = [sys.executable, str(MAIN), "train", "shadows"]
    for entry in asked.entries:
        parts += ["--images", str(asked.spec().resolve(entry.path))]
    scheme = next((entry.scheme for entry in asked.entries if entry.scheme), asked.scheme or asked.target_scheme)
    parts += [*_reading(job), *(["--scheme", _full(job, scheme)] if scheme else []), "--count", str(job.count)]
    usual = TargetTraining()
    for info in parameters_of(TargetTraining):
        value = getattr(job.settings, info.name)
        if value != getattr(usual, info.name):
            parts += [f"--{info.name.replace('_', '-')}", _written(value)]
    parts += ["--exchange", job.exchange] if job.exchange != EXCHANGES[0] else []
    parts += ["--device", job.device] if job.device != "auto" else []
    parts += ["--out", str(job.out)]
    return subprocess.list2cmdline(parts) if sys.platform == "win32" else shlex.join(parts)


def _full(job: TrainReferences, scheme: str) -> str:
    is_file = scheme.endswith((".toml", ".json"))
    return str(job.asked.spec().resolve(scheme)) if is_file else scheme


def _written(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


def reads_alike(job: TrainReferences) -> bool:
    """Whether one command can read all folders as the draft says."""
    return len({_how(entry) for entry in job.asked.entries}) <= 1


def _how(entry: Any) -> tuple[Any, ...]:
    return entry.layout, tuple(sorted(entry.options.items())), entry.encoding, entry.limit


def _reading(job: TrainReferences) -> list[str]:
    """How the folders are read, where that is the same for all of them."""
    if not reads_alike(job):
        return []
    entry = job.asked.entries[0]
    options = ",".join(f"{key}={value}" for key, value in entry.options.items())
    layout = f"{entry.layout}:{options}" if options else entry.layout
    given = {"--layout": layout if layout != "auto" else None, "--encoding": entry.encoding, "--limit": entry.limit}
    return [word for flag, value in given.items() if value for word in (flag, str(value))]
