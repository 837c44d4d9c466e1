"""Asks the engine about the image in view: one question at a time, and the newest first."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, Signal

from core.engine import events
from core.engine.client import EngineState
from core.engine.jobs import Job, View
from core.errors import SegLeakError
from gui.engine import EngineClient
from gui.hearing import hear_ours
from gui.live.asking import Ask
from gui.selection import Selection

AGAIN = "It is asked again when the image or a setting changes."


class Looker(QObject):
    """Keeps at most one question in the engine; what was not asked for last is not wanted any more.

    While a slider moves, the answer for a place that it has left is still given to the defense that follows it, as
    something to look at until its own is there.

    Parameters
    ----------
    selection
        Says which defense follows which.
    engine
        Answers.
    device
        Says what to compute on: "auto", "cpu" or "cuda:N".

    Attributes
    ----------
    seen
        Sends the image's number, the chain's id, the `View`, and whether it is that chain's own.
    stirred
        What to say to those who wait may have changed.
    """

    seen = Signal(int, str, object, bool)
    stirred = Signal()

    def __init__(
        self,
        selection: Selection,
        engine: EngineClient,
        device: Callable[[], str] = lambda: "auto",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._engine, self._device = engine, device
        self._waiting: tuple[Ask, ...] = ()
        self._asked: Ask | None = None
        self._number: int | None = None
        self._heir = ""
        self._tried_again = False
        selection.retuned.connect(self._retuned)
        hear_ours(
            lambda: self._number,
            (engine.partial, self._partial),
            (engine.done, self._done),
            (engine.failed, self._failed),
            (engine.cancelled, self._cancelled),
        )
        for signal in (engine.engine_started, engine.engine_warm, engine.engine_died):
            signal.connect(self.stirred)

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._asked is not None

    @property
    def words(self) -> str:
        """What those who wait are told."""
        if self._engine.state is EngineState.WARM:
            return "Being worked out\N{HORIZONTAL ELLIPSIS}"
        return "Waiting for the engine, which is starting\N{HORIZONTAL ELLIPSIS}"

    def look(self, asks: Sequence[Ask]) -> None:
        """Work these out in their order, and nothing else."""
        if self._asked is not None and not any(self._serves(ask) for ask in asks):
            self._drop()
        self._waiting = tuple(ask for ask in asks if ask != self._asked)
        self._next()

    def forget(self) -> None:
        """Nothing is wanted any more."""
        self.look(())

    def _serves(self, ask: Ask) -> bool:
        """Whether what is asked now is that, or what its slider has left."""
        asked = self._asked
        assert asked is not None
        same = (asked.document, asked.image, asked.attack) == (ask.document, ask.image, ask.attack)
        return asked == ask or (same and ask.chain.id == self._heir != asked.chain.id)

    def _retuned(self, old: str, new: str) -> None:
        if self._heir == old:
            self._heir = new

    # ------------------------------------------------------------ asking

    def _next(self) -> None:
        """Ask the first one that waits, where nothing is asked yet."""
        if self._asked is not None or not self._waiting:
            return
        ask, *rest = self._waiting
        self._waiting, self._heir, self._tried_again = tuple(rest), ask.chain.id, False
        self._submit(ask, ask.job(self._device()))

    def _submit(self, ask: Ask, job: Job) -> None:
        self._asked = ask
        try:
            self._number = self._engine.submit(job)
        except SegLeakError as error:
            self._fail(str(error))

    def _drop(self) -> None:
        """What is asked is not wanted any more; whatever still comes of it is not ours."""
        number, self._asked, self._number = self._number, None, None
        if number is not None:
            self._engine.cancel(number)

    def _end(self) -> None:
        self._asked = self._number = None
        self._next()

    # ------------------------------------------------------------ hearing

    def _partial(self, event: events.JobPartial) -> None:
        assert isinstance(event.value, View)
        self._give(event.value)

    def _done(self, event: events.JobDone) -> None:
        self._end()

    def _cancelled(self, event: events.JobCancelled) -> None:
        self._fail(f"The engine was stopped. {AGAIN}")

    def _failed(self, event: events.JobFailed) -> None:
        """Try again once where that may help: with less memory, or in another process where this one died."""
        ask = self._asked
        if event.again is None or self._tried_again or ask is None:
            self._fail(f"{event.message} {event.remedy}".strip())
            return
        self._tried_again = True
        self._submit(ask, event.again)

    def _fail(self, why: str) -> None:
        assert self._asked is not None
        self._give(View(self._asked.chain.id, failed=why))
        self._end()

    def _give(self, view: View) -> None:
        """Hand it to the defense it was asked for, or to the one that follows it."""
        asked = self._asked
        assert asked is not None
        own = self._heir == asked.chain.id
        if own or not view.failed:
            self.seen.emit(asked.image, self._heir, view, own)
