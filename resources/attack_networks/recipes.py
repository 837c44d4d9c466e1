"""What the pretrained attack networks are made from: scenes, shadows, networks, and the targets that judge them."""

from dataclasses import dataclass

from core.training.settings import AttackTraining, TargetTraining

SCENE_SIZE = (256, 512)
FIRST_SEED = 100_000
"""First scene of the first fleet; the demo's and the benchmarks' scenes have other seeds."""


@dataclass(frozen=True)
class FleetRecipe:
    """A pair of shadows that exchange their scenes: what they are trained on and how."""

    name: str
    layout: str
    scheme: str
    scenes: int
    training: TargetTraining


@dataclass(frozen=True)
class NetworkRecipe:
    """An attack network and the defense that its attacker knows of."""

    name: str
    title: str
    training: AttackTraining
    defense: str = "none"


def _training(architecture: str, encoder: str, height: int, epochs: int, seed: int) -> TargetTraining:
    size = (height, 2 * height)
    return TargetTraining(architecture=architecture, encoder=encoder, size=size, epochs=epochs, seed=seed)


SHADOWS = (
    FleetRecipe("pspnet", "cityscapes", "cityscapes19", 200, _training("smp:PSPNet", "resnet18", 128, 50, 10)),
    FleetRecipe("unet", "camvid", "camvid11", 160, _training("smp:Unet", "resnet18", 96, 30, 20)),
    FleetRecipe("deeplab", "cityscapes", "cityscapes19", 160, _training("smp:DeepLabV3Plus", "resnet18", 96, 30, 30)),
    FleetRecipe("segformer", "cityscapes", "cityscapes7", 120, _training("smp:Segformer", "mit_b0", 96, 40, 40)),
)
"""Four architectures, three class schemes."""

JUDGES = (
    FleetRecipe("linknet", "cityscapes", "cityscapes7", 200, _training("smp:Linknet", "resnet18", 96, 25, 60)),
    FleetRecipe("fpn", "cityscapes", "cityscapes4", 200, _training("smp:FPN", "resnet18", 96, 40, 70)),
)
"""Targets of other architectures, one with a class count of its own, on scenes of their own; nothing is trained on
what they give out."""

NETWORKS = (
    NetworkRecipe("slm", "the default", AttackTraining(iterations=300)),
    NetworkRecipe("slm-sharp", "small receptive field, sharper maps", AttackTraining(network="small", iterations=400)),
    NetworkRecipe("slm-argmax", "for targets that give out label maps", AttackTraining(iterations=300), "argmax"),
)
