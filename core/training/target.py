"""Training a target, or a shadow: the same thing with other images."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.data.samples import ImageSet
from core.errors import DataError, SpecError, TargetError
from core.files import sha256_of_bytes, sha256_of_file, sha256_of_path
from core.progress import Progress
from core.targets.architectures import build
from core.targets.checkpoint import save_target
from core.targets.open import open_target
from core.training.curve import write_curve
from core.training.fit import Fit, Fitted, forget, run
from core.training.half import Halves
from core.training.hardening import HARDENINGS, Hardening
from core.training.images import TrainingImages, labelled_samples
from core.training.manifest import TrainingManifest, read_manifest, write_manifest
from core.training.randomness import private_randomness
from core.training.settings import TargetTraining
from core.versions import now, versions

if TYPE_CHECKING:
    from core.data.scheme import ClassScheme


@dataclass(frozen=True)
class TargetResult:
    """What came of a training.

    Attributes
    ----------
    checkpoint
        The checkpoint; `open_target` needs nothing else.
    sha256
        Its hash.
    losses
        Mean loss of each epoch; plainly trained, cross-entropy in nats per labelled pixel.
    miou
        On the training images, at training size, 0 to 1.
    validation_miou
        On the validation images; None without them.
    report
        What the hardening reports, such as epsilon.
    """

    checkpoint: Path
    sha256: str
    losses: tuple[float, ...]
    miou: float
    validation_miou: float | None
    report: Mapping[str, Any]


def train_target(
    images: Sequence[ImageSet],
    scheme: "ClassScheme",
    settings: TargetTraining,
    out: Path,
    device: str = "cpu",
    *,
    progress: Progress | None = None,
    validation: Sequence[ImageSet] = (),
    hardening: Hardening | None = None,
    references: Sequence[ImageSet] = (),
) -> TargetResult:
    """Train a target and write its checkpoint, loss curve and list of training images.

    On the CPU the same images, settings and number of threads give the same weights, stopped in between or not. A
    stopped or killed training leaves its state in `<name>.partial`; the same call goes on from there.

    Parameters
    ----------
    images
        The members. Each needs a label map.
    scheme
        Their class scheme.
    settings
        How to train.
    out
        The checkpoint to write (safetensors). Beside it: `<name>.losses.csv` and `<name>.training.json`.
    device
        "cpu" or "cuda:N".
    progress
        One step per batch; cancelling it stops, and the state kept last stays.
    validation
        Images not trained on, for the mIoU alone.
    hardening
        Train so that the target remembers less; None: plainly.
    references
        Images that are no members, for hardenings that need some.

    Raises
    ------
    DataError
        An image or label map cannot be used, or an image is a member and a reference.
    SpecError
        Hardening, settings and references do not go together.
    TargetError
        The architecture or the checkpoint to start from does not fit, or the loss is no longer a number.
    Cancelled
        A stop was asked for.
    """
    hardening = hardening or HARDENINGS.make({"name": "none"})
    _check(hardening, settings, references)
    job = _Job(settings, hardening, scheme, device, progress or Progress())
    members = job.read(images, "reading images", job.halves)
    if len(members) < 2:
        raise TargetError("One image is not enough to train on.", "Give at least two.")
    others = job.read(references, "reading reference images") if references else None
    if others is not None:
        _check_references(members, others)
    held = job.read(validation, "reading validation images") if validation else None
    with private_randomness(settings.seed, device):
        fit = Fit(job.model(), members, others, settings, scheme.classes, device, job.progress)
        fitted = run(fit, hardening, out, job.fingerprint(members, others))
    score = fit.miou(members)
    held_score = fit.miou(held) if held else None
    sha256 = job.write(out, fit, fitted)
    forget(out)
    return TargetResult(out, sha256, tuple(x for x, _ in fitted.curve), score, held_score, fitted.report)


def _check(hardening: Hardening, settings: TargetTraining, references: Sequence[ImageSet]) -> None:
    if references and hardening.references == "no":
        raise SpecError(f"The hardening '{hardening.name}' takes no reference images.", "Leave them out.")
    if not references and hardening.references == "needed":
        raise SpecError(f"The hardening '{hardening.name}' needs reference images.", "Give images that are no members.")
    hardening.check(settings)


def _check_references(members: TrainingImages, references: TrainingImages) -> None:
    if len(references) < 2:
        raise DataError("One reference image is not enough.", "Give at least two.")
    if both := set(members.sha256) & set(references.sha256):
        raise DataError(f"{len(both)} reference images are given as members too.", "Take them out of one of the two.")


@dataclass(frozen=True)
class _Job:
    """What every part of one training needs."""

    settings: TargetTraining
    hardening: Hardening
    scheme: "ClassScheme"
    device: str
    progress: Progress

    @property
    def halves(self) -> Halves | None:
        """Which blocks of the members teach; None: all do."""
        return Halves.of(vars(self.settings))

    def read(self, sets: Sequence[ImageSet], stage: str, halves: Halves | None = None) -> TrainingImages:
        height, width = self.settings.size
        images = TrainingImages(labelled_samples(sets, self.scheme), self.scheme, (height, width), halves=halves)
        images.load(self.progress, stage)
        return images

    def model(self) -> torch.nn.Module:
        """The model to train, with random weights or those of the checkpoint to start from."""
        settings = self.settings
        model = build(settings.architecture, settings.used_encoder, self.scheme.classes, settings.arguments)
        if settings.start:
            _copy_weights(Path(settings.start), model)
        # Channels-last is what the fast convolutions of both processors want.
        return model.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]

    def fingerprint(self, members: TrainingImages, others: TrainingImages | None) -> str:
        """What a kept state must agree with to be gone on from."""
        what = {
            "settings": self.settings.to_mapping(),
            "hardening": {"name": self.hardening.name, **self.hardening.to_mapping()},
            "scheme": [self.scheme.name, self.scheme.classes],
            "members": members.sha256,
            "others": others.sha256 if others else (),
            "files": [sha256_of_path(path) for path in self._files],
            "device": torch.device(self.device).type,
            "versions": versions(),
        }
        return sha256_of_bytes(json.dumps(what, sort_keys=True).encode())

    @property
    def _files(self) -> tuple[Path, ...]:
        """Checkpoints that shape the weights: the one to start from, and those of the hardening."""
        start = (Path(self.settings.start),) if self.settings.start else ()
        return (*start, *self.hardening.files())

    def write(self, out: Path, fit: Fit, fitted: Fitted) -> str:
        """Write checkpoint, loss curve and manifest; returns the checkpoint's hash."""
        settings = self.settings
        save_target(
            out,
            fit.model.cpu().to(memory_format=torch.contiguous_format),
            architecture=settings.architecture,
            encoder=settings.used_encoder,
            classes=self.scheme.classes,
            arguments=settings.arguments,
            preprocessing=settings.preprocessing,
            scheme=self.scheme.name,
        )
        sha256 = sha256_of_file(out)
        rows = ((epoch, *point) for epoch, point in enumerate(fitted.curve, start=1))
        write_curve(out, ("epoch", "loss", "learning_rate"), rows)
        members = fit.images.sha256
        others = (*(fit.references.sha256 if fit.references else ()), *_seen_by(self._files))
        manifest = TrainingManifest(
            kind="target",
            checkpoint_sha256=sha256,
            members=members,
            others=tuple(sorted(set(others) - set(members))),
            settings=recorded_settings(settings, self.hardening),
            report=fitted.report,
            versions=versions(),
            seed=settings.seed,
            created=now(),
        )
        write_manifest(out, manifest)
        return sha256


def recorded_settings(settings: TargetTraining, hardening: Hardening) -> dict[str, Any]:
    """The settings as a manifest keeps them: files by name alone, because a path tells of the machine."""
    values = settings.to_mapping()
    if settings.start:
        values["start"] = Path(settings.start).name
    if hardening.name == "none":
        return values
    names = {str(path): path.name for path in hardening.files()}
    plain = {
        key: names.get(value, value) if isinstance(value, str) else value
        for key, value in hardening.to_mapping().items()
    }
    return values | {"hardening": {"name": hardening.name, **plain}}


def _copy_weights(start: Path, model: torch.nn.Module) -> None:
    """Give a model the weights of a checkpoint. Raises `TargetError` where they do not fit."""
    weights = open_target(start).module().state_dict()
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise TargetError(
            f"{start.name}: cannot be started from: its weights are another architecture's, encoder's, normalisation's "
            "or number of classes'.",
            "Start from a checkpoint trained with the same settings, or from none.",
        ) from error


def _seen_by(files: Sequence[Path]) -> list[str]:
    """Images that shaped these checkpoints, as far as their lists say."""
    manifests = [manifest for file in files if (manifest := read_manifest(file))]
    return [sha256 for manifest in manifests for sha256 in (*manifest.members, *manifest.others)]
