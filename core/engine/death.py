"""Why an engine process ended, in words. Imports no torch."""

import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from core.engine.events import Death, EngineDied

CRASH_NAME = "crash.txt"
"""Where the process writes the trace of a crash, in the exchange folder."""

FAILED, CANNOT_START, GRAPHICS_BROKEN = 1, 70, 71
"""Exit codes of the process beside the system's own."""

NO_MEMORY_WINDOWS = {0xC0000017, -0x3FFFFFE9}
"""STATUS_NO_MEMORY, unsigned and signed."""

NEXT = "It starts again with the next job; audits go on from where they were."


@dataclass(frozen=True)
class LastWords:
    """What the process says before it ends by itself."""

    text: str


@dataclass(frozen=True)
class MemoryKills:
    """How many processes the system has killed for memory; None where it does not say."""

    count: int | None

    @classmethod
    def now(cls) -> "MemoryKills":
        """Read the count of this moment."""
        try:
            found = re.search(r"^oom_kill (\d+)$", Path("/proc/vmstat").read_text("ascii"), re.MULTILINE)
        except OSError:
            return cls(None)
        return cls(int(found[1]) if found else None)

    def risen_since(self, before: "MemoryKills") -> bool:
        """Whether a process was killed for memory in between."""
        return self.count is not None and before.count is not None and self.count > before.count


def judge(exit_code: int | None, memory_kills: bool, *, asked: bool, details: str = "") -> EngineDied:
    """Say why a process ended.

    Parameters
    ----------
    exit_code
        As the system gave it; negative: the signal.
    memory_kills
        Whether the system killed a process for memory meanwhile.
    asked
        Whether this program ended it.
    details
        What it said at last.
    """
    reason = Death.CLOSED if asked else _reason(exit_code, memory_kills)
    message, remedy = _words(reason, exit_code)
    return EngineDied(exit_code, reason, message, remedy, details)


def _reason(exit_code: int | None, memory_kills: bool) -> Death:
    if exit_code in NO_MEMORY_WINDOWS:
        return Death.OUT_OF_MEMORY
    if sys.platform != "win32" and exit_code == -signal.SIGKILL:
        return Death.OUT_OF_MEMORY if memory_kills else Death.KILLED
    killed = {-signal.SIGTERM, -signal.SIGINT}
    return Death.KILLED if exit_code in killed else Death.CRASHED


def _words(reason: Death, exit_code: int | None) -> tuple[str, str]:
    if reason is Death.CLOSED:
        return "The engine was stopped.", ""
    if reason is Death.OUT_OF_MEMORY:
        return "Memory ran out, and the system stopped the engine.", "It starts again and needs less at a time."
    if reason is Death.KILLED:
        return "The engine was stopped from outside, perhaps because memory ran short.", NEXT
    if exit_code == CANNOT_START:
        return "The engine cannot start.", "The details say which library is missing or damaged."
    if exit_code == GRAPHICS_BROKEN:
        return "The graphics card stopped working for the engine.", f"{NEXT} Choose the CPU where this comes back."
    return f"The engine crashed ({_code(exit_code)}).", NEXT


def _code(exit_code: int | None) -> str:
    if exit_code is None:
        return "no exit code"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"exit code {exit_code}"


def trace_of_crash(exchange: Path) -> str:
    """What the process wrote when it crashed, or nothing."""
    try:
        return (exchange / CRASH_NAME).read_text("utf-8", "replace")
    except OSError:
        return ""
