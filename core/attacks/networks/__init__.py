"""Attack networks: their architectures, their cards and their files. Importing this package imports torch."""

from core.attacks.dense import MEMBER, NON_MEMBER
from core.attacks.networks.base import NETWORKS, Architecture, AttackNetwork
from core.attacks.networks.card import AttackCard
from core.attacks.networks.checkpoint import build_network, load_attack, read_card, save_attack
from core.attacks.networks.loaded import LoadedNetwork

__all__ = [
    "MEMBER",
    "NETWORKS",
    "NON_MEMBER",
    "Architecture",
    "AttackCard",
    "AttackNetwork",
    "LoadedNetwork",
    "build_network",
    "load_attack",
    "read_card",
    "save_attack",
]
