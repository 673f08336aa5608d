"""Metrics of objects: which of them are found, and how well they are outlined.

Label images, 0 is background and never an object. Objects are compared by their intersection over
union, over all pixels that are scored, so that a result that spills into the background pays.

Where there is no object on either side, everything is right: every score here is 1. Where objects
are on one side only, it is 0. (StarDist says 0 to both, cellpose NaN to the former.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .._core.arrays import Array, as_numbers
from .._core.checks import as_flag, shown
from ._accumulator import Accumulator
from ._averages import mean
from ._contingency import contingency_table
from ._inputs import Ignore, as_ignore
from ._pairing import ObjectTable, best_of_truth, pair_above

#: The thresholds of the 2018 Data Science Bowl and of COCO. An IoU that is a fraction of two
#: counts equals the nearest of these floats exactly when the fraction does.
THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
#: The threshold of panoptic quality.
HALF = np.array([0.5])


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
    levels = _as_levels(thresholds)
    return _scores_of(levels, _count(_object_table(truth, prediction, ignore), levels, strict))


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
    truth, prediction
        As in `instance_scores`; objects of one class.
    threshold : float, default 0.5
        Intersection over union that a pair must reach.
    strict : bool, default True
        Whether a pair must be above the threshold, as the paper says. (StarDist takes at least.)
    ignore
        As in `instance_scores`.

    Returns
    -------
    quality : PanopticQuality
        All 1 if there is no object on either side; all 0 if no pair reaches the threshold.

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
    levels = _as_levels(threshold)[:1]
    return _quality_of(_count(_object_table(truth, prediction, ignore), levels, strict))


def aggregated_jaccard_index(
    truth: Any, prediction: Any, *, one_to_one: bool = False, ignore: Ignore = None
) -> float:
    """Divide what all objects share with their partners by all their union: AJI, or AJI+.

    Parameters
    ----------
    truth, prediction
        As in `instance_scores`.
    one_to_one : bool, default False
        False is the AJI of the paper: each true object takes the predicted object of highest IoU,
        the lowest label of equals, though another may have taken it too. True is AJI+: pairs are
        one to one, of largest total IoU.
    ignore
        As in `instance_scores`.

    Returns
    -------
    index : float
        From 0 to 1; 1 if there is no object on either side.

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
    return _jaccard_of(_object_table(truth, prediction, ignore), one_to_one)


@dataclass(frozen=True)
class InstanceImageScores:
    """Scores of the objects of one image; `aji` and `aji_plus` are the aggregated Jaccard index."""

    objects: InstanceScores
    panoptic: PanopticQuality
    aji: float
    aji_plus: float


@dataclass(frozen=True)
class InstanceSetScores(InstanceImageScores):
    """Scores of objects over a set.

    `objects` and `panoptic` are from the objects of all images together. `aji`, `aji_plus` and
    `mean_average_precision` (the score of DSB 2018, if `strict`) are means over images.
    """

    mean_average_precision: float
    images: tuple[InstanceImageScores, ...]


@dataclass(eq=False, kw_only=True)
class InstanceAccumulator(Accumulator):
    """Pool the objects of many images.

    Parameters
    ----------
    thresholds, strict, ignore
        As in `instance_scores`. Panoptic quality is always strict, at 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import InstanceAccumulator
    >>> scores = InstanceAccumulator(thresholds=0.5)
    >>> for prediction in ([1, 1, 2, 2], [1, 1, 0, 3]):
    ...     scores = scores.update(np.array([1, 1, 0, 2]), np.array(prediction))
    >>> scores.result().objects.f1
    array([1.])
    """

    thresholds: float | Sequence[float] = THRESHOLDS
    strict: bool = False
    ignore: Ignore = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._levels = _as_levels(self.thresholds)

    def update(self, truth: Any, prediction: Any) -> Self:
        """Add one image, as `instance_scores` takes it; return the accumulator."""
        table = _object_table(truth, prediction, self.ignore)
        jaccard = _jaccard_of(table, one_to_one=False), _jaccard_of(table, one_to_one=True)
        counts = _count(table, self._levels, self.strict), _count(table, HALF, strict=True)
        return self._keep((*counts, *jaccard))

    def result(self) -> InstanceSetScores:
        """Pool the images so far; without any a ValueError."""
        records = self._records()
        images = tuple(
            InstanceImageScores(_scores_of(self._levels, counts), _quality_of(at_half), *jaccard)
            for counts, at_half, *jaccard in records
        )
        return InstanceSetScores(
            objects=_scores_of(self._levels, np.sum([counts for counts, *_ in records], axis=0)),
            panoptic=_quality_of(np.sum([at_half for _, at_half, *_ in records], axis=0)),
            mean_average_precision=mean([one.objects.mean_average_precision for one in images]),
            aji=mean([one.aji for one in images]),
            aji_plus=mean([one.aji_plus for one in images]),
            images=images,
        )


def _object_table(truth: Any, prediction: Any, ignore: Ignore) -> ObjectTable:
    """The contingency table of the objects."""
    if 0 in as_ignore(ignore):
        raise ValueError(
            f"ignore is {ignore!r}, but 0 is the background of objects, which is scored: pass the "
            "labels of pixels that nobody labelled, or None."
        )
    return ObjectTable(**vars(contingency_table(truth, prediction, ignore=ignore)))


def _as_levels(thresholds: float | Sequence[float]) -> Array:
    """Check thresholds of the intersection over union: from 0 to 1, increasing."""
    rule = "one number from 0 to 1, or several that increase"
    levels = np.atleast_1d(as_numbers("thresholds", thresholds, rule))
    increasing = levels.ndim == 1 and len(levels) > 0 and (np.diff(levels) > 0).all()
    if not increasing or not (levels[0] >= 0 and levels[-1] <= 1):
        raise ValueError(f"thresholds is {shown(thresholds)} but must be {rule}.")
    return levels


def _count(table: ObjectTable, levels: Array, strict: bool) -> Array:
    """Count the objects found, false and missed, and the sum of the pairs' IoU, at each threshold.

    float64 (4, n_thresholds): to be added up over the images of a set.
    """
    n_true, n_predicted = table.is_true_object.sum(), table.is_object.sum()
    pairs = [pair_above(table, level, strict) for level in levels]
    found = np.array([len(one) for one in pairs])
    ious = [table.iou[one].sum() for one in pairs]
    return np.array([found, n_predicted - found, n_true - found, ious])


def _scores_of(levels: Array, counts: Array) -> InstanceScores:
    """The scores of an image or of a set from its counts at each threshold."""
    hits, false, missed = counts[:3].astype(np.int64)
    every = hits + false + missed

    def share(part: Array, of: Array) -> Array:
        return np.where(every == 0, 1.0, part / np.maximum(of, 1))

    return InstanceScores(
        thresholds=levels.copy(),
        true_positives=hits,
        false_positives=false,
        false_negatives=missed,
        precision=share(hits, hits + false),
        recall=share(hits, hits + missed),
        f1=share(2 * hits, hits + every),
        average_precision=share(hits, every),
        mean_matched_iou=share(counts[3], hits),
    )


def _quality_of(counts: Array) -> PanopticQuality:
    """Panoptic quality from the counts at one threshold."""
    *found, ious = counts[:, 0].tolist()
    hits, false, missed = map(int, found)
    objects = hits + (false + missed) / 2
    if objects == 0:
        return PanopticQuality(1.0, 1.0, 1.0, 0, 0, 0)
    return PanopticQuality(ious / objects, ious / max(hits, 1), hits / objects, hits, false, missed)


def _jaccard_of(table: ObjectTable, one_to_one: bool) -> float:
    """AJI or AJI+: pixels in all intersections by those in all unions, 1 without objects."""
    if as_flag("one_to_one", one_to_one):
        chosen = pair_above(table, 0, True, most_pairs=False)
    else:
        chosen = best_of_truth(table)
    columns = table.columns[chosen]
    shared = int(table.counts[chosen].sum())
    alone = table.is_object.copy()
    alone[columns] = False
    of_truth, of_prediction = table.truth_sizes[table.is_true_object], table.prediction_sizes
    sizes = of_truth.sum() + of_prediction[columns].sum() + of_prediction[alone].sum()
    return shared / int(sizes - shared) if sizes else 1.0
