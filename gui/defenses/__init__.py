"""The panel of the defenses: which are shown, and which are tried."""

from gui.defenses.panel import DefensesPanel

__all__ = ["DefensesPanel"]
