"""Metrics of pixel classes against loops, scikit-learn, and the rules for empty classes."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pixelseg.metrics import (
    ClassAccumulator,
    accuracy,
    class_scores,
    cohen_kappa,
    confusion_matrix,
    dice,
    iou,
    mean_iou,
    recall,
)

from ..oracles import metrics as oracle

classes_1_to_4 = hnp.arrays(np.uint8, (6, 5), elements=st.integers(1, 4))


@given(truth=classes_1_to_4, prediction=classes_1_to_4)
def test_against_loops_and_scikit_learn(truth, prediction):
    confusion = confusion_matrix(truth, prediction, n_classes=5)
    np.testing.assert_array_equal(confusion, oracle.confusion(truth, prediction, range(1, 6)))
    t, p = truth.ravel(), prediction.ravel()
    np.testing.assert_array_equal(
        confusion, sklearn.metrics.confusion_matrix(t, p, labels=range(1, 6))
    )
    pairs = [oracle.jaccard_and_dice(truth, prediction, label) for label in range(1, 6)]
    np.testing.assert_allclose(iou(confusion), [pair[0] for pair in pairs])
    np.testing.assert_allclose(dice(confusion), [pair[1] for pair in pairs])
    assert accuracy(confusion) == pytest.approx((truth == prediction).mean())
    occurs = np.unique(truth)
    assert mean_iou(confusion) == pytest.approx(
        sklearn.metrics.jaccard_score(t, p, labels=occurs, average="macro")
    )
    expected = sklearn.metrics.recall_score(t, p, labels=occurs, average=None)
    np.testing.assert_allclose(recall(confusion)[occurs - 1], expected)
    if len(np.union1d(t, p)) > 1:
        assert cohen_kappa(confusion) == pytest.approx(sklearn.metrics.cohen_kappa_score(t, p))


@given(truth=classes_1_to_4)
def test_a_perfect_prediction(truth):
    scores = class_scores(truth, truth)
    assert scores.accuracy == scores.mean_iou == scores.mean_dice == scores.balanced_accuracy == 1
    assert set(scores.classes[scores.iou == 1]) == set(truth.ravel())


def test_unlabelled_truth_is_left_out():
    truth, prediction = np.array([[0, 1], [2, 0]]), np.array([[0, 1], [1, 2]])
    np.testing.assert_array_equal(confusion_matrix(truth, prediction), [[1, 0], [1, 0]])
    everything = confusion_matrix(truth, prediction, ignore=None)
    np.testing.assert_array_equal(everything, [[1, 0, 1], [0, 1, 0], [0, 1, 0]])
    np.testing.assert_array_equal(confusion_matrix(truth, prediction, ignore=[0, 2]), [[1]])
    np.testing.assert_array_equal(class_scores(truth, prediction, ignore=2).classes, [0, 1, 2])


def test_empty_classes_are_nan_by_rule():
    # Class 1 occurs in both, 2 in the prediction only, 3 nowhere, 4 in the truth only.
    truth, prediction = np.array([1, 1, 1, 4]), np.array([1, 1, 2, 1])
    confusion = confusion_matrix(truth, prediction)
    nan = np.nan
    np.testing.assert_array_equal(recall(confusion), [2 / 3, nan, nan, 0])
    np.testing.assert_array_equal(iou(confusion), [0.5, 0, nan, 0])
    np.testing.assert_array_equal(dice(confusion), [4 / 6, 0, nan, 0])
    assert mean_iou(confusion) == 0.25
    empty = np.zeros((2, 2), int)
    assert np.isnan([accuracy(empty), mean_iou(empty), cohen_kappa(empty)]).all()
    assert np.isnan(cohen_kappa([[5]]))
    assert np.isnan(iou(empty)).all()


def test_matrices_of_images_add_up(rng):
    truth, prediction = rng.integers(1, 4, (2, 6, 8, 9))
    whole = confusion_matrix(truth, prediction, n_classes=3)
    parts = sum(confusion_matrix(truth[k], prediction[k], n_classes=3) for k in range(6))
    np.testing.assert_array_equal(whole, parts)


def test_classes_are_those_that_occur_whatever_their_labels():
    atlas = np.array([0, 997, 5, 312_782])
    truth, prediction = np.array([1, 1, 1, 2, 3, 0]), np.array([1, 1, 2, 2, 1, 2])
    plain, scores = class_scores(truth, prediction), class_scores(atlas[truth], atlas[prediction])
    assert scores.classes.tolist() == [5, 997, 312_782]
    order = np.array([1, 0, 2])
    np.testing.assert_array_equal(scores.confusion, plain.confusion[np.ix_(order, order)])
    np.testing.assert_array_equal(scores.iou, plain.iou[order])
    assert scores.mean_iou == plain.mean_iou
    assert class_scores(np.array([2, 7]), np.array([2, 7])).classes.tolist() == [2, 7]
    assert class_scores(np.array([2]), np.array([2]), n_classes=3).classes.tolist() == [1, 2, 3]


def test_a_mask_in_which_nothing_can_be_wrong_is_warned_of():
    everything = np.full((4, 5), 255, np.uint8)
    mask = np.pad(everything[:2, :2], ((0, 2), (0, 3)))
    with pytest.warns(UserWarning, match="no pixel could be wrong. Pass ignore=None") as caught:
        assert class_scores(mask, everything).accuracy == 1
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="no pixel could be wrong"):
        ClassAccumulator().update(mask, everything).update(mask, everything).result()
    # No warning: nothing is left out; an image of the set has another class; something is wrong.
    assert class_scores(mask, everything, ignore=None).accuracy == 0.2
    class_scores(everything, everything)
    ClassAccumulator().update(mask, everything).update(mask // 255, mask // 255 + 1).result()
    class_scores(mask, everything - np.eye(4, 5, dtype=np.uint8))


def test_bad_input():
    truth, prediction = np.array([1, 2, 2]), np.array([1, 0, 2])
    with pytest.raises(ValueError, match=r"prediction is 0 \(unlabelled\) at 1 pixels"):
        confusion_matrix(truth, prediction)
    with pytest.raises(ValueError, match="truth holds 2, but n_classes=1 stands for classes 1 to"):
        confusion_matrix(truth, truth, n_classes=1)
    with pytest.raises(ValueError, match=r"prediction holds 255.*pass n_classes=255"):
        confusion_matrix(truth, np.array([1, 255, 1]), n_classes=2)
    with pytest.raises(ValueError, match="prediction holds 70000, but a confusion matrix takes"):
        confusion_matrix(truth, np.array([1, 70_000, 1]))
    with pytest.raises(ValueError, match="n_classes is 0 but must be an integer from 1 to 4096"):
        confusion_matrix(truth, truth, n_classes=0)
    with pytest.raises(ValueError, match=r"n_classes is 2\.0 but must be an integer"):
        confusion_matrix(truth, truth, n_classes=2.0)
    with pytest.raises(ValueError, match="truth and prediction hold 5000 labels, but 4096"):
        class_scores(np.arange(1, 5001), np.arange(1, 5001))
    with pytest.raises(ValueError, match=r"confusion has shape \(3,\)"):
        mean_iou(truth)
    with pytest.raises(ValueError, match="must hold counts"):
        iou(np.full((2, 2), 0.5))
    with pytest.raises(TypeError, match="ignore=0 would leave all of its background out"):
        confusion_matrix(truth > 1, prediction > 1)
    both = confusion_matrix(truth > 1, prediction > 1, ignore=None)
    np.testing.assert_array_equal(both, [[1, 0], [1, 1]])
