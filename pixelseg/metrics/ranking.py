"""How well a score ranks pixels of one class above the others, over all thresholds.

T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27, 2006. The area under
the ROC curve is the chance that a random pixel of the class scores higher than a random one
of the others; average precision weighs the top of the ranking, and suits rare classes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._core.arrays import Array, as_mask, to_array
from ._inputs import as_binary


def roc_auc(
    truth: npt.ArrayLike, score: npt.ArrayLike, *, mask: npt.ArrayLike | None = None
) -> float:
    """Area under the ROC curve (AUC) of a score of one class.

    Parameters
    ----------
    truth : array of bool, any shape
        True where a pixel is of the class: `labels == label`.
    score : array of numbers, shape of truth
        Higher is more likely of the class; need not be a probability.
    mask : array of bool, shape of truth, default None
        True where a pixel counts: the field of view, or `labels > 0`.

    Returns
    -------
    auc : float
        1 is perfect, 0.5 is chance; equal scores count half. NaN if all pixels that count are of
        the class, or none is.

    Raises
    ------
    TypeError, ValueError
        If truth or mask is not bool, the shapes differ, the score is not finite where it counts,
        or no pixel counts.

    Notes
    -----
    Equal to `sklearn.metrics.roc_auc_score`. Memory: some 40 bytes a pixel that counts.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import roc_auc
    >>> roc_auc(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.6, 0.1]))
    0.75
    """
    right, wrong = _counts_above(truth, score, mask)
    if right[-1] == 0 or wrong[-1] == 0:
        return float("nan")
    # Trapezoids: of pixels with one score, half of the pairs are in order.
    right_before = np.concatenate([[0], right[:-1]])
    steps = np.diff(wrong, prepend=0)
    area = float(steps @ (right + right_before).astype(float)) / 2
    return area / (float(right[-1]) * float(wrong[-1]))


def average_precision(
    truth: npt.ArrayLike, score: npt.ArrayLike, *, mask: npt.ArrayLike | None = None
) -> float:
    """Average precision of a score of one class: the area under its precision-recall curve.

    Parameters
    ----------
    truth, score, mask
        As in `roc_auc`.

    Returns
    -------
    average_precision : float
        1 is perfect; the share of the class is chance. NaN if no pixel that counts is of the
        class.

    Notes
    -----
    The sum of precision times gain in recall over all thresholds, without interpolation, equal to
    `sklearn.metrics.average_precision_score` (which says 0 where we say NaN). For AP of objects
    see `instance_scores`, for that of boundaries `BoundaryAccumulator`. Memory: as `roc_auc`.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import average_precision
    >>> average_precision(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.6, 0.1]))
    0.833...
    """
    right, wrong = _counts_above(truth, score, mask)
    if right[-1] == 0:
        return float("nan")
    gains = np.diff(right, prepend=0)
    return float(gains @ (right / (right + wrong))) / float(right[-1])


def _counts_above(
    truth: npt.ArrayLike, score: npt.ArrayLike, mask: npt.ArrayLike | None
) -> tuple[Array, Array]:
    """Pixels of the class, and others, at or above each score that occurs, from high to low."""
    truth = as_binary(truth, "truth", "== label, one class at a time")
    score = to_array("score", score)
    if score.dtype.kind not in "buif":
        raise TypeError(f"score has dtype {score.dtype} but must hold real numbers.")
    if truth.shape != score.shape:
        raise ValueError(
            f"score has shape {score.shape} but truth has shape {truth.shape}: pass the score of "
            "one class, such as probabilities[..., k]."
        )
    if mask is not None:
        mask = as_mask(mask, truth.shape)
        truth, score = truth[mask], score[mask]
    truth, score = truth.ravel(), score.ravel()
    if truth.size == 0:
        raise ValueError("truth has no pixel to score: pass a mask that is True somewhere.")
    if score.dtype.kind == "f" and not np.isfinite(score).all():
        raise ValueError(
            "score holds NaN or infinity: replace them, or pass a mask that is False there."
        )
    order = np.argsort(score)[::-1]
    score, truth = score[order], truth[order]
    last = np.append(np.flatnonzero(score[1:] != score[:-1]), len(score) - 1)
    right = np.cumsum(truth)[last]
    return right, last + 1 - right
