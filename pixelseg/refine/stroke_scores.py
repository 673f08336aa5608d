"""Scores at strokes: which of several answers is better for the image, and how sure that is.

Strokes hold about as many pixels of each class, whatever its share of the image, and few of what
is wrong: false alarms lie where nobody painted. What strokes tell well is how much of a class is
found; how much of an image is given to a class is counted, on all of its pixels; and the two are
what an IoU is made of, with the share that the class truly has. That is not known, but bounded: it
is no more than what is given to the class over the part of it that is found, for every answer
("adjusted count": Forman, "Quantifying counts and costs via classification", 2008).

Pixels of a stroke, and strokes of an image, err together. What one answer gains over another is
held against its jackknife standard error over whole strokes and over whole images, whichever is
larger (Efron and Stein, "The jackknife estimate of variance", 1981).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .._core.arrays import Array

#: Answers that find less than this part of what the first finds say nothing of a class's share.
_LEAST_RECALL = 0.5
#: How much the error over the strokes of one image counts, where nothing tells how images differ.
ONE_IMAGE = 1.5


@dataclass(frozen=True)
class StrokeScores:
    """Labelled pixels and the class that each choice gives them, and all pixels around them.

    `truth` (n,) and `predicted` (n_choices, n) are places of classes; `strokes` and `images` (n,)
    number what the pixels belong to, images from 0. `given` (n_choices, n_images, n_classes)
    counts the pixels of each image, labelled or not, that each choice gives to each class;
    `class_prior` (n_classes,) is how common the classes are supposed to be.
    """

    truth: Array
    predicted: Array
    strokes: Array
    images: Array
    given: Array
    class_prior: Array

    def iou(self) -> Array:
        """IoU of each class (n_choices, n_classes); NaN for a class that is not labelled."""
        return self._iou(np.zeros_like(self.truth), False)[:, 0]

    def gains(self) -> tuple[Array, Array]:
        """What each choice gains over the first in mean IoU, and the standard error of that."""
        mean_iou = np.nanmean(self.iou(), axis=-1)
        over_strokes = self._standard_error(self.strokes)
        if self.given.shape[1] == 1:
            return mean_iou - mean_iou[0], ONE_IMAGE * over_strokes
        over_images = self._standard_error(self.images, True)
        return mean_iou - mean_iou[0], np.maximum(over_strokes, over_images)

    def _standard_error(self, groups: Array, are_images: bool = False) -> Array:
        """By the jackknife: scores without one group after the other; 0 where there is one."""
        _, numbers = np.unique(groups, return_inverse=True)
        n_groups = int(numbers.max()) + 1
        if n_groups < 2:
            return np.zeros(len(self.predicted))
        gains = np.nanmean(self._iou(numbers, True, are_images), axis=-1)
        gains -= gains[0]
        spread = ((gains - gains.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        return np.sqrt((n_groups - 1) / n_groups * spread)

    def _iou(self, groups: Array, without: bool, are_images: bool = False) -> Array:
        """IoU (n_choices, n_groups, n_classes) of each group alone, or of all the others."""
        k, n_groups = len(self.class_prior), int(groups.max()) + 1
        rows = groups.astype(np.intp) * k + self.truth
        labelled = np.bincount(rows, minlength=n_groups * k).reshape(n_groups, k)
        hits = np.stack(
            [
                np.bincount(rows, found, minlength=n_groups * k).reshape(n_groups, k)
                for found in self.predicted == self.truth
            ]
        )
        given = self.given if are_images else self.given.sum(axis=1, keepdims=True)
        if without:
            labelled = labelled.sum(axis=0) - labelled
            hits = hits.sum(axis=1, keepdims=True) - hits
            given = given.sum(axis=1, keepdims=True) - given if are_images else given
        recall = np.where(labelled > 0, hits / np.maximum(labelled, 1), np.nan)
        given = given / given.sum(axis=-1, keepdims=True)
        share = _bounded_shares(recall, given, self.class_prior)
        found = np.minimum(share * recall, given)
        union = share + given - found
        return found / np.where(union > 0, union, 1)


def _bounded_shares(recall: Array, given: Array, class_prior: Array) -> Array:
    """Shares of the classes (n_groups, n_classes): the prior, within what the answers allow.

    `recall` and `given` are (n_choices, n_groups, n_classes). What a bound takes from a class goes
    to those below theirs.
    """
    unlabelled = np.isnan(recall[0])
    tells = (recall > 0) & (recall >= _LEAST_RECALL * recall[:1])
    bounds = np.where(tells, given / np.where(tells, recall, 1), 1.0).min(axis=0, initial=1.0)
    bounds = np.where(unlabelled, given[0], bounds)
    shares = np.minimum(class_prior, bounds)
    room = bounds - shares
    missing = 1 - shares.sum(axis=-1, keepdims=True)
    all_room = room.sum(axis=-1, keepdims=True)
    shares = shares + room * np.minimum(missing / np.where(all_room > 0, all_room, 1), 1)
    return shares / shares.sum(axis=-1, keepdims=True)
