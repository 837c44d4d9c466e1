"""Makes the table "camvid" of the attack "learned-ratio", which comes along, of CamVid's folds R and S.

    python -m benchmarks.pixel_truth.ratio_table --data CAMVID --out FOLDER

Two half-supervised PSPNets on every Nth frame of R and of S are its shadows; each has a model on all frames of the
other fold for its reference. No target of a benchmark learned from a frame of R or S. Trains what is missing in FOLDER.
"""

from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.experiments.cells import Cell, Workshop
from benchmarks.experiments.folds import NAMES, split
from benchmarks.experiments.run import MAKERS
from benchmarks.experiments.train import CHECKPOINT, SCHEME, images_of
from benchmarks.pixel_truth.asking import parser_of
from benchmarks.pixel_truth.plan import SHADOW_FOLDS, Parameters, thin_and_whole, thinned
from core.attacks.reference.ratio_table import DEFAULT, table_path, write_table
from core.audit.device import pick_device
from core.audit.references import open_reference
from core.audit.spec import ReferenceEntry
from core.data.scheme import load_scheme
from core.files import sha256_of_file
from core.targets.open import open_target
from core.training.manifest import read_manifest, write_manifest
from core.training.ratio import train_ratio
from core.training.settings import RatioTraining
from core.training.shadows import ShadowData

NOTE = "Made of CamVid, for research: of other images another table may come out. Fit one to your own where you can."


def main() -> None:
    """Train what is missing, fit the table, write it and say how it does."""
    args = parser_of("ratio_table", __doc__, thinned="the shadows learn from every Nth frame").parse_args()
    torch.set_num_threads(args.threads)
    device, (name,) = pick_device(args.device), args.architecture
    folds = split(args.data, Parameters().block, Parameters().gap)
    shop = Workshop(args.out, args.data, folds, MAKERS, device)
    few = Workshop(args.out, args.data, thinned(folds, args.every, NAMES), MAKERS, device)
    shadows, whole = thin_and_whole(folds, Parameters(every=args.every), name)

    def trained(cell: Cell, place: Workshop) -> Path:
        place.finish(cell)
        return place.path(cell, CHECKPOINT)

    data = []
    for fold in SHADOW_FOLDS:
        target, images = open_target(trained(shadows[fold], few), device=device), images_of(fold, few)
        data.append(ShadowData(target, images, images, load_scheme(SCHEME)))
    references = [
        open_reference(ReferenceEntry(str(trained(whole[fold], shop))), device, frozenset()) for fold in SHADOW_FOLDS
    ]
    path = table_path(DEFAULT, Path())
    result = train_ratio(data, RatioTraining(), path, references=references)
    manifest = read_manifest(path)
    assert manifest is not None  # it was written just now
    write_table(path, replace(result.table, extra={**result.table.extra, "note": NOTE}))
    write_manifest(path, replace(manifest, checkpoint_sha256=sha256_of_file(path)))
    print(f"{path}: AUC {result.auc:.3f} within images kept from the fit")


if __name__ == "__main__":
    main()
