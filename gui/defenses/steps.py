"""What a person does with defenses, as steps that can be undone."""

from PySide6.QtGui import QUndoCommand, QUndoStack

from core.defenses.chain import Chain
from gui.selection import MOST_PANES, Selection
from gui.trials import title_of, without

RETUNING = 41
"""Tells Qt that two steps may be merged."""


class SwitchDefenses(QUndoCommand):
    """Other defenses are shown."""

    def __init__(self, selection: Selection, chains: tuple[str, ...], words: str) -> None:
        super().__init__(words)
        self._selection, self._before, self._after = selection, selection.chains, chains

    def redo(self) -> None:
        """Show the new ones."""
        self._selection.chains = self._after

    def undo(self) -> None:
        """Show the ones from before."""
        self._selection.chains = self._before


def show_first(selection: Selection, undo_stack: QUndoStack, chain: str) -> None:
    """Show a defense before the others, as a step; the last one gives way where there are too many."""
    wanted = (chain, *without(selection.chains, chain))[:MOST_PANES]
    if wanted != selection.chains:
        undo_stack.push(SwitchDefenses(selection, wanted, f"Show {selection.title(chain)} first"))


class AddTrial(QUndoCommand):
    """A chain is tried, and shown where there is room for it. It must be a new one."""

    def __init__(self, selection: Selection, chain: Chain) -> None:
        super().__init__(f"Try {title_of(chain)}")
        self._selection, self._chain, self._before = selection, chain, selection.chains

    def redo(self) -> None:
        """Try it."""
        added = self._selection.add_trial(self._chain)
        if len(self._before) < MOST_PANES:
            self._selection.chains = (*self._before, added)

    def undo(self) -> None:
        """Try it no longer."""
        self._selection.chains = self._before
        self._selection.drop_trial(self._chain.id)


class DropTrial(QUndoCommand):
    """A trial is removed."""

    def __init__(self, selection: Selection, chain: Chain) -> None:
        super().__init__(f"Remove {title_of(chain)}")
        self._selection, self._chain, self._before = selection, chain, selection.chains
        self._place = selection.trials.index(chain)

    def redo(self) -> None:
        """Remove it."""
        self._selection.drop_trial(self._chain.id)

    def undo(self) -> None:
        """Try it again, where it was."""
        self._selection.add_trial(self._chain, self._place)
        self._selection.chains = self._before


class Retune(QUndoCommand):
    """A trial becomes another chain, which must be a new one. Steps of one drag, or of one field, are one step.

    Parameters
    ----------
    before, after
        The trial as it was and as it will be.
    gesture
        Steps of the same gesture are merged.
    """

    def __init__(self, selection: Selection, before: Chain, after: Chain, gesture: int) -> None:
        super().__init__(f"Change {title_of(before)}")
        self._selection, self._before, self.after, self.gesture = selection, before, after, gesture

    def id(self) -> int:
        """Of the kind that can be merged."""
        return RETUNING

    def mergeWith(self, other: QUndoCommand) -> bool:  # noqa: N802 - Qt's name
        """Take in the next step of the same drag."""
        if not isinstance(other, Retune) or other.gesture != self.gesture:
            return False
        self.after = other.after
        return True

    def redo(self) -> None:
        """Change it."""
        self._selection.retune(self._before.id, self.after)

    def undo(self) -> None:
        """Change it back."""
        self._selection.retune(self.after.id, self._before)
