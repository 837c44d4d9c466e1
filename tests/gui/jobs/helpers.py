"""What tests of the list of jobs share."""

from pathlib import Path

from PySide6.QtWidgets import QToolButton

from core.engine import events
from core.engine.jobs import RunAudit
from gui.jobs.kept import queue_folder, read_queue, write_queue

A, B, C = (RunAudit(Path(f"/spec/{name}.toml"), Path(f"/audits/{name}.segleak"), device="cpu") for name in "ABC")


def titles(running):
    return [(entry.title, entry.state) for entry in running.board.entries]


def left(*jobs, name="gone"):
    """The queue of a window that is gone."""
    queue_folder().mkdir(parents=True, exist_ok=True)
    write_queue(queue_folder() / f"{name}.toml", jobs)


def kept(running):
    running.keeping._background.finish()
    return read_queue(running.keeping.queue.path)


def button_of(panel, words, title):
    """On the cards of now: Qt deletes those of before a moment later."""
    buttons = (button for card in panel._cards.values() for button in card.findChildren(QToolButton))
    return next(button for button in buttons if button.accessibleName() == f"{words}: {title}")


def press(panel, words, title):
    button_of(panel, words, title).click()


def progress(job, done, total=48, message="", stage="Auditing"):
    return events.JobProgress(job, stage, done, total, message, 2.5, 20.0)
