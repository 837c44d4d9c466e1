"""What the attacks with a network share: its file, and what it is shown of an image."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from core.attacks.base import Attack, AttackContext, FloatArray, Observation
from core.attacks.baselines.base import labelled_pixels
from core.attacks.representations import REPRESENTATIONS, Representation
from core.attacks.shipped import DEFAULT, network_path
from core.errors import AttackError
from core.grid import SHORT_SIDE
from core.parameters import param

if TYPE_CHECKING:
    from core.attacks.networks import AttackCard, LoadedNetwork


@dataclass(frozen=True)
class NetworkAttack(Attack):
    """An attack with a pretrained network. torch is imported when it starts, not before."""

    whole_images: ClassVar[bool] = False
    """Whether the network judges whole images rather than patches."""

    network: str = param(DEFAULT, "attack network: a shipped one's name, or a file, beginning at the spec's folder")
    hard_scale: float = param(50.0, "losses of a label-map release are divided by this", low=1e-3)
    dilated: bool = param(False, "the network is the dilated variant (published checkpoints do not say so)")

    def requires_label(self, context: AttackContext) -> bool:
        """Whether images need a label map; the network's card says so. Raises `AttackError` as `start`."""
        return self._looks_at(context).needs_label

    def requires_references(self, context: AttackContext) -> bool:
        """Whether the network looks at what reference models give; its card says so. Raises as `requires_label`."""
        return self._looks_at(context).needs_references

    def _looks_at(self, context: AttackContext) -> type[Representation]:
        from core.attacks.networks import read_card

        return REPRESENTATIONS.get(read_card(self._path(context)).representation)

    def _path(self, context: AttackContext) -> Path:
        return network_path(self.network, context.folder)

    def _load(self, context: AttackContext) -> "LoadedNetwork":
        """Open the network. Raises `AttackError` where the file cannot be used or is of the other kind."""
        from core.attacks.networks import load_attack
        from core.attacks.networks.card import PATCH

        patch = 0 if self.whole_images else PATCH  # a published checkpoint does not say which it is
        loaded = load_attack(self._path(context), context.device, patch=patch, dilated=self.dilated)
        if self.whole_images != (loaded.card.patch == 0):
            judges, attack = ("patches", "patch") if self.whole_images else ("whole images", "image")
            raise AttackError(f"{self.network}: this attack network judges {judges}.", f"Use the attack '{attack}'.")
        if loaded.card.short_side != SHORT_SIDE:
            raise AttackError(
                f"{self.network}: made for {loaded.card.short_side} grid points on the short side, not {SHORT_SIDE}.",
                f"Train an attack network on the attack grid of {SHORT_SIDE}.",
            )
        return loaded

    def _input(self, card: "AttackCard", observation: Observation) -> FloatArray:
        """What the network looks at, `(K, h, w)`. Raises `AttackError` where the image does not suit the network."""
        classes = len(observation.posteriors)
        if card.classes not in (None, classes):
            raise AttackError(
                f"{self.network}: the attack network looks at {card.classes} classes, the target gives {classes}.",
                "Choose an attack network for these classes, or a class-free one (slm).",
            )
        representation = self._representation(card)
        if representation.needs_label:
            labelled_pixels(observation)  # a label map that is void everywhere says nothing either
        return representation.of(observation)

    def _representation(self, card: "AttackCard") -> Representation:
        from core.attacks.networks.card import CLASS_FREE

        values = {"hard_scale": self.hard_scale} if card.representation in CLASS_FREE else {}
        return REPRESENTATIONS.make({"name": card.representation, **values})
