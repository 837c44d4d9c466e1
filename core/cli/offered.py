"""The attacks of an audit whose command names none: those that fit what the target gives out."""

import argparse
from dataclasses import replace

from core.attacks.offered import offered
from core.audit.device import pick_device
from core.audit.plan import find_sets
from core.audit.spec import AuditSpec, attack_entries
from core.cli.models import trusted_hashes
from core.cli.protocol import released_place
from core.data.images import read_image
from core.errors import SegLeakError
from core.files import sha256_of_file
from core.training.half import Truth
from core.training.manifest import read_manifest

PROGRAMS = ("exported", "onnx", "torchscript", "transformers")
"""Formats of models that may give label maps; the architectures of all others give a value for each class."""


def with_offered_attacks(spec: AuditSpec, args: argparse.Namespace) -> AuditSpec:
    """The spec with attacks that fit; what the target gives is seen on its first image where nothing says it."""
    tables = offered(
        labels_only=labels_only(spec, args), references=bool(spec.references), in_blocks=_references_in_blocks(spec)
    )
    return replace(spec, attacks=attack_entries(tables))


def _references_in_blocks(spec: AuditSpec) -> bool:
    """Whether all references learned from half of the blocks of the audit's images; the first one stands for all."""
    try:
        manifests = [read_manifest(spec.resolve(entry.path)) for entry in spec.references]
        known = [m for m in manifests if m is not None and Truth.told_by(m) is not None]
        if not known or len(known) < len(manifests):
            return False
        first = next(sample.image for planned in find_sets(spec, spec.scheme) for sample in planned.images.samples)
        sha256 = sha256_of_file(first)
        return all(sha256 in m.members and sha256 not in m.others for m in known)
    except (SegLeakError, OSError, StopIteration):  # left for the audit to name
        return False


def labels_only(spec: AuditSpec, args: argparse.Namespace) -> bool:
    """Whether nothing but label maps is released."""
    said = spec.target.options.output_kind
    release = spec.defenses[released_place(spec, args)]
    return release.hard or (_asked(spec, args) if said == "auto" else said == "labels")


def _asked(spec: AuditSpec, args: argparse.Namespace) -> bool:
    """What the target gives for the first image. What cannot be opened is left for the audit to name."""
    from core.targets.open import open_target, recognised_format

    path, options = spec.resolve(spec.target.path), spec.target.options
    try:
        if recognised_format(path, options.format)[0].name not in PROGRAMS:
            return False
        trusted, device = trusted_hashes(args), pick_device(args.device)
        target = open_target(path, options, spec.target.preprocessing, device, trusted)
        sets = find_sets(spec, target.info.scheme)
        image = next(sample.image for planned in sets for sample in planned.images.samples)
        return target.outputs([read_image(image, spec.run.pixel_limit)])[0].kind == "labels"
    except SegLeakError:
        return False
