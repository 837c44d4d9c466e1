"""Which reference models cannot be set against a target. Imports no torch: the window asks before an audit, too."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.data.scheme import builtin_schemes, load_scheme
from core.errors import SpecError


@dataclass(frozen=True)
class ModelFacts:
    """What decides it.

    Attributes
    ----------
    name, sha256
        Of the file.
    classes
        How many it gives; 0: not known until it has run.
    scheme
        Its class scheme, where it names one.
    """

    name: str
    sha256: str
    classes: int
    scheme: str | None


def misfit(reference: ModelFacts, target: ModelFacts, earlier: Sequence[ModelFacts]) -> SpecError | None:
    """Why a reference cannot be used beside a target and the references given before it; None where it can."""
    name = reference.name
    if reference.sha256 == target.sha256:
        return SpecError(f"{name}: is the target itself.", "Give a model that the attacker could have trained.")
    if reference.sha256 in {other.sha256 for other in earlier}:
        # It would count twice, and its answers would seem to vary less than models do.
        return SpecError(f"{name}: is given twice as a reference.", "Give each model once.")
    if len({reference.classes, target.classes} - {0}) > 1:
        return SpecError(
            f"{name}: has {reference.classes} classes, the target {target.classes}.",
            "A reference must give the same classes.",
        )
    if reference.scheme and target.scheme and _named(reference.scheme) != _named(target.scheme):
        return SpecError(
            f"{name}: its classes are those of '{reference.scheme}', the target's those of '{target.scheme}'.",
            "A reference must give the same classes in the same order. If it does, say so in [[references]]: "
            f"scheme = '{target.scheme}'.",
        )
    return None


def _named(scheme: str) -> tuple[str, ...]:
    """The names of a built-in scheme's classes, which several share; of another one all that is known is its name."""
    return load_scheme(scheme).names if scheme in builtin_schemes() else (scheme,)
