"""Labelled images, seen by models that did not learn from their labels: out-of-fold predictions.

Where too little is labelled for that, they are seen by the model that learned from all of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .._core.arrays import PROBABILITY_DTYPE, Array, as_labels
from .._core.boxes import Box, shape_of
from .._core.image import Image
from .._core.progress import Reporter
from .._core.threads import effective_n_jobs
from ..forest import ForestClassifier
from ..refine.out_of_fold import OutOfFold, OutOfFoldImage, number_strokes
from .folds import TooFewGroupsError, make_folds
from .outputs import Outputs
from .prediction import Prediction
from .prediction_plan import plan_prediction
from .row_classifier import RowClassifier, make_classifier
from .training import Trainable, TrainingSet
from .training_images import iterate_pairs

#: Folds of images, or strokes: each costs a training.
N_FOLDS = 3


def out_of_fold(
    training: Trainable,
    training_set: TrainingSet,
    images: Any,
    labels: Any,
    masks: Any,
    n_folds: int = N_FOLDS,
) -> OutOfFold:
    """Train a model for each fold; the images are then passed through once more, one at a time."""
    folds = make_folds(training_set, images, labels, masks, n_folds)
    quick = _with_fewer_trees(training)
    classes = np.array(training_set.record.classes)
    models = {}
    for fold in folds.numbers:
        kept = np.concatenate(
            [
                sample.y[rows != fold]
                for sample, rows in zip(folds.samples, folds.of_rows, strict=True)
            ]
        )
        if len(np.unique(kept)) > 1:
            models[fold] = folds.fit_without(quick, fold)
    if not models:
        raise TooFewGroupsError(
            "labels has images of one class each: without one of them no two classes are left to "
            "train on, so label two classes in some image."
        )
    return OutOfFold(
        classes=classes,
        class_prior=_mean_prior(models, classes),
        value_range=training_set.input_spec.value_range,
        n_images=sum(len(sample.y) > 0 for sample in folds.samples),
        images=_iterate(training, training_set, folds.of_rows, models, images, labels, masks),
    )


def in_sample(
    training: Trainable,
    training_set: TrainingSet,
    rows: RowClassifier,
    images: Any,
    labels: Any,
    masks: Any,
) -> OutOfFold:
    """The same form, seen by the model that learned from all labels: no score may be made of it."""
    of_rows = [np.zeros(len(sample.y), np.intp) for sample in training_set.samples]
    classes = np.array(training_set.record.classes)
    return OutOfFold(
        classes=classes,
        class_prior=_mean_prior({0: rows}, classes),
        value_range=training_set.input_spec.value_range,
        n_images=sum(len(own) > 0 for own in of_rows),
        images=_iterate(training, training_set, of_rows, {0: rows}, images, labels, masks),
    )


def _with_fewer_trees(training: Trainable) -> Trainable:
    """The estimator with half of a forest's trees: what compares refiners needs no more."""
    classifier = make_classifier(training.classifier, training.random_state)
    n_trees = classifier.get_params().get("n_estimators")
    if not isinstance(classifier, ForestClassifier) or n_trees is None:
        return training
    quick = copy(training)
    quick.classifier = classifier.set_params(n_estimators=-(-n_trees // 2))
    return quick


@dataclass(frozen=True)
class _SideBySide:
    """Several classifiers as one: the features of a pixel are made once for all of them.

    The answers (n, n_models * n_classes) have a column for each class of the whole training set;
    one that a classifier has never seen has probability 0.
    """

    models: list[RowClassifier]
    classes: Array

    @property
    def n_classes(self) -> int:
        return len(self.models) * len(self.classes)

    def predict_proba(self, planes: Array, n_jobs: int = 1) -> Array:
        answers = np.zeros(
            (planes.shape[1], len(self.models), len(self.classes)), PROBABILITY_DTYPE
        )
        for place, model in enumerate(self.models):
            columns = np.searchsorted(self.classes, model.classes)
            answers[:, place, columns] = model.predict_proba(planes, n_jobs)
        return answers.reshape(len(answers), -1)

    def predict(self, training: Trainable, image: Image, box: Box) -> list[Array]:
        """Probabilities (*box_shape, n_classes) of each model."""
        plan = plan_prediction(
            image,
            training.features.plan(image),
            self.n_classes,
            None,
            None,
            training.max_memory,
            effective_n_jobs(training.n_jobs),
        )
        out = np.empty((*shape_of(box), self.n_classes), PROBABILITY_DTYPE)
        with Reporter(False, 1, "predict") as report:
            threads = effective_n_jobs(training.n_jobs)
            prediction = Prediction(self, None, plan, image, threads, report)
            prediction.classify(box, Outputs(self.classes, probabilities=out))
        return np.split(out, len(self.models), axis=-1)


def _iterate(
    training: Trainable,
    training_set: TrainingSet,
    fold_of_rows: list[Array],
    models: dict[int, RowClassifier],
    images: Any,
    labels: Any,
    masks: Any,
) -> Iterator[OutOfFoldImage]:
    """The labelled images in the order in which they come."""
    sample_of = {place: k for k, place in enumerate(training_set.places)}
    for place, (source, own, mask) in enumerate(iterate_pairs(images, labels, masks)):
        sample, of_rows = training_set.samples[sample_of[place]], fold_of_rows[sample_of[place]]
        if not len(sample.y):
            continue
        image = training._open(source, mask)
        strokes = number_strokes(as_labels(own, image.spatial_shape)).reshape(-1)
        asked = [fold for fold in np.unique(of_rows).tolist() if fold in models]
        known = np.zeros(len(of_rows), bool)
        for fold in asked:
            known |= (of_rows == fold) & np.isin(sample.y, models[fold].classes)
        if not known.any():
            continue
        several = _SideBySide(
            [models[fold] for fold in asked], np.array(training_set.record.classes)
        )
        yield OutOfFoldImage(
            image=image,
            positions=sample.positions[known],
            truth=np.searchsorted(several.classes, sample.y[known]),
            strokes=strokes[sample.positions[known]],
            models=np.searchsorted(asked, of_rows[known]),
            predict=partial(several.predict, training, image),
        )


def _mean_prior(models: dict[int, RowClassifier], classes: Array) -> Array:
    """How common the classes are, as the models of the folds assume together."""
    total = np.zeros(len(classes))
    for model in models.values():
        total[np.searchsorted(classes, model.classes)] += model.prior
    return total / total.sum()
