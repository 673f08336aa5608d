"""`Folds`: labelled pixels dealt out for cross-validation, by image or, where there is one, stroke.

Neighbouring pixels are nearly copies of each other: a fold never splits an image or a stroke.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from ..features.intensity import IntensityLaw
from ..refine.out_of_fold import number_strokes
from .row_classifier import RowClassifier
from .sampling import ImageSamples
from .training import Trainable, TrainingSet, fit_rows
from .training_images import iterate_pairs


class TooFewGroupsError(ValueError):
    """There is nothing to hold out, or nothing to train on without it."""


@dataclass(frozen=True)
class Folds:
    """The samples of each image, and the fold of each of their rows and prior pixels.

    `groups` says what was kept together, "images" or "strokes".
    """

    samples: list[ImageSamples]
    law: IntensityLaw
    of_rows: list[Array]
    of_prior_pixels: list[Array]
    groups: str

    @property
    def numbers(self) -> list[int]:
        """The folds that hold a labelled pixel."""
        return np.unique(np.concatenate(self.of_rows)).tolist()

    def fit_without(self, training: Trainable, fold: int) -> RowClassifier:
        """A classifier that never saw the rows, nor the prior pixels, of a fold."""
        kept = [
            sample.subset(rows != fold, prior_pixels != fold)
            for sample, rows, prior_pixels in zip(
                self.samples, self.of_rows, self.of_prior_pixels, strict=True
            )
        ]
        return fit_rows(_for_classes(training, self.samples, kept), kept, self.law)


def _for_classes(
    training: Trainable, samples: list[ImageSamples], kept: list[ImageSamples]
) -> Trainable:
    """The estimator with its own class prior cut to the classes that are left."""
    if isinstance(training.class_prior, str):
        return training
    classes, left = (np.unique(np.concatenate([s.y for s in some])) for some in (samples, kept))
    cut = copy(training)
    cut.class_prior = np.asarray(training.class_prior)[np.isin(classes, left)]
    return cut


def make_folds(
    training_set: TrainingSet, images: Any, labels: Any, masks: Any, n_folds: int
) -> Folds:
    """Deal out the labelled pixels of the images from which `training_set` was collected."""
    samples = training_set.samples
    labelled = [k for k, sample in enumerate(samples) if len(sample.y)]
    of_rows = [np.full(len(sample.y), k) for k, sample in enumerate(samples)]
    near = [np.full(len(sample.prior_labels), k) for k, sample in enumerate(samples)]
    groups = "images"
    if len(labelled) == 1:
        groups, only = "strokes", labelled[0]
        pairs = enumerate(iterate_pairs(images, labels, masks))
        own = next(own for k, (_, own, _) in pairs if k == training_set.places[only])
        strokes = number_strokes(np.asarray(own)).reshape(-1)
        of_rows[only] = strokes[samples[only].positions]
        near[only] = strokes[samples[only].prior_positions]
    fold_of_group = _assign(samples, of_rows, near, n_folds, groups)
    return Folds(
        samples,
        training_set.law,
        [fold_of_group[groups_of] for groups_of in of_rows],
        [fold_of_group[groups_of] for groups_of in near],
        groups,
    )


def _assign(
    samples: list[ImageSamples],
    of_rows: list[Array],
    near: list[Array],
    n_folds: int,
    groups: str,
) -> Array:
    """The fold of every group, -1 where it has no row: the largest first, to the smallest fold.

    Strokes are dealt class by class, so that a fold takes few strokes of any one class.
    """
    y = np.concatenate([sample.y for sample in samples])
    group = np.concatenate(of_rows)
    n_groups = max(int(numbers.max(initial=0)) for numbers in (group, *near)) + 1
    fold_of_group = np.full(n_groups, -1)
    strata = [group] if groups == "images" else [group[y == value] for value in np.unique(y)]
    for members in strata:
        ids, sizes = np.unique(members, return_counts=True)
        if len(ids) < 2:
            raise TooFewGroupsError(
                f"labels has one group of {groups} to hold out and one to train on is missing: "
                f"cross_validate needs at least two {groups}"
                f"{'' if groups == 'images' else ' of each class'}."
            )
        load = np.zeros(n_folds)
        for index in np.argsort(-sizes, kind="stable"):
            fold = int(load.argmin())
            fold_of_group[ids[index]] = fold
            load[fold] += sizes[index]
    return fold_of_group
