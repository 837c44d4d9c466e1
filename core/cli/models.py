"""Flags about models: which file, how it is prepared, where it runs, what is trusted."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from core.audit.device import pick_device
from core.audit.spec import ReferenceEntry
from core.cli.flags import add_flags, given_flags, read_flags
from core.targets.options import TargetOptions
from core.targets.preprocessing import Preprocessing
from core.targets.trust import TrustStore, checked_sha256
from core.training.membership import NAME, shadow_files

if TYPE_CHECKING:
    from core.targets.base import Target

REFERENCE = "reference-"
"""Prefix of the flags about reference models."""


def add_device_flag(parser: argparse.ArgumentParser) -> None:
    """Flag --device."""
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda:N (default auto)")


def add_target_flags(parser: argparse.ArgumentParser) -> None:
    """Flags --target, --target-*, --input-* and --trust."""
    parser.add_argument("--target", metavar="FILE", help="model file or folder to audit")
    add_trust_flag(parser)
    add_model_flags(parser, "target-")


def add_model_flags(parser: argparse.ArgumentParser, prefix: str) -> None:
    """Flags that say of a model file what it does not say itself: --PREFIX-* and --input-*."""
    add_flags(parser, TargetOptions, "what the model file does not say", prefix)
    title = "how an image becomes the model's input (what is not given: as the file says)"
    add_flags(parser, Preprocessing, title, "input-")


def add_reference_flags(parser: argparse.ArgumentParser, help: str) -> None:
    """Flags --reference and --reference-*, which `given_references` reads."""
    parser.add_argument("--reference", action="append", default=[], metavar="PATH", help=help)
    add_flags(parser, TargetOptions, "what the files of --reference do not say, the same for all", REFERENCE)


def given_references(args: argparse.Namespace) -> tuple[ReferenceEntry, ...]:
    """The reference models of `add_reference_flags`."""
    options = read_flags(args, TargetOptions, REFERENCE) or TargetOptions()
    return tuple(ReferenceEntry(path, options) for given in args.reference for path in _files(given))


def _files(given: str) -> list[str]:
    """The path of a model, or those of a folder of shadows."""
    is_fleet = (Path(given) / NAME).is_file()
    return [str(path) for path in shadow_files(Path(given))] if is_fleet else [given]


def add_trust_flag(parser: argparse.ArgumentParser) -> None:
    """Flag --trust."""
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="SHA256",
        help="run the code in the model file with this hash (TorchScript and .pt2 files are programs)",
    )


def trusted_hashes(args: argparse.Namespace) -> frozenset[str]:
    """The hashes given with --trust and those trusted before."""
    kept = {entry.sha256 for entry in TrustStore().entries()}
    return frozenset(kept | {checked_sha256(text) for text in args.trust})


def open_from_flags(args: argparse.Namespace, path: str | Path, prefix: str = "target-") -> "Target":
    """A model file, opened as the flags of `add_model_flags` say."""
    from core.targets.open import open_target

    return open_target(
        Path(path),
        read_flags(args, TargetOptions, prefix) or TargetOptions(),
        given_flags(args, Preprocessing, "input-") or None,
        pick_device(args.device),
        trusted_hashes(args),
    )
