"""Scores of a set of images, one image at a time: `update` with each, `result` at any time.

Nothing is kept of an image but its counts or scores, so that a set need not fit in memory, and
accumulators of parts of a set are merged into one of the whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from ._contingency import Ignore, as_ignore
from .classes import ClassScores, check_n_classes, confusion_matrix, first_class, scores_of
from .information import mean_variation
from .instances import (
    THRESHOLDS,
    InstanceScores,
    PanopticQuality,
    as_levels,
    count_pairs,
    jaccard_of,
    jaccard_parts,
    object_overlaps,
    quality_of,
    scores_of_counts,
)
from .overlap import Covering
from .rand import mean, mean_scores
from .regions import RegionScores, region_scores


class ClassAccumulator:
    """Pool the confusion of many images: every pixel of the set weighs the same.

    Parameters
    ----------
    n_classes : int, default None
        Number of classes; None grows with the labels that come.
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

    def __init__(self, n_classes: int | None = None, *, ignore: Ignore = 0) -> None:
        self.n_classes = None if n_classes is None else check_n_classes(n_classes)
        self.ignore = ignore
        self._first = first_class(as_ignore(ignore))
        n = self.n_classes or 0
        self._confusion = np.zeros((n, n), np.int64)

    def update(self, truth: Any, prediction: Any) -> ClassAccumulator:
        """Add one image, as `confusion_matrix` takes it; read block by block.

        Parameters
        ----------
        truth, prediction : arrays of int of one shape
            Classes.

        Returns
        -------
        self : ClassAccumulator
        """
        self._add(confusion_matrix(truth, prediction, n_classes=self.n_classes, ignore=self.ignore))
        return self

    def merge(self, other: ClassAccumulator) -> ClassAccumulator:
        """Add the images of another accumulator.

        Parameters
        ----------
        other : ClassAccumulator
            With the same `n_classes` and `ignore`.

        Returns
        -------
        self : ClassAccumulator
        """
        _check_alike(self, other, ("n_classes", "ignore"))
        self._add(other._confusion)
        return self

    def result(self) -> ClassScores:
        """Score the images so far.

        Returns
        -------
        scores : ClassScores

        Raises
        ------
        ValueError
            If there was no image.
        """
        _check_some(bool(self._confusion.any()))
        return scores_of(self._confusion.copy(), self._first)

    def _add(self, confusion: Array) -> None:
        n = max(len(confusion), len(self._confusion))
        total = np.zeros((n, n), np.int64)
        for part in (self._confusion, confusion):
            total[: len(part), : len(part)] += part
        self._confusion = total


@dataclass(frozen=True)
class RegionSetScores:
    """Scores of partitions over a set: `mean`, each image weighing the same, and each image."""

    mean: RegionScores
    images: tuple[RegionScores, ...]


class RegionAccumulator:
    """Average the scores of partitions over images: every image of the set weighs the same.

    Parameters
    ----------
    ignore : int, sequence of int or None, default 0
        Labels of the truth whose pixels are left out.
    background : int or None, default 0
        Label of the prediction whose pixels are segments of one pixel each (see `region_scores`).

    Notes
    -----
    The Berkeley benchmark pools covering over annotators, not images: see `RegionBenchmark`.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.metrics import RegionAccumulator
    >>> scores = RegionAccumulator()
    >>> for prediction in ([1, 1, 2, 2], [1, 1, 1, 2]):
    ...     scores = scores.update(np.array([1, 1, 1, 2]), np.array(prediction))
    >>> scores.result().mean.rand_index
    0.75
    """

    def __init__(self, *, ignore: Ignore = 0, background: int | None = 0) -> None:
        self.ignore = ignore
        self.background = background
        as_ignore(ignore)
        self._images: list[RegionScores] = []

    def update(self, truth: Any, prediction: Any) -> RegionAccumulator:
        """Add one image, as `region_scores` takes it.

        Parameters
        ----------
        truth : array of int, or a list of such, or one array with one more axis in front
            Segments of one annotator or of several.
        prediction : array of int
            Segments of the result.

        Returns
        -------
        self : RegionAccumulator
        """
        self._images.append(
            region_scores(truth, prediction, ignore=self.ignore, background=self.background)
        )
        return self

    def merge(self, other: RegionAccumulator) -> RegionAccumulator:
        """Add the images of another accumulator behind one's own.

        Parameters
        ----------
        other : RegionAccumulator
            With the same `ignore` and `background`.

        Returns
        -------
        self : RegionAccumulator
        """
        _check_alike(self, other, ("ignore", "background"))
        self._images += other._images
        return self

    def result(self) -> RegionSetScores:
        """Average the images so far.

        Returns
        -------
        scores : RegionSetScores

        Raises
        ------
        ValueError
            If there was no image.
        """
        _check_some(bool(self._images))
        images = self._images
        average = RegionScores(
            covering=Covering(
                mean([image.covering.of_truth for image in images]),
                mean([image.covering.of_prediction for image in images]),
            ),
            rand_index=mean([image.rand_index for image in images]),
            adjusted_rand_index=mean([image.adjusted_rand_index for image in images]),
            variation_of_information=mean_variation(
                [image.variation_of_information for image in images]
            ),
            adapted_rand=mean_scores([image.adapted_rand for image in images]),
            v_info=mean_scores([image.v_info for image in images]),
        )
        return RegionSetScores(average, tuple(images))


@dataclass(frozen=True)
class InstanceImageScores:
    """Scores of the objects of one image; `aji` and `aji_plus` are the aggregated Jaccard index."""

    objects: InstanceScores
    panoptic: PanopticQuality
    aji: float
    aji_plus: float


@dataclass(frozen=True)
class InstanceSetScores:
    """Scores of objects over a set.

    `objects` and `panoptic` are from the objects of all images together. `aji`, `aji_plus` and
    `mean_average_precision` (the score of DSB 2018, if `strict`) are means over images.
    """

    objects: InstanceScores
    panoptic: PanopticQuality
    mean_average_precision: float
    aji: float
    aji_plus: float
    images: tuple[InstanceImageScores, ...]


class InstanceAccumulator:
    """Pool the objects of many images.

    Parameters
    ----------
    thresholds : float or increasing sequence of float, default 0.5, 0.55, ..., 0.95
        Intersections over union that a pair must reach.
    strict : bool, default False
        Whether a pair must be above the threshold. Panoptic quality is always strict, at 0.5.
    ignore : int, sequence of int or None, default None
        Labels of the truth whose pixels are left out; 0 is background, and must not be.

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

    def __init__(
        self,
        *,
        thresholds: float | Sequence[float] = THRESHOLDS,
        strict: bool = False,
        ignore: Ignore = None,
    ) -> None:
        self.thresholds = thresholds
        self.strict = strict
        self.ignore = ignore
        self._levels = as_levels(thresholds)
        as_ignore(ignore)
        self._images: list[InstanceImageScores] = []

    def update(self, truth: Any, prediction: Any) -> InstanceAccumulator:
        """Add one image, as `instance_scores` takes it.

        Parameters
        ----------
        truth, prediction : arrays of int of one shape
            Objects, 0 is background.

        Returns
        -------
        self : InstanceAccumulator
        """
        overlaps = object_overlaps(truth, prediction, self.ignore)
        found, ious = count_pairs(overlaps, self._levels, self.strict)
        n_truth, n_prediction = overlaps.n_truth, overlaps.n_prediction
        hits, iou = count_pairs(overlaps, np.array([0.5]), True)
        self._images.append(
            InstanceImageScores(
                objects=scores_of_counts(
                    self._levels, found, n_prediction - found, n_truth - found, ious
                ),
                panoptic=quality_of(int(hits[0]), float(iou[0]), n_truth, n_prediction),
                aji=jaccard_of(*jaccard_parts(overlaps, False)),
                aji_plus=jaccard_of(*jaccard_parts(overlaps, True)),
            )
        )
        return self

    def merge(self, other: InstanceAccumulator) -> InstanceAccumulator:
        """Add the images of another accumulator behind one's own.

        Parameters
        ----------
        other : InstanceAccumulator
            With the same `thresholds`, `strict` and `ignore`.

        Returns
        -------
        self : InstanceAccumulator
        """
        _check_alike(self, other, ("thresholds", "strict", "ignore"))
        self._images += other._images
        return self

    def result(self) -> InstanceSetScores:
        """Sum up the images so far.

        Returns
        -------
        scores : InstanceSetScores

        Raises
        ------
        ValueError
            If there was no image.
        """
        _check_some(bool(self._images))
        every = [image.objects for image in self._images]
        hits = np.sum([one.true_positives for one in every], axis=0)
        objects = scores_of_counts(
            self._levels,
            hits,
            np.sum([one.false_positives for one in every], axis=0),
            np.sum([one.false_negatives for one in every], axis=0),
            np.sum([one.mean_matched_iou * one.true_positives for one in every], axis=0),
        )
        panoptic = [image.panoptic for image in self._images]
        found = sum(one.true_positives for one in panoptic)
        return InstanceSetScores(
            objects=objects,
            panoptic=quality_of(
                found,
                sum(one.segmentation * one.true_positives for one in panoptic),
                found + sum(one.false_negatives for one in panoptic),
                found + sum(one.false_positives for one in panoptic),
            ),
            mean_average_precision=mean([one.mean_average_precision for one in every]),
            aji=mean([image.aji for image in self._images]),
            aji_plus=mean([image.aji_plus for image in self._images]),
            images=tuple(self._images),
        )


def _check_alike(one: Any, other: Any, names: Sequence[str]) -> None:
    """Refuse to merge accumulators that count differently."""
    for name in names:
        if not np.array_equal(getattr(one, name), getattr(other, name)):
            raise ValueError(
                f"other has {name}={getattr(other, name)!r} but this accumulator has "
                f"{name}={getattr(one, name)!r}: merge accumulators that were made alike."
            )


def _check_some(there_is: bool) -> None:
    if not there_is:
        raise ValueError("there is nothing to score: call update(truth, prediction) first.")
