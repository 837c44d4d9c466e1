"""A small world to audit: four classes, folders of street-like images, a target and an attack network."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tomli_w
from PIL import Image

from core.progress import Progress

CLASSES = ("sky", "building", "road", "car")


@dataclass(frozen=True)
class World:
    folder: Path
    sizes: tuple = (48, 64)

    @property
    def target(self):
        return self.folder / "target.safetensors"

    @property
    def network(self):
        return self.folder / "attack.safetensors"

    def spec_table(self, **changes):
        table = {
            "name": "small",
            "seed": 3,
            "scheme": "scheme.toml",
            "target": {"path": "target.safetensors"},
            "images": [
                {"role": "member", "path": "members"},
                {"role": "non-member", "path": "non-members"},
                {"role": "suspect", "path": "suspects"},
            ],
            "defenses": [
                {"name": "none"},
                {"name": "argmax"},
                {"name": "gauss", "sigma": 0.3},
                {"chain": [{"name": "dropout", "p": 0.5}, {"name": "topk", "k": 2}]},
            ],
            "attacks": [
                {"name": "patch", "network": "attack.safetensors", "primary": True},
                {"name": "loss"},
                {"name": "confidence"},
            ],
            "run": {"batch": 2, "cache_gb": 0.0, "resamples": 100},
        }
        return table | changes

    def write_spec(self, **changes):
        path = self.folder / "spec.toml"
        path.write_text(tomli_w.dumps(self.spec_table(**changes)), "utf-8")
        return path


def write_scheme(path):
    entries = [
        {"name": name, "id": i, "train_id": i, "colour": [40 * i, 10, 200 - 30 * i]} for i, name in enumerate(CLASSES)
    ]
    path.write_text(tomli_w.dumps({"name": "streets4", "title": "Four classes", "classes": entries}), "utf-8")


def write_images(folder, street_like, count, first_seed, size=(48, 64), labelled=None):
    """`count` images `NN.png` with label maps `NN_mask.png`; `labelled`: how many of them get one."""
    folder.mkdir(parents=True, exist_ok=True)
    for i in range(count):
        image, label = street_like(size, first_seed + i)
        Image.fromarray(image).save(folder / f"{i:02d}.png")
        if labelled is None or i < labelled:
            Image.fromarray(label).save(folder / f"{i:02d}_mask.png")


def write_target(path, seed=0):
    import torch

    from core.targets.architectures import build
    from core.targets.checkpoint import save_target
    from core.targets.preprocessing import Preprocessing

    torch.manual_seed(seed)
    arguments = {"encoder_depth": 3, "decoder_channels": [16, 16, 16]}
    module = build("smp:Unet", "resnet18", len(CLASSES), arguments)
    save_target(path, module, "smp:Unet", "resnet18", len(CLASSES), arguments, Preprocessing(multiple=8), "streets4")


def write_network(path, seed=0):
    import torch

    from core.attacks.networks import AttackCard, build_network, save_attack

    torch.manual_seed(seed)
    card = AttackCard(architecture="small", representation="slm", patch=24, transform="log", trained_on="nothing")
    save_attack(path, build_network(card), card)


def make_world(folder, street_like, members=5, non_members=5, suspects=4):
    world = World(folder)
    write_scheme(folder / "scheme.toml")
    write_images(folder / "members", street_like, members, 100)
    write_images(folder / "non-members", street_like, non_members, 200)
    write_images(folder / "suspects", street_like, suspects, 300, labelled=suspects // 2)
    write_target(world.target)
    write_network(world.network)
    return world


def scores_of(store):
    return {(s.image, s.defense, s.attack): (s.score, s.reason) for s in store.scores()}


def same_maps(one, other, image, defense, attack):
    a, b = one.maps(image, defense, attack), other.maps(image, defense, attack)
    return a.keys() == b.keys() and all(np.array_equal(a[k], b[k], equal_nan=True) for k in a)


class CancelAfter(Progress):
    """Cancels an audit once so many images are done."""

    def __init__(self, images):
        super().__init__()
        self.images = images

    def step(self, message="", steps=1):
        super().step(message, steps)
        if self.stage == "Auditing" and self.done >= self.images:
            self.cancel()
