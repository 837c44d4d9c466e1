"""The command line of the benchmarks."""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import (
    audit_overhead,
    browser_rows,
    dense_maps,
    live_speed,
    map_cost,
    pane_speed,
    quick_world,
    representations,
    window_stalls,
    window_start,
)
from benchmarks.tables import Table, keep, show
from benchmarks.timing import environment
from core.audit.device import pick_device

PARTS = ("a", "b", "c", "d", "e", "f", "g", "h", "i")
VARIABLE = "SEGLEAK_BENCH_AUDIT"


def main() -> None:
    """Measure what was asked for."""
    args = _parser().parse_args()
    device = pick_device(args.device)
    parts: dict[str, Callable[[], list[Table]]] = {
        "a": lambda: _dense_maps(args.audit, device, args.repeats, args.per_role),
        "b": lambda: audit_overhead.measure(args.images, device, args.repeats),
        "c": lambda: representations.measure(args.repeats),
        "d": lambda: live_speed.measure(args.steps),
        "e": lambda: [pane_speed.measure(3, args.switches)],
        "f": lambda: window_start.measure(args.repeats),
        "g": lambda: browser_rows.measure(args.listed),
        "h": lambda: window_stalls.measure(args.seconds),
        "i": lambda: map_cost.measure(args.repeats),
    }
    about = environment(device)
    print(", ".join(f"{name} {value}" for name, value in about.items()), "\n")
    tables: list[Table] = []
    for name in args.only:
        start = time.perf_counter()
        found = parts[name]()
        for table in found:
            show(table)
        tables += found
        print(f"({name}) took {time.perf_counter() - start:.0f} s\n", flush=True)
    keep(tables, about, args.out)
    print(f"Kept in {args.out}")


def _dense_maps(audit: Path | None, device: str, repeats: int, per_role: int) -> list[Table]:
    if audit is not None:
        return dense_maps.measure(audit, device, repeats, per_role)
    with tempfile.TemporaryDirectory(prefix="segleak-bench-") as name:
        return dense_maps.measure(quick_world.make(Path(name), device), device, repeats, per_role)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    named = os.environ.get(VARIABLE)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="which ones")
    parser.add_argument(
        "--audit",
        type=Path,
        default=Path(named) if named else None,
        metavar="SPEC",
        help=f"(a) audit.toml beside attack*.safetensors; default: ${VARIABLE}, else a small one is drawn and trained",
    )
    parser.add_argument("--per-role", type=int, default=40, help="(a) images of each role that are scored")
    parser.add_argument("--images", type=int, default=60, help="(b) images of the audit, half of them members")
    parser.add_argument("--steps", type=int, default=40, help="(d) moves of a slider for each row")
    parser.add_argument("--switches", type=int, default=0, help="(e) image switches over which memory is watched")
    parser.add_argument("--listed", type=int, default=100_000, help="(g) images of the list")
    parser.add_argument("--seconds", type=float, default=60.0, help="(h) how long the window is watched")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; medians are shown")
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda:N")
    parser.add_argument("--out", type=Path, default=Path("build/benchmarks.json"), help="where the numbers are kept")
    return parser
