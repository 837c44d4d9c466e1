"""Attack networks on disk: our own safetensors files with a card inside, and the authors' published checkpoints."""

from pathlib import Path

import safetensors
import safetensors.torch
import torch

from core.attacks.networks import resnet, small  # noqa: F401 - registers the architectures
from core.attacks.networks.base import NETWORKS, AttackNetwork
from core.attacks.networks.card import PATCH, AttackCard
from core.attacks.networks.loaded import LoadedNetwork
from core.attacks.networks.published import State, published_card, read_published
from core.errors import AttackError, SpecError
from core.files import sha256_of_file, write_bytes

METADATA_KEY = "segleak_attack"
OWN_SUFFIX = ".safetensors"
PUBLISHED_SUFFIXES = (".pth", ".pth.tar", ".pt", ".tar", ".ckpt")


def build_network(card: AttackCard) -> AttackNetwork:
    """Make the untrained network a card describes. Raises `AttackError` for an unknown architecture or argument."""
    try:
        architecture = NETWORKS.make(card.table)
    except SpecError as error:
        raise AttackError(error.message, error.remedy) from error
    return architecture.build(card.channels, card.transform)


def save_attack(path: Path, network: AttackNetwork, card: AttackCard, *, half: bool = False) -> None:
    """Write a network and its card as one safetensors file, atomically.

    Parameters
    ----------
    path
        Ends in `.safetensors`.
    network, card
        The network must be what the card describes.
    half
        Store the convolutions' weights in float16: half the size, margins off by about 1e-3.

    Raises
    ------
    AttackError
        Where card and network do not fit together, or a weight is not finite.
    """
    if path.suffix != OWN_SUFFIX:
        raise AttackError(f"{path.name}: attack networks are saved as {OWN_SUFFIX} files.", "Change the ending.")
    state = network.state_dict()
    with torch.device("meta"):
        _check_fit(state, build_network(card), path.name)
    stored = {name: _stored(value, half).cpu().contiguous() for name, value in state.items()}
    _check_finite(stored, path.name)
    # One write, so that the card can never be beside other weights.
    write_bytes(path, safetensors.torch.save(stored, {METADATA_KEY: card.to_json()}))


def load_attack(path: Path, device: str = "cpu", *, patch: int = PATCH, dilated: bool = False) -> LoadedNetwork:
    """Open an attack network. No code from the file is run.

    Parameters
    ----------
    path
        A `.safetensors` file of ours, or a published `.pth`/`.pth.tar` checkpoint.
    device
        "cpu" or "cuda:N".
    patch, dilated
        What published weights do not show (see `published_card`); our own files carry it in their card.

    Raises
    ------
    AttackError
        For a file that is missing, damaged, hostile or no attack network; the message names it.
    """
    if not path.is_file():
        raise AttackError(f"{path}: there is no such file.", "Check the path of the attack network.")
    try:
        card, state = _read(path, patch, dilated)
        with torch.device("meta"):  # no memory and no random draws for weights that are replaced at once
            network = build_network(card)
        _check_fit(state, network, path.name)
        digest = sha256_of_file(path)
    except OSError as error:
        raise AttackError(f"{path.name}: cannot be read: {error.strerror}.", "Check its permissions.") from error
    except AttackError as error:
        if path.name in error.message:
            raise
        raise AttackError(f"{path.name}: {error.message}", error.remedy) from error
    weights = {k: v.float().contiguous() if v.is_floating_point() else v for k, v in state.items()}
    _check_finite(weights, path.name)
    network.load_state_dict(weights, assign=True)
    network.requires_grad_(False).eval()
    return LoadedNetwork(_moved(network, device), card, digest, device)


def read_card(path: Path) -> AttackCard:
    """The card of a network, without building it; published checkpoints get theirs from the shapes of their weights.

    Raises `AttackError` as `load_attack`.
    """
    if path.suffix == OWN_SUFFIX and path.is_file():
        return _own_card(path)
    return load_attack(path).card


def _read(path: Path, patch: int, dilated: bool) -> tuple[AttackCard, State]:
    if path.suffix == OWN_SUFFIX:
        return _own_card(path), _own_state(path)
    if path.name.endswith(PUBLISHED_SUFFIXES):
        state = read_published(path)
        return published_card(state, path.name, patch=patch, dilated=dilated), state
    endings = ", ".join((OWN_SUFFIX, *PUBLISHED_SUFFIXES))
    raise AttackError(f"{path.name}: the ending is not known.", f"Attack networks end in {endings}.")


def _own_card(path: Path) -> AttackCard:
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise AttackError(f"{path.name}: damaged: {error}.", "Get the file again.") from error
    if METADATA_KEY not in metadata:
        raise AttackError(
            f"{path.name}: not an attack network: it carries no '{METADATA_KEY}' card.",
            "Make one with `train attack`, or give a published .pth.tar checkpoint.",
        )
    return AttackCard.from_json(metadata[METADATA_KEY])


def _own_state(path: Path) -> State:
    try:
        state: State = safetensors.torch.load_file(path)
    except safetensors.SafetensorError as error:
        raise AttackError(f"{path.name}: damaged: {error}.", "Get the file again.") from error
    return state


def _check_fit(state: State, network: AttackNetwork, name: str) -> None:
    """Compare names, shapes and kinds of number before anything is copied, so that a lying file costs no memory."""
    wanted = {key: (value.shape, value.is_floating_point()) for key, value in network.state_dict().items()}
    given = {key: (value.shape, value.is_floating_point()) for key, value in state.items()}
    missing, unknown = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    other = sorted(key for key in wanted.keys() & given.keys() if wanted[key] != given[key])
    kinds = (("missing", missing), ("unexpected", unknown), ("of another shape or kind", other))
    faults = [f"{len(keys)} weights {word} (such as '{keys[0][:80]}')" for word, keys in kinds if keys]
    if faults:
        raise AttackError(
            f"{name}: the weights do not fit the network: {', '.join(faults)}.",
            "The file is another network's, or was changed.",
        )


def _check_finite(state: State, name: str) -> None:
    for key, value in state.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise AttackError(f"{name}: the weight '{key}' is not finite.", "Train the network again.")


def _stored(value: torch.Tensor, half: bool) -> torch.Tensor:
    """Normalisation and biases stay in float32: running variances leave the range of float16."""
    return value.half() if half and value.is_floating_point() and value.ndim > 1 else value


def _moved(network: AttackNetwork, device: str) -> AttackNetwork:
    if device == "cpu":  # convolutions with channels last are up to a third faster there; margins differ by 1e-6
        network = network.to(memory_format=torch.channels_last)
    try:
        return network.to(device)
    except (RuntimeError, AssertionError) as error:
        if isinstance(error, torch.OutOfMemoryError):
            raise
        raise AttackError(f"The device '{device}' cannot be used: {error}.", "Use --device cpu.") from error
