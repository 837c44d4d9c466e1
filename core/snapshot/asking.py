"""Asking the target what it predicts for the images that get a page: an audit keeps no predictions."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from core.audit.device import pick_device
from core.audit.memory import is_out_of_memory
from core.engine.jobs import Observe
from core.engine.jobs.base import Desk
from core.engine.jobs.observe import Observed
from core.engine.models import Models
from core.errors import SegLeakError
from core.files import sha256_of_path
from core.progress import Progress
from core.snapshot.content import Content
from core.snapshot.prediction import Prediction
from core.snapshot.record import models_of

Predictions = Mapping[int, Prediction]
"""By image id."""
Predict = Callable[[Content, Progress], Predictions]
"""Gives the predictions of `Content.to_predict`; those that are left out are added later."""

LAYERS = ("prediction", "label_probability")
STAGE = "Asking the target"


def later(content: Content, progress: Progress) -> Predictions:
    """No prediction yet."""
    return {}


def asked(content: Content, progress: Progress, device: str = "auto") -> Predictions:
    """The predictions of all images that get a page, worked out in this process. Loads torch where there are any.

    Raises `SpecError` where there is no such device.
    """
    images = content.to_predict
    if not images:
        return {}
    device = pick_device(device)
    if reason := refusal(content):
        return refused(images, reason)
    desk = Desk(progress, Models(), lambda _: None)
    found = {}
    for image in progress.over(STAGE, images, len(images)):
        try:
            found[image] = answer(question(content, image, device).run(desk))
        except SegLeakError as error:
            return {**refused(images, str(error)), **found}
        except Exception as error:
            if not is_out_of_memory(error):
                raise
            return {**refused(images, "There was not enough memory for the target."), **found}
    return found


def refusal(content: Content) -> str:
    """Why the target cannot be asked: a file is gone, or not the one that was audited. Empty where it can be."""
    spec, source = content.spec, content.released.source
    paths = {str(spec.resolve(path)) for path in (spec.target.path, getattr(source, "path", "")) if path}
    for _, path, sha256 in models_of(content):
        if path in paths and not Path(path).exists():
            return f"{path}: there is no such file or folder."
        try:
            if path in paths and sha256_of_path(Path(path)) != sha256:
                return f"{path}: is not the file that was audited."
        except OSError as error:
            return f"{path}: cannot be read ({error.strerror})."
    return ""


def refused(images: Sequence[int], reason: str) -> Predictions:
    """One reason for all images."""
    return dict.fromkeys(images, Prediction(reason=reason))


def question(content: Content, image: int, device: str = "auto") -> Observe:
    """What the engine is asked about an image."""
    return Observe(content.folder, image, (content.released,), layers=LAYERS, device=device)


def answer(observed: Observed) -> Prediction:
    """What the engine has said."""
    (view,) = observed.views
    if view.prediction is None:
        return Prediction(reason=view.failed)
    known = view.label_probability
    sure = None if known is None or np.isnan(known).all() else float(np.nanmean(known, dtype=np.float64))
    return Prediction(view.prediction, sure)
