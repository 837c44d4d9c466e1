"""Times and rates in words that do not flicker. Knows nothing of Qt."""

MINUTE, HOUR = 60, 3600


def time_left(seconds: float | None) -> str:
    """A time that is left; empty where it is not known."""
    return "" if seconds is None else f"{duration(seconds)} left"


def duration(seconds: float) -> str:
    """A length of time: "12 s", "3 min", "1.5 h"."""
    if seconds < MINUTE:
        return f"{max(1, round(seconds))} s"
    if seconds < HOUR:
        return f"{round(seconds / MINUTE)} min"
    return f"{seconds / HOUR:.1f} h"


def speed(rate: float | None, stage: str) -> str:
    """Steps per second, or per minute where they are slow; empty where that is not known."""
    if not rate:
        return ""
    thing = "files" if "files" in stage.lower() else "images"
    if rate < 1:
        return f"{MINUTE * rate:.2g} {thing}/min"
    return f"{rate:.2g} {thing}/s" if rate < 100 else f"{rate:.0f} {thing}/s"
