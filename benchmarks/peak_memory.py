"""How much memory a piece of work takes at most, arrays of every library included. Linux only."""

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
RESET_PEAK = "5"
MMAP_THRESHOLD, AT_ONCE = -3, 64 << 10
"""Option of glibc's `mallopt`, and the size from which memory is taken from the system and given back at once."""


def peak_mb(work: Callable[[], object]) -> float | None:
    """The most resident memory while `work` runs, beyond what there was before, in MB; None where it is not known."""
    try:
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(MMAP_THRESHOLD, AT_ONCE)
        work()  # what it loads and keeps is not what an image costs
        gc.collect()
        libc.malloc_trim(0)
        CLEAR.write_text(RESET_PEAK)
        before = _kilobytes("VmRSS")
        kept = work()
        most = _kilobytes("VmHWM")
        del kept
        return max(0.0, (most - before) / 1e3)
    except (OSError, AttributeError, KeyError):
        return None


def _kilobytes(name: str) -> int:
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines() if ":" in line)
    return int(lines[name].split()[0])
