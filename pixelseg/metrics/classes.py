"""Metrics of pixel classes: what follows from the confusion matrix.

The single scores take a confusion matrix, so that one is counted once, or pooled over images by
adding.

What is 0 / 0 is NaN, and is left out of means: the IoU and Dice of a class that occurs neither in
truth nor in prediction, the recall of a class that does not occur in the truth, and every metric
of an empty matrix.
"""

from __future__ import annotations

import warnings
from dataclasses import KW_ONLY, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, to_array
from ._accumulator import Accumulator
from ._averages import ratio
from ._contingency import contingency_table
from ._inputs import Ignore, as_ignore
from .confusion import as_n_classes, count_classes, pool_classes


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
    confusion = _as_confusion(confusion)
    return float(ratio(np.trace(confusion), confusion.sum()))


def recall(confusion: npt.ArrayLike) -> Array:
    """Share of each true class's pixels that are found: recall, the producer's accuracy.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As in `accuracy`.

    Returns
    -------
    recall : array of float64, shape (n_classes,)
        NaN for a class that does not occur in the truth. `numpy.nanmean` of it is the balanced
        accuracy.

    Examples
    --------
    >>> from pixelseg.metrics import recall
    >>> recall([[2, 1], [0, 1]])
    array([0.66666667, 1.        ])
    """
    confusion = _as_confusion(confusion)
    return ratio(np.diagonal(confusion), confusion.sum(axis=1))


def iou(confusion: npt.ArrayLike) -> Array:
    """Intersection over union of each class, the Jaccard index.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As in `accuracy`.

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
    confusion = _as_confusion(confusion)
    both = np.diagonal(confusion)
    return ratio(both, confusion.sum(axis=0) + confusion.sum(axis=1) - both)


def mean_iou(confusion: npt.ArrayLike) -> float:
    """Mean intersection over union over the classes that occur in the truth.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As in `accuracy`.

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
        As in `accuracy`.

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
    confusion = _as_confusion(confusion)
    return ratio(2 * np.diagonal(confusion), confusion.sum(axis=0) + confusion.sum(axis=1))


def cohen_kappa(confusion: npt.ArrayLike) -> float:
    """Agreement beyond chance (Cohen 1960): 1 is perfect, 0 what the class shares alone give.

    Parameters
    ----------
    confusion : array of int, shape (n_classes, n_classes)
        As in `accuracy`.

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
    confusion = _as_confusion(confusion).astype(float)
    n = confusion.sum()
    by_chance = (confusion.sum(axis=0) * confusion.sum(axis=1)).sum()
    return float(ratio(n * np.trace(confusion) - by_chance, n * n - by_chance))


@dataclass(frozen=True)
class ClassScores:
    """Every metric of pixel classes, from one confusion matrix.

    `confusion` is int64 (n_classes, n_classes), truth in rows; `classes` (n_classes,) says which
    label each row is; `recall`, `iou` and `dice` are float64 (n_classes,). `mean_iou` and
    `mean_dice` are over the classes that occur in the truth, `balanced_accuracy` is the mean of
    `recall`. NaN by the rules of each function.
    """

    classes: Array
    confusion: Array
    accuracy: float
    balanced_accuracy: float
    recall: Array
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
    truth, prediction
        As in `confusion_matrix`.
    n_classes : int, default None
        Number of classes, from the first; None takes the classes that occur, whatever their labels.
    ignore
        As in `confusion_matrix`.

    Returns
    -------
    scores : ClassScores

    Raises
    ------
    TypeError, ValueError
        As `confusion_matrix`.

    Warns
    -----
    UserWarning
        If the truth is a mask of 0 and one class, as which all that is scored was predicted: where
        0 is left out, nothing can be wrong.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import class_scores
    >>> scores = class_scores(np.array([1, 1, 1, 2, 0]), np.array([1, 1, 2, 2, 2]))
    >>> scores.accuracy, scores.mean_dice
    (0.75, 0.7333333333333334)
    """
    accumulator = ClassAccumulator(n_classes, ignore=ignore).update(truth, prediction)
    return accumulator._scores(stacklevel=3)


@dataclass(eq=False)
class ClassAccumulator(Accumulator):
    """Pool the confusion of many images: every pixel of the set weighs the same.

    Parameters
    ----------
    n_classes : int, default None
        Number of classes, from the first; None takes the classes that occur, whatever their labels.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import ClassAccumulator
    >>> scores = ClassAccumulator()
    >>> for truth, prediction in [([1, 1, 2], [1, 2, 2]), ([3, 0, 1], [3, 3, 1])]:
    ...     scores = scores.update(np.array(truth), np.array(prediction))
    >>> scores.result().accuracy
    0.8
    """

    n_classes: int | None = None
    _: KW_ONLY
    ignore: Ignore = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_classes is not None:
            as_n_classes(self.n_classes)

    def update(self, truth: Any, prediction: Any) -> Self:
        """Add one image, as `class_scores` takes it, block by block; return the accumulator."""
        ignored = as_ignore(self.ignore)
        table = contingency_table(truth, prediction, ignore=ignored)
        counts = count_classes(table, self.n_classes, ignored)
        self._images = [pool_classes([*self._images, counts])]
        return self

    def result(self) -> ClassScores:
        """Score the images so far, warning as `class_scores`; without any a ValueError."""
        return self._scores(stacklevel=3)

    def _scores(self, stacklevel: int) -> ClassScores:
        counts = pool_classes(self._records())
        confusion = counts.confusion
        if counts.leaves_zero_out and (np.diagonal(confusion) == confusion.sum()).any():
            warnings.warn(
                "truth holds one class and 0, which ignore=0 leaves out, and the prediction is "
                "that class wherever it is scored: no pixel could be wrong. Pass ignore=None if 0 "
                "is the background.",
                UserWarning,
                stacklevel=stacklevel,
            )
        by_class, by_dice = recall(confusion), dice(confusion)
        return ClassScores(
            classes=counts.classes,
            confusion=confusion,
            accuracy=accuracy(confusion),
            balanced_accuracy=_mean_over_truth(by_class, confusion),
            recall=by_class,
            iou=iou(confusion),
            mean_iou=mean_iou(confusion),
            dice=by_dice,
            mean_dice=_mean_over_truth(by_dice, confusion),
            cohen_kappa=cohen_kappa(confusion),
        )


def _as_confusion(confusion: npt.ArrayLike) -> Array:
    """Check a confusion matrix: square, integers from 0 up."""
    confusion = to_array("confusion", confusion)
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


def _mean_over_truth(values: Array, confusion: npt.ArrayLike) -> float:
    occurs = _as_confusion(confusion).sum(axis=1) > 0
    return float(values[occurs].mean()) if occurs.any() else float("nan")
