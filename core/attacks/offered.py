"""Which attacks an audit gets where nobody names any."""

from collections.abc import Mapping
from typing import Any

from core.attacks.shipped import DEFAULT

FOR_POSTERIORS = ({"name": "patch", "network": DEFAULT}, {"name": "loss"})
FOR_LABEL_MAPS = (
    {"name": "patch", "network": "slm-argmax"},
    {"name": "correctness"},
    {"name": "boundary"},
    {"name": "stability"},
)
"""A loss says no more than correctness of a label map."""


def offered(*, labels_only: bool, references: bool, in_blocks: bool = False) -> list[Mapping[str, Any]]:
    """Attacks as tables of a spec, the first the primary one.

    Parameters
    ----------
    labels_only
        Whether the target gives, or the owner releases, label maps and nothing else.
    references
        Whether there are reference models, which some attacks compare with.
    in_blocks
        Whether they learned from half of the blocks of each image, so that they can only be asked online.
    """
    found: list[Mapping[str, Any]] = list(FOR_LABEL_MAPS if labels_only else FOR_POSTERIORS)
    if references and in_blocks:
        found.append({"name": "correctness-difference" if labels_only else "log-ratio", "mode": "online"})
    elif references:
        found.append({"name": "correctness-difference" if labels_only else "rmia"})
    return [{**table, "primary": place == 0} for place, table in enumerate(found)]
