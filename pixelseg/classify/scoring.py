"""Scores: of a fitted model at labelled pixels, and by cross-validation of models to come.

Cross-validation splits neither an image nor, where there is one image, a stroke.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.boxes import bounding_box, grow, slices_of
from .._core.checks import as_count
from .._core.image import Image
from .._core.memory import Memory, parse_memory
from .._core.progress import Progress, Reporter
from .._core.threads import effective_n_jobs
from ..metrics import accuracy, contingency_table, iou, mean_iou
from ..metrics.confusion import count_classes, pool_classes
from .folds import Folds, make_folds
from .input_spec import check_input
from .model import FittedModel
from .outputs import Outputs, label_dtype
from .sampling import fill_rows
from .training import Trainable, collect_samples
from .training_images import OpenImage, check_pairs, iterate_pairs

#: Up to this many labelled pixels of an image, rows of features beat whole tiles.
_FEW_PIXELS = 100_000


def labelled_confusion(
    model: FittedModel,
    images: Any,
    labels: Any,
    masks: Any,
    open_image: OpenImage,
    max_memory: Memory = None,
    n_jobs: int | None = None,
) -> Array:
    """Confusion matrix of a fitted model over the labelled pixels of all images.

    Truth in rows; one row and column for each class that is labelled or predicted there, in
    ascending order. Where few pixels are labelled, only the features around them are computed. A
    labelled class that the model does not know counts as wrong.
    """
    check_pairs(images, labels, masks, open_image)
    counts = []
    for source, own, mask in iterate_pairs(images, labels, masks):
        image = open_image(source, mask)
        check_input(image, model.input_spec, "the model")
        truth = as_labels(own, image.spatial_shape)
        truth = truth if image.mask is None else truth * image.mask
        positions = np.flatnonzero(truth > 0)
        if len(positions):
            answers = _at_labels(model, image, truth, positions, max_memory, n_jobs)
            counts.append(count_classes(contingency_table(*answers), None, (0,)))
    if not counts:
        raise ValueError("labels has no labelled pixel: there is nothing to score.")
    return pool_classes(counts).confusion


def _at_labels(
    model: FittedModel,
    image: Image,
    truth: Array,
    positions: Array,
    max_memory: Memory,
    n_jobs: int | None,
) -> tuple[Array, Array]:
    """Truth and predicted labels, at labelled pixels alone or of the part that holds them."""
    plans = model.plan(image, max_memory, n_jobs)
    plan = plans.features
    budget = parse_memory(max_memory, image.ndim)
    rows = 2 * 4 * plan.n_features * len(positions)  # and a copy for the classifier
    if model.refiner is None and len(positions) <= _FEW_PIXELS and rows <= budget // 2:
        X = np.empty((len(positions), plan.n_features), np.float32)
        fill_rows(image, plan, positions, X, budget=budget - rows, n_jobs=n_jobs)
        places = model.rows.predict_places(X.T, effective_n_jobs(n_jobs))
        return truth.reshape(-1)[positions], model.classes[places]
    if model.refiner is None or plans.blocks is not None:
        # Nothing depends on what is farther from the labels than filters and refiner reach.
        reach = plans.reach or (0,) * image.ndim
        margin = tuple(a + b for a, b in zip(plan.halo[3 - image.ndim :], reach, strict=True))
        box = grow(bounding_box(truth > 0), margin, image.spatial_shape)
        image, truth = image.crop(box), truth[slices_of(box)]
    labels = np.empty(image.spatial_shape, label_dtype(model.classes))
    model.predict(image, Outputs(model.classes, labels=labels), max_memory, n_jobs)
    return truth, labels


@dataclass(frozen=True)
class CrossValidation:
    """Scores of models on pixels that they were not trained on.

    `confusion` (n_classes, n_classes) is pooled over the folds, truth in rows; `iou` has one
    entry a class; `fold_mean_iou` and `fold_accuracy` have one entry a fold; `groups` says what
    was kept together, "images" or "strokes"; `label_hash` tells which labels were scored.
    """

    classes: Array
    confusion: Array
    accuracy: float
    mean_iou: float
    iou: Array
    fold_accuracy: Array
    fold_mean_iou: Array
    groups: str
    label_hash: str


def cross_validate(
    training: Trainable, images: Any, labels: Any, *, n_folds: int, mask: Any, progress: Progress
) -> CrossValidation:
    """Train and test in turn on groups of images, or of strokes where there is one image."""
    n_folds = as_count("n_folds", n_folds, least=2)
    training_set = collect_samples(training, images, labels, mask, False)
    folds = make_folds(training_set, images, labels, mask, n_folds)
    classes = np.array(training_set.record.classes)
    confusions = []
    with Reporter(progress, n_folds, "folds") as report:
        for fold in range(n_folds):
            confusions.append(_test_fold(training, folds, fold, classes))
            report.advance()
    pooled = np.sum(confusions, axis=0)
    return CrossValidation(
        classes=classes,
        confusion=pooled,
        accuracy=float(accuracy(pooled)),
        mean_iou=float(mean_iou(pooled)),
        iou=iou(pooled),
        fold_accuracy=np.array([accuracy(confusion) for confusion in confusions]),
        fold_mean_iou=np.array([mean_iou(confusion) for confusion in confusions]),
        groups=folds.groups,
        label_hash=training_set.record.label_hash,
    )


def _test_fold(training: Trainable, folds: Folds, fold: int, classes: Array) -> Array:
    """Confusion matrix of one fold over the places of `classes`."""
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    if fold not in folds.numbers:
        return confusion
    fitted = folds.fit_without(training, fold)
    column_of = np.searchsorted(classes, fitted.classes)
    for sample, rows in zip(folds.samples, folds.of_rows, strict=True):
        test = rows == fold
        if test.any():
            predicted = column_of[fitted.predict_places(sample.X[test].T)]
            truth = np.searchsorted(classes, sample.y[test])
            np.add.at(confusion, (truth, predicted), 1)
    return confusion
