import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as oracle

from core.metrics.segmentation import confusion, iou_per_class, miou, pixel_accuracy

CLASSES = 4
labels = hnp.arrays(np.uint8, (5, 7), elements=st.sampled_from([0, 1, 2, 3, 255]))
predictions = hnp.arrays(np.int64, (5, 7), elements=st.integers(0, CLASSES - 1))


@settings(max_examples=60, deadline=None)
@given(labels, predictions)
def test_counts_iou_and_accuracy_are_those_of_scikit_learn(label, prediction):
    counts = confusion(label, prediction, CLASSES)
    true, predicted = label[label != 255], prediction[label != 255]
    if not true.size:
        assert counts.sum() == 0
        assert np.isnan(miou(counts))
        assert np.isnan(pixel_accuracy(counts))
        return
    np.testing.assert_array_equal(counts, oracle.confusion_matrix(true, predicted, labels=range(CLASSES)))
    present = sorted(set(true) | set(predicted))
    iou = iou_per_class(counts)
    np.testing.assert_allclose(iou[present], oracle.jaccard_score(true, predicted, labels=present, average=None))
    assert np.isnan(np.delete(iou, present)).all()
    assert miou(counts) == pytest.approx(oracle.jaccard_score(true, predicted, labels=present, average="macro"))
    assert pixel_accuracy(counts) == pytest.approx(oracle.accuracy_score(true, predicted))


@settings(max_examples=30, deadline=None)
@given(labels, predictions, labels, predictions)
def test_counts_add_up_across_images(label_a, prediction_a, label_b, prediction_b):
    together = confusion(np.hstack([label_a, label_b]), np.hstack([prediction_a, prediction_b]), CLASSES)
    apart = confusion(label_a, prediction_a, CLASSES) + confusion(label_b, prediction_b, CLASSES)
    np.testing.assert_array_equal(together, apart)


def test_rows_are_the_labels_classes():
    counts = confusion(np.array([[0, 255]], np.uint8), np.array([[2, 2]]), 3)
    assert counts.dtype == np.int64
    assert counts[0, 2] == counts.sum() == 1


@pytest.mark.parametrize(("label", "prediction"), [([[3]], [[0]]), ([[0]], [[3]]), ([[0]], [[-1]]), ([[0]], [[0, 1]])])
def test_ids_and_shapes_that_do_not_fit_are_refused(label, prediction):
    with pytest.raises(ValueError, match=r"classes|shape"):
        confusion(np.array(label), np.array(prediction), 3)
