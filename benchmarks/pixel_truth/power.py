"""Sums up what was measured of each map into the file that the program reads.

    python -m benchmarks.pixel_truth.power

Reads `benchmarks/pixel_truth/results/half-supervised-*.json` and `knowing-*.json` and writes
`resources/map_power.json`. Of a map that is smoothed the row with the program's own side is taken; the loss is taken
as it is. What `knowing` measured of references on other frames is taken of maps that nothing else measured.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.pixel_truth.knowing import ALL_HALVES, OTHER
from core.attacks.all import ATTACKS
from core.attacks.blocks import BLOCK
from core.audit.map_power import IN_BLOCKS, PATH
from core.files import write_text

RESULTS = Path(__file__).parent / "results"
SETTINGS = {
    "half-supervised-pspnet-every-4": "PSPNet, 28 members, neighbouring video frames left out",
    "half-supervised-unet-every-4": "Unet, 28 members, neighbouring video frames left out",
    "half-supervised-pspnet-every-1": "PSPNet, 110 members, neighbouring video frames among them",
    "half-supervised-unet-every-1": "Unet, 110 members, neighbouring video frames among them",
}
KNOWING_SETTINGS = {
    "knowing-pspnet": "PSPNet, 28 members, neighbouring video frames left out, eight references that learned from half "
    "of the blocks of each image",
}
OUTSIDE = {"knowing-pspnet": "PSPNet, 28 members, neighbouring video frames left out, two references"}
PLAIN = {"loss": 1, "confidence": None}
"""Maps without a side of smoothing in the program, and the row to take."""

Key = tuple[str, str, str]
"""Map, attack network, and which references were asked."""


def main() -> None:
    """Write the file."""
    maps: dict[Key, dict[str, Any]] = {}
    for setting in SETTINGS:
        for name, network, row in _rows(_table(setting)):
            _keep(maps, (name, network, ""), setting, row)
    alone = set(maps)
    for setting in KNOWING_SETTINGS:
        for name, asked, row in _knowing_rows(_table(setting)):
            if asked or (name, "", "") not in alone:
                _keep(maps, (name, "", asked), setting if asked else f"{setting}-outside", row)
    outside = {f"{setting}-outside": words for setting, words in OUTSIDE.items()}
    document = {"settings": SETTINGS | KNOWING_SETTINGS | outside, "maps": [maps[key] for key in sorted(maps)]}
    write_text(PATH, json.dumps(document, indent=1) + "\n")
    print(f"Written: {PATH}")


def _table(setting: str) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((RESULTS / f"{setting}.json").read_text("utf-8"))["tables"][0]
    return table


def _keep(maps: dict[Key, dict[str, Any]], key: Key, setting: str, row: list[float]) -> None:
    entry = maps.setdefault(key, {**dict(zip(("map", "network", "asked"), key, strict=True)), "measured": {}})
    keys = ("auc", "low", "high", "gain", "gain_low", "gain_high")
    entry["measured"][setting] = dict(zip(keys, (round(x, 4) for x in row), strict=True))


def _knowing_rows(table: dict[str, Any]) -> Iterator[tuple[str, str, list[float]]]:
    """Map, which references were asked, and within-image AUC and gain with their intervals."""
    for name, references, *numbers in table["rows"]:
        if references in {ALL_HALVES, OTHER}:
            yield ATTACKS.get(name).maps[0], IN_BLOCKS if references == ALL_HALVES else "", numbers[:6]


def _rows(table: dict[str, Any]) -> Iterator[tuple[str, str, list[float]]]:
    """Map, attack network ("" where it has none), and within-image AUC and gain with their intervals."""
    for title, *numbers in table["rows"]:
        if found := re.fullmatch(r"network (.+): (\w+)", title):
            yield found[2], found[1], numbers[:6]
        elif found := re.fullmatch(r"([a-z-]+)(?:, (\d+))?", title):
            name, side = found[1], int(found[2]) if found[2] else None
            if side == PLAIN.get(name, BLOCK):
                yield ATTACKS.get(name).maps[0], "", numbers[:6]


if __name__ == "__main__":
    main()
