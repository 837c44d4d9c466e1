"""A target that remembers a few drawn scenes, and attack networks trained on a shadow of it."""

from pathlib import Path

from benchmarks.simple_scenes import SCHEME, write_scenes
from core.audit.spec import parse_spec, write_spec
from core.data.layouts import open_images
from core.data.scheme import load_scheme
from core.targets.open import open_target
from core.training.attack import train_attack
from core.training.settings import AttackTraining, TargetTraining
from core.training.shadows import ShadowData
from core.training.target import train_target

SIZE = (144, 192)
IMAGES = 40
"""Members of each model, and as many non-members."""

ROLES = ("target-members", "target-non-members", "shadow-members", "shadow-non-members")
TARGET = TargetTraining(architecture="smp:PSPNet", size=(96, 128), epochs=10, augment="none")

NETWORKS = {
    "resnet18-half": AttackTraining(network="resnet18", iterations=40, batch=8),
    "resnet18-half-cropped": AttackTraining(network="resnet18", iterations=40, mode="cropped"),
    "small": AttackTraining(network="small", width=1.0, iterations=100),
}


def make(folder: Path, device: str) -> Path:
    """Draw, train, and write the spec of an audit; returns its path. Attack networks are `attack-*.safetensors`."""
    for number, role in enumerate(ROLES):
        write_scenes(folder / role, IMAGES, 1000 * number, SIZE)
    scheme = load_scheme(SCHEME)
    sets = {role: open_images(folder / role) for role in ROLES}
    for seed, model in enumerate(("target", "shadow")):
        path = folder / f"{model}.safetensors"
        train_target([sets[f"{model}-members"]], scheme, _seeded(seed), path, device)
    shadow = ShadowData(
        open_target(folder / "shadow.safetensors", device=device),
        sets["shadow-members"],
        sets["shadow-non-members"],
        scheme,
    )
    for name, settings in NETWORKS.items():
        train_attack([shadow], settings, folder / f"attack-{name}.safetensors", device)
    return _write_spec(folder)


def _seeded(seed: int) -> TargetTraining:
    return TargetTraining.from_mapping({**TARGET.to_mapping(), "seed": seed})


def _write_spec(folder: Path) -> Path:
    table = {
        "name": "drawn scenes",
        "scheme": SCHEME,
        "target": {"path": "target.safetensors"},
        "images": [{"role": role, "path": f"target-{role}s"} for role in ("member", "non-member")],
        "attacks": [{"name": "patch", "network": "attack-small.safetensors", "primary": True}],
    }
    path = folder / "audit.toml"
    write_spec(parse_spec(table, folder), path)
    return path
