"""Notes on regions: notes on their image that begin with the region's name, kept, undone and printed like all notes."""

from PySide6.QtWidgets import QWidget

from gui.browser.deciding import Decision, Question, ReasonDialog
from gui.compare.marking import Marking
from gui.compare.region_log import NOTE

QUESTION = Question(
    "Note on a region",
    "What is there to say about {}? It is kept in the review log, as a note on the image.",
    "Add note",
)


def ask_for_note(marking: Marking, region: str, window: QWidget) -> ReasonDialog | None:
    """Ask for a note on a region of the image in view; None where no image is."""
    selection, image = marking.selection, marking.selection.image
    if selection.document is None or image is None:
        return None
    dialog = ReasonDialog(QUESTION, f"region {region} of {selection.document.row(image).key}", window)

    def add() -> None:
        words = NOTE.format(region, dialog.words)
        marking.undo_stack.push(Decision(selection, "note", [image], words, marking.failed.emit))

    dialog.accepted.connect(add)
    dialog.open()
    return dialog
