"""Errors that a person can act on."""


class SegLeakError(Exception):
    """An expected failure: what happened, and what to do about it.

    Parameters
    ----------
    message
        What is wrong, naming the file or key concerned.
    remedy
        What the reader can do, as a sentence; empty when there is nothing to do.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class DataError(SegLeakError):
    """An image, label map, class scheme or folder cannot be used."""


class TargetError(SegLeakError):
    """A model file cannot be opened, is refused, or gives nothing usable."""


class TrustNeededError(TargetError):
    """The file carries code and nobody has said yet that they trust it.

    `sha256` is the hash to which the consent would be tied.
    """

    def __init__(self, message: str, remedy: str, sha256: str) -> None:
        super().__init__(message, remedy)
        self.sha256 = sha256


class SpecError(SegLeakError):
    """An audit spec has a wrong key or value."""


class AttackError(SegLeakError):
    """An attack network or attack setting cannot be used."""


class StoreError(SegLeakError):
    """An audit folder cannot be read or written."""


class Cancelled(Exception):  # noqa: N818 - not an error: somebody asked for it
    """The work was cancelled through its `Progress`."""
