"""A whole audit's material on CamVid: splits, target, shadows, attack network, spec.

    python benchmarks/camvid.py --data CAMVID --out FOLDER
    python main.py audit FOLDER/audit.toml

CAMVID holds `images/`, `labels/`, `sequences.tsv` (stem, split, sequence, frame) and `near_duplicates.tsv`. Frames of a
video are near-duplicates of their neighbours, so members and non-members are drawn in blocks of frames with gaps, from
the same sequences. Two shadows exchange their members: each image is a member of one and a non-member of the other, so
that the attack network cannot learn which scenes are members instead of what membership looks like. Steps whose file
exists already are skipped: a second run goes on where the first stopped.
"""

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from core.attacks.patch import PatchAttack
from core.audit.spec import parse_spec, write_spec
from core.data.layouts import open_images
from core.data.samples import ImageSet
from core.data.scheme import load_scheme
from core.files import write_text
from core.progress import Progress
from core.targets.open import open_target
from core.training.attack import train_attack
from core.training.settings import AttackTraining, TargetTraining
from core.training.shadows import ShadowData
from core.training.target import train_target

ROLES = ("target-members", "shadow-a", "target-non-members", "shadow-b")
CLIP = "val"
"""Left out: 101 frames of one clip of 6.7 seconds, one scene in effect."""

DEFENSES = (
    {"name": "none"},
    {"name": "argmax"},
    {"name": "gauss", "sigma": 0.05},
    {"name": "dropout", "p": 0.2, "passes": 8},
)


def blocks(data: Path, block: int, gap: int) -> dict[str, list[tuple[str, str]]]:
    """Role -> (stem, group) of its frames: blocks of each sequence in turn, `gap` frames left out after each."""
    with (data / "sequences.tsv").open(newline="") as stream:
        frames = [row for row in csv.DictReader(stream, delimiter="\t") if row["split"] != CLIP]
    sequences: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in frames:
        sequences[row["sequence"]].append((int(row["frame"]), row["stem"]))
    roles: dict[str, list[tuple[str, str]]] = {role: [] for role in ROLES}
    turn = 0
    for name, members in sorted(sequences.items()):
        stems = [stem for _, stem in sorted(members)]
        for start in range(0, len(stems), block + gap):
            roles[ROLES[turn % len(ROLES)]] += [(s, f"{name}/{start}") for s in stems[start : start + block]]
            turn += 1
    return without_duplicates(roles, data / "near_duplicates.tsv")


def without_duplicates(roles: Mapping[str, Sequence[tuple[str, str]]], pairs: Path) -> dict[str, list[tuple[str, str]]]:
    """Leave out frames that look like one of another role; both of a pair, so that no role gets the easier scenes."""
    role_of = {stem: role for role, frames in roles.items() for stem, _ in frames}
    dropped = set()
    with pairs.open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            if role_of.get(row["a"]) != role_of.get(row["b"]):
                dropped |= {row["a"], row["b"]} & role_of.keys()
    return {role: [(s, g) for s, g in frames if s not in dropped] for role, frames in roles.items()}


def write_lists(data: Path, out: Path, block: int, gap: int) -> None:
    roles = blocks(data, block, gap)
    for role, frames in roles.items():
        lines = (f"images/{stem}.jpg labels/{stem}.png {group}" for stem, group in frames)
        write_text(out / f"{role}.txt", "\n".join(lines) + "\n")
        print(f"{role}: {len(frames)} frames in {len({g for _, g in frames})} blocks")


def frames_of(role: str, data: Path, out: Path) -> ImageSet:
    return open_images(out / f"{role}.txt", "list", {"root": str(data.absolute())})


def train_model(args: argparse.Namespace, out: Path, roles: tuple[str, str], model: Sequence[str], seed: int) -> None:
    """Train on the first role, measure the mIoU on both."""
    architecture, encoder = model
    members, others = ([frames_of(role, args.data, args.out)] for role in roles)
    settings = TargetTraining(
        architecture=architecture, encoder=encoder, size=tuple(args.size), epochs=args.epochs, seed=seed
    )
    scheme = load_scheme("camvid11")
    result = train_target(members, scheme, settings, out, args.device, progress=Progress(tell), validation=others)
    print(f"\n{out.stem}: mIoU {result.miou:.3f} on members, {result.validation_miou:.3f} on non-members")


def train_network(args: argparse.Namespace, out: Path) -> None:
    halves = {role: frames_of(role, args.data, args.out) for role in ("shadow-a", "shadow-b")}
    shadows = [
        ShadowData(
            open_target(args.out / f"{role}.safetensors", device=args.device),
            halves[role],
            halves[other],
            load_scheme("camvid11"),
        )
        for role, other in (("shadow-a", "shadow-b"), ("shadow-b", "shadow-a"))
    ]
    settings = AttackTraining(network=args.network, iterations=args.iterations, seed=args.seed)
    result = train_attack(shadows, settings, out, args.device, progress=Progress(tell))
    print(f"\n{out.stem}: AUC {result.held_out.auc:.3f} on held-out shadow images")


def write_audit(args: argparse.Namespace, network: Path) -> None:
    sets = {"member": "target-members", "non-member": "target-non-members"}
    images = [
        {"role": role, "path": f"{name}.txt", "layout": "list", "options": {"root": str(args.data.absolute())}}
        for role, name in sets.items()
    ]
    table = {
        "name": "CamVid",
        "scheme": "camvid11",
        "target": {"path": "target.safetensors"},
        "images": images,
        "defenses": list(DEFENSES),
        "attacks": [
            {"name": PatchAttack.name, "network": network.name, "primary": True},
            {"name": "loss"},
            {"name": "dice"},
            {"name": "confidence"},
            {"name": "entropy"},
        ],
    }
    write_spec(parse_spec(table, args.out), args.out / "audit.toml")


def tell(progress: Progress) -> None:
    left = f", {progress.seconds_left:.0f} s left" if progress.seconds_left else ""
    print(f"\r{progress.stage} {progress.done}/{progress.total} {progress.message}{left}   ", end="", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of CamVid")
    parser.add_argument("--out", type=Path, required=True, help="folder for everything made here")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="processor threads; 0: torch's own choice")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--block", type=int, default=10, help="frames in a row with one role")
    parser.add_argument("--gap", type=int, default=2, help="frames left out between blocks")
    parser.add_argument("--size", nargs=2, type=int, default=(192, 256), metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--target", nargs=2, default=("smp:Unet", "resnet18"), metavar=("ARCHITECTURE", "ENCODER"))
    parser.add_argument("--shadow", nargs=2, default=("smp:Unet", "resnet18"), metavar=("ARCHITECTURE", "ENCODER"))
    parser.add_argument("--network", default="resnet18", help="attack network: resnet18, resnet34, resnet50, small")
    parser.add_argument("--iterations", type=int, default=150, help="training steps of the attack network")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    args.out.mkdir(parents=True, exist_ok=True)
    if not (args.out / f"{ROLES[-1]}.txt").exists():
        write_lists(args.data, args.out, args.block, args.gap)
    trainings = (
        ("target", ("target-members", "target-non-members"), args.target),
        ("shadow-a", ("shadow-a", "shadow-b"), args.shadow),
        ("shadow-b", ("shadow-b", "shadow-a"), args.shadow),
    )
    for number, (name, roles, model) in enumerate(trainings):
        if not (args.out / f"{name}.safetensors").exists():
            train_model(args, args.out / f"{name}.safetensors", roles, model, args.seed + number)
    network = args.out / f"attack-{args.network}.safetensors"
    if not network.exists():
        train_network(args, network)
    write_audit(args, network)
    print(f"Next: python main.py audit {args.out / 'audit.toml'}")


if __name__ == "__main__":
    main()
