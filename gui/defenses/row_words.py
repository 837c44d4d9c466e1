"""What stands in the rows of the list of defenses."""

from core.defenses.chain import Chain
from gui.results import Results
from gui.results.marks import Mark, mark_of
from gui.selection import Selection

WAITING, COARSE = "waits to be scored", "coarse: {} of {}"


class RowWords:
    """Name, mark, and how far a trial is.

    Parameters
    ----------
    selection
        What is looked at.
    results
        Says how far trials are scored; None: nothing scores them.
    """

    def __init__(self, selection: Selection, results: Results | None) -> None:
        self._selection, self._results = selection, results

    def of(self, chain: Chain) -> str:
        """The lines of a row."""
        mark = self._mark(chain)
        second = [self._standing(chain), *([mark.text] if mark is not None else [])]
        lines = [self._selection.title(chain.id), " \N{MIDDLE DOT} ".join(second), self._state(chain)]
        return "\n".join(line for line in lines if line)

    def tip(self, chain: Chain) -> str:
        """What is said of it at more length."""
        mark = self._mark(chain)
        return "\n".join([f"In specs and commands: {chain.describe()}", *([] if mark is None else [mark.help])])

    def _mark(self, chain: Chain) -> Mark | None:
        document = self._selection.document
        return None if document is None else mark_of(document, chain, self._selection.attack)

    def _standing(self, chain: Chain) -> str:
        """Whether verdicts are about this output."""
        document = self._selection.document
        if self._selection.is_trial(chain.id) or document is None:
            return "trial"
        return "released" if chain.id == document.spec.release.id else "exploratory"

    def _state(self, chain: Chain) -> str:
        """Why a trial has no numbers, or how coarse they are."""
        selection = self._selection
        if self._results is None or not selection.is_trial(chain.id) or chain.id not in selection.chains:
            return ""
        result = self._results.of(chain.id, selection.attack)
        reason = self._results.reason(chain.id, selection.attack)
        return reason or (
            WAITING if result is None else "" if result.exact else COARSE.format(result.done, result.total)
        )
