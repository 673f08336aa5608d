"""Metrics of objects: which of them are found, and how well they are outlined.

Label images, 0 is background and never an object. Objects are compared by their intersection over
union, over all pixels that are scored, so that a result that spills into the background pays.

Where there is no object on either side, everything is right: every score here is 1. Where objects
are on one side only, it is 0. (StarDist says 0 to both, cellpose NaN to the former.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from ._contingency import Ignore, as_ignore, contingency_table
from ._pairing import Overlaps, overlaps_of, pair_above

#: The thresholds of the 2018 Data Science Bowl and of COCO. An IoU that is a fraction of two
#: counts equals the nearest of these floats exactly when the fraction does.
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True)
class InstanceScores:
    """Objects found at each threshold of the intersection over union.

    All have shape (n_thresholds,). `true_positives`, `false_positives` (predicted objects without
    a partner) and `false_negatives` (true objects without one) are int64; the others follow from
    them, or from the IoU of the pairs: `average_precision` is TP / (TP + FP + FN), which cell
    papers call AP; `mean_matched_iou` is the mean over the pairs, 0 where there is none.
    """

    thresholds: Array
    true_positives: Array
    false_positives: Array
    false_negatives: Array
    precision: Array
    recall: Array
    f1: Array
    average_precision: Array
    mean_matched_iou: Array

    @property
    def mean_average_precision(self) -> float:
        """Mean of `average_precision` over the thresholds: the score of DSB 2018 for an image."""
        return float(self.average_precision.mean())


@dataclass(frozen=True)
class PanopticQuality:
    """Panoptic quality and its two factors, and the counts behind them.

    `quality` = `segmentation` (mean IoU of the pairs, SQ) x `recognition` (F1 of the objects, RQ).
    """

    quality: float
    segmentation: float
    recognition: float
    true_positives: int
    false_positives: int
    false_negatives: int


def instance_scores(
    truth: Any,
    prediction: Any,
    *,
    thresholds: float | Sequence[float] = THRESHOLDS,
    strict: bool = False,
    ignore: Ignore = None,
) -> InstanceScores:
    """Count the objects that are found, at one or more thresholds.

    Parameters
    ----------
    truth, prediction : arrays of int of one shape, any number of axes
        Objects, 0 is background. Labels need not be connected or without gaps.
    thresholds : float or increasing sequence of float, default 0.5, 0.55, ..., 0.95
        Intersections over union that a pair must reach; at 0 any contact will do.
    strict : bool, default False
        Whether a pair must be above the threshold (as the 2018 Data Science Bowl asked) rather
        than at least at it (StarDist, cellpose, COCO).
    ignore : int, sequence of int or None, default None
        Labels of the truth whose pixels are left out, of predicted objects too. An object of
        which nothing is left does not count. 0 is background, and must not be ignored.

    Returns
    -------
    scores : InstanceScores
        1 everywhere if there is no object on either side, 0 if there are on one side only.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`; also if a threshold is not from 0 to 1, or they do not increase.

    Notes
    -----
    Pairs are one to one. Above a half an object has at most one candidate; at and below it the
    most pairs are taken, and of these the ones of largest total IoU. StarDist breaks ties by an
    IoU that includes pairs it then rejects; the counts are the same.

    COCO's AP is another thing: it ranks detections by a score, which a label image does not have.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import instance_scores
    >>> truth, prediction = np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2])
    >>> instance_scores(truth, prediction, thresholds=[0.5, 0.6]).average_precision
    array([1.        , 0.33333333])
    """
    levels = as_levels(thresholds)
    overlaps = object_overlaps(truth, prediction, ignore)
    return scores_of_pairs(levels, *count_pairs(overlaps, levels, strict), overlaps)


def panoptic_quality(
    truth: Any,
    prediction: Any,
    *,
    threshold: float = 0.5,
    strict: bool = True,
    ignore: Ignore = None,
) -> PanopticQuality:
    """Measure panoptic quality: how many objects are found, times how well they are outlined.

    Parameters
    ----------
    truth, prediction : arrays of int of one shape, any number of axes
        Objects of one class, 0 is background.
    threshold : float, default 0.5
        Intersection over union that a pair must reach.
    strict : bool, default True
        Whether a pair must be above the threshold, as the paper says. (StarDist takes at least.)
    ignore : int, sequence of int or None, default None
        Labels of the truth whose pixels are left out, of predicted objects too.

    Returns
    -------
    quality : PanopticQuality
        All 1 if there is no object on either side; all 0 if no pair reaches the threshold.

    Raises
    ------
    TypeError, ValueError
        As `instance_scores`.

    Notes
    -----
    A. Kirillov et al., "Panoptic segmentation", CVPR 2019. Its exemption for void (an unmatched
    segment that lies mostly on void is no error) is for pixels that nobody labelled, not for
    background: use `ignore` for these.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import panoptic_quality
    >>> panoptic_quality(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2])).quality
    0.333...
    """
    levels = as_levels(threshold)
    overlaps = object_overlaps(truth, prediction, ignore)
    found, ious = count_pairs(overlaps, levels, strict)
    return quality_of(int(found[0]), float(ious[0]), overlaps.n_truth, overlaps.n_prediction)


def aggregated_jaccard_index(
    truth: Any, prediction: Any, *, one_to_one: bool = False, ignore: Ignore = None
) -> float:
    """Divide what all objects share with their partners by all their union: AJI, or AJI+.

    Parameters
    ----------
    truth, prediction : arrays of int of one shape, any number of axes
        Objects, 0 is background.
    one_to_one : bool, default False
        False is the AJI of the paper: each true object takes the predicted object of highest IoU,
        the lowest label of equals, though another may have taken it too. True is AJI+: pairs are
        one to one, of largest total IoU.
    ignore : int, sequence of int or None, default None
        Labels of the truth whose pixels are left out, of predicted objects too.

    Returns
    -------
    index : float
        From 0 to 1; 1 if there is no object on either side.

    Raises
    ------
    TypeError, ValueError
        As `contingency_table`.

    Notes
    -----
    N. Kumar et al., IEEE TMI 36(7), 2017; AJI+ as in S. Graham et al. (HoVer-Net), 2019. Objects
    without a partner add their size to the union. AJI punishes an object that is taken twice
    twice. cellpose's function of this name divides by the union of all foreground instead, and is
    never smaller.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import aggregated_jaccard_index
    >>> aggregated_jaccard_index(np.array([1, 1, 1, 2]), np.array([1, 1, 2, 2]))
    0.6
    """
    return jaccard_of(*jaccard_parts(object_overlaps(truth, prediction, ignore), one_to_one))


def object_overlaps(truth: Any, prediction: Any, ignore: Ignore) -> Overlaps:
    """The pairs of objects that touch, from the contingency table."""
    if 0 in as_ignore(ignore):
        raise ValueError(
            f"ignore is {ignore!r}, but 0 is the background of objects, which is scored: pass the "
            "labels of pixels that nobody labelled, or None."
        )
    return overlaps_of(contingency_table(truth, prediction, ignore=ignore))


def as_levels(thresholds: float | Sequence[float]) -> Array:
    """Check thresholds of the intersection over union: from 0 to 1, increasing."""
    levels = np.atleast_1d(np.array(thresholds, dtype=float))
    increasing = levels.ndim == 1 and len(levels) > 0 and (np.diff(levels) > 0).all()
    if not increasing or not (levels[0] >= 0 and levels[-1] <= 1):
        raise ValueError(
            f"thresholds is {thresholds!r} but must be one number from 0 to 1, or several that "
            "increase."
        )
    return levels


def count_pairs(overlaps: Overlaps, levels: Array, strict: bool) -> tuple[Array, Array]:
    """Pairs at each threshold, int64, and the sum of their IoU, float64."""
    found, ious = np.zeros(len(levels), np.int64), np.zeros(len(levels))
    for place, level in enumerate(levels):
        pairs = pair_above(overlaps, level, strict)
        found[place], ious[place] = len(pairs), overlaps.iou[pairs].sum()
    return found, ious


def scores_of_pairs(levels: Array, found: Array, ious: Array, overlaps: Overlaps) -> InstanceScores:
    """Scores from the number of pairs and of objects."""
    return scores_of_counts(
        levels, found, overlaps.n_prediction - found, overlaps.n_truth - found, ious
    )


def scores_of_counts(
    levels: Array, hits: Array, false: Array, missed: Array, ious: Array
) -> InstanceScores:
    """Scores from the counts at each threshold, of an image or of a set."""
    nothing = hits + false + missed == 0

    def share(of: Array) -> Array:
        return np.where(nothing, 1.0, hits / np.maximum(of, 1))

    return InstanceScores(
        thresholds=levels.copy(),
        true_positives=hits,
        false_positives=false,
        false_negatives=missed,
        precision=share(hits + false),
        recall=share(hits + missed),
        f1=np.where(nothing, 1.0, 2 * hits / np.maximum(2 * hits + false + missed, 1)),
        average_precision=share(hits + false + missed),
        mean_matched_iou=np.where(nothing, 1.0, ious / np.maximum(hits, 1)),
    )


def quality_of(found: int, ious: float, n_truth: int, n_prediction: int) -> PanopticQuality:
    """Panoptic quality from the number of pairs, the sum of their IoU and the objects."""
    objects = (n_truth + n_prediction) / 2
    if objects == 0:
        return PanopticQuality(1.0, 1.0, 1.0, 0, 0, 0)
    return PanopticQuality(
        quality=ious / objects,
        segmentation=ious / max(found, 1),
        recognition=found / objects,
        true_positives=found,
        false_positives=n_prediction - found,
        false_negatives=n_truth - found,
    )


def jaccard_parts(overlaps: Overlaps, one_to_one: bool) -> tuple[int, int]:
    """Pixels in all intersections and in all unions of AJI or AJI+."""
    if one_to_one:
        chosen = pair_above(overlaps, 0, True, most_pairs=False)
    else:
        chosen = overlaps.best_of_truth()
    columns = overlaps.columns[chosen]
    shared = int(overlaps.counts[chosen].sum())
    sizes = int(overlaps.truth_sizes.sum() + overlaps.prediction_sizes[columns].sum())
    alone = np.ones(overlaps.n_prediction, bool)
    alone[columns] = False
    return shared, sizes - shared + int(overlaps.prediction_sizes[alone].sum())


def jaccard_of(shared: int, union: int) -> float:
    """The index, 1 where there is no object."""
    return shared / union if union else 1.0
