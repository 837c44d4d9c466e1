"""What the engine finds out before references are trained: the images with the folder, and the architecture."""

from PySide6.QtCore import QObject, Signal

from core.engine.jobs import FoundArchitecture, FoundFleet, LookAtArchitecture, LookAtFleet, TrainReferences
from gui.engine import EngineClient
from gui.wizard.asking import Asking


class FleetLooking(QObject):
    """Asks about a training that is not begun yet, and again about what is new in it.

    Parameters
    ----------
    engine
        What answers.

    Attributes
    ----------
    fleet, model
        What is known by now; None until it is.
    """

    fleet_found = Signal(object)
    """The new `FoundFleet`."""
    changed = Signal()
    """Something else is known."""

    def __init__(self, engine: EngineClient, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fleet: FoundFleet | None = None
        self.model: FoundArchitecture | None = None
        self._asked: dict[str, LookAtFleet | LookAtArchitecture] = {}
        self._fleet, self._model = Asking(engine, self), Asking(engine, self)
        self._fleet.done.connect(self._take_fleet)
        self._fleet.failed.connect(lambda e: self._take_fleet(FoundFleet(e.message, e.remedy)))
        self._model.done.connect(self._take_model)
        self._model.failed.connect(lambda e: self._take_model(FoundArchitecture(e.message, e.remedy)))

    def look(self, job: TrainReferences) -> None:
        """Ask about what is new: the images and the folder first, which say how many classes there are."""
        fleet = _fleet(job)
        if self._asked.get("fleet") != fleet:
            self._asked["fleet"], self.fleet = fleet, None
            self._fleet.ask(fleet)
        if self.fleet is None:
            return
        model = _architecture(job, self.fleet)
        if self._asked.get("model") != model:
            self._asked["model"], self.model = model, None
            self._model.ask(model)

    def known(self, job: TrainReferences) -> tuple[FoundFleet | None, FoundArchitecture | None]:
        """What is known of a training; nothing of what was changed and not asked about yet."""
        if self.fleet is None or self._asked.get("fleet") != _fleet(job):
            return None, None
        return self.fleet, self.model if self._asked.get("model") == _architecture(job, self.fleet) else None

    def forget(self) -> None:
        """No answer is wanted any more."""
        self._fleet.forget()
        self._model.forget()

    def _take_fleet(self, found: FoundFleet) -> None:
        self.fleet = found
        self.fleet_found.emit(found)
        self.changed.emit()

    def _take_model(self, found: FoundArchitecture) -> None:
        self.model = found
        self.changed.emit()


def _fleet(job: TrainReferences) -> LookAtFleet:
    return LookAtFleet(job.asked, job.out, job.exchange)


def _architecture(job: TrainReferences, fleet: FoundFleet) -> LookAtArchitecture:
    settings = job.settings
    return LookAtArchitecture(settings.architecture, settings.used_encoder, settings.norm, fleet.classes or 1)
