"""Scores at strokes: which of several answers is better for the image, and how sure that is.

Strokes hold about as many pixels of each class, whatever its share of the image, so that a
confusion matrix of their pixels is that of another picture. Each of its rows is therefore weighed
to the class prior. Pixels of a stroke, and strokes of an image, err together: what one setting
gains over another is held against its jackknife standard error over whole strokes and over whole
images, whichever is larger (Efron and Stein, "The jackknife estimate of variance", 1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._core.arrays import Array


@dataclass(frozen=True)
class StrokeScores:
    """Labelled pixels, the class that each choice gives them, and how common the classes are.

    `truth` (n,) and `predicted` (n_choices, n) are places of classes; `strokes` and `images` (n,)
    number what the pixels belong to; `class_prior` is (n_classes,).
    """

    truth: Array
    predicted: Array
    strokes: Array
    images: Array
    class_prior: Array

    def iou(self) -> Array:
        """IoU of each class (n_choices, n_classes); NaN for a class that is not labelled."""
        return weighted_iou(self._confusions(np.zeros_like(self.truth))[:, 0], self.class_prior)

    def gains(self) -> tuple[Array, Array]:
        """What each choice gains over the first in mean IoU, and the standard error of that."""
        whole = np.nanmean(self.iou(), axis=-1)
        errors = [self._standard_error(groups) for groups in (self.strokes, self.images)]
        return whole - whole[0], np.max(errors, axis=0)

    def _standard_error(self, groups: Array) -> Array:
        """By the jackknife over groups of pixels; infinite where there is one group."""
        _, numbers = np.unique(groups, return_inverse=True)
        by_group = self._confusions(numbers)
        n_groups = by_group.shape[1]
        if n_groups < 2:
            return np.zeros(len(by_group))
        without = by_group.sum(axis=1, keepdims=True) - by_group
        means = np.nanmean(weighted_iou(without, self.class_prior), axis=-1)
        gains = means - means[0]
        spread = ((gains - gains.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        return np.sqrt((n_groups - 1) / n_groups * spread)

    def _confusions(self, groups: Array) -> Array:
        """Confusion matrices (n_choices, n_groups, n_classes, n_classes), truth in rows."""
        k, n_groups = len(self.class_prior), int(groups.max()) + 1
        rows = (groups.astype(np.intp) * k + self.truth) * k
        return np.stack(
            [
                np.bincount(rows + predicted, minlength=n_groups * k * k).reshape(n_groups, k, k)
                for predicted in self.predicted
            ]
        )


def weighted_iou(confusions: Array, class_prior: Array) -> Array:
    """IoU of each class where the classes are as common as the prior says.

    `confusions` is (..., n_classes, n_classes), truth in rows; a class without any truth is NaN.
    """
    totals = confusions.sum(axis=-1, keepdims=True)
    shares = np.where(totals > 0, class_prior[:, np.newaxis], 0) / np.maximum(totals, 1)
    weighted = confusions * shares
    hits = np.diagonal(weighted, axis1=-2, axis2=-1)
    union = weighted.sum(axis=-1) + weighted.sum(axis=-2) - hits
    iou = hits / np.where(union > 0, union, 1)
    return np.where(totals[..., 0] > 0, iou, np.nan)
