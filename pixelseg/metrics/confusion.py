"""The confusion matrix: how many pixels of each true class were taken for each class.

Classes are positive integers, and 0 in the truth is unlabelled: it is left out by default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_integer
from ._contingency import ContingencyTable, contingency_table
from ._inputs import Ignore, as_ignore

#: So many classes make a matrix of 128 MB; more are objects, not classes.
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
        Number of rows and columns; None takes what the largest label asks for, up to 4096. Give it
        to add up matrices of several images.
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
    ignored = as_ignore(ignore)
    table = contingency_table(truth, prediction, ignore=ignored)
    if n_classes is None:
        largest = _largest(table)
        n_classes = max(1, largest - int(0 in ignored) + 1)
        if n_classes > MOST_CLASSES:
            raise ValueError(
                f"{_name_of(largest, table)} holds {largest}, but a confusion matrix takes up to "
                f"{MOST_CLASSES} classes: score the classes that occur by class_scores, or pass "
                f"ignore={largest} if the label says nothing."
            )
    return count_classes(table, n_classes, ignored).confusion


@dataclass(frozen=True)
class ClassCounts:
    """A confusion matrix, the class of each row, and whether pixels of 0 were left out of it."""

    classes: Array
    confusion: Array
    leaves_zero_out: bool


def count_classes(
    table: ContingencyTable, n_classes: int | None, ignored: tuple[int, ...]
) -> ClassCounts:
    """The confusion of a table: of `n_classes` classes, or of those that occur."""
    first, largest = int(0 in ignored), _largest(table)
    if first == 1 and table.prediction_labels[0] == 0:
        raise ValueError(
            f"prediction is 0 (unlabelled) at {table.prediction_sizes[0]} pixels whose truth is a "
            f"class: set them to a label of their own, such as {largest + 1}, to count them as "
            "wrong, set the truth to 0 there to leave them out, or pass ignore=None if 0 is a "
            "class."
        )
    labels = [side.astype(np.int64) for side in (table.truth_labels, table.prediction_labels)]
    if n_classes is None:
        classes = np.union1d(*labels)
        if len(classes) > MOST_CLASSES:
            raise ValueError(
                f"truth and prediction hold {len(classes)} labels, but {MOST_CLASSES} classes are "
                "the most: compare objects by region_scores and instance_scores."
            )
    else:
        classes = np.arange(first, first + as_n_classes(n_classes))
        if largest > first + n_classes - 1:
            raise ValueError(
                f"{_name_of(largest, table)} holds {largest}, but n_classes={n_classes} stands for "
                f"classes {first} to {classes[-1]}: pass n_classes={largest - first + 1}, or "
                f"ignore={largest} if the label says nothing."
            )
    confusion = np.zeros((len(classes),) * 2, np.int64)
    rows, columns = (np.searchsorted(classes, side) for side in labels)
    confusion[rows[table.rows], columns[table.columns]] = table.counts
    return ClassCounts(classes, confusion, first == 1 and table.n_ignored > 0)


def pool_classes(counts: Sequence[ClassCounts]) -> ClassCounts:
    """The counts of several images together, of all their classes."""
    if len(counts) == 1:
        return counts[0]
    classes = np.unique(np.concatenate([one.classes for one in counts]))
    total = np.zeros((len(classes),) * 2, np.int64)
    for one in counts:
        places = np.searchsorted(classes, one.classes)
        total[np.ix_(places, places)] += one.confusion
    return ClassCounts(classes, total, any(one.leaves_zero_out for one in counts))


def _largest(table: ContingencyTable) -> int:
    """The largest label of either side."""
    return max(int(table.truth_labels[-1]), int(table.prediction_labels[-1]))


def _name_of(largest: int, table: ContingencyTable) -> str:
    """The argument that holds the largest label."""
    return "truth" if table.truth_labels[-1] == largest else "prediction"


def as_n_classes(n_classes: Any) -> int:
    """Check a number of classes."""
    rule = f"an integer from 1 to {MOST_CLASSES}"
    n_classes = as_integer("n_classes", n_classes, rule)
    if not 1 <= n_classes <= MOST_CLASSES:
        raise ValueError(f"n_classes is {n_classes} but must be {rule}.")
    return n_classes
