"""Metrics of pixel classes: the confusion matrix, and what follows from it.

Classes are positive integers, and 0 in the truth is unlabelled: it is left out by default. Every
metric here takes a confusion matrix, so that one is counted once, or pooled over images by adding.

What is 0 / 0 is NaN, and is left out of means: the IoU and Dice of a class that occurs neither in
truth nor in prediction, the accuracy of a class that does not occur in the truth, and every metric
of an empty matrix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array
from ._contingency import ContingencyTable, Ignore, as_ignore, contingency_table

#: Labels of so many classes make a matrix of 128 MB; more are objects, not classes.
MOST_CLASSES = 1 << 12


def confusion_matrix(
    truth: Any, prediction: Any, *, n_classes: int | None = None, ignore: Ignore = 0
) -> Array:
    """Count the pixels of each pair (true class, predicted class).

    Parameters
    ----------
    truth, prediction : arrays of int of one shape, any number of axes
        Classes. Mapped files, zarr and HDF5 are read block by block.
    n_classes : int, default None
        Number of rows and columns; None takes what the largest label asks for. Give it to add up
        matrices of several images.
    ignore : int, sequence of int or None, default 0
        Label or labels of the truth whose pixels are left out.

    Returns
    -------
    confusion : array of int64, shape (n_classes, n_classes)
        Truth in rows, prediction in columns. The first row is class 1, or class 0 if 0 is not
        ignored.

    Raises
    ------
    TypeError
        If an array does not hold integers, or the truth is bool while 0 is ignored.
    ValueError
        If the shapes differ, a label is negative or beyond `n_classes`, the prediction is 0 where
        the truth has a class and 0 is ignored, or no pixel is left.

    Notes
    -----
    Equal to `sklearn.metrics.confusion_matrix` with `labels=range(1, n_classes + 1)`, 40 to
    130 times sooner. Memory: 8 bytes a cell and some 1 MB, whatever the size of the image.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import confusion_matrix
    >>> confusion_matrix(np.array([1, 1, 1, 2, 0]), np.array([1, 1, 2, 2, 2]))
    array([[2, 1],
           [0, 1]])
    """
    table = contingency_table(truth, prediction, ignore=ignore)
    return matrix_of(table, n_classes, as_ignore(ignore))


def accuracy(confusion: npt.ArrayLike) -> float:
    """Share of pixels whose class is right.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As `confusion_matrix` returns it, truth in rows.

    Returns
    -------
    accuracy : float
        NaN if no pixel was counted.

    Examples
    --------
    >>> from pixelseg.metrics import accuracy
    >>> accuracy([[2, 1], [0, 1]])
    0.75
    """
    confusion = as_confusion(confusion)
    return float(ratio(np.trace(confusion), confusion.sum()))


def class_accuracy(confusion: npt.ArrayLike) -> Array:
    """Share of each true class's pixels that are found: its recall.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As `confusion_matrix` returns it, truth in rows.

    Returns
    -------
    accuracy : array of float64, shape (n_classes,)
        NaN for a class that does not occur in the truth. `numpy.nanmean` of it is the balanced
        accuracy.

    Examples
    --------
    >>> from pixelseg.metrics import class_accuracy
    >>> class_accuracy([[2, 1], [0, 1]])
    array([0.66666667, 1.        ])
    """
    confusion = as_confusion(confusion)
    return ratio(np.diagonal(confusion), confusion.sum(axis=1))


def iou(confusion: npt.ArrayLike) -> Array:
    """Intersection over union of each class, the Jaccard index.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As `confusion_matrix` returns it, truth in rows.

    Returns
    -------
    iou : array of float64, shape (n_classes,)
        NaN for a class that occurs neither in truth nor in prediction.

    Examples
    --------
    >>> from pixelseg.metrics import iou
    >>> iou([[2, 1], [0, 1]])
    array([0.66666667, 0.5       ])
    """
    confusion = as_confusion(confusion)
    both = np.diagonal(confusion)
    return ratio(both, confusion.sum(axis=0) + confusion.sum(axis=1) - both)


def mean_iou(confusion: npt.ArrayLike) -> float:
    """Mean intersection over union over the classes that occur in the truth.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As `confusion_matrix` returns it, truth in rows.

    Returns
    -------
    mean_iou : float
        NaN if no class occurs. A class that is only predicted lowers the IoU of those it took
        pixels from, but is no term of the mean.

    Examples
    --------
    >>> from pixelseg.metrics import mean_iou
    >>> mean_iou([[2, 1], [0, 1]])
    0.5833333333333333
    """
    return _mean_over_truth(iou(confusion), confusion)


def dice(confusion: npt.ArrayLike) -> Array:
    """Dice coefficient of each class, the F1 score of its pixels.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As `confusion_matrix` returns it, truth in rows.

    Returns
    -------
    dice : array of float64, shape (n_classes,)
        NaN for a class that occurs neither in truth nor in prediction.

    Examples
    --------
    >>> from pixelseg.metrics import dice
    >>> dice([[2, 1], [0, 1]])
    array([0.8       , 0.66666667])
    """
    confusion = as_confusion(confusion)
    return ratio(2 * np.diagonal(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


def cohen_kappa(confusion: npt.ArrayLike) -> float:
    """Agreement beyond chance (Cohen 1960): 1 is perfect, 0 what the class shares alone give.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As `confusion_matrix` returns it, truth in rows.

    Returns
    -------
    kappa : float
        NaN if chance alone agrees everywhere (a single class in both) or no pixel was counted.

    Examples
    --------
    >>> from pixelseg.metrics import cohen_kappa
    >>> cohen_kappa([[2, 1], [0, 1]])
    0.5
    """
    confusion = as_confusion(confusion).astype(float)
    n = confusion.sum()
    by_chance = (confusion.sum(axis=0) * confusion.sum(axis=1)).sum()
    return float(ratio(n * np.trace(confusion) - by_chance, n * n - by_chance))


@dataclass(frozen=True)
class ClassScores:
    """Every metric of pixel classes, from one confusion matrix.

    `confusion` is int64 (n_classes, n_classes), truth in rows; `classes` (n_classes,) says which
    label each row is; `class_accuracy`, `iou` and `dice` are float64 (n_classes,). `mean_iou` and
    `mean_dice` are over the classes that occur in the truth, `balanced_accuracy` is the mean of
    `class_accuracy`. NaN by the rules of each function.
    """

    classes: Array
    confusion: Array
    accuracy: float
    balanced_accuracy: float
    class_accuracy: Array
    iou: Array
    mean_iou: float
    dice: Array
    mean_dice: float
    cohen_kappa: float


def class_scores(
    truth: Any, prediction: Any, *, n_classes: int | None = None, ignore: Ignore = 0
) -> ClassScores:
    """Compute every metric of pixel classes.

    Parameters
    ----------
    truth, prediction, n_classes, ignore
        As in `confusion_matrix`.

    Returns
    -------
    scores : ClassScores

    Raises
    ------
    TypeError, ValueError
        As `confusion_matrix`.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import class_scores
    >>> scores = class_scores(np.array([1, 1, 1, 2, 0]), np.array([1, 1, 2, 2, 2]))
    >>> scores.accuracy, scores.mean_dice
    (0.75, 0.7333333333333334)
    """
    confusion = confusion_matrix(truth, prediction, n_classes=n_classes, ignore=ignore)
    return scores_of(confusion, first_class(as_ignore(ignore)))


def scores_of(confusion: Array, first: int) -> ClassScores:
    """All metrics of a confusion matrix whose first row is the class `first`."""
    by_dice, by_class = dice(confusion), class_accuracy(confusion)
    return ClassScores(
        classes=np.arange(first, first + len(confusion)),
        confusion=confusion,
        accuracy=accuracy(confusion),
        balanced_accuracy=_mean_over_truth(by_class, confusion),
        class_accuracy=by_class,
        iou=iou(confusion),
        mean_iou=mean_iou(confusion),
        dice=by_dice,
        mean_dice=_mean_over_truth(by_dice, confusion),
        cohen_kappa=cohen_kappa(confusion),
    )


def matrix_of(table: ContingencyTable, n_classes: int | None, ignored: tuple[int, ...]) -> Array:
    """The confusion matrix of a contingency table."""
    first = first_class(ignored)
    largest = int(max(table.truth_labels[-1], table.prediction_labels[-1]))
    if first == 1 and table.prediction_labels[0] == 0:
        raise ValueError(
            f"prediction is 0 (unlabelled) at {table.prediction_sizes[0]} pixels whose truth is a "
            f"class: set them to a label of their own, such as {largest + 1}, to count them as "
            "wrong, set the truth to 0 there to leave them out, or pass ignore=None if 0 is a "
            "class."
        )
    name = "truth" if table.truth_labels[-1] == largest else "prediction"
    if n_classes is None:
        n_classes = max(1, largest - first + 1)
        if n_classes > MOST_CLASSES:
            raise ValueError(
                f"{name} holds {largest}, but a confusion matrix takes up to {MOST_CLASSES} "
                f"classes: pass ignore={largest} if the label says nothing, or compare objects by "
                "region_scores and instance_scores."
            )
    n_classes = check_n_classes(n_classes)
    if largest > first + n_classes - 1:
        raise ValueError(
            f"{name} holds {largest}, but n_classes={n_classes} stands for classes {first} to "
            f"{first + n_classes - 1}: pass n_classes={largest - first + 1}, or ignore={largest} "
            "if the label says nothing."
        )
    confusion = np.zeros((n_classes, n_classes), np.int64)
    rows = table.truth_labels.astype(np.int64)[table.rows] - first
    columns = table.prediction_labels.astype(np.int64)[table.columns] - first
    confusion[rows, columns] = table.counts
    return confusion


def check_n_classes(n_classes: int) -> int:
    """Refuse a number of classes that makes no sense."""
    if isinstance(n_classes, bool) or not isinstance(n_classes, int | np.integer):
        raise TypeError(f"n_classes is {n_classes!r} but must be None or an integer.")
    if not 1 <= n_classes <= MOST_CLASSES:
        raise ValueError(f"n_classes is {n_classes} but must be from 1 to {MOST_CLASSES}.")
    return int(n_classes)


def first_class(ignored: tuple[int, ...]) -> int:
    """The class of the first row of a confusion matrix."""
    return 1 if 0 in ignored else 0


def as_confusion(confusion: npt.ArrayLike) -> Array:
    """Check a confusion matrix: square, integers from 0 up."""
    confusion = np.asarray(confusion)
    if confusion.ndim != 2 or confusion.shape[0] != confusion.shape[1]:
        raise ValueError(
            f"confusion has shape {confusion.shape} but must be (n_classes, n_classes): pass "
            "confusion_matrix(truth, prediction), not the labels themselves."
        )
    if confusion.dtype.kind not in "ui" or (confusion.size and confusion.min() < 0):
        raise ValueError(
            "confusion must hold counts, integers from 0 up: pass what confusion_matrix returns."
        )
    return confusion


def ratio(part: Any, whole: Any) -> Any:
    """The share of a part, NaN where there is no whole."""
    part, whole = np.asarray(part, float), np.asarray(whole, float)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole != 0)


def _mean_over_truth(values: Array, confusion: npt.ArrayLike) -> float:
    occurs = as_confusion(confusion).sum(axis=1) > 0
    return float(values[occurs].mean()) if occurs.any() else float("nan")
