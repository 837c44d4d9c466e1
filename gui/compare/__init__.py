"""The comparison view: linked panes, overlays, readout, regions."""

from gui.compare.view import CompareView

__all__ = ["CompareView"]
