"""Whether probabilities mean what they say: of pixels with 0.8, are 80 % right?

M. P. Naeini, G. F. Cooper and M. Hauskrecht, AAAI 2015; C. Guo, G. Pleiss, Y. Sun and K. Q.
Weinberger, "On calibration of modern neural networks", ICML 2017. The confidence of a pixel is its
largest probability; pixels are binned by it, and in each bin confidence is held against accuracy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, as_labels, as_probabilities
from .._core.checks import as_count
from ._averages import ratio
from ._inputs import Ignore, as_ignore


@dataclass(frozen=True)
class ReliabilityCurve:
    """Confidence beside accuracy, bin by bin.

    Bin k holds the pixels whose confidence is above `edges[k]` and at most `edges[k + 1]`;
    `edges` is float64 (n_bins + 1,). `confidence` and `accuracy` (n_bins,) are the means of each
    bin, NaN where it is empty; `counts` (n_bins,) its pixels, int64.
    """

    edges: Array
    confidence: Array
    accuracy: Array
    counts: Array

    @property
    def expected_calibration_error(self) -> float:
        """Mean gap between confidence and accuracy, bins weighing by their pixels (ECE)."""
        gaps = np.nan_to_num(np.abs(self.confidence - self.accuracy))
        return float(gaps @ self.counts / self.counts.sum())


def reliability_curve(
    truth: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    classes: Sequence[int] | None = None,
    n_bins: int = 15,
    ignore: Ignore = 0,
) -> ReliabilityCurve:
    """Hold the confidence of a classifier against its accuracy.

    Parameters
    ----------
    truth : array of int, any shape
        Classes.
    probabilities : array of float, shape (..., n_classes)
        Probabilities of each pixel, classes last.
    classes : sequence of int, default None
        Class of each column, such as a model's `classes_`; None is 1, 2, ..., n_classes. A pixel
        whose true class is not among them counts as wrong.
    n_bins : int, default 15
        Bins of equal width from 0 to 1; 15 is what the field reports.
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out.

    Returns
    -------
    curve : ReliabilityCurve

    Raises
    ------
    TypeError, ValueError
        If the shapes do not fit, the truth has negative labels or no pixel is left, a probability
        is negative or not finite, or the confidence is above 1.

    Notes
    -----
    A pixel's prediction is the first class of largest probability. `sklearn.calibration`'s curve
    is of one class against the rest, and its bins are closed on the left. Memory: 20 bytes a
    pixel beyond float32 probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import reliability_curve
    >>> truth = np.array([1, 1, 2, 0])
    >>> probabilities = np.array([[0.75, 0.25], [0.25, 0.75], [0.0, 1.0], [0.5, 0.5]])
    >>> curve = reliability_curve(truth, probabilities, n_bins=4)
    >>> curve.accuracy, curve.counts
    (array([nan, nan, 0.5, 1. ]), array([0, 0, 2, 1]))
    """
    truth = as_labels(truth, name="truth")
    probabilities = as_probabilities(probabilities)
    if probabilities.ndim != truth.ndim + 1 or probabilities.shape[:-1] != truth.shape:
        raise ValueError(
            f"probabilities has shape {probabilities.shape} but truth has shape {truth.shape}: "
            "pass one vector of class probabilities a pixel, classes last."
        )
    n_bins = as_count("n_bins", n_bins)
    labels = _as_classes(classes, probabilities.shape[-1])
    counted = ~np.isin(truth, as_ignore(ignore))
    if not counted.any():
        raise ValueError(f"truth has no pixel to score outside ignore={ignore!r}: label some.")
    rows = probabilities[counted]
    confidence = rows.max(axis=1).astype(float)
    if confidence.max() > 1 + 1e-5:
        raise ValueError(
            f"probabilities holds {confidence.max():.6g} but must be at most 1: divide by their "
            "sum."
        )
    right = labels[rows.argmax(axis=1)] == truth[counted]
    edges = np.linspace(0, 1, n_bins + 1)
    place = np.clip(np.searchsorted(edges, confidence) - 1, 0, n_bins - 1)
    counts = np.bincount(place, minlength=n_bins)
    return ReliabilityCurve(
        edges=edges,
        confidence=ratio(np.bincount(place, confidence, minlength=n_bins), counts),
        accuracy=ratio(np.bincount(place, right, minlength=n_bins), counts),
        counts=counts,
    )


def expected_calibration_error(
    truth: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    *,
    classes: Sequence[int] | None = None,
    n_bins: int = 15,
    ignore: Ignore = 0,
) -> float:
    """Mean gap between the confidence of a classifier and its accuracy (ECE).

    Parameters
    ----------
    truth, probabilities, classes, n_bins, ignore
        As in `reliability_curve`.

    Returns
    -------
    error : float
        0 is best. It depends on the number of bins: compare equal ones.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import expected_calibration_error
    >>> probabilities = np.array([[0.75, 0.25], [0.25, 0.75], [0.0, 1.0]])
    >>> expected_calibration_error(np.array([1, 1, 2]), probabilities)
    0.1666...
    """
    curve = reliability_curve(truth, probabilities, classes=classes, n_bins=n_bins, ignore=ignore)
    return curve.expected_calibration_error


def _as_classes(classes: Sequence[int] | None, n_classes: int) -> Array:
    """The class of each column of probabilities."""
    if classes is None:
        return np.arange(1, n_classes + 1)
    labels = as_labels(classes, name="classes")
    if labels.shape != (n_classes,) or len(np.unique(labels)) != n_classes:
        raise ValueError(
            f"classes is {classes!r} but probabilities has {n_classes} columns: pass the class of "
            "each column, all different."
        )
    return labels
