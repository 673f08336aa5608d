"""Honest scores: predictions at labelled pixels, and cross-validation that splits no stroke."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from .._core.arrays import Array, as_labels
from .._core.image import Image, as_image
from .._core.progress import Progress, Reporter
from ..metrics import accuracy, confusion_matrix, iou, mean_iou
from .pairs import check_pairs, iterate_pairs
from .parts import predict_planes
from .prior import reweight
from .samples import ImageSamples, fill_rows, subset
from .training import Training, collect_all, fit_samples, make_record

#: Up to this many labelled pixels of an image, rows of features beat whole tiles.
_FEW_PIXELS = 100_000


@dataclass(frozen=True)
class CrossValidation:
    """Scores of models on pixels that they were not trained on.

    `confusion` (n_classes, n_classes) is pooled over the folds, truth in rows; `iou` has one
    entry a class; `fold_mean_iou` and `fold_accuracy` have one entry a fold; `groups` says what
    was kept together, "images" or "strokes"; `fingerprint` tells which labels and parameters were
    scored.
    """

    classes: Array
    confusion: Array
    accuracy: float
    mean_iou: float
    iou: Array
    fold_accuracy: Array
    fold_mean_iou: Array
    groups: str
    fingerprint: str


def fingerprint_of(model: Any, label_hash: str) -> str:
    """What a score is a score of: the labels and the parameters that decide what is learned."""
    params = model.get_params()
    for name in ("n_jobs", "max_memory", "class_names"):
        del params[name]
    return f"{label_hash} {sorted(params.items())!r}"


def labelled_confusion(model: Any, images: Any, labels: Any, masks: Any = None) -> Array:
    """Confusion matrix of a fitted model over the labelled pixels of all images.

    Where few pixels are labelled, only the features around them are computed. A labelled class
    that the model does not know counts as wrong.
    """
    check_pairs(images, labels, masks, model._options())
    everything = np.zeros((0, 0), np.int64)
    for source, source_labels, mask in iterate_pairs(images, labels, masks):
        image = as_image(source, mask=mask, **model._options())
        truth = as_labels(source_labels, image.spatial_shape)
        truth, predicted = _at_labels(model, image, truth)
        n = int(max(truth.max(), predicted.max(), len(everything)))
        own = confusion_matrix(truth, predicted, n_classes=n)
        grown = np.zeros((n, n), np.int64)
        grown[: len(everything), : len(everything)] = everything
        everything = grown + own
    return everything


def _at_labels(model: Any, image: Image, truth: Array) -> tuple[Array, Array]:
    """Truth and prediction at labelled pixels."""
    marked = truth > 0 if image.mask is None else (truth > 0) & image.mask
    if model.refine is not None or np.count_nonzero(marked) > _FEW_PIXELS:
        return truth[marked], model.predict(image)[marked]
    model.traits_.check_kind(image)
    plan = model.features_.plan(image)
    positions = np.flatnonzero(marked)
    X = np.empty((len(positions), plan.n_features), np.float32)
    fill_rows(image, plan, positions, X)
    return truth[marked], predict_rows(model.classifier_, model.classes_, model.prior_ratio_, X)


def cross_validate(
    model: Any, images: Any, labels: Any, *, n_folds: int, mask: Any, progress: Progress
) -> CrossValidation:
    """Train and test in turn on groups of images, or of strokes where there is one image."""
    if not isinstance(n_folds, int | np.integer) or n_folds < 2:
        raise ValueError(f"n_folds is {n_folds!r} but must be an integer of 2 or more.")
    training = model._training()
    collected = collect_all(training, images, labels, mask, False)
    samples = collected.samples
    if len(samples) > 1:
        groups = "images"
        group_of = [np.full(len(sample.y), index) for index, sample in enumerate(samples)]
        group_of_place = [
            np.full(len(sample.place_labels), index) for index, sample in enumerate(samples)
        ]
    else:
        groups = "strokes"
        ((_, only_labels, _),) = iterate_pairs(images, labels, mask)
        strokes = _strokes(np.asarray(only_labels), samples[0].classes).reshape(-1)
        group_of = [strokes[samples[0].positions]]
        group_of_place = [strokes[samples[0].place_positions]]
    fold_of_group = _assign_folds(samples, group_of, n_folds, groups)
    fold_of = [fold_of_group[own] for own in group_of]
    fold_of_place = [fold_of_group[own] for own in group_of_place]
    classes = np.unique(np.concatenate([sample.y for sample in samples]))
    confusions = []
    with Reporter(progress, n_folds, "folds") as report:
        for fold in range(n_folds):
            confusions.append(_test_fold(training, samples, fold_of, fold_of_place, fold, classes))
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
        groups=groups,
        fingerprint=fingerprint_of(model, make_record(collected).label_hash),
    )


def _strokes(labels: Array, classes: Array) -> Array:
    """Strokes numbered from 1: connected pieces of one class, touching by a corner; 0 elsewhere."""
    structure = np.ones((3,) * labels.ndim, bool)
    strokes = np.zeros(labels.shape, np.int32)
    n_strokes = 0
    for value in classes:
        pieces, n_pieces = ndimage.label(labels == value, structure)
        strokes[pieces > 0] = pieces[pieces > 0] + n_strokes
        n_strokes += n_pieces
    return strokes


def _assign_folds(
    samples: list[ImageSamples], group_of: list[Array], n_folds: int, groups: str
) -> Array:
    """The fold of every group: they are dealt out, the largest first, to the smallest fold.

    Strokes are dealt class by class, so that a fold takes few strokes of any one class.
    """
    y = np.concatenate([sample.y for sample in samples])
    group = np.concatenate(group_of)
    fold_of_group = np.full(int(group.max()) + 1, -1)
    strata = [group] if groups == "images" else [group[y == value] for value in np.unique(y)]
    for members in strata:
        ids, sizes = np.unique(members, return_counts=True)
        if len(ids) < 2:
            raise ValueError(
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


def _test_fold(
    training: Training,
    samples: list[ImageSamples],
    fold_of: list[Array],
    fold_of_place: list[Array],
    fold: int,
    classes: Array,
) -> Array:
    """Confusion matrix of one fold over the places of `classes`."""
    confusion = np.zeros((len(classes), len(classes)), np.int64)
    train = [
        subset(sample, rows != fold, places != fold)
        for sample, rows, places in zip(samples, fold_of, fold_of_place, strict=True)
    ]
    test = [
        (sample.X[folds == fold], sample.y[folds == fold])
        for sample, folds in zip(samples, fold_of, strict=True)
    ]
    if not any(len(y) for _, y in test):
        return confusion
    fitted = fit_samples(training, train)
    for X, y in test:
        if len(y):
            predicted = predict_rows(fitted.classifier, fitted.classes, fitted.prior_ratio, X)
            truth = np.searchsorted(classes, y)
            np.add.at(confusion, (truth, np.searchsorted(classes, predicted)), 1)
    return confusion


def predict_rows(classifier: Any, classes: Array, prior_ratio: Array | None, X: Array) -> Array:
    """Class of each row of features."""
    if len(X) == 0:
        return np.empty(0, classes.dtype)
    probabilities = predict_planes(classifier, X.T, 1)
    if prior_ratio is not None:
        probabilities = reweight(probabilities, prior_ratio)
    return classes[probabilities.astype(np.float32).argmax(axis=1)]
