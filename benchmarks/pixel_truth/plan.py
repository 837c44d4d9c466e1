"""What is trained for the benchmark: targets and shadows of which it is known which blocks taught them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.experiments.cells import Cell
from benchmarks.experiments.folds import NAMES, Fold
from benchmarks.experiments.plan import TARGET
from benchmarks.experiments.recipes import PLAIN, Recipes, Table
from core.files import sha256_of_bytes

SIDE = 64
"""Pixels of a block's side, at training size."""

ARCHITECTURES = {"pspnet": "smp:PSPNet", "unet": "smp:Unet"}
TARGET_FOLD = "P"
SHADOW_FOLDS = ("R", "S")
"""Each is a reference of the target's and of the other."""

UNSEEN_FOLD = "Q"
"""Images that neither target nor references saw."""

EVERYWHERE = "PQ"
"""Images of both targets, of each of which half taught references."""

KNOWING, KNOWING_SEED = 8, 300
"""How many such references, and the seed of the first."""


@dataclass(frozen=True)
class Parameters:
    """How targets and shadows are trained, so that a test can train less.

    Attributes
    ----------
    block, gap
        Frames in a row of one fold, and frames left out after them.
    training
        As `TargetTraining` reads it.
    every
        The target learns from every so manieth of its frames, in so many times the epochs. Neighbours in a video
        show nearly the same: what one of them does not teach, another one does.
    """

    block: int = 11
    gap: int = 3
    training: Table = field(default_factory=lambda: TARGET | {"size": [192, 256], "half_supervised": SIDE})
    every: int = 1


def thinned(folds: Mapping[str, Fold], every: int, names: Sequence[str] = (TARGET_FOLD,)) -> dict[str, Fold]:
    """The folds with fewer frames in some: by default the target's."""
    if every == 1:
        return dict(folds)
    return {**folds, **{name: _thin(folds[name], every) for name in names}}


def _thin(fold: Fold, every: int) -> Fold:
    return replace(fold, frames=fold.frames[::every], digest=f"{fold.digest}-{every}")


def half_supervised(folds: Mapping[str, Fold], parameters: Parameters, architecture: str) -> dict[str, Cell]:
    """Fold -> the model trained on half of the blocks of each of its images; `folds` as `thinned` gives them."""
    recipes = Recipes(folds, parameters.training, {}, 0)
    name = ARCHITECTURES[architecture]
    epochs = parameters.training["epochs"] * parameters.every
    label = f"half-{architecture}"
    target = recipes.model(TARGET_FOLD, label, epochs=epochs, architecture=name)
    return {TARGET_FOLD: target, **recipes.models(label, SHADOW_FOLDS, architecture=name)}


@dataclass(frozen=True)
class Judged:
    """A half-supervised model to be judged, or to choose and fit maps on.

    Attributes
    ----------
    cell
        Its training.
    fold
        That of its images.
    references
        Models on all frames of other folds.
    thin
        Whether it learned from every so manieth frame of its fold alone.
    """

    cell: Cell
    fold: str
    references: tuple[Cell, ...]
    thin: bool = True


@dataclass(frozen=True)
class Crossed:
    """A target, and the shadows that an attacker chooses and fits maps on; no frame is in two folds.

    Attributes
    ----------
    target
        Its references are whole models on R and S.
    shadows
        On R and on S.
    beside
        The target with a third reference, where there is one.
    """

    target: Judged
    shadows: tuple[Judged, Judged]
    beside: Judged | None = None


def crossed(folds: Mapping[str, Fold], parameters: Parameters, architecture: str) -> dict[str, Crossed]:
    """Fold of the target, P or Q -> target and shadows that are thinned as it is; `folds` whole.

    Target and shadows have two references each: of a shadow one is a model on a fourth fold, which the target did not
    see either, and which is a third reference of the target's.
    """
    thin, whole = thin_and_whole(folds, parameters, architecture)

    def judged(fold: str, *references: str) -> Judged:
        return Judged(thin[fold], fold, tuple(whole[reference] for reference in references))

    one, other = SHADOW_FOLDS
    return {
        fold: Crossed(
            judged(fold, one, other),
            (judged(one, other, fourth), judged(other, one, fourth)),
            judged(fold, one, other, fourth),
        )
        for fold, fourth in ((TARGET_FOLD, UNSEEN_FOLD), (UNSEEN_FOLD, TARGET_FOLD))
    }


def thin_and_whole(
    folds: Mapping[str, Fold], parameters: Parameters, architecture: str
) -> tuple[dict[str, Cell], dict[str, Cell]]:
    """Models on every Nth frame of each fold, and on all frames."""
    name, label = ARCHITECTURES[architecture], f"half-{architecture}"
    few = Recipes(thinned(folds, parameters.every, NAMES), parameters.training, {}, 0)
    thin = few.models(label, architecture=name, epochs=parameters.training["epochs"] * parameters.every)
    return thin, _whole(folds, parameters, architecture)


def on_hand(folds: Mapping[str, Fold], parameters: Parameters, architecture: str) -> dict[str, Crossed]:
    """As `crossed`, of nothing but the models of `half_supervised`: shadows on whole folds, one reference each."""
    one, other = SHADOW_FOLDS
    whole = _whole(folds, parameters, architecture)
    target = half_supervised(thinned(folds, parameters.every), parameters, architecture)[TARGET_FOLD]
    shadows = (Judged(whole[one], one, (whole[other],), thin=False), Judged(whole[other], other, (whole[one],), False))
    return {TARGET_FOLD: Crossed(Judged(target, TARGET_FOLD, (whole[one], whole[other])), shadows)}


def _whole(folds: Mapping[str, Fold], parameters: Parameters, architecture: str) -> dict[str, Cell]:
    """A model on all frames of each fold."""
    recipes = Recipes(folds, parameters.training, {}, 0)
    return recipes.models(f"half-{architecture}", architecture=ARCHITECTURES[architecture])


def everywhere(folds: Mapping[str, Fold]) -> Fold:
    """The images of the targets on P and on Q together: those under audit."""
    ours = [folds[name] for name in (TARGET_FOLD, UNSEEN_FOLD)]
    digest = sha256_of_bytes("".join(fold.digest for fold in ours).encode())[:16]
    return replace(ours[0], frames=tuple(f for fold in ours for f in fold.frames), digest=digest)


def knowing(fold: Fold, parameters: Parameters, architecture: str) -> list[Cell]:
    """References that learned from half of the blocks of every image of `fold`, in pairs that exchange them.

    As many steps as a thinned target's, which has half as many images.
    """
    training = parameters.training | {
        "architecture": ARCHITECTURES[architecture],
        "epochs": parameters.training["epochs"] * parameters.every // 2,
    }
    return [
        Cell(
            "model",
            f"knowing-{architecture}-{number}",
            {
                "training": training | {"seed": KNOWING_SEED + number, "other_half": number % 2 == 1},
                "hardening": PLAIN,
                "fold": EVERYWHERE,
                "digest": fold.digest,
            },
        )
        for number in range(KNOWING)
    ]


def canary_target(fold: Fold, parameters: Parameters, architecture: str) -> Cell:
    """A model trained on whole images with canaries, the frames of `fold`, for as many steps as a thinned target."""
    training = {key: value for key, value in parameters.training.items() if key != "half_supervised"}
    recipes = Recipes({TARGET_FOLD: fold}, training, {}, 0)
    epochs = training["epochs"] * parameters.every
    name = ARCHITECTURES[architecture]
    return recipes.model(TARGET_FOLD, f"canary-{architecture}", epochs=epochs, architecture=name)
