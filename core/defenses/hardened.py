"""A hardened target: another checkpoint."""

from dataclasses import dataclass
from typing import ClassVar

from core.defenses.base import DEFENSES, Defense, Kind
from core.errors import SpecError
from core.parameters import param


@DEFENSES.register
@dataclass(frozen=True)
class Hardened(Defense):
    """A target trained with a defense, such as DP-SGD or distillation, in place of the audited one.

    Raises `SpecError` where the path is empty.
    """

    name: ClassVar[str] = "hardened"
    title: ClassVar[str] = "Hardened target"
    kind: ClassVar[Kind] = Kind.HARDENED
    changes_argmax: ClassVar[bool] = True
    path: str = param(..., "the hardened target's file or folder, relative to the spec")
    format: str = param("", "format of the file; empty: recognised from the file")
    architecture: str = param("", "architecture, where the file does not say it")
    encoder: str = param("", "encoder, where the file does not say it")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path.strip():
            raise SpecError("hardened: 'path' is empty.", "It takes the file or folder of the hardened target.")

    def describe(self) -> str:
        """One line for tables, such as "hardened(path=dp.safetensors)"; what is not given is left out."""
        inside = ", ".join(f"{key}={value}" for key, value in self.to_mapping().items() if value)
        return f"{self.name}({inside})"
