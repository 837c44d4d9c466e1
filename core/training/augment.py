"""Random changes to training images, drawn from the training's own generator."""

import torch
from torch.nn import functional

LARGEST_ZOOM = 1.5


def augment(
    kind: str, images: torch.Tensor, labels: torch.Tensor, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Change a batch of images and label maps alike.

    Parameters
    ----------
    kind
        One of `core.training.settings.AUGMENTATIONS`: nothing; horizontal flips of half of the images; flips and
        a zoom of 1 to 1.5 into a random place.
    images
        `(N, 3, h, w)` float32.
    labels
        `(N, h, w)` int64; values below 256 survive exactly.
    generator
        A CPU generator; all draws come from it.
    """
    if kind == "none":
        return images, labels
    count = len(images)
    mirror = torch.where(torch.rand(count, generator=generator) < 0.5, -1.0, 1.0)
    if kind == "flip":
        flipped = (mirror < 0).to(images.device)
        return (
            torch.where(flipped[:, None, None, None], images.flip(-1), images),
            torch.where(flipped[:, None, None], labels.flip(-1), labels),
        )
    part = 1 / (1 + (LARGEST_ZOOM - 1) * torch.rand(count, generator=generator))
    shift = (2 * torch.rand((count, 2), generator=generator) - 1) * (1 - part)[:, None]
    affine = torch.zeros(count, 2, 3)
    affine[:, 0, 0], affine[:, 1, 1], affine[:, :, 2] = part * mirror, part, shift
    grid = functional.affine_grid(affine, list(images.shape), align_corners=False).to(images.device)
    zoomed = functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)
    classes = functional.grid_sample(
        labels[:, None].float(), grid, mode="nearest", padding_mode="border", align_corners=False
    )
    return zoomed, classes[:, 0].long()
