"""`PixelClassifier`: a few strokes on one image, every other image segmented.

Each pixel is described by filters at several scales (`pixelseg.FeatureBank`), a classifier
learns from the pixels that were painted, and every pixel of any other image gets the most
probable class. The one insight of the implementation: since every filter has a finite reach,
an image can be cut anywhere, and neither training nor prediction ever holds its features.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from .._core.arrays import PROBABILITY_DTYPE, Array, is_array_like
from .._core.boxes import Shape3D
from .._core.image import Image, as_image
from .._core.memory import parse_memory
from .._core.progress import Progress
from .._core.tiles import TilePlan
from ..features import FeatureBank
from .answers import Answers, check_kind, check_output, label_dtype
from .parts import make_classifier, make_features
from .predictor import Predictor
from .prior import check_class_prior
from .training import Training, collect_all, fit_samples, make_record


class PixelClassifier(ClassifierMixin, BaseEstimator):
    """Segment images into classes, learned from sparse strokes or dense masks.

    Parameters
    ----------
    features : FeatureBank, optional
        What describes a pixel. The default is `FeatureBank()`: eight filters at six scales.
    classifier : "forest", "mlp" or a scikit-learn classifier, default "forest"
        "forest" is `ForestClassifier`, robust and without anything to scale; "mlp" is a small
        neural network on scaled features, several times faster to predict. Fitted scikit-learn
        forests are compiled and give scikit-learn's own bits.
    refine : object, optional
        Anything with `refine(probabilities, image) -> probabilities`, called on a whole image's
        probabilities before the labels are taken. It needs them all in memory.
    class_weight : "balanced" or dict, optional
        Handed to the classifier.
    class_prior : "estimate", "strokes" or array of shape (n_classes,), default "estimate"
        How common the classes are. "estimate" looks at the unlabelled pixels of the training
        images, because strokes do not say; "strokes" believes the labels' own shares.
    max_samples : int or None, default 2000
        Labelled pixels kept for each class and image, drawn reproducibly. It bounds time and
        memory where masks are dense; None keeps all.
    max_memory : int or str, optional
        Bytes ("2GB") that `fit` and `predict` may hold beyond their input and output. The
        default, some 400 MB, keeps a whole process below 1 GB; for volumes, whose boxes are
        mostly border, it is 2 GB, and more makes large ones quicker.
    n_jobs : int, optional
        Threads; None is one, -1 all cores. Results never depend on it.
    random_state : int, default 0
        Seeds the classifier and the drawing of pixels.
    channel_axis : "auto", int or None, default "auto"
        Which axis of an image holds channels. "auto" takes (H, W) as grey and (H, W, 3 or 4)
        as colour; None says that there is none, so that (D, H, W) is a volume.
    spacing : float or sequence of floats, optional
        Size of a pixel along each spatial axis, in the unit of the features' sigmas. Default 1.
    class_names : mapping of int to str, optional
        Names of the classes, kept in the model file.

    Attributes
    ----------
    classes_ : ndarray of int64, shape (n_classes,)
        The labels seen at `fit`, ascending, without 0.
    features_ : FeatureBank
    classifier_ : object
        The fitted classifier.
    class_prior_ : ndarray of float64, shape (n_classes,)
        The share of each class that predictions assume.
    feature_names_out_ : tuple of str
    traits_ : ImageTraits
        Axes, channels, dtype and range of values of the training images.
    training_ : TrainingRecord
        How many pixels of each class were marked and kept, and a hash of the labels.

    Notes
    -----
    Beside input and output, `predict` holds a few tiles: for each, about 4 bytes a pixel and
    feature, 50 MB for a grey tile of 512x512. Training holds one such cell and 4 bytes for each
    kept pixel and feature.

    Examples
    --------
    >>> import numpy as np
    >>> import pixelseg
    >>> rng = np.random.default_rng(0)
    >>> truth = np.zeros((64, 64), int)
    >>> truth[:, 32:] = 1
    >>> image = rng.normal(truth, 0.3)
    >>> strokes = np.zeros((64, 64), int)
    >>> strokes[10:14, 5:25], strokes[40:44, 40:60] = 1, 2
    >>> model = pixelseg.PixelClassifier().fit(image, strokes)
    >>> labels = model.predict(image)
    >>> labels.dtype, float((labels == truth + 1).mean()) > 0.95
    (dtype('uint8'), True)
    """

    def __init__(
        self,
        features: FeatureBank | None = None,
        classifier: Any = "forest",
        *,
        refine: Any = None,
        class_weight: Any = None,
        class_prior: Any = "estimate",
        max_samples: int | None = 2000,
        max_memory: int | str | None = None,
        n_jobs: int | None = None,
        random_state: int = 0,
        channel_axis: int | str | None = "auto",
        spacing: float | Sequence[float] | None = None,
        class_names: Mapping[int, str] | None = None,
    ):
        self.features = features
        self.classifier = classifier
        self.refine = refine
        self.class_weight = class_weight
        self.class_prior = class_prior
        self.max_samples = max_samples
        self.max_memory = max_memory
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.channel_axis = channel_axis
        self.spacing = spacing
        self.class_names = class_names

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters; with `deep` also those of a part that was given by its short name."""
        params = super().get_params(deep=deep)
        if deep:
            for name, part in self._parts_by_name().items():
                for key, value in part.get_params(deep=True).items():
                    params[f"{name}__{key}"] = value
        return params

    def set_params(self, **params: Any) -> PixelClassifier:
        """Set parameters; `features__sigmas` and `classifier__max_depth` reach into the parts."""
        plain = {key: value for key, value in params.items() if "__" not in key}
        if plain:
            super().set_params(**plain)
        nested = {key: value for key, value in params.items() if "__" in key}
        for name, part in self._parts_by_name().items():
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
        if isinstance(self.classifier, str):
            parts["classifier"] = make_classifier(self.classifier, self.random_state)
        return parts

    def fit(
        self, images: Any, labels: Any, *, mask: Any = None, progress: Progress = False
    ) -> PixelClassifier:
        """Learn from labelled pixels.

        Parameters
        ----------
        images : array-like, or iterable of array-likes
            One image, a list, or any object that can be iterated anew and loads one at a time.
            An image is (H, W), (D, H, W), or either with a channel axis; any real dtype.
        labels : array of int of the spatial shape, or iterable of such arrays
            0 = unlabelled; classes are positive integers. They are passed through once more
            before any image is loaded, so that what is wrong with them is known at once.
        mask : bool array of the spatial shape, or iterable of such arrays, optional
            False where pixels do not count: they may be NaN, and what is there never matters.
        progress : bool or callable, default False

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Where shapes differ, no pixel is labelled, all labels are of one class, values are
            not finite, or `max_memory` does not suffice.
        """
        training = self._training()
        collected = collect_all(training, images, labels, mask, progress)
        fitted = fit_samples(training, collected.samples)
        self.traits_ = collected.traits
        self.features_ = training.features
        self.classifier_ = fitted.classifier
        self.classes_ = fitted.classes
        self.class_prior_ = fitted.prior
        self.prior_ratio_ = fitted.prior_ratio
        self.training_ = make_record(collected)
        self.feature_names_out_ = collected.feature_names
        self._make_check()
        return self

    def predict(
        self, image: Any, *, mask: Any = None, out: Any = None, progress: Progress = False
    ) -> Any:
        """Label every pixel with its most probable class.

        Parameters
        ----------
        image : array-like
            Of the kind that the model was trained on, of any size. Memory-mapped files, zarr,
            HDF5 and dask arrays are read tile by tile.
        mask : bool array of the spatial shape, optional
            Pixels outside get label 0.
        out : array-like of the spatial shape, optional
            Where to write; anything that takes `out[slices] = block`.
        progress : bool or callable, default False

        Returns
        -------
        ndarray of the smallest unsigned integers that hold `classes_`, or `out`
        """
        image = self._check_image(image, mask)
        out = _output(out, image.spatial_shape, label_dtype(self.classes_))
        self._fill(image, Answers(self.classes_, labels=out), progress)
        return out

    def predict_proba(
        self, image: Any, *, mask: Any = None, out: Any = None, progress: Progress = False
    ) -> Any:
        """Probability of each class at every pixel, float32 (..., n_classes), as `classes_`.

        Each pixel sums to 1; outside `mask` all are 0. Parameters as `predict`.
        """
        image = self._check_image(image, mask)
        out = _output(out, (*image.spatial_shape, len(self.classes_)), np.dtype(PROBABILITY_DTYPE))
        self._fill(image, Answers(self.classes_, probabilities=out), progress)
        return out

    def predict_uncertainty(
        self,
        image: Any,
        *,
        kind: str = "margin",
        mask: Any = None,
        out: Any = None,
        progress: Progress = False,
    ) -> Any:
        """How unsure the model is of each pixel, float32 in [0, 1]: where to paint next.

        `kind="margin"` is 1 minus the lead of the best class over the second, "entropy" the
        entropy of the probabilities over its largest value. Other parameters as `predict`.
        """
        check_kind(kind)
        image = self._check_image(image, mask)
        out = _output(out, image.spatial_shape, np.dtype(PROBABILITY_DTYPE))
        self._fill(image, Answers(self.classes_, uncertainty=out, kind=kind), progress)
        return out

    def predict_into(
        self,
        image: Any,
        *,
        labels: Any = None,
        probabilities: Any = None,
        uncertainty: Any = None,
        kind: str = "margin",
        mask: Any = None,
        progress: Progress = False,
    ) -> None:
        """Write labels, probabilities and uncertainty, those that are wanted, in a single pass.

        `predict`, `predict_proba` and `predict_uncertainty` one after the other would compute
        the features and ask the forest three times. Each result goes into the array that is
        given for it, as by the `out` of these methods; other parameters are theirs.

        Examples
        --------
        >>> import numpy as np
        >>> import pixelseg
        >>> image = np.zeros((32, 32))
        >>> image[:, 16:] = 1
        >>> strokes = np.zeros((32, 32), int)
        >>> strokes[16, [4, 28]] = 1, 2
        >>> model = pixelseg.PixelClassifier().fit(image, strokes)
        >>> labels = np.empty((32, 32), np.uint8)
        >>> uncertainty = np.empty((32, 32), np.float32)
        >>> model.predict_into(image, labels=labels, uncertainty=uncertainty)
        >>> np.array_equal(labels, model.predict(image))
        True
        """
        image = self._check_image(image, mask)
        answers = Answers(self.classes_, labels, probabilities, uncertainty, kind)
        answers.check(image.spatial_shape)
        self._fill(image, answers, progress)

    def score(self, images: Any, labels: Any, *, mask: Any = None) -> float:
        """Mean IoU over the classes that occur, over all labelled pixels of all images.

        The intersection over union weighs a class, not a pixel, so that a rare class counts;
        accuracy would hide it. `GridSearchCV` maximises this score.
        """
        from ..metrics import mean_iou
        from .evaluate import labelled_confusion

        check_is_fitted(self)
        return float(mean_iou(labelled_confusion(self, images, labels, mask)))

    def cross_validate(
        self,
        images: Any,
        labels: Any,
        *,
        n_folds: int = 5,
        mask: Any = None,
        progress: Progress = False,
    ) -> Any:
        """Score models on labelled pixels that they were not trained on.

        Folds never split an image between training and test or, where there is one image, a
        stroke: neighbouring pixels are nearly copies of each other, and a score that is
        randomised by pixel is a memory test. This estimator itself is not fitted; the result is
        kept as `cross_validation_`, and `save` stores its mean IoU with a model that was fitted to
        the same labels with the same parameters.

        Returns
        -------
        CrossValidation
            Confusion matrix, mean IoU, IoU of each class and accuracy, pooled over the folds
            and for each fold.
        """
        from .evaluate import cross_validate

        self.cross_validation_ = cross_validate(
            self, images, labels, n_folds=n_folds, mask=mask, progress=progress
        )
        return self.cross_validation_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "classifier_")

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

    def plan_predict(self, image: Any) -> TilePlan:
        """The tiles that `predict` would work through, and the bytes that they need."""
        check_is_fitted(self)
        return self._plan(self._as_image(image, None))

    def save(self, path: str | PathLike[str], *, overwrite: bool = False) -> None:
        """Write the model to a file: a zip of JSON and arrays, without pickle.

        Raises TypeError where a part cannot be stored as data (a feature that is a user's own
        function, a classifier other than forest and MLP, a refiner).
        """
        from .model_file import save

        check_is_fitted(self)
        save(self, path, overwrite=overwrite)

    def _options(self) -> dict[str, Any]:
        return {"channel_axis": self.channel_axis, "spacing": self.spacing}

    def _training(self) -> Training:
        """Check every parameter and gather what training needs."""
        if self.max_samples is not None and not (
            isinstance(self.max_samples, int | np.integer) and self.max_samples > 0
        ):
            raise ValueError(
                f"max_samples is {self.max_samples!r} but must be a positive integer or None."
            )
        if self.refine is not None and not hasattr(self.refine, "refine"):
            raise TypeError(
                f"refine is {self.refine!r} but must have a method refine(probabilities, image)."
            )
        parse_memory(self.max_memory, 2)  # nonsense is refused before an image is read
        return Training(
            features=make_features(self.features),
            classifier=make_classifier(self.classifier, self.random_state),
            class_weight=self.class_weight,
            class_prior=check_class_prior(self.class_prior),
            max_samples=self.max_samples,
            max_memory=self.max_memory,
            n_jobs=self.n_jobs,
            random_state=self.random_state,
            options=self._options(),
        )

    def _as_image(self, image: Any, mask: Any) -> Image:
        text = isinstance(image, str | bytes)  # which as_image refuses as what it is
        if isinstance(image, Iterable) and not text and not is_array_like(image):
            raise TypeError(
                f"image is a {type(image).__name__} but must be one array: predict images one at a "
                "time."
            )
        return as_image(image, mask=mask, **self._options())

    def _check_image(self, image: Any, mask: Any) -> Image:
        check_is_fitted(self)
        checked = self._as_image(image, mask)
        self.traits_.check_kind(checked)
        self.traits_.warn_if_other(checked)
        return checked

    @property
    def _predictor(self) -> Predictor:
        return Predictor(self.features_, self.classifier_, self.classes_, self.prior_ratio_)

    def _plan(self, image: Image, tile_shape: Shape3D | None = None) -> TilePlan:
        return self._predictor.plan(
            image,
            budget=parse_memory(self.max_memory, image.ndim),
            n_jobs=self.n_jobs,
            tile_shape=tile_shape,
        )

    def _fill(self, image: Image, answers: Answers, progress: Progress) -> None:
        """Write the answers, refined where that is wanted."""
        if self.refine is not None:
            whole = tuple((0, size) for size in image.spatial_shape)
            answers.write(whole, self._refined(image, progress))
        else:
            self._run(image, answers, progress)

    def _run(self, image: Image, answers: Answers, progress: Progress) -> None:
        """Write the answers before any refinement, tile by tile."""
        tiles = self._plan(image)
        self._predictor.run(image, tiles, answers, progress=progress, n_jobs=self.n_jobs)

    def _probabilities(self, image: Image, progress: Progress = False) -> Array:
        """Probabilities of a whole image in memory, before any refinement."""
        out = np.empty((*image.spatial_shape, len(self.classes_)), PROBABILITY_DTYPE)
        self._run(image, Answers(self.classes_, probabilities=out), progress)
        return out

    def _refined(self, image: Image, progress: Progress) -> Array:
        probabilities = self._probabilities(image, progress)
        refined = np.asarray(self.refine.refine(probabilities, np.asarray(image.source)))
        if refined.shape != probabilities.shape:
            raise ValueError(
                f"refine returned shape {refined.shape} but was given {probabilities.shape}: it "
                "must return one probability for each pixel and class."
            )
        return refined.astype(PROBABILITY_DTYPE, copy=False)

    def _make_check(self) -> None:
        """Predict the check patch, so that a loaded model can be compared with this one."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            patch = as_image(self.training_.check_patch, **self._options())
            self.check_probabilities_ = self._probabilities(patch)


def _output(out: Any, shape: tuple[int, ...], dtype: np.dtype) -> Any:
    """A new array, or the caller's `out` if it can hold the result."""
    if out is None:
        return np.empty(shape, dtype)
    check_output("out", out, shape, dtype)
    return out
