"""Make the pretrained attack networks of this folder again, from nothing but seeds.

    python -m resources.attack_networks.rebuild --work FOLDER [--out FOLDER]

Writes procedural scenes, trains pairs of shadows of several architectures and class schemes on them, trains the
attack networks on all shadows together, and judges them on targets whose architecture, scenes and classes none of
them has seen. About two hours on two cores. What is in the work folder already is not made again.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.data.scenes import write_scenes
from core.data.scheme import load_scheme
from core.progress import Progress
from core.training.fleet import Fleet, train_shadows
from core.training.settings import TargetTraining

HERE = Path(__file__).resolve().parent
SCENE_SIZE = (256, 512)
SEED = 100_000
"""First scene of the first fleet; the demo's and the benchmarks' scenes have other seeds."""


@dataclass(frozen=True)
class Recipe:
    """One pair of shadows: what it is trained on and how."""

    name: str
    layout: str
    scheme: str
    scenes: int
    training: TargetTraining


def _training(architecture: str, encoder: str, height: int, epochs: int, seed: int) -> TargetTraining:
    size = (height, 2 * height)
    return TargetTraining(architecture=architecture, encoder=encoder, size=size, epochs=epochs, seed=seed)


RECIPES = (
    Recipe("pspnet", "cityscapes", "cityscapes19", 200, _training("smp:PSPNet", "resnet18", 128, 50, 10)),
    Recipe("unet", "camvid", "camvid11", 160, _training("smp:Unet", "resnet18", 96, 40, 20)),
    Recipe("deeplab", "cityscapes", "cityscapes19", 160, _training("smp:DeepLabV3Plus", "resnet18", 96, 40, 30)),
    Recipe("segformer", "cityscapes", "cityscapes7", 160, _training("smp:Segformer", "mit_b0", 128, 40, 40)),
    Recipe("fpn", "camvid", "camvid11", 160, _training("smp:FPN", "tu-mobilenetv3_small_050", 128, 40, 50)),
)
"""Shadows for the attack networks: five architectures, three class schemes."""

JUDGES = (Recipe("linknet", "cityscapes", "cityscapes7", 200, _training("smp:Linknet", "resnet18", 96, 40, 60)),)
"""Targets the networks are judged on; nothing of them is trained on."""


def scenes_of(recipe: Recipe, number: int, work: Path, progress: Progress) -> ImageSet:
    """Write a recipe's scenes; no two recipes share one."""
    folder = work / "scenes" / recipe.name
    place = write_scenes(folder, recipe.scenes, SEED + 1000 * number, SCENE_SIZE, recipe.layout, progress=progress)
    return open_images(place, recipe.layout)


def shadows_of(recipe: Recipe, number: int, work: Path, device: str) -> Fleet:
    """A recipe's pair of shadows."""
    progress = Progress(tell)
    images = scenes_of(recipe, number, work, progress)
    scheme = load_scheme(recipe.scheme)
    return train_shadows(images, scheme, [recipe.training], 2, work / recipe.name, device, progress=progress)


def tell(progress: Progress) -> None:
    """One line, rewritten."""
    print(f"\r{progress.stage} {progress.done}/{progress.total} {progress.message}   ", end="", flush=True)


def main() -> None:
    """Make everything that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for scenes and shadows")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the attack networks")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    for number, recipe in enumerate(RECIPES + JUDGES):
        print(f"\n{recipe.name}")
        shadows_of(recipe, number, args.work, args.device)


if __name__ == "__main__":
    main()
