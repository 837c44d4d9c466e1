"""Asking for frames: what the view asks its workshop for."""

from gui.compare.layers import layer_of
from gui.compare.wanted import Wanted
from gui.compare.workshop import Workshop
from tests.gui.compare_world import CHAINS


def wanted(document, image=0, layer="score", chains=CHAINS, attack="patch", **changes):
    return Wanted(document, image, chains, attack, layer_of(layer), **changes)


def never():
    return False


def frame_of(*arguments, **changes):
    return Workshop(1 << 28).frame(wanted(*arguments, **changes), never)
