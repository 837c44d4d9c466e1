"""A look at a target before an audit: what the file is, and what one image shows."""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.audit.device import pick_device
from core.data.images import read_image
from core.data.labels import read_label
from core.data.scheme import VOID, ClassScheme, load_scheme
from core.engine.jobs.base import Desk, Job
from core.errors import TargetError
from core.targets.options import TargetOptions

if TYPE_CHECKING:
    from core.targets.base import Target

LabelMap = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class WeightsAlone:
    """Sent ahead of the failure where nothing says which architecture weights belong to.

    Attributes
    ----------
    architectures
        All that can be chosen from.
    looks_like
        The architecture and the encoder that the weights look most like; either may be empty.
    """

    architectures: tuple[str, ...]
    looks_like: tuple[str, str]


@dataclass(frozen=True)
class CheckedTarget:
    """What was found.

    Attributes
    ----------
    facts
        Format, SHA-256, architecture, classes, pre-processing, notes: as an audit records them.
    check
        `core.targets.check.TargetCheck` as plain values; empty without an image.
    fits
        Whether the classes are as many as the scheme's; True where there is none to compare.
    image
        `(H, W, 3)` uint8 RGB; None where none was given.
    label, prediction
        Train ids `(H, W)`, 255 = void, where there are any.
    agreement
        Share of the labelled pixels that are predicted as labelled, 0 to 1; None without a label map.
    names, colours
        Of the scheme's classes, `(C, 3)` uint8 RGB; empty and None where no scheme is known.
    scheme
        The class scheme that the target itself names, if it does.
    seconds
        What the target took for the image; 0 without one.
    no_dropout
        Why dropout cannot be switched on in this target, or empty.
    """

    facts: Mapping[str, Any]
    check: Mapping[str, Any] = field(default_factory=dict)
    fits: bool = True
    image: npt.NDArray[np.uint8] | None = None
    label: LabelMap | None = None
    prediction: LabelMap | None = None
    agreement: float | None = None
    names: tuple[str, ...] = ()
    colours: npt.NDArray[np.uint8] | None = None
    scheme: str | None = None
    seconds: float = 0.0
    no_dropout: str = ""


@dataclass(frozen=True)
class CheckTarget(Job):
    """Open a model file and run one image; the value is `CheckedTarget`.

    Attributes
    ----------
    path
        The model file or folder.
    options, preprocessing
        What the file does not say itself, as in the spec's [target].
    image, label
        An image with its label map, where there are any.
    scheme
        The label map's classes: a built-in name or a file's full path.
    encoding
        How the label map is written.
    """

    path: Path
    options: TargetOptions = field(default_factory=TargetOptions)
    preprocessing: Mapping[str, Any] | None = None
    image: Path | None = None
    label: Path | None = None
    scheme: str | None = None
    encoding: str = "auto"

    def run(self, desk: Desk) -> CheckedTarget:
        """Open it and look."""
        from core.audit.provenance import target_facts
        from core.engine.models import consents
        from core.targets.open import open_target

        device, allowed = pick_device(self.device), consents(self.trusted)
        try:
            target = open_target(self.path, self.options, self.preprocessing, device, allowed)
        except TargetError:
            self._tell_of_weights_alone(desk)
            raise
        found = CheckedTarget(target_facts(target), scheme=target.info.scheme, no_dropout=_no_dropout(target))
        desk.progress.check()
        return found if self.image is None else self._look(target, found, read_image(self.image))

    def _tell_of_weights_alone(self, desk: Desk) -> None:
        from core.targets.catalogue import architectures
        from core.targets.state_dict import StateDict, looks_like

        if self.options.architecture or not self.path.exists() or StateDict().recognise(self.path) is None:
            return
        with contextlib.suppress(TargetError):
            architecture, _, encoder = looks_like(self.path).partition(" with encoder ")
            architecture = architecture.partition(" ")[0]
            desk.partial(WeightsAlone(tuple(architectures()), (architecture, encoder)))

    def _look(self, target: "Target", found: CheckedTarget, image: npt.NDArray[np.uint8]) -> CheckedTarget:
        from core.targets.check import check_target
        from core.targets.output import prediction

        name = self.scheme or target.info.scheme
        scheme = None if name is None else load_scheme(name)
        label = self._label(scheme)
        check = check_target(target, image, label, scheme).to_dict()
        size = (image.shape if label is None else label.shape)[:2]
        begun = time.perf_counter()
        predicted = prediction(target.outputs([image])[0], (size[0], size[1]))
        return replace(
            found,
            check=check,
            fits=scheme is None or scheme.classes == check["classes"],
            image=image,
            label=label,
            prediction=predicted,
            agreement=_agreement(label, predicted),
            names=() if scheme is None else scheme.names,
            colours=None if scheme is None else scheme.colours,
            seconds=time.perf_counter() - begun,
        )

    def _label(self, scheme: ClassScheme | None) -> LabelMap | None:
        if self.label is None or scheme is None:
            return None
        return read_label(self.label, scheme, self.encoding).train_ids


def _agreement(label: LabelMap | None, predicted: LabelMap) -> float | None:
    """Share of the labelled pixels on which both agree; None where none is labelled."""
    if label is None or not bool((known := label != VOID).any()):
        return None
    return float((label == predicted)[known].mean())


def _no_dropout(target: "Target") -> str:
    try:
        target.module()
    except TargetError as error:
        return error.message
    return ""
