"""Defenses on the command line."""

from core.cli.flags import read_choice
from core.defenses import DEFENSES
from core.defenses.chain import Chain

FORM = "NAME[:key=value,...]"


def read_chain(text: str) -> Chain:
    """Read "dropout:p=0.2+argmax". Raises `SpecError` for what is no chain of defenses."""
    kinds = {kind.name: kind for kind in DEFENSES}
    return Chain.parse([read_choice(part, kinds) for part in text.split("+")])
