"""How well a segmentation fits its label maps. Everything comes from counts, which add up across images."""

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
VOID = 255


def confusion(label: npt.NDArray[np.integer], prediction: npt.NDArray[np.integer], classes: int) -> IntArray:
    """Count pixels by true and predicted class.

    Parameters
    ----------
    label
        `(H, W)` train ids, 255 = void; void pixels are not counted.
    prediction
        `(H, W)` predicted train ids.
    classes
        Number of classes C.

    Returns
    -------
    `(C, C)` int64; rows are the label's classes, columns the prediction's.

    Raises
    ------
    ValueError
        Where the shapes differ or an id that counts is outside 0 to C - 1.
    """
    if label.shape != prediction.shape:
        raise ValueError(f"label map {label.shape} and prediction {prediction.shape} differ in shape")
    counted = label != VOID
    true, predicted = label[counted].astype(np.int64), prediction[counted].astype(np.int64)
    for what, ids in (("label map", true), ("prediction", predicted)):
        if ids.size and not 0 <= int(ids.min()) <= int(ids.max()) < classes:
            raise ValueError(f"{what}: ids {ids.min()} to {ids.max()} for {classes} classes")
    return np.bincount(true * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def iou_per_class(counts: IntArray) -> FloatArray:
    """Intersection over union `(C,)`, 0 to 1; NaN for a class in neither the label maps nor the predictions."""
    hits = np.diag(counts).astype(np.float64)
    union = counts.sum(axis=0) + counts.sum(axis=1) - hits
    iou: FloatArray = np.divide(hits, union, out=np.full(len(counts), np.nan), where=union > 0)
    return iou


def miou(counts: IntArray) -> float:
    """Mean IoU over the classes that occur, 0 to 1; NaN where none does."""
    iou = iou_per_class(counts)
    present = iou[~np.isnan(iou)]
    return float(present.mean()) if present.size else float("nan")


def pixel_accuracy(counts: IntArray) -> float:
    """Share of counted pixels whose class is right, 0 to 1; NaN where none is counted."""
    total = int(counts.sum())
    return float(np.trace(counts) / total) if total else float("nan")
