"""What tests of the page share: what is dragged over it, and an engine that the test plays."""

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl

from core.engine import events


def event(kind, *paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    made = kind(QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    made.kept = data  # Qt does not keep it
    return made


def answer(window, kind, value):
    """Let the engine answer the last job of a kind."""
    jobs = window.furniture.engine.jobs
    number = max(n for n, job in enumerate(jobs, 1) if isinstance(job, kind))
    window.furniture.engine.done.emit(events.JobDone(number, value))


def asked(window, kind):
    return [job for job in window.furniture.engine.jobs if isinstance(job, kind)]


def fail(window, kind, again=None, message="The engine crashed."):
    """Let the engine fail at the last job of a kind."""
    jobs = window.furniture.engine.jobs
    number = max(n for n, job in enumerate(jobs, 1) if isinstance(job, kind))
    window.furniture.engine.failed.emit(events.JobFailed(number, message, again=again))
