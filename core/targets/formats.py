"""Target formats: what a model file may be, what can be said about it, and what each format must do."""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.parameters import Choice, Registry
from core.targets.base import Target, TargetInfo
from core.targets.options import TargetOptions
from core.targets.preprocessing import GivenPreprocessing, Preprocessing, merged


@dataclass(frozen=True)
class Request:
    """What a format is asked to open.

    Attributes
    ----------
    path
        The model file or folder.
    options
        What its owner says about it.
    preprocessing
        As the spec says, or the keys it says; the rest as the file says, else the default.
    device
        "cpu" or "cuda:N".
    trusted
        Whether somebody has consented to run the code in the file with this SHA-256.
    """

    path: Path
    options: TargetOptions
    preprocessing: GivenPreprocessing
    device: str
    trusted: Callable[[str], bool]

    def preprocessing_or(self, found: Preprocessing | None) -> tuple[Preprocessing, tuple[str, ...]]:
        """The pre-processing to use, given what the file itself says, and a note where neither says anything."""
        chosen = merged(self.preprocessing, found)
        given = self.preprocessing or {}
        if found is not None or isinstance(given, Preprocessing) or {"mean", "std"} <= given.keys():
            return chosen, ()
        return chosen, (
            "Nothing says how images are prepared for this model: ImageNet mean and std in RGB are assumed.",
        )


class OpenedTarget(Target):
    """A target that keeps what its owner said of it, so that its outputs can be recognised accordingly."""

    def __init__(self, info: TargetInfo, preprocessing: Preprocessing, device: str, options: TargetOptions) -> None:
        super().__init__(info, preprocessing, device)
        self.options = options


@dataclass(frozen=True)
class TargetFormat(Choice):
    """One way to store a model. Formats exclude each other; plain weights take what no other one claims."""

    @abstractmethod
    def recognise(self, path: Path) -> str | None:
        """A sentence saying why `path` is this format, or None.

        Looks at names, first bytes, zip directories and folder contents only: nothing is unpickled or run.
        """

    @abstractmethod
    def open(self, request: Request) -> Target:
        """Open the file. Raises `TargetError` naming the file and what to do, `TrustNeededError` for code."""


FORMATS: Registry[TargetFormat] = Registry("target format")
