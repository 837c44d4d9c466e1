"""What attack networks say of themselves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.attacks.shipped import network_path
from core.engine.jobs.base import Desk, Job
from core.errors import AttackError


@dataclass(frozen=True)
class ReadCard:
    """One network: its card as plain values (see `core.attacks.networks.AttackCard`), or why it cannot be used."""

    card: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""
    remedy: str = ""


@dataclass(frozen=True)
class ReadCards(Job):
    """Read cards; the value is a `ReadCard` for each name.

    Attributes
    ----------
    networks
        Short names of shipped networks, or files.
    folder
        Where relative paths begin.
    """

    networks: tuple[str, ...]
    folder: Path = Path()

    def run(self, desk: Desk) -> dict[str, ReadCard]:
        """Read one after the other; one that cannot be read does not keep the others back."""
        found = {}
        for network in self.networks:
            desk.progress.check()
            found[network] = self._read(network)
        return found

    def _read(self, network: str) -> ReadCard:
        from core.attacks.networks import read_card

        try:
            return ReadCard(json.loads(read_card(network_path(network, self.folder)).to_json()))
        except AttackError as error:
            return ReadCard(problem=error.message, remedy=error.remedy)
