"""What the program says of a kind of defense or attack: its docstring, without what is for programmers."""

import inspect
import re

RAISES = re.compile(r"\s*\bRaises\b.*?\.(?=\s|$)", re.DOTALL)
BULLET = "\N{BULLET} "


def told(kind: type) -> str:
    """The docstring in plain words; what it lists has lines of its own."""
    lines = RAISES.sub("", inspect.cleandoc(kind.__doc__ or "")).replace("`", "").splitlines()
    said, listing = "", False
    for line in map(str.strip, lines):
        if line.startswith("* "):
            said, listing = f"{said}\n{BULLET}{line[2:]}", True
        elif line:
            said += f" {line}"
        elif listing:
            said, listing = f"{said}\n", False
    return said.replace("\n ", "\n").strip()


def told_shortly(kind: type) -> str:
    """Its first paragraph, for a tool tip."""
    first = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0]
    return " ".join(RAISES.sub("", first).replace("`", "").split())
