"""Which parts of the images tell members from non-members."""

from gui.slices.panel import SlicesPanel

__all__ = ["SlicesPanel"]
