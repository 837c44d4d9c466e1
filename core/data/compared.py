"""Which roles of images are compared with each other, and how what was found can be told apart later."""

from collections.abc import Mapping
from typing import Any

from core.data.samples import Role

COMPARED = (
    (Role.MEMBER, Role.NON_MEMBER),
    (Role.SUSPECT, Role.MEMBER),
    (Role.SUSPECT, Role.NON_MEMBER),
)

LISTED_PAIRS = 1000
"""Pairs of near-duplicates that are listed; all are counted."""


def compared_roles(finding: Mapping[str, Any]) -> tuple[Role, Role] | None:
    """The roles that a recorded finding found alike or different; None where it is about something else."""
    sentence = finding["sentence"]
    return next((pair for pair in COMPARED if sentence.startswith(beginnings(*pair))), None)


def beginnings(first: Role, second: Role) -> tuple[str, str, str]:
    """How the sentences about two roles begin: the same files, near-duplicates, a shift."""
    return (
        f"Files of the {first}s that are also among the {second}s, byte for byte:",
        f"Near-duplicates between {first}s and {second}s:",
        f"{first.capitalize()}s and {second}s differ in",
    )
