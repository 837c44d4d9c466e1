"""A look at a target before an audit: what the file is, and what one image shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from core.audit.device import pick_device
from core.data.images import read_image
from core.data.labels import read_label
from core.data.scheme import ClassScheme, load_scheme
from core.engine.jobs.base import Desk, Job
from core.targets.options import TargetOptions

if TYPE_CHECKING:
    from core.targets.base import Target

LabelMap = npt.NDArray[np.uint8]


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
    """

    facts: Mapping[str, Any]
    check: Mapping[str, Any] = field(default_factory=dict)
    fits: bool = True
    image: npt.NDArray[np.uint8] | None = None
    label: LabelMap | None = None
    prediction: LabelMap | None = None


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
        target = open_target(self.path, self.options, self.preprocessing, device, allowed)
        facts = target_facts(target)
        desk.progress.check()
        return CheckedTarget(facts) if self.image is None else self._look(target, facts, read_image(self.image))

    def _look(self, target: "Target", facts: Mapping[str, Any], image: npt.NDArray[np.uint8]) -> CheckedTarget:
        from core.targets.check import check_target
        from core.targets.output import prediction

        name = self.scheme or target.info.scheme
        scheme = None if name is None else load_scheme(name)
        label = self._label(scheme)
        check = check_target(target, image, label, scheme).to_dict()
        fits = scheme is None or scheme.classes == check["classes"]
        size = (image.shape if label is None else label.shape)[:2]
        predicted = prediction(target.outputs([image])[0], (size[0], size[1]))
        return CheckedTarget(facts, check, fits, image, label, predicted)

    def _label(self, scheme: ClassScheme | None) -> LabelMap | None:
        if self.label is None or scheme is None:
            return None
        return read_label(self.label, scheme, self.encoding).train_ids
