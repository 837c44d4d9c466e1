"""A realistic audit with untrained models: its cost is that of a real one, and it needs no training."""

from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.simple_scenes import CLASSES, SCHEME, write_scenes
from core.attacks.networks import AttackCard, build_network, save_attack
from core.audit.spec import AuditSpec, RunSettings, parse_spec
from core.targets.architectures import build
from core.targets.checkpoint import save_target
from core.targets.preprocessing import Preprocessing

SIZE = (360, 480)
ARCHITECTURE, ENCODER = "smp:PSPNet", "resnet18"
NETWORK = AttackCard(architecture="resnet18", arguments={"width": 0.5}, representation="slm", transform="log")


def write_workload(folder: Path, images: int) -> AuditSpec:
    """Write images, target and attack network; returns the audit of them under no defense and Argmax."""
    for number, role in enumerate(("members", "non-members")):
        write_scenes(folder / role, images // 2, 10_000 * number, SIZE)
    torch.manual_seed(0)
    module = build(ARCHITECTURE, ENCODER, CLASSES, {})
    target, network = folder / "target.safetensors", folder / "attack.safetensors"
    save_target(target, module, ARCHITECTURE, ENCODER, CLASSES, {}, Preprocessing(multiple=8), SCHEME)
    save_attack(network, build_network(NETWORK), NETWORK)
    table = {
        "name": "workload",
        "scheme": SCHEME,
        "target": {"path": target.name},
        "images": [{"role": "member", "path": "members"}, {"role": "non-member", "path": "non-members"}],
        "defenses": [{"name": "none"}, {"name": "argmax"}],
        "attacks": [{"name": "patch", "network": network.name, "primary": True}],
    }
    return parse_spec(table, folder)


def with_run(spec: AuditSpec, maps: str = "all", cache_gb: float = 0.0, *, data_check: bool = False) -> AuditSpec:
    """The same audit, run another way."""
    run = RunSettings(maps=maps, cache_gb=cache_gb, data_check=data_check)
    return replace(spec, run=run)
