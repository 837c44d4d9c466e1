"""What the owner of a model file says about it. Imports no torch, so that a spec can be read without it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from core.errors import SpecError
from core.parameters import Choice, param


@dataclass(frozen=True)
class TargetOptions(Choice):
    """What the owner of a model file says about it. Everything may stay unset where the file says it itself."""

    name: ClassVar[str] = "target"
    title: ClassVar[str] = "Target model"
    format: str = param("auto", "how the file is stored; auto: recognised")
    architecture: str = param("", "for weights without it, such as smp:PSPNet or torchvision:deeplabv3_resnet50")
    encoder: str = param("", "encoder of an smp architecture, such as resnet34")
    classes: int = param(0, "number of classes; 0: read from the file", low=0, high=65536)
    arguments: str = param("", "further arguments of the architecture, as a JSON object")
    scheme: str | None = param(None, "class scheme of the model's outputs")
    output: str = param("auto", "which output to use, by name or index, where the model gives several")
    output_kind: str = param("auto", "what the outputs are", choices=("auto", "logits", "probabilities", "labels"))

    def __post_init__(self) -> None:
        super().__post_init__()
        self.keyword_arguments()

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> Self:
        """As `Choice.from_mapping`; `arguments` may also be a table."""
        arguments = values.get("arguments")
        if isinstance(arguments, Mapping):
            values = {**values, "arguments": json.dumps(arguments)}
        return super().from_mapping(values)

    def keyword_arguments(self) -> dict[str, Any]:
        """The architecture's further arguments. Raises `SpecError` where they are no JSON object."""
        try:
            found = json.loads(self.arguments or "{}")
        except json.JSONDecodeError as error:
            raise SpecError(f"target: 'arguments' is not JSON ({error}).", 'Write {"key": value}.') from None
        if not isinstance(found, dict):
            raise SpecError("target: 'arguments' is not a JSON object.", 'Write {"key": value}.')
        return found
