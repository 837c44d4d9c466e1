"""A learned map: a small convolutional network over what an attacker sees of target and reference, pixel by pixel.

It learns from half-supervised shadows, of which it is known which blocks taught them, and is judged on a target whose
images neither shadow saw.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import distance_transform_edt
from torch import nn
from torch.nn import functional

from benchmarks.pixel_truth.known import Known
from core.attacks.base import VOID, Observation, Reference
from core.attacks.losses import loss_map
from core.attacks.reference.base import correct, log_probability
from core.training.randomness import private_randomness

CHANNELS = 9
WIDTH = 48
EPOCHS = 14
BATCH = 8
FARTHEST = 16.0
"""Grid points from a boundary beyond which distance says nothing more."""


def features(observation: Observation) -> npt.NDArray[np.float32]:
    """What the network sees, `(9, h, w)`: log p[y], p[y], correctness and entropy of target and references, distance.

    Of several references the mean; the distance is that to the next boundary of labels, 0 to 1.
    """
    references = [_said(reference, observation) for reference in observation.references]
    ours = _said(
        Reference(np.log(np.maximum(observation.posteriors, 1e-7)).astype(np.float16), -loss_map(observation)),
        observation,
    )
    stacked = np.concatenate([ours, np.mean(references, axis=0), _distance(observation)[None]])
    return np.asarray(stacked * (observation.label != VOID), np.float32)


def _said(model: Reference, observation: Observation) -> npt.NDArray[np.float64]:
    logs = model.log_posteriors.astype(np.float64)
    true = log_probability(model)
    entropy = -(np.exp(logs) * logs).sum(axis=0)
    # Losses are compressed: a few of them are hundred times the others.
    return np.stack([np.log1p(-true), np.exp(true), correct(model.log_posteriors, observation), entropy])


def _distance(observation: Observation) -> npt.NDArray[np.float64]:
    label = observation.label
    assert label is not None
    edge = np.zeros(label.shape, bool)
    edge[1:] |= label[1:] != label[:-1]
    edge[:, 1:] |= label[:, 1:] != label[:, :-1]
    return np.asarray(np.minimum(distance_transform_edt(~edge), FARTHEST) / FARTHEST)


class MapNetwork(nn.Sequential):
    """From features `(N, 9, h, w)` to the logit that a pixel taught the model, `(N, 1, h/8, w/8)`; 0.09 M weights."""

    def __init__(self) -> None:
        layers: list[nn.Module] = [nn.BatchNorm2d(CHANNELS, affine=False)]
        for before, stride, dilation in ((CHANNELS, 2, 1), (WIDTH, 2, 1), (WIDTH, 2, 1), (WIDTH, 1, 1), (WIDTH, 1, 2)):
            convolution = nn.Conv2d(before, WIDTH, 3, stride, dilation, dilation, bias=False)
            layers += [convolution, nn.BatchNorm2d(WIDTH), nn.ReLU()]
        super().__init__(*layers, nn.Dropout2d(0.2), nn.Conv2d(WIDTH, 1, 1))


def learn(shadows: Sequence[Known], seed: int = 0) -> MapNetwork:
    """Fit a network to blocks of shadows, each labelled pixel counting alike; images are mirrored at random."""
    inputs = torch.from_numpy(np.stack([features(k.observation) for k in shadows]))
    taught = torch.from_numpy(np.stack([k.blocks.mask for k in shadows])).float()[:, None]
    counts = torch.from_numpy(np.stack([k.observation.label != VOID for k in shadows])).float()[:, None]
    with private_randomness(seed, "cpu"):
        network = MapNetwork()
        steps = EPOCHS * (len(shadows) // BATCH)
        optimizer = torch.optim.AdamW(network.parameters(), 2e-3, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps)
        for _ in range(EPOCHS):
            for chosen in torch.randperm(len(shadows))[: len(shadows) // BATCH * BATCH].reshape(-1, BATCH):
                turned = [-1] if torch.rand(()) < 0.5 else []
                seen, wanted, weight = (part[chosen].flip(turned) for part in (inputs, taught, counts))
                logits = _full(network(seen), inputs.shape[-2:])
                loss = functional.binary_cross_entropy_with_logits(logits, wanted, weight)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
    return network.eval()


def learned_map(network: MapNetwork, observation: Observation) -> npt.NDArray[np.float32]:
    """The logit of each pixel `(h, w)`, NaN where void."""
    values = torch.from_numpy(features(observation))[None]
    with torch.inference_mode():
        found = _full(network(values), values.shape[-2:])[0, 0].numpy()
    return np.where(observation.label != VOID, found, np.float32(np.nan))


def _full(cells: torch.Tensor, size: torch.Size) -> torch.Tensor:
    return functional.interpolate(cells, size, mode="bilinear", align_corners=False)
