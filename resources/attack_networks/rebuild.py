"""Make the pretrained attack networks of this folder again, from nothing but seeds.

    python -m resources.attack_networks.rebuild --work FOLDER

Writes procedural scenes, trains pairs of shadows of several architectures and class schemes on them, trains the
attack networks on all shadows together, and judges them on targets whose architecture and scenes none of them has
seen. About an hour and a half on two cores. What is in the work folder already is not made again.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from core.attacks.networks import load_attack, save_attack
from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.data.scenes import write_scenes
from core.data.scheme import load_scheme
from core.defenses.chain import Chain
from core.files import sha256_of_file, write_text
from core.progress import Progress
from core.training.attack import train_attack
from core.training.fleet import Fleet, shadow_data, train_shadows
from core.training.manifest import read_manifest, write_manifest
from resources.attack_networks.cards import PAGE, page
from resources.attack_networks.judging import NOT_FOR, judged
from resources.attack_networks.recipes import (
    FIRST_SEED,
    JUDGES,
    NETWORKS,
    SCENE_SIZE,
    SHADOWS,
    FleetRecipe,
    NetworkRecipe,
)

HERE = Path(__file__).resolve().parent


def scenes_of(recipe: FleetRecipe, number: int, work: Path) -> ImageSet:
    """Write a recipe's scenes; no two recipes share one."""
    folder, first = work / "scenes" / recipe.name, FIRST_SEED + 1000 * number
    place = write_scenes(folder, recipe.scenes, first, SCENE_SIZE, recipe.layout, progress=Progress(tell))
    images = open_images(place, recipe.layout)
    # Scenes do not depend on each other, whatever their layout takes for a drive or a sequence.
    return replace(images, samples=tuple(replace(sample, group=None) for sample in images.samples))


def fleet_of(recipe: FleetRecipe, number: int, work: Path, device: str) -> Fleet:
    """A recipe's pair of shadows."""
    images, scheme = scenes_of(recipe, number, work), load_scheme(recipe.scheme)
    return train_shadows(images, scheme, [recipe.training], 2, work / recipe.name, device, progress=Progress(tell))


def train_network(recipe: NetworkRecipe, fleets: Sequence[Fleet], out: Path, device: str) -> None:
    """Train one attack network on all shadows."""
    shadows = [shadow for fleet in fleets for shadow in shadow_data(fleet, device)]
    chain = Chain.parse({"name": recipe.defense})
    train_attack(shadows, recipe.training, out, device, progress=Progress(tell), defense=chain)


def ship(raw: Path, out: Path, facts: dict[str, object]) -> None:
    """Store a network in half precision, with what was found out about it in its card."""
    loaded = load_attack(raw)
    card = replace(loaded.card, extra={**loaded.card.extra, **facts, "not_for": NOT_FOR})
    save_attack(out, loaded.network, card, half=True)
    manifest = read_manifest(raw)
    if manifest is not None:
        write_manifest(out, replace(manifest, checkpoint_sha256=sha256_of_file(out)))


def tell(progress: Progress) -> None:
    """One line, rewritten."""
    print(f"\r{progress.stage} {progress.done}/{progress.total} {progress.message}   ", end="", flush=True)


def main() -> None:
    """Make everything that is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder for scenes, shadows and judgements")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the attack networks")
    parser.add_argument("--device", default="cpu")
    args = parser.parse_args()
    fleets = []
    for number, recipe in enumerate((*SHADOWS, *JUDGES)):
        print(f"\nshadows: {recipe.name}")
        fleets.append(fleet_of(recipe, number, args.work, args.device))
    raw = {recipe.name: args.work / f"{recipe.name}.safetensors" for recipe in NETWORKS}
    for recipe in NETWORKS:
        print(f"\nattack network: {recipe.name}, {recipe.title}")
        if not raw[recipe.name].is_file():
            train_network(recipe, fleets[: len(SHADOWS)], raw[recipe.name], args.device)
    findings = judged(fleets[len(SHADOWS) :], raw, args.work, args.device, Progress(tell))
    for recipe in NETWORKS:
        ship(raw[recipe.name], args.out / f"{recipe.name}.safetensors", {"judged": findings[recipe.name]})
    if args.out.samefile(HERE):
        write_text(PAGE, page())


if __name__ == "__main__":
    main()
