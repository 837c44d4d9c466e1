"""Number formats of training: bfloat16 where the processor has it, float32 elsewhere."""

from contextlib import AbstractContextManager

import torch


def resolve(precision: str, device: str) -> torch.dtype:
    """The number format for a setting of `core.training.settings.PRECISIONS` on a device.

    "auto" is bfloat16 only where the hardware computes it: emulated, it is slower than float32.
    """
    if precision == "auto":
        return torch.bfloat16 if _computes_bfloat16(device) else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


def autocast(dtype: torch.dtype, device: str) -> AbstractContextManager[object]:
    """The context in which forward passes run; weights and optimizer stay float32."""
    kind = torch.device(device).type
    return torch.autocast(kind, dtype=torch.bfloat16, enabled=dtype is torch.bfloat16)


def _computes_bfloat16(device: str) -> bool:
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # No public name for this question exists in torch.
    return any(
        bool(getattr(torch.cpu, name, bool)()) for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
