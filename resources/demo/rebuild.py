"""Make the demo audit again: scenes, targets and recorded scores, from nothing but seeds.

    python -m resources.demo.rebuild --work FOLDER

Needs the attack networks of `resources/attack_networks`. About half an hour on two cores. What is in the work folder
already is not made again.
"""

import argparse
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.audit.export import export_scores
from core.audit.runner import RunOptions, run_audit
from core.audit.spec import read_spec
from core.audit.store import AuditStore
from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.data.scenes import write_scenes
from core.data.scheme import load_scheme
from core.progress import Progress
from core.training.hardening import HARDENINGS
from core.training.settings import TargetTraining
from core.training.target import train_target
from resources.demo import recipe

HERE = Path(__file__).resolve().parent
ROLES = {"members": recipe.MEMBERS, "non-members": recipe.NON_MEMBERS, "suspects": recipe.SUSPECTS}
TARGETS = ("target", "dp-sgd", "distilled")


def write_images(out: Path, work: Path) -> ImageSet:
    """Write the demo's scenes into `out`, the further ones into `work`; returns the latter."""
    seed = recipe.FIRST_SEED
    for role, count in ROLES.items():
        scenes(out / role, count, seed)
        seed += count
    return scenes(work / "others", recipe.OTHER_SCENES, recipe.OTHER_SEED)


def scenes(folder: Path, count: int, seed: int) -> ImageSet:
    """Write scenes, or find them written."""
    quality = recipe.JPEG_QUALITY
    write_scenes(folder, count, seed, recipe.SCENE_SIZE, recipe.LAYOUT, jpeg_quality=quality, progress=Progress(tell))
    return labelled(folder)


def labelled(folder: Path) -> ImageSet:
    """A folder of scenes, read as it was written."""
    return replace(open_images(folder, recipe.LAYOUT), encoding=recipe.ENCODING)


def trained_on(out: Path) -> list[ImageSet]:
    """The members, and the suspects that the target was trained on too."""
    suspects = labelled(out / "suspects")
    chosen = tuple(suspects.samples[i] for i in recipe.TRAINED_SUSPECTS)
    return [labelled(out / "members"), replace(suspects, samples=chosen)]


def train_targets(out: Path, others: ImageSet, work: Path, device: str) -> None:
    """The target, and what is hardened: each into the work folder, then into `out`."""
    private = trained_on(out)
    held = [labelled(out / "non-members")]
    target, start, dp_sgd, distilled = (work / f"{n}.safetensors" for n in ("target", "start", "dp-sgd", "distilled"))
    train(private, recipe.TARGET, target, device, held)
    train([others], recipe.START, start, device, held)
    train(private, replace(recipe.PRIVATE, start=str(start)), dp_sgd, device, held, recipe.DP_SGD)
    teacher = {**recipe.DISTILLATION, "teacher": str(target)}
    train(private, recipe.DISTILLED, distilled, device, held, teacher, [others])
    for name in TARGETS:
        for path in work.glob(f"{name}.safetensors*"):
            shutil.copy(path, out / path.name)


def train(
    images: Sequence[ImageSet],
    settings: TargetTraining,
    out: Path,
    device: str,
    held: Sequence[ImageSet],
    hardening: dict[str, object] | None = None,
    references: Sequence[ImageSet] = (),
) -> None:
    """Train what is not trained yet."""
    if out.is_file():
        return
    result = train_target(
        images,
        load_scheme(recipe.SCHEME),
        settings,
        out,
        device,
        progress=Progress(tell),
        validation=held,
        hardening=HARDENINGS.make(hardening or {"name": "none"}),
        references=references,
    )
    print(f"\n{out.stem}: mIoU {result.miou:.3f} trained on, {result.validation_miou:.3f} non-members {result.report}")


def record_scores(out: Path, work: Path, device: str) -> None:
    """Run the demo audit and keep its scores beside it, for everyone to compare with."""
    folder = work / "demo.segleak"
    spec = read_spec(out / "demo.toml")
    run_audit(spec, folder, RunOptions(device=device), Progress(tell))
    with AuditStore.read(folder) as store:
        export_scores(store, spec, out)


def tell(progress: Progress) -> None:
    """One line, rewritten."""
    print(f"\r{progress.stage} {progress.done}/{progress.total} {progress.message}   ", end="", flush=True)


def main() -> None:
    """Make everything that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for what is made on the way")
    parser.add_argument("--out", type=Path, default=HERE, help="the demo's folder")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    others = write_images(args.out, args.work)
    train_targets(args.out, others, args.work, args.device)
    record_scores(args.out, args.work, args.device)


if __name__ == "__main__":
    main()
