"""Has the engine work out what the target predicts for the images that get a page, one after the other."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from core.engine import events
from core.engine.jobs import Job, Observe, Observed
from core.errors import SegLeakError
from core.snapshot.asking import Predictions, answer, question, refused
from core.snapshot.content import Content
from gui.engine import EngineClient


class Predicting(QObject):
    """Keeps what the engine has said, and asks it for the rest.

    Parameters
    ----------
    engine
        Answers.
    device
        Says what to compute on: "auto", "cpu" or "cuda:N".
    known
        Predictions that are there already.

    Attributes
    ----------
    known
        The predictions so far, by image id.
    moved
        Sends how many of the questions are answered, and how many there are.
    ended
        No question is left. What could not be answered has the reason in its place, and is asked again next time.
    """

    moved = Signal(int, int)
    ended = Signal()

    def __init__(
        self,
        engine: EngineClient,
        device: Callable[[], str],
        known: Predictions | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine, self._device = engine, device
        self.known: Predictions = {**(known or {})}
        self._questions: Sequence[Observe] = ()
        self._place = 0
        self._number: int | None = None
        self._tried_again = False
        # Its own methods, not functions made here: a connection ends with this object, while the engine lives on.
        engine.done.connect(self._done)
        engine.failed.connect(self._failed)
        engine.cancelled.connect(self._cancelled)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._number is not None

    def ask(self, content: Content) -> None:
        """Have the engine predict what is to be printed, unless it did before; `ended` follows."""
        self.stop()
        self.known = {image: found for image, found in self.known.items() if not found.reason}
        left = [image for image in content.to_predict if image not in self.known]
        self._questions, self._place = [question(content, image, self._device()) for image in left], 0
        self._next()

    def stop(self) -> None:
        """Nothing more is wanted; what was answered is kept."""
        number, self._number = self._number, None
        self._questions = ()
        if number is not None:
            self._engine.cancel(number)

    def refuse(self, images: Sequence[int], reason: str) -> None:
        """The target cannot be asked about these, for that reason; `ended` follows."""
        self.known = {**self.known, **refused(images, reason)}
        self.ended.emit()

    def _next(self) -> None:
        self.moved.emit(self._place, len(self._questions))
        if self._place == len(self._questions):
            self._questions = ()
            self.ended.emit()
            return
        self._tried_again = False
        self._submit(self._questions[self._place])

    def _submit(self, job: Job) -> None:
        try:
            self._number = self._engine.submit(job)
        except SegLeakError as error:
            self._give_up(str(error))

    # ------------------------------------------------------------ hearing

    def _ours(self, event: events.JobEnd) -> bool:
        """Whether it ends what was asked last."""
        ours = event.job == self._number
        if ours:
            self._number = None
        return ours

    def _done(self, event: events.JobDone) -> None:
        if not self._ours(event):
            return
        assert isinstance(event.value, Observed)
        self.known = {**self.known, self._questions[self._place].image: answer(event.value)}
        self._place += 1
        self._next()

    def _cancelled(self, event: events.JobCancelled) -> None:
        if self._ours(event):
            self._give_up("The engine was stopped.")

    def _failed(self, event: events.JobFailed) -> None:
        """Try again once where that may help; what keeps the target from one image keeps it from all."""
        if not self._ours(event):
            return
        if event.again is not None and not self._tried_again:
            self._tried_again = True
            self._submit(event.again)
        else:
            self._give_up(f"{event.message} {event.remedy}".strip())

    def _give_up(self, reason: str) -> None:
        left, self._questions = self._questions[self._place :], ()
        self.refuse([question.image for question in left], reason)
