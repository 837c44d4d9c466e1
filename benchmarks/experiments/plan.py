"""What is trained, attacked and judged, in order of importance. Every number that can be chosen stands at the top."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.experiments.cells import Cell
from benchmarks.experiments.evidence import Hardened, Regime, evidence, learned_ratio, well_trained
from benchmarks.experiments.folds import HALF_REFERENCES, HALVES, NAMES, Fold, with_dealt
from benchmarks.experiments.online import online
from benchmarks.experiments.recipes import Recipes, Study, Table, rows_of
from core.attacks.reference.ratio_table import DEFAULT, table_path

TARGET: Table = {
    "architecture": "smp:Unet",
    "encoder": "resnet18",
    "size": [96, 128],
    "epochs": 28,
    "batch": 8,
    "learning_rate": 1e-3,
    "weight_decay": 1e-4,
    "optimizer": "adamw",
    "schedule": "cosine",
    "augment": "flip",
}
ATTACK: Table = {
    "network": "resnet18",
    "width": 0.5,
    "representation": "slm",
    "patch": 90,
    "mode": "dense",
    "iterations": 150,
    "batch": 16,
    "learning_rate": 5e-4,
    "weight_decay": 1.0,
    "holdout": 0.2,
    "seed": 0,
}
NONE: Table = {"name": "none"}
ARGMAX: Table = {"name": "argmax"}
GAUSS: Table = {"name": "gauss", "sigma": 0.1}
DROPOUT: Table = {"name": "dropout", "p": 0.2, "passes": 8}
DEFENSES = (NONE, ARGMAX, *(GAUSS | {"sigma": s} for s in (0.01, 0.05, 0.1, 0.2)), DROPOUT)
HARDENINGS: Mapping[str, Table] = {
    "label-smoothing": {"name": "label-smoothing", "smoothing": 0.1},
    "mix-up": {"name": "mix-up", "alpha": 1.0},
    "crop-training": {"name": "crop-training", "side": 64},
    "dropout-training": {"name": "dropout-training", "p": 0.5},
    "distillation": {"name": "distillation", "temperature": 4.0, "weight": 1.0},
    "distillation-references": {"name": "distillation", "temperature": 4.0},
    "min-max": {"name": "min-max", "weight": 1.0, "steps": 1},
    "dp-sgd": {"name": "dp-sgd", "epsilon": 8.0, "clip": 1.0, "part": "decoder"},
}
HARDENED = ("P", "Q")
"""Folds of hardened targets."""

REFERENCES = {"P": "R", "Q": "S", **HALF_REFERENCES}
"""Fold of the members -> fold of the reference images, which is not judged."""

SCENES: Table = {"count": 300, "seed": 500_000, "size": [192, 256]}
ON_SCENES: Table = {"norm": "group", "epochs": 40}
AFTER_SCENES: Table = {"norm": "group", "epochs": 40, "learning_rate": 3e-4, "batch": 16}
"""For fine-tuning with and without DP-SGD what was trained on scenes."""

CROPPED: Table = {"mode": "cropped"}
PUBLISHED: Table = {
    "network": "resnet50",
    "width": 1.0,
    "mode": "cropped",
    "transform": "none",
    "iterations": 300,
    "batch": 8,
    "learning_rate": 1e-4,
}
PATCHES = (1, 2, 4, 8, 16, 32)
BASELINES: tuple[Table, ...] = ({"name": "loss"}, {"name": "dice"}, {"name": "confidence"})
LOSS = BASELINES[0]
PATCH: Table = {"name": "patch", "network": "patch"}
"""The attack with the network that the audit calls "patch"."""

ARCHITECTURES = {"pspnet": "smp:PSPNet", "deeplabv3plus": "smp:DeepLabV3Plus"}
TITLES = {"unet": "Unet", "pspnet": "PSPNet", "deeplabv3plus": "DeepLabV3+"}


@dataclass(frozen=True)
class Parameters:
    """The numbers above, so that a test can take smaller ones."""

    block: int = 11
    gap: int = 3
    target: Table = field(default_factory=lambda: TARGET)
    attack: Table = field(default_factory=lambda: ATTACK)
    published: Table = field(default_factory=lambda: PUBLISHED)
    scenes: Table = field(default_factory=lambda: SCENES)
    defenses: tuple[Table, ...] = DEFENSES
    resamples: int = 2000


def studies(
    folds: Mapping[str, Fold], parameters: Parameters, shipped: Sequence[Path] = (), seeds: int = 3
) -> list[Study]:
    """Every study, the most important first."""
    recipes = Recipes(with_dealt(folds), parameters.target, parameters.attack, parameters.resamples)
    plan = _Plan(recipes, parameters)
    return [
        plan.headline(0),
        *plan.other_architectures(),
        *plan.independent(shipped),
        *plan.hardened(),
        *plan.adaptive_to_outputs(),
        *plan.adaptive_to_hardening(),
        *plan.adaptive_with_references(),
        *plan.other_attacks(),
        *plan.seeds(seeds),
        *evidence(plan.recipes, list(plan.regimes()), seeds),
        *online(plan.recipes, list(plan.regimes()), seeds),
        *learned_ratio(plan.recipes, list(plan.regimes()), seeds, plan.recipes.given(table_path(DEFAULT, Path()))),
    ]


class _Plan:
    def __init__(self, recipes: Recipes, parameters: Parameters) -> None:
        self.recipes = recipes
        self.parameters = parameters
        self.models = {"unet": recipes.models("unet")}
        self.static = {"unet": recipes.networks("slm-unet", self.models["unet"])}
        for name, architecture in ARCHITECTURES.items():
            self.models[name] = recipes.models(name, architecture=architecture)
            self.static[name] = recipes.networks(f"slm-{name}", self.models[name])
        self.plain = self.headline(0).audits

    def headline(self, seed: int) -> Study:
        name = f"unet-seed{seed}" if seed else "unet"
        models = self.recipes.models(name, seed=seed) if seed else self.models["unet"]
        networks = self.recipes.networks(f"slm-{name}", models, seed=seed) if seed else self.static["unet"]
        return self.recipes.study(
            name,
            "seeds" if seed else "headline",
            f"Unet, seed {seed}" if seed else "Unet",
            models,
            networks,
            self.parameters.defenses,
            (PATCH, *BASELINES),
        )

    def other_architectures(self) -> Iterator[Study]:
        for name in ARCHITECTURES:
            yield self._attacked(name, "architectures", TITLES[name], name, self.static[name], (NONE, ARGMAX))

    def independent(self, shipped: Sequence[Path]) -> Iterator[Study]:
        """Unet targets and the network of PSPNet shadows; every target and networks that saw no street at all."""
        yield self._attacked(
            "unet-by-pspnet", "independent", "Unet, shadows PSPNet", "unet", self.static["pspnet"], (NONE, ARGMAX)
        )
        if not shipped:
            why = "no file was given with --shipped"
            defenses = {"none": "none", "argmax": "argmax"}
            yield Study("shipped", "independent", "shipped networks", None, {}, defenses, ("patch",), why)
        for file in shipped:
            for name, title in TITLES.items():
                network = dict.fromkeys(NAMES, self.recipes.given(file))
                yield self._attacked(
                    f"{name}-by-{file.stem}",
                    "independent",
                    f"{title}, {file.stem} (procedural scenes)",
                    name,
                    network,
                    (NONE, ARGMAX),
                    _attack_of(file),
                )

    def hardened(self) -> Iterator[Study]:
        """Judged by the static network, which has never seen a hardened target."""
        for name in (*HARDENINGS, "pretrained"):
            yield self.recipes.study(
                f"hardened-{name}",
                "hardened",
                f"Unet, {name}",
                self._hardened(name, HARDENED),
                self.static["unet"],
                (NONE,),
                (PATCH, *BASELINES),
                self.plain,
            )

    def adaptive_to_outputs(self) -> Iterator[Study]:
        """Judged by networks that learned from outputs under the same defense."""
        for table in (ARGMAX, GAUSS, DROPOUT):
            networks = self.recipes.networks(f"slm-unet-{table['name']}", self.models["unet"], table)
            name, title = f"adaptive-{table['name']}", f"Unet, network trained under {table['name']}"
            yield self._attacked(name, "adaptive", title, "unet", networks, (table,))

    def adaptive_to_hardening(self) -> Iterator[Study]:
        """Judged by networks that learned from shadows hardened in the same way."""
        for name in ("label-smoothing", "mix-up", "crop-training", "dropout-training", "distillation", "dp-sgd"):
            yield self._alike(name, self.recipes.networks(f"slm-unet-{name}", self._hardened(name, NAMES)))

    def adaptive_with_references(self) -> Iterator[Study]:
        """As before, where training takes reference images: the shadows are on halves of folds."""
        for name in ("distillation-references", "min-max"):
            network = self.recipes.network(f"slm-unet-{name}", self._hardened(name, tuple(HALVES)), HALVES)
            yield self._alike(name, dict.fromkeys(HARDENED, network))

    def _alike(self, name: str, networks: Mapping[str, Cell]) -> Study:
        """Hardened targets and networks of shadows that were hardened in the same way."""
        return self.recipes.study(
            f"adaptive-{name}",
            "adaptive",
            f"Unet, {name}, shadows alike",
            self._hardened(name, HARDENED),
            networks,
            (NONE,),
            (PATCH, LOSS),
            self.plain,
        )

    def other_attacks(self) -> Iterator[Study]:
        """Other representations, whole images, a larger network, samplers, the authors' setting; plain Unet targets."""
        for name, how in (
            ("concatenation", {"representation": "concatenation"}),
            ("posteriors", {"representation": "posteriors"}),
            ("image-level", {"patch": 0}),
            ("resnet50", {"network": "resnet50", "width": 1.0}),
        ):
            networks = self.recipes.networks(f"{name}-unet", self.models["unet"], **how)
            attack = PATCH if how.get("patch", 1) else PATCH | {"name": "image", "id": "image"}
            yield self._attacked(name, "attacks", f"Unet, {name}", "unet", networks, (NONE, ARGMAX), attack)
        cropped = self.recipes.networks("cropped-unet", self.models["unet"], **CROPPED)
        yield self._attacked("samplers", "samplers", "Unet, cropped patches", "unet", cropped, (NONE,), *_samplers())
        networks = self.recipes.networks("published-unet", self.models["unet"], **self.parameters.published)
        yield self._attacked(
            "published",
            "attacks",
            "Unet, the authors' setting",
            "unet",
            networks,
            (NONE, ARGMAX),
            _sampled("random", 6),
        )

    def regimes(self) -> Iterator[Regime]:
        """Unet and PSPNet, overfitted as they are above, and well trained."""
        for name, how in (("unet", {}), ("pspnet", {"architecture": ARCHITECTURES["pspnet"]})):
            scenes = self._on_scenes(f"{name}-scenes", **how)
            hardened = {
                "dp-sgd": Hardened(HARDENINGS["dp-sgd"], AFTER_SCENES | how, start=scenes),
                "distillation": Hardened(HARDENINGS["distillation"], how, taught=True),
            }
            overfitted = Regime(f"{name}-overfitted", f"{TITLES[name]}, overfitted", name, how, hardened)
            yield overfitted
            yield well_trained(overfitted, scenes)

    def seeds(self, count: int) -> Iterator[Study]:
        """The headline with other seeds, and all seeds together."""
        others = [self.headline(seed) for seed in range(1, count)]
        yield from others
        if others:
            audits = [self.plain, *(study.audits for study in others)]
            rows = rows_of("unet-all-seeds", audits, self.plain, self.parameters.resamples)
            yield replace(others[0], name="unet-all-seeds", title=f"Unet, {count} seeds", rows=rows, audits={})

    def _attacked(
        self,
        name: str,
        part: str,
        title: str,
        targets: str,
        networks: Mapping[str, Cell],
        defenses: Sequence[Table],
        *attacks: Table,
    ) -> Study:
        """All four targets of an architecture under one network each, with the loss beside it."""
        return self.recipes.study(
            name,
            part,
            title,
            self.models[targets],
            networks,
            defenses,
            (*(attacks or (PATCH,)), LOSS),
        )

    def _hardened(self, name: str, folds: Sequence[str]) -> dict[str, Cell]:
        return {fold: self._hardened_model(name, fold) for fold in folds}

    def _hardened_model(self, name: str, fold: str) -> Cell:
        how: dict[str, Any] = {"hardening": HARDENINGS.get(name, NONE)}
        if name.startswith("distillation"):
            how["needs"] = {"teacher": self.recipes.model(fold, "unet")}
        if name in {"distillation-references", "min-max"}:
            how["references"] = REFERENCES[fold]
        if name in {"dp-sgd", "pretrained"}:
            how |= {"needs": {"start": self._on_scenes("unet-scenes")}, **AFTER_SCENES}
        return self.recipes.model(fold, f"unet-{name}", **how)

    def _on_scenes(self, label: str, **how: Any) -> Cell:
        return self.recipes.scenes_model(label, self.parameters.scenes, **ON_SCENES, **how)


def _sampled(sampler: str, windows: int) -> Table:
    """The published way of scoring: cropped patches, the sum of their member logits."""
    table = PATCH | {"id": f"{sampler}-{windows}", "sampler": sampler, "setting": "published"}
    return table | ({"stride": windows} if sampler == "sliding" else {"windows": windows})


def _samplers() -> list[Table]:
    return [*(_sampled("random", n) for n in PATCHES), _sampled("sliding", 8), _sampled("rejection", 6)]


def _attack_of(file: Path) -> Table:
    """The attack that reads a network's file."""
    from core.attacks.networks import read_card

    return PATCH if read_card(file).patch else PATCH | {"name": "image", "id": "image"}
