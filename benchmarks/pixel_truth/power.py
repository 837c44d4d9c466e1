"""Sums up what was measured of each map into the file that the program reads.

    python -m benchmarks.pixel_truth.power

Reads `benchmarks/pixel_truth/results/half-supervised-*.json` and writes `resources/map_power.json`. Of a map that is
smoothed the row with the program's own side is taken; the loss is taken as it is.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.attacks.all import ATTACKS
from core.attacks.blocks import BLOCK
from core.audit.map_power import PATH
from core.files import write_text

RESULTS = Path(__file__).parent / "results"
SETTINGS = {
    "half-supervised-pspnet-every-4": "PSPNet, 28 members, neighbouring video frames left out",
    "half-supervised-unet-every-4": "Unet, 28 members, neighbouring video frames left out",
    "half-supervised-pspnet-every-1": "PSPNet, 110 members, neighbouring video frames among them",
    "half-supervised-unet-every-1": "Unet, 110 members, neighbouring video frames among them",
}
PLAIN = {"loss": 1, "confidence": None}
"""Maps without a side of smoothing in the program, and the row to take."""


def main() -> None:
    """Write the file."""
    maps: dict[tuple[str, str], dict[str, Any]] = {}
    for setting in SETTINGS:
        table = json.loads((RESULTS / f"{setting}.json").read_text("utf-8"))["tables"][0]
        for name, network, row in _rows(table):
            entry = maps.setdefault((name, network), {"map": name, "network": network, "measured": {}})
            keys = ("auc", "low", "high", "gain", "gain_low", "gain_high")
            entry["measured"][setting] = dict(zip(keys, (round(x, 4) for x in row), strict=True))
    document = {"settings": SETTINGS, "maps": sorted(maps.values(), key=lambda m: (m["map"], m["network"]))}
    write_text(PATH, json.dumps(document, indent=1) + "\n")
    print(f"Written: {PATH}")


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
