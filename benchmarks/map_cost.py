"""(i) What each map costs for one image, in processor time and memory, against the bare loss map.

`python -m benchmarks.map_cost` writes the same numbers to resources/map_cost.json, which the window reads.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from benchmarks.peak_memory import peak_mb
from benchmarks.tables import Cell, Table, show
from benchmarks.timing import Work, environment, rounds
from core.attacks.all import ATTACKS
from core.attacks.base import VOID, Attack, AttackContext, Observation
from core.attacks.combiner import CombinerCard, write_combiner
from core.attacks.networks import AttackCard, build_network, save_attack
from core.attacks.shipped import shipped_networks
from core.audit.cache import CacheEntry, _decode, _encode
from core.audit.map_cost import PATH, Cost
from core.audit.observe import Recorded, record
from core.files import write_text

GRID = (128, 256)
CLASSES = (11, 19)
REFERENCES = (2, 4)
COMBINED = ("loss", "loss-difference", "correctness-difference")
"""What the combination weighs."""

ROUNDS = 15
CACHED = "posteriors"
"""Name of the row of one model's answer from the cache."""

WHOLE = AttackCard(architecture="resnet18", arguments={"width": 0.5}, representation="slm", patch=0)
"""No network for whole images comes with the program: this one's weights are random, which does not change its cost."""


@dataclass(frozen=True)
class Way:
    """One way to draw maps."""

    attack: Attack
    network: str
    references: int

    @property
    def title(self) -> str:
        """As the tables have it."""
        return f"{self.attack.name}, {self.network}" if self.network else self.attack.name


def measure(repeats: int = ROUNDS) -> list[Table]:
    """A table for each number of classes."""
    return [_table(classes, costs(classes, max(repeats, ROUNDS))) for classes in CLASSES]


def costs(classes: int, repeats: int) -> list[Cost]:
    """What each map costs with this number of classes, on one core: other programs then change little."""
    torch.set_num_threads(1)
    entries = [_entry(classes, seed) for seed in range(1 + max(REFERENCES))]
    stored = _encode(entries[0])
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        context = AttackContext("cpu", 0, Path(name))
        ways = list(_ways(Path(name)))
        scorers = {way: way.attack.start(context) for way in ways}
        seen = {way: _seen(entries, way, context) for way in ways}
        works: list[Work] = [partial(scorers[way], [seen[way]]) for way in ways]
        works.append(partial(_answer, stored))
        numbered = {str(place): work for place, work in enumerate(works)}
        times = rounds(numbered, repeats, 2, time.process_time)
        memory = [peak_mb(work) for work in works]
    bare = times["0"]
    return [
        Cost(
            attack="" if way is None else way.attack.name,
            network="" if way is None else way.network,
            maps=(CACHED,) if way is None else way.attack.maps,
            classes=classes,
            references=0 if way is None else way.references,
            ms=round(1e3 * statistics.median(spent), 2),
            times_loss=round(statistics.median(a / b for a, b in zip(spent, bare, strict=True)), 2),
            mb=None if peak is None else round(peak, 1),
        )
        for way, spent, peak in zip((*ways, None), times.values(), memory, strict=True)
    ]


def _answer(stored: bytes) -> object:
    return _decode(stored).recorded.posteriors()


def _ways(folder: Path) -> Iterator[Way]:
    """Every attack that draws maps, the bare loss first."""
    card = CombinerCard(tuple({"name": n} for n in COMBINED), (0.0,) * 3, (1.0,) * 3, (1.0,) * 3, 0.0)
    write_combiner(folder / "combiner.json", card)
    torch.manual_seed(0)
    save_attack(folder / "whole.safetensors", build_network(WHOLE), WHOLE)
    given = {"combination": {"combiner": "combiner.json"}, "image": {"network": "whole.safetensors"}}
    yield Way(ATTACKS.make({"name": "loss"}), "", 0)
    for kind in ATTACKS:
        if kind.name == "loss" or not kind.maps:
            continue
        networks = shipped_networks() if kind.name == "patch" else [""]
        for network in networks:
            parameters = {"network": network} if network else given.get(kind.name, {})
            attack = ATTACKS.make({"name": kind.name, **parameters})
            asks = attack.requires_references(AttackContext("cpu", 0, folder))
            for references in REFERENCES if asks else (0,):
                yield Way(attack, network, references)


def _entry(classes: int, seed: int) -> CacheEntry:
    """What a model of some skill says of an image of objects of all sizes; the same image whatever the seed."""
    small = np.random.default_rng(0).integers(0, classes, (8, 16))
    label = np.kron(small, np.ones((GRID[0] // 8, GRID[1] // 16), np.int64)).astype(np.uint8)
    label[np.random.default_rng(1).random(GRID) < 0.05] = VOID
    logits = 2 * np.random.default_rng(2 + seed).standard_normal((classes, *GRID))
    logits += 3 * (np.arange(classes)[:, None, None] == label)
    logits -= np.log(np.exp(logits).sum(axis=0))
    return CacheEntry(record(logits.astype(np.float32), label), np.zeros((classes, classes), np.int64))


def _seen(entries: Sequence[CacheEntry], way: Way, context: AttackContext) -> Observation:
    own: Recorded = entries[0].recorded
    plain = own.observation("0" * 64)
    references = tuple(entry.recorded.reference(None) for entry in entries[1 : 1 + way.references])
    predicted = plain.posteriors.argmax(axis=0).astype(np.uint8)
    probed = {probe.id: predicted for probe in way.attack.probes(context)}
    return Observation(
        plain.image_sha256, plain.posteriors, plain.label, plain.true_log_probability, False, references, probed
    )


# ---------------------------------------------------------------- what is shown and kept


def _table(classes: int, found: Sequence[Cost]) -> Table:
    rows: list[list[Cell]] = []
    for cost in found:
        name = ", ".join(part for part in (cost.attack or "from the cache", cost.network) if part)
        peak = "n/m" if cost.mb is None else cost.mb
        rows.append([name, ", ".join(cost.maps), cost.references or "", cost.ms, f"{cost.times_loss:.1f}", peak])
    kept = len(_encode(_entry(classes, 0)))
    return Table(
        f"(i) Maps of one image, {GRID[0]}x{GRID[1]}, {classes} classes",
        ("attack", "maps", "references", "ms of one core", "times the loss", "MB at most"),
        rows,
        (
            "Medians; ratios are taken within a round. Memory: the most of the process beyond what it had before.",
            "References must be asked too: each is one more pass of a model, or one more reading from the cache.",
            f"The cache takes {kept / 1e6:.2f} MB for the answer of one model, or of one changed query, to one image.",
        ),
    )


def main() -> None:
    """Measure, and write what the window says."""
    found = [cost for classes in CLASSES for cost in costs(classes, ROUNDS)]
    for classes in CLASSES:
        show(_table(classes, [cost for cost in found if cost.classes == classes]))
    document = {
        "grid": GRID,
        "machine": {**environment("cpu"), "threads": 1},
        "costs": [asdict(cost) for cost in found],
    }
    write_text(PATH, json.dumps(document, indent=1) + "\n")
    print(f"Written: {PATH}")


if __name__ == "__main__":
    main()
