"""Architectures that weights can be loaded into: an allow-list over torchvision and segmentation-models-pytorch.

Everything is built from code with random weights; nothing here reaches the network.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import torch

from core.errors import TargetError
from core.targets.catalogue import ENCODERS, architectures
from core.targets.norms import NORMS, with_group_norm
from core.targets.recognition import MOST_CLASSES

FIXED = frozenset(
    {
        "weights",
        "weights_backbone",
        "pretrained",
        "pretrained_backbone",
        "progress",
        "encoder_weights",
        "encoder_name",
        "classes",
        "num_classes",
        "in_channels",
    }
)
"""Arguments that are settled here: weights would be downloaded, the rest has an option of its own."""

HEADS = (
    "segmentation_head.0.weight",
    "segmentation_head.head.4.weight",
    "classifier.4.weight",
    "classifier.low_classifier.weight",
    "classifier.high_classifier.weight",
)
"""Last convolutions of the architectures above; the first side of their weights is the number of classes."""

_TIMM = re.compile(r"tu-[A-Za-z0-9_.]+")


def build(architecture: str, encoder: str, classes: int, arguments: Mapping[str, Any] | None = None) -> torch.nn.Module:
    """An architecture with random weights.

    Parameters
    ----------
    architecture
        One of `architectures()`; upper and lower case do not matter.
    encoder
        Encoder of an smp architecture, such as "resnet34" or a timm one such as "tu-convnext_tiny"; "" for the others.
    classes
        Number of output channels, 1 to 255.
    arguments
        Further arguments of the architecture; and "norm": "batch" (its own layers) or "group" (group normalisation in
        place of every batch normalisation).

    Raises
    ------
    TargetError
        Where one of them is unknown or does not fit; the remedy lists what does.
    """
    family, name = _known(architecture)
    extra = dict(arguments or {})
    norm = _known_norm(architecture, extra.pop("norm", "batch"))
    if not 1 <= classes <= MOST_CLASSES:
        raise TargetError(
            f"{architecture}: the number of classes cannot be {classes}.", f"Set 'classes' to 1 to {MOST_CLASSES}."
        )
    if family == "smp":
        _check_encoder(architecture, encoder)
    elif encoder:
        raise TargetError(f"{architecture} has a fixed encoder.", "Leave 'encoder' empty.")
    try:
        made = _make_smp(name, encoder, classes, extra) if family == "smp" else _make_torchvision(name, classes, extra)
        return with_group_norm(made) if norm == "group" else made
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, AssertionError, RuntimeError) as error:
        raise TargetError(
            f"{architecture}{f' with encoder {encoder}' if encoder else ''} cannot be built "
            f"({str(error).partition(chr(10))[0]}).",
            "Choose another encoder or other arguments.",
        ) from error


def class_count(tensors: Mapping[str, torch.Tensor]) -> int:
    """Number of classes as the shape of the last convolution tells it; 0 where it is not found."""
    return next((int(tensors[key].shape[0]) for key in HEADS if key in tensors and tensors[key].ndim == 4), 0)


def best_guess(tensors: Mapping[str, torch.Tensor]) -> str:
    """The architecture whose weights look most like these, as words such as "smp:Unet with encoder resnet34".

    Empty where none shares most of its names and shapes.
    """
    shapes = {key: tuple(value.shape) for key, value in tensors.items()}
    decoder = {key for key in shapes if not key.startswith("encoder.")}
    plain = max(((_likeness(shapes, _shapes(a, "")), a) for a in _with_prefix("torchvision")), default=(0.0, ""))
    smp = max((_name_likeness(decoder, a), a) for a in _with_prefix("smp") if a != "smp:DPT")
    if max(plain[0], smp[0]) < 0.6:
        return ""
    if plain[0] >= smp[0]:
        return plain[1]
    encoder = max((_likeness(_encoder_part(shapes), _encoder_part(_shapes("smp:Unet", e))), e) for e in ENCODERS)
    return f"{smp[1]} with encoder {encoder[1]}" if encoder[0] > 0.8 else f"{smp[1]} with an encoder not recognised"


def _known(architecture: str) -> tuple[str, str]:
    """Family and exact name of an architecture on the list."""
    names = {a.lower(): a for a in architectures()}
    found = names.get(architecture.lower())
    if found is None:
        raise TargetError(
            f"There is no architecture '{architecture}'.", f"Choose one of: {', '.join(architectures())}."
        )
    family, _, name = found.partition(":")
    return family, name


def _known_norm(architecture: str, norm: object) -> str:
    """The normalisation, if there is one of that name."""
    if isinstance(norm, str) and norm in NORMS:
        return norm
    raise TargetError(
        f"{architecture}: the argument 'norm' cannot be {str(norm)[:80]!r}.", f"Choose one of: {', '.join(NORMS)}."
    )


def _check_encoder(architecture: str, encoder: str) -> None:
    """Refuse what is no plain encoder name: timm would follow "hf-hub:..." to the network."""
    from segmentation_models_pytorch.encoders import get_encoder_names

    names = get_encoder_names()
    if encoder not in names and not _TIMM.fullmatch(encoder):
        what = f"There is no encoder '{encoder}'" if encoder else f"{architecture} needs an encoder"
        raise TargetError(
            f"{what}.", f"Set 'encoder' to one of {', '.join(names[:12])}, ..., or to tu- and a name from timm."
        )


def _checked_arguments(make: Callable[..., Any], arguments: Mapping[str, Any], architecture: str) -> None:
    """Refuse arguments that the architecture does not name: it would hand them on, as far as timm's file loading."""
    known = {
        name
        for name, parameter in inspect.signature(make).parameters.items()
        if parameter.kind is not parameter.VAR_KEYWORD and name not in FIXED
    }
    if wrong := set(arguments) - known:
        banned = FIXED.intersection(wrong)
        why = "is settled by the weights and the other options" if banned else "is unknown"
        raise TargetError(
            f"{architecture}: the argument '{min(banned or wrong)}' {why}.", f"Known: {', '.join(sorted(known))}."
        )


def _make_smp(name: str, encoder: str, classes: int, arguments: Mapping[str, Any]) -> torch.nn.Module:
    import segmentation_models_pytorch as smp

    make: Callable[..., torch.nn.Module] = getattr(smp, name)
    _checked_arguments(make, arguments, f"smp:{name}")
    return make(encoder_name=encoder, encoder_weights=None, in_channels=3, classes=classes, **arguments)


def _make_torchvision(name: str, classes: int, arguments: Mapping[str, Any]) -> torch.nn.Module:
    from torchvision.models import segmentation

    make: Callable[..., torch.nn.Module] = getattr(segmentation, name)
    _checked_arguments(make, arguments, f"torchvision:{name}")
    return make(weights=None, weights_backbone=None, num_classes=classes, **arguments)


def _with_prefix(family: str) -> list[str]:
    return [a for a in architectures() if a.startswith(f"{family}:")]


@cache
def _shapes(architecture: str, encoder: str) -> Mapping[str, tuple[int, ...]]:
    """Names and shapes of an architecture's weights, without making room for them."""
    with torch.device("meta"):
        module = build(architecture, encoder or ("resnet18" if architecture.startswith("smp:") else ""), 2)
    return {key: tuple(value.shape) for key, value in module.state_dict().items()}


def _likeness(found: Mapping[str, tuple[int, ...]], known: Mapping[str, tuple[int, ...]]) -> float:
    """Share of names and shapes in common, 0 to 1 (Jaccard)."""
    a, b = set(found.items()), set(known.items())
    return len(a & b) / max(len(a | b), 1)


def _name_likeness(decoder: set[str], architecture: str) -> float:
    """As `_likeness`, of the names outside the encoder: their shapes depend on the encoder."""
    known = {key for key in _shapes(architecture, "") if not key.startswith("encoder.")}
    return len(decoder & known) / max(len(decoder | known), 1)


def _encoder_part(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {key: shape for key, shape in shapes.items() if key.startswith("encoder.")}
