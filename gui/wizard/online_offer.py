"""Says below the references that attacks can ask them online, and lets them."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from core.engine.jobs import CountSeen, Seen
from gui.banner import Severity
from gui.engine import EngineClient
from gui.wizard.asking import Asking
from gui.wizard.composer import Composer
from gui.wizard.looking import Looking
from gui.wizard.online import ask_online, offer, question
from gui.wizard.parts import Notice, button


class OnlineOffer(QWidget):
    """A sentence with a button; takes no room where there is nothing to say.

    Parameters
    ----------
    composer, looking
        The draft, and what the engine knows of it.
    engine
        Counts.
    """

    def __init__(
        self, composer: Composer, looking: Looking, engine: EngineClient, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._composer, self._looking = composer, looking
        self._seen: Seen | None = None
        self._asked: tuple[CountSeen, object] | None = None
        self._asking = Asking(engine, self)
        self._asking.done.connect(self._counted)
        self._asking.failed.connect(lambda _: self._counted(None))  # what cannot be read is said where it is
        self.notice = Notice(Severity.NOTE)
        self.button = button("", self._take, "Set the mode of these attacks", "link")
        self.notice.add(self.button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.notice)
        composer.changed.connect(lambda _: self._look())
        looking.changed.connect(lambda _: self._look())
        self._look()

    def _look(self) -> None:
        """Have it counted anew where references or images are others."""
        known = self._looking.known
        job = question(self._composer.draft.spec, known, self._looking.images_asked)
        asked = None if job is None else (job, known.sets)
        if asked != self._asked:
            self._asked, self._seen = asked, None
            self._asking.forget()
            if job is not None:
                self._asking.ask(job)
        self._show()

    def _counted(self, seen: Seen | None) -> None:
        self._seen = seen
        self._show()

    def _show(self) -> None:
        offered = offer(self._composer.draft.spec, self._seen)
        self.notice.say(offered.words)
        self.button.setText(offered.button)
        self.button.setVisible(bool(offered.button))
        self.setVisible(bool(offered.words))

    def _take(self) -> None:
        target = self._looking.known.target
        labels_only = target is not None and target.facts["gives"] == "labels"
        in_blocks = self._seen is not None and self._seen.in_blocks
        spec = self._composer.draft.spec
        self._composer.edit(attacks=ask_online(spec, labels_only=labels_only, in_blocks=in_blocks))
