"""Holds every map to composites of two models: `python -m benchmarks.pixel_truth`."""

import argparse
from dataclasses import astuple
from pathlib import Path

from benchmarks.pixel_truth.measure import MapScore, Models, measure
from benchmarks.pixel_truth.offered import offered
from benchmarks.tables import Table, keep, show
from benchmarks.timing import environment
from core.audit.device import pick_device
from core.data.layouts import open_images
from core.data.samples import Sample
from core.data.scheme import load_scheme
from core.files import sha256_of_file
from core.targets.open import open_target
from core.training.manifest import read_manifest

BLOCKS = (1, 11, 21, 31)
COLUMNS = ("map", "block AUC", "low", "high", "gain on the loss", "low", "high", "pixel AUC", "low", "high", "images")


def main() -> None:
    """Measure, print and keep."""
    args = _parser().parse_args()
    device = pick_device(args.device)
    models = Models(
        open_target(args.trained, device=device),
        open_target(args.untrained, device=device),
        tuple(open_target(path, device=device) for path in args.reference),
    )
    scheme = load_scheme(args.scheme or str(models.trained.info.scheme), Path.cwd())
    samples = _known(args.images, args.trained)[: args.limit]
    attacks = offered(args.blocks, references=len(models.references))
    tables = [
        _table(title, measure(models, samples, scheme, attacks, encoding=args.encoding, hard=hard, seed=args.seed))
        for title, hard in (("posteriors", False), ("label maps only", True))
    ]
    for table in tables:
        show(table)
    keep(tables, environment(device), args.out)


def _known(images: Path, checkpoint: Path) -> list[Sample]:
    """Labelled images that the checkpoint's list of training images names."""
    manifest = read_manifest(checkpoint)
    known = set(manifest.members) if manifest else set()
    found = [s for s in open_images(images).samples if s.label is not None and sha256_of_file(s.image) in known]
    if not found:
        raise SystemExit(f"{checkpoint}: was trained on none of these images, as far as is known.")
    return found


def _table(title: str, scores: dict[str, MapScore]) -> Table:
    rows = [
        (name, *astuple(score.block), *astuple(score.gain), *astuple(score.pixel), score.images)
        for name, score in scores.items()
    ]
    rows.sort(key=lambda row: -row[1])
    notes = (
        "AUCs are within an image, averaged over the images. Intervals: 95 %, images resampled.",
        "A number behind a map's name: the side of the square it is averaged over, in grid points.",
    )
    return Table(f"Blocks of 64 pixels, {title} released", COLUMNS, rows, notes)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pixel_truth", description=__doc__)
    parser.add_argument("--trained", type=Path, required=True, metavar="FILE", help="trained on the images")
    parser.add_argument("--untrained", type=Path, required=True, metavar="FILE", help="trained on others")
    parser.add_argument("--reference", type=Path, action="append", default=[], metavar="FILE", help="as --untrained")
    parser.add_argument("--images", type=Path, required=True, metavar="PATH", help="a folder or list file")
    parser.add_argument("--scheme", metavar="NAME", help="default: as --trained says")
    parser.add_argument("--encoding", default="auto", help="of the label maps")
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N images")
    parser.add_argument("--blocks", type=int, nargs="+", default=BLOCKS, metavar="N", help="sides of smoothing")
    parser.add_argument("--seed", type=int, default=0, help="of the blocks")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N")
    parser.add_argument("--out", type=Path, default=Path("pixel-truth.json"), metavar="FILE", help="JSON to write")
    return parser


main()
