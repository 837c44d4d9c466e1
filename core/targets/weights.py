"""Putting weights from a file into a module: names, prefixes, shapes."""

from collections.abc import Iterable, Mapping

import torch

from core.errors import TargetError

HOLDERS = (
    "state_dict",
    "model_state_dict",
    "model_state",
    "model",
    "net",
    "network",
    "module",
    "weights",
    "params",
    "state_dict_ema",
    "model_ema",
    "ema_state_dict",
    "ema",
)
"""Keys under which training scripts keep the weights. Averaged (EMA) ones are used only where there are no others."""

PREFIXES = ("_orig_mod.", "module.", "model.", "net.", "network.")
"""What `torch.compile`, `DataParallel` and Lightning put before every name."""

SHOWN = 5
DEEPEST = 3


def find_tensors(loaded: object, depth: int = 0) -> dict[str, torch.Tensor]:
    """The weights inside whatever a checkpoint holds, by name; empty where there are none."""
    if not isinstance(loaded, Mapping):
        return {}
    tensors = {str(k): v for k, v in loaded.items() if isinstance(v, torch.Tensor)}
    if len(tensors) > 1 or (tensors and len(loaded) == 1):
        return tensors
    if depth < DEEPEST:
        for key in HOLDERS:
            if found := find_tensors(loaded.get(key), depth + 1):
                return found
    return tensors


def strip_prefixes(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Names without the wrappers that most of them share."""
    names = dict(tensors)
    while names:
        shared = next((p for p in PREFIXES if 2 * sum(k.startswith(p) for k in names) > len(names)), None)
        if shared is None:
            break
        names = {key.removeprefix(shared): value for key, value in names.items()}
    return names


def load_weights(module: torch.nn.Module, tensors: Mapping[str, torch.Tensor], file: str, what: str) -> None:
    """Copy weights into a module. Raises `TargetError` with the first names that do not fit, and their count.

    Counters of batch normalisation, which old checkpoints lack, may be missing; weights of auxiliary heads, which
    serve training only, may be left over.
    """
    expected = module.state_dict()
    missing = [k for k in expected if k not in tensors and not k.endswith("num_batches_tracked")]
    unexpected = [
        k for k in tensors if k not in expected and not k.startswith(("aux_classifier.", "classification_head."))
    ]
    shapes = [
        f"{k} ({_size(tensors[k])} instead of {_size(expected[k])})"
        for k in expected
        if k in tensors and tensors[k].shape != expected[k].shape
    ]
    problems = [
        f"{len(names)} {word}: {_first(names)}"
        for word, names in (("missing", missing), ("unexpected", unexpected), ("of another shape", shapes))
        if names
    ]
    if problems:
        raise TargetError(
            f"{file}: the weights do not fit {what}; {'; '.join(problems)}.",
            "Check the architecture, the encoder, the number of classes and further arguments.",
        )
    module.load_state_dict({k: v for k, v in tensors.items() if k in expected}, strict=False)


def _first(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")


def _size(tensor: torch.Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "one number"
