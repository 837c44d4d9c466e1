"""Which device an audit computes on."""

import re

from core.errors import SpecError


def pick_device(wish: str) -> str:
    """Turn auto, cpu, cuda or cuda:N into cpu or cuda:N. Raises `SpecError` where there is no such device."""
    if wish == "cpu":
        return "cpu"
    if wish not in {"auto", "cuda"} and not re.fullmatch(r"cuda:\d+", wish):
        raise SpecError(f"There is no device '{wish}'.", "Choose auto, cpu or cuda:N.")
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if wish == "auto":
        return "cuda:0" if count else "cpu"
    number = int(wish.partition(":")[2] or 0)
    if number >= count:
        raise SpecError(f"The device '{wish}' is not there: {count} CUDA devices found.", "Choose auto or cpu.")
    return f"cuda:{number}"


def describe_device(device: str) -> str:
    """The device's name for the record, such as "cpu (2 threads)"."""
    import torch

    if device == "cpu":
        threads = torch.get_num_threads()
        return f"cpu ({threads} thread{'' if threads == 1 else 's'})"
    return f"{device} ({torch.cuda.get_device_name(device)})"
