"""What estimators of images have in common: parameters, scores, saving, views of the model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import attrgetter
from os import PathLike
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from .._core.arrays import is_array_like
from .._core.checks import as_count, shown
from .._core.image import Image, as_image
from .._core.progress import Progress
from ..features import FeatureBank
from ..metrics import mean_iou
from ..refine.out_of_fold import OutOfFold
from ..refine.refiner import is_same, settle
from . import model_file
from .model import FittedModel
from .out_of_fold import N_FOLDS, out_of_fold
from .refiners import TUNED, check_refine
from .row_classifier import KINDS, make_classifier
from .scoring import CrossValidation, cross_validate, labelled_confusion
from .training import Trainable, collect_samples

#: Parameters that decide what is learned, and are numbers, text or lists of them. What belongs to
#: a machine (threads, memory) is none of a model, and parts are kept as what they became.
_LEARNING = (
    "class_weight",
    "class_prior",
    "samples_per_class",
    "intensity_jitter",
    "random_state",
    "channel_axis",
    "spacing",
)


def _view(path: str, doc: str) -> Any:
    """A part of the fitted model as an attribute of the estimator."""
    return property(attrgetter(f"model_.{path}"), doc=doc)


class ImageClassifier(Trainable, ClassifierMixin, BaseEstimator):
    """Base of the estimators that learn classes from labelled images.

    A subclass names its parameters in `__init__`, those below and its own, and sets `model_` in
    `fit`. Threads, memory, `refine` and `class_names` count as they stand when they are used; all
    other parameters as they stood at `fit`.
    """

    class_names: Mapping[int, str] | None
    model_: FittedModel

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters; with `deep` also those of a part that was given by its short name."""
        params = super().get_params(deep=deep)
        if deep:
            for name, part in self._parts_by_name().items():
                for key, value in part.get_params(deep=True).items():
                    params[f"{name}__{key}"] = value
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters; `features__sigmas` and `classifier__max_depth` reach into the parts.

        Naming a parameter of a part that was given by its short name, or left out, puts the part
        itself in its place.
        """
        plain = {key: value for key, value in params.items() if "__" not in key}
        if plain:
            super().set_params(**plain)
        nested = {key: value for key, value in params.items() if "__" in key}
        parts = self._parts_by_name()
        if isinstance(self.refine, str) and self.refine in TUNED:
            parts["refine"] = TUNED[self.refine]()
        for name, part in parts.items():
            if any(key.startswith(f"{name}__") for key in nested):
                setattr(self, name, part)
        if nested:
            super().set_params(**nested)
        return self

    def _parts_by_name(self) -> dict[str, Any]:
        """New parts for those parameters that hold a short name (or None for the default)."""
        parts: dict[str, Any] = {}
        if self.features is None:
            parts["features"] = FeatureBank()
        if isinstance(self.classifier, str) and self.classifier in KINDS:
            parts["classifier"] = make_classifier(self.classifier, self.random_state)
        return parts

    def score(self, images: Any, labels: Any, *, mask: Any = None) -> float:
        """Mean IoU over the classes that occur, over all labelled pixels of all images.

        The intersection over union weighs a class, not a pixel, so that a rare class counts;
        accuracy would hide it. `GridSearchCV` maximises this score. A labelled class that the
        model does not know counts as wrong.
        """
        model, limits = self._current_model(), (self.max_memory, self.n_jobs)
        confusion = labelled_confusion(model, images, labels, mask, self._open_known, *limits)
        return float(mean_iou(confusion))

    def cross_validate(
        self,
        images: Any,
        labels: Any,
        *,
        n_folds: int = 5,
        mask: Any = None,
        progress: Progress = False,
    ) -> CrossValidation:
        """Score models on labelled pixels that they were not trained on.

        Folds never split an image between training and test or, where there is one image, a
        stroke: neighbouring pixels are nearly copies of each other, and a score that is
        randomised by pixel is a memory test. This estimator itself is not fitted, nor changed;
        `save` takes the result and stores it with a model of the same labels.

        Returns
        -------
        CrossValidation
            Confusion matrix, mean IoU, IoU of each class and accuracy, pooled over the folds
            and for each fold.
        """
        return cross_validate(
            self._settled(), images, labels, n_folds=n_folds, mask=mask, progress=progress
        )

    def out_of_fold(
        self, images: Any, labels: Any, *, n_folds: int = N_FOLDS, mask: Any = None
    ) -> OutOfFold:
        """See labelled images by models that did not learn from their labels.

        A fold never splits an image or, where one is labelled, a stroke. This estimator itself is
        not fitted, nor changed. `pixelseg.refine.tune` takes it from here.
        """
        training = self._settled()
        n_folds = as_count("n_folds", n_folds, least=2)
        training_set = collect_samples(training, images, labels, mask, False)
        return out_of_fold(training, training_set, images, labels, mask, n_folds)

    def save(
        self,
        path: str | PathLike[str],
        *,
        score: CrossValidation | None = None,
        overwrite: bool = False,
    ) -> None:
        """Write the model to a file: a zip of JSON and arrays, without pickle.

        Parameters
        ----------
        path : path of the file, which appears whole or not at all
        score : CrossValidation, optional
            What `cross_validate` said of these labels, to be kept with the model.
        overwrite : bool, default False
            Whether an existing file is replaced.

        Raises
        ------
        TypeError
            Where a part cannot be stored as data: a feature that is a user's own function, a
            classifier other than forest and MLP, a refiner that is not in
            `pixelseg.classify.REFINERS`.
        ValueError
            Where `score` is that of other labels.
        """
        model = self._current_model()
        if score is not None:
            if not isinstance(score, CrossValidation):
                raise TypeError(
                    f"score is {shown(score)} but must be what cross_validate returned, or None."
                )
            if score.label_hash != model.training.label_hash:
                raise ValueError(
                    "score is that of other labels than the model was fitted to: cross-validate "
                    "on the same images and labels, or leave score out."
                )
            training = replace(model.training, cross_validated_mean_iou=score.mean_iou)
            model = replace(model, training=training)
        model_file.save(model, path, overwrite=overwrite)

    def feature_importances(self) -> dict[str, float]:
        """How much each feature decides, by name, largest first; the values sum to 1."""
        check_is_fitted(self)
        importances = getattr(self.classifier_, "feature_importances_", None)
        if importances is None:
            raise AttributeError(
                f"{type(self.classifier_).__name__} has no feature importances: use "
                "classifier='forest'."
            )
        order = np.argsort(-importances, kind="stable")
        return {self.feature_names_out_[k]: float(importances[k]) for k in order}

    classes_ = _view("classes", "The labels seen at `fit`, ascending, without 0.")
    features_ = _view("features", "The feature bank that the model was fitted with.")
    feature_names_out_ = _view("feature_names", "Names of the features, in the classifier's order.")
    classifier_ = _view("rows.classifier", "The fitted classifier.")
    class_prior_ = _view("rows.prior", "The share of each class that predictions assume.")
    prior_ratio_ = _view(
        "rows.prior_ratio", "What probabilities are multiplied by for that, or None."
    )
    input_spec_ = _view("input_spec", "Axes, channels, dtypes and values of the training images.")
    tuning_ = _view("tuning", "What was tried to refine, if `refine` was a name at `fit`, or None.")
    training_ = _view("training", "Pixels marked and kept of each class, and a hash of the labels.")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    def _learning_params(self, training: Trainable) -> dict[str, Any]:
        """The parameters that a model file keeps."""
        refine = self.refine if isinstance(self.refine, str) else None
        params = {name: getattr(self, name) for name in _LEARNING}
        settled = {name: getattr(training, name) for name in ("samples_per_class", "random_state")}
        return {**params, "refine": refine, **settled}

    def _current_model(self) -> FittedModel:
        """The fitted model, with the refiner and the names that stand now."""
        check_is_fitted(self)
        model = self.model_
        if self.class_names is not model.class_names:
            model = replace(model, class_names=self.class_names)
        check_refine(self.refine)
        if isinstance(self.refine, str):
            fitted_with = model.params["refine"]
            if self.refine != fitted_with:
                raise ValueError(
                    f"refine is {self.refine!r}, which is tuned at fit, but the model was fitted "
                    f"with refine={fitted_with!r}: fit again, or set refine to a refiner or None."
                )
            return model
        refiner = settle(self.refine, model.input_spec.value_range)
        if is_same(refiner, model.refiner):
            return model
        params = {**model.params, "refine": None}
        return replace(model, refiner=refiner, tuning=None, params=params)

    def _open_known(self, image: Any, mask: Any) -> Image:
        """An image for the fitted model: what nobody says of its axes is as in training."""
        if isinstance(image, Image):
            return as_image(image, mask=mask)
        if not is_array_like(image):
            if isinstance(image, Iterable) and not isinstance(image, str | bytes):
                raise TypeError(
                    f"image is a {type(image).__name__} but must be one array: predict images one "
                    "at a time."
                )
            return self._open(image, mask)  # which says what it must be
        axis, spec = self.channel_axis, self.model_.input_spec
        if axis == "auto" and not hasattr(image, "channel_axis"):
            axis = spec.channel_axis_of(tuple(image.shape))
        spacing = spec.spacing if self.spacing is None else self.spacing
        return as_image(image, mask=mask, channel_axis=axis, spacing=spacing)
