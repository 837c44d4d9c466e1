"""What a model returned: which of its outputs is the segmentation, and how to read it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from core.errors import TargetError
from core.targets.base import OutputKind

PREFERRED = ("out", "logits", "probabilities", "posteriors", "masks", "segmentation", "output")
"""Names that models give to their main output, most telling first."""

SUM_TOLERANCE = 1e-3
"""How far the sum of probabilities may be from 1: half precision over a few dozen classes stays inside."""

MOST_CLASSES = 255
"""Train ids are bytes, and 255 is void."""

CHOOSE_OUTPUT = "Name the right one with 'output' (a name or an index)."


@dataclass(frozen=True)
class Recognised:
    """A batch of outputs, read.

    Attributes
    ----------
    values
        `(N, C, h, w)` float32 for logits and probabilities; `(N, h, w)` int64 for label maps.
    kind
        How to read `values`.
    note
        What had to be assumed, for a person; usually empty.
    """

    values: torch.Tensor
    kind: OutputKind
    note: str = ""


def recognise(raw: object, classes: int = 0, kind: str = "auto", name: str = "auto") -> Recognised:
    """Read whatever a model returned for a batch.

    Parameters
    ----------
    raw
        A tensor or array, or a mapping, sequence or transformers output of them; auxiliary outputs are ignored.
    classes
        Number of classes where known, else 0.
    kind
        "logits", "probabilities" or "labels"; "auto": label maps are integers, probabilities lie in 0..1 and sum to
        1 within 0.001 at every pixel, all else are logits.
    name
        Name or index of the output to use; "auto": recognised.

    Raises
    ------
    TargetError
        Where no output fits, or it has NaN, infinite or contradictory values.
    """
    if name == "auto" and (queries := _query_posteriors(raw)) is not None:
        return Recognised(_checked(queries, classes), "probabilities")
    tensor = _select(raw, classes, name).contiguous()
    if tensor.is_floating_point() and not _is_finite(tensor):
        raise TargetError(
            "The model's output has NaN or infinite values.",
            "Look at its weights and at the pre-processing; models trained in half precision may overflow.",
        )
    if kind == "labels" or (kind == "auto" and _holds_labels(tensor, classes)):
        return Recognised(_labels(tensor, classes), "labels")
    values = _channels_first(tensor, classes).float()
    if values.shape[1] == 1:
        return _binary(values, classes, kind)
    values = _checked(values, classes)
    if kind == "probabilities":
        return Recognised(_normalised(values), "probabilities")
    in_range = bool(values.min() >= 0) and bool(values.max() <= 1)
    if kind == "auto" and in_range and bool(((values.sum(1) - 1).abs() <= SUM_TOLERANCE).all()):
        return Recognised(_normalised(values), "probabilities")
    note = (
        "The outputs lie in 0..1 but do not sum to 1 over the classes; they are read as logits. If they are "
        "probabilities per class, say output_kind = probabilities."
        if kind == "auto" and in_range
        else ""
    )
    return Recognised(values, "logits", note)


def _is_finite(tensor: torch.Tensor) -> bool:
    """Whether no value is NaN or infinite: one pass, where `isfinite` takes twenty times as long."""
    return not tensor.numel() or bool(torch.stack(tensor.aminmax()).isfinite().all())


def _tensor(value: object) -> torch.Tensor | None:
    if isinstance(value, np.ndarray) and value.dtype.kind in "biuf":
        value = torch.from_numpy(np.ascontiguousarray(value))
    return value if isinstance(value, torch.Tensor) else None


def _named(raw: object) -> dict[str, object]:
    """The parts of a raw output, by name or index; a tensor has no parts."""
    if isinstance(raw, Mapping):
        return {str(k): v for k, v in raw.items()}
    if isinstance(raw, Sequence) and not isinstance(raw, str | bytes):
        return {str(i): v for i, v in enumerate(raw)}
    if hasattr(raw, "logits"):
        return {"logits": raw.logits}
    return {}


def _candidates(raw: object) -> Iterator[torch.Tensor]:
    """Every tensor of a raw output, the most telling names first."""
    tensor = _tensor(raw)
    if tensor is not None:
        yield tensor
        return
    parts = _named(raw)
    preferred = [n for n in PREFERRED if n in parts]
    for part in preferred + [n for n in parts if n not in preferred]:
        yield from _candidates(parts[part])


def _select(raw: object, classes: int, name: str) -> torch.Tensor:
    """The tensor that is the segmentation."""
    if name != "auto" and _tensor(raw) is None:
        parts = _named(raw)
        by_index = dict(enumerate(parts))
        key = name if name in parts else by_index.get(int(name)) if name.isdecimal() else None
        if key is None:
            raise TargetError(f"The model has no output '{name}'.", f"It gives: {', '.join(parts) or 'nothing'}.")
        raw = parts[key]
    found = list(_candidates(raw))
    for tensor in found:
        if classes and _fits(tensor, classes):
            return tensor
    for tensor in found:
        if tensor.ndim == 4 or (tensor.ndim == 3 and (_whole(tensor) or len(found) == 1)):
            return tensor
    shapes = ", ".join(str(tuple(t.shape)) for t in found) or f"no tensor ({type(raw).__name__})"
    raise TargetError(f"None of the model's outputs is a segmentation; it gives {shapes}.", CHOOSE_OUTPUT)


def _fits(tensor: torch.Tensor, classes: int) -> bool:
    if tensor.ndim == 3:
        return _whole(tensor)
    if tensor.ndim != 4:
        return False
    return classes in (tensor.shape[1], tensor.shape[3]) or (tensor.shape[1] == 1 and (classes <= 2 or _whole(tensor)))


def _whole(tensor: torch.Tensor) -> bool:
    """Whether all values are whole numbers."""
    return not tensor.is_floating_point() or bool((tensor == tensor.round()).all())


def _holds_labels(tensor: torch.Tensor, classes: int) -> bool:
    """Whether a tensor has the shape and the values of label maps."""
    one_channel = tensor.ndim == 3 or 1 in (tensor.shape[1], tensor.shape[3])
    if not one_channel or not _whole(tensor):
        return False
    # A binary model that outputs exactly 0 everywhere gives logits; label maps of one value are told by their type.
    return not tensor.is_floating_point() or (bool(tensor.min() >= 0) and bool(tensor.max() > 0) and classes != 1)


def _labels(tensor: torch.Tensor, classes: int) -> torch.Tensor:
    """Label maps `(N, h, w)` int64, every value a class."""
    if tensor.ndim == 4 and 1 in (tensor.shape[1], tensor.shape[3]):
        tensor = tensor.squeeze(1 if tensor.shape[1] == 1 else 3)
    if tensor.ndim != 3 or not _whole(tensor):
        raise TargetError(
            f"The output of shape {tuple(tensor.shape)} holds no label maps.", "Set output_kind to auto or logits."
        )
    if not 0 < classes <= MOST_CLASSES:
        raise TargetError(
            f"The model gives label maps, and {classes or 'nothing says how many'} classes are given.",
            f"Set 'classes' to 2 to {MOST_CLASSES}.",
        )
    low, high = int(tensor.min()), int(tensor.max())
    if low < 0 or high >= classes:
        raise TargetError(
            f"The model gives label ids {low} to {high}, but {classes} classes have ids 0 to {classes - 1}.",
            "Set 'classes' to the number of ids the model uses, or let it give train ids.",
        )
    return tensor.long()


def _channels_first(tensor: torch.Tensor, classes: int) -> torch.Tensor:
    """Scores `(N, C, h, w)`, whatever the order they came in."""
    if tensor.ndim == 3:
        return tensor.unsqueeze(1)
    last = tensor.shape[3]
    if classes and tensor.shape[1] != classes and (last == classes or (last == 1 and classes <= 2)):
        return tensor.permute(0, 3, 1, 2).contiguous()
    return tensor


def _binary(values: torch.Tensor, classes: int, kind: str) -> Recognised:
    """One channel is the second of two classes."""
    if classes > 2:
        raise TargetError(f"The model gives one channel, but {classes} classes are expected.", CHOOSE_OUTPUT)
    probable = bool((values.min() >= 0) & (values.max() <= 1))
    if kind == "probabilities" or (kind == "auto" and probable):
        if not probable:
            raise TargetError("The outputs are no probabilities: they leave 0..1.", "Set output_kind to logits.")
        note = "One channel in 0..1 is read as the probability of class 1 of two."
        return Recognised(torch.cat([1 - values, values], dim=1), "probabilities", note)
    note = "One channel is read as the logit of class 1 of two."
    return Recognised(torch.cat([torch.zeros_like(values), values], dim=1), "logits", note)


def _checked(values: torch.Tensor, classes: int) -> torch.Tensor:
    """The same values, if their number of classes is possible and as expected."""
    found = values.shape[1]
    if classes and found != classes:
        raise TargetError(
            f"The model gives {found} classes, but {classes} are expected.",
            f"Set 'classes' to {found}, or name another output with 'output'.",
        )
    if found > MOST_CLASSES:
        raise TargetError(f"The model gives {found} classes; at most {MOST_CLASSES} are supported.", CHOOSE_OUTPUT)
    return values


def _normalised(values: torch.Tensor) -> torch.Tensor:
    """Probabilities whose sum over the classes is 1."""
    total = values.sum(dim=1, keepdim=True)
    if bool(values.min() < 0) or bool((total <= 0).any()):
        raise TargetError("The outputs are no probabilities: they are negative or all 0.", "Set output_kind to logits.")
    return values / total


def _query_posteriors(raw: object) -> torch.Tensor | None:
    """Posteriors of a model that classifies masks (MaskFormer, Cheng et al. 2021, section 3.4), or None.

    Every query has a class distribution, "no object" last, and a mask; a pixel's class score is the sum over the
    queries of class probability times mask probability. Scores are normalised to sum 1.
    """
    parts = _named(raw)
    classes, masks = (_tensor(parts.get(key)) for key in ("class_queries_logits", "masks_queries_logits"))
    if classes is None or masks is None:
        return None
    scores = torch.einsum("nqc,nqhw->nchw", classes.float().softmax(-1)[..., :-1], masks.float().sigmoid())
    if not _is_finite(scores):
        raise TargetError("The model's output has NaN or infinite values.", "Look at its weights.")
    scores = scores.clamp_min(torch.finfo(torch.float32).tiny)  # no mask at all: every class alike
    return scores / scores.sum(dim=1, keepdim=True)
