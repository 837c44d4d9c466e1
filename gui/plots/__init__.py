"""The plots: ROC curves, image scores, classes, and what a defense costs."""

from gui.plots.plots import Plots

__all__ = ["Plots"]
