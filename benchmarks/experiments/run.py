"""The paper's experiment on CamVid.

    python -m benchmarks.experiments --data CAMVID --out FOLDER
    python -m benchmarks.experiments.report --results FOLDER --docs docs

CAMVID holds `images/`, `labels/`, `sequences.tsv` and `near_duplicates.tsv`. Work is done in cells, the most important
first; a cell that is done is never done again, and a run that was stopped goes on where it was. After each study
FOLDER/results.json holds all that is known so far: also rows that another folder made of the very same settings and
images, which are read from --known.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.folds import NAMES, Fold, split, with_dealt
from benchmarks.experiments.judge import make_audit
from benchmarks.experiments.plan import Parameters, studies
from benchmarks.experiments.recipes import Study
from benchmarks.experiments.rows import CURVE, make_rows
from benchmarks.experiments.train import make_combiner, make_model, make_network
from core.audit.device import pick_device
from core.errors import SegLeakError
from core.files import write_text
from core.progress import Progress
from core.versions import now, versions

MAKERS = {
    "model": make_model,
    "network": make_network,
    "combiner": make_combiner,
    "audit": make_audit,
    "rows": make_rows,
}
RESULTS = "results.json"
KNOWN = Path(__file__).parent / "results" / RESULTS
"""Rows that were made in other folders, by the key of their cell."""


def main(arguments: Sequence[str] | None = None, parameters: Parameters | None = None) -> None:
    """Do what is left of the experiment, or show what is."""
    args = _parser().parse_args(arguments)
    parameters = parameters or Parameters()
    if args.threads:
        import torch

        torch.set_num_threads(args.threads)
    folds = with_dealt(split(args.data, parameters.block, parameters.gap))
    progress = Progress(_tell if sys.stdout.isatty() else None)
    shop = Workshop(args.out, args.data, folds, MAKERS, pick_device(args.device), progress, _announce)
    every = studies(folds, parameters, args.shipped, args.seeds)
    wanted = _wanted(every, args.only)
    if args.plan:
        _show(wanted, shop)
        return
    failures: dict[str, str] = {}
    known = _known(args.known)
    keep(every, shop, failures, known)
    for study in wanted:
        _finish(study, shop, failures)
        keep(every, shop, failures, known)
    print(f"Kept in {args.out / RESULTS}")


def _wanted(every: Sequence[Study], only: Sequence[str]) -> list[Study]:
    known = {name for study in every for name in (study.name, study.part)}
    if unknown := set(only) - known:
        sys.exit(f"--only: there is no {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}")
    return [s for s in every if not only or {s.name, s.part} & set(only)]


def _finish(study: Study, shop: Workshop, failures: dict[str, str]) -> None:
    """Do what is left of a study; one that cannot be done does not stop those after it."""
    if study.rows is None:
        print(f"{study.name}: {study.missing}")
        return
    try:
        shop.finish(study.rows)
    except SegLeakError as error:
        failures[study.name] = str(error)
        print(f"{study.name}: {error}", flush=True)


def _known(file: Path) -> dict[str, dict[str, Any]]:
    """Key of a rows cell -> the study that it was kept with."""
    if not file.is_file():
        return {}
    kept = json.loads(file.read_text("utf-8"))["studies"]
    return {study["key"]: study for study in kept if study["done"]}


def keep(
    every: Sequence[Study], shop: Workshop, failures: dict[str, str], known: Mapping[str, Mapping[str, Any]]
) -> None:
    """Write all that is known so far, what was not run included."""
    document = {
        "folds": {name: _about(shop.folds[name]) for name in NAMES},
        "curve": CURVE,
        "studies": [_record(study, shop, failures.get(study.name, study.missing), known) for study in every],
        "written": now(),
        "versions": versions(),
    }
    write_text(shop.folder / RESULTS, json.dumps(document, indent=1) + "\n")


def _about(fold: Fold) -> dict[str, Any]:
    return {"frames": len(fold.frames), "blocks": len(fold.blocks), "digest": fold.digest}


def _record(study: Study, shop: Workshop, why: str, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    about = {key: getattr(study, key) for key in ("name", "part", "title", "defenses", "attacks")}
    found = _found(study.rows, shop, known)
    return about | {
        "key": study.rows.key if study.rows else "",
        "done": found is not None,
        "why": why if found is None else "",
        **(found or {"rows": [], "differences": []}),
    }


def _found(rows: Cell | None, shop: Workshop, known: Mapping[str, Mapping[str, Any]]) -> dict[str, Any] | None:
    """What a rows cell says, made here or elsewhere; None where it was not made."""
    if rows is None:
        return None
    if shop.done(rows):
        return shop.result(rows)
    kept = known.get(rows.key)
    return {part: kept[part] for part in ("rows", "differences")} if kept else None


def _show(wanted: Sequence[Study], shop: Workshop) -> None:
    """Every cell in the order of the work, and whether it is done."""
    seen: set[str] = set()
    for study in wanted:
        print(f"{study.name} ({study.part}): {study.title}{f': {study.missing}' if study.missing else ''}")
        for cell in study.rows.with_needs() if study.rows else ():
            if cell.key not in seen:
                print(f"  {_state(cell, shop)}  {cell.kind:8}{cell.name}-{cell.key}")
            seen.add(cell.key)


def _state(cell: Cell, shop: Workshop) -> str:
    return "done    " if shop.done(cell) else "not done"


def _announce(cell: Cell) -> None:
    print(f"{now()} {cell.kind} {cell.name}", flush=True)


def _tell(progress: Progress) -> None:
    """One line of a terminal, rewritten."""
    print(f"\r{progress.stage} {progress.done}/{progress.total} {progress.message}\033[K\r", end="", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.experiments",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of CamVid")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything made here")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="these studies or parts alone")
    parser.add_argument("--plan", action="store_true", help="show every cell, done or not, and do nothing")
    parser.add_argument("--known", type=Path, default=KNOWN, help="results.json of other folders")
    parser.add_argument("--seeds", type=int, default=3, help="seeds of the headline")
    parser.add_argument(
        "--shipped", type=Path, action="append", default=[], metavar="FILE", help="an attack network to judge as it is"
    )
    parser.add_argument("--device", default="cpu", help="auto, cpu or cuda:N")
    parser.add_argument("--threads", type=int, default=0, help="processor threads; 0: torch's own choice")
    return parser
