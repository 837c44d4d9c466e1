"""Names of the architectures and encoders that can be built. Imports no torch: forms offer them."""

SMP = (
    "Unet",
    "UnetPlusPlus",
    "MAnet",
    "Linknet",
    "FPN",
    "PSPNet",
    "DeepLabV3",
    "DeepLabV3Plus",
    "PAN",
    "UPerNet",
    "Segformer",
    "DPT",
)
"""Model classes of segmentation-models-pytorch."""

TORCHVISION = (
    "fcn_resnet50",
    "fcn_resnet101",
    "deeplabv3_resnet50",
    "deeplabv3_resnet101",
    "deeplabv3_mobilenet_v3_large",
    "lraspp_mobilenet_v3_large",
)
"""Model functions of torchvision.models.segmentation."""

ENCODERS = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "mobilenet_v2",
    "efficientnet-b0",
    "efficientnet-b4",
)
"""Encoders that are offered, and tried when weights come without a word about theirs: those that can be built without
memory for them."""


def architectures() -> list[str]:
    """Every architecture that can be built, such as "smp:PSPNet"."""
    return [f"smp:{name}" for name in SMP] + [f"torchvision:{name}" for name in TORCHVISION]
