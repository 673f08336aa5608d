"""`PixelClassifier`: a few strokes on one image, every other image segmented.

Each pixel is described by filters at several scales (`pixelseg.FeatureBank`), a classifier
learns from the pixels that were painted, and every pixel of any other image gets the most
probable class. The one insight of the implementation: since every filter has a finite reach,
an image can be cut anywhere, and neither training nor prediction ever holds its features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._core.image import Image
from .._core.memory import Memory
from .._core.progress import Progress
from .._core.tiles import TilePlan
from ..features import FeatureBank
from .base import ImageClassifier
from .input_spec import check_input
from .model import FittedModel
from .outputs import Outputs, output_form
from .refinement import choose_refiner
from .training import collect_samples, fit_rows


class PixelClassifier(ImageClassifier):
    """Segment images into classes, learned from sparse strokes or dense masks.

    Parameters
    ----------
    features : FeatureBank, optional
        What describes a pixel. The default is `FeatureBank()`: seven ops at six scales.
    classifier : "forest", "mlp" or a scikit-learn classifier, default "forest"
        "forest" is `ForestClassifier`, robust and without anything to scale; "mlp" is a small
        neural network on scaled features, several times faster to predict. Fitted scikit-learn
        forests are compiled and give scikit-learn's own bits.
    refine : "auto", "guided_filter", "graph_cut", "dense_crf", refiner or None, default "auto"
        A name chooses the settings of that refiner at `fit`, or none, by how far borders between
        classes are apart and by what is gained at strokes that the model has not learned from
        (`pixelseg.refine.tune`; `tuning_` says what was found); "auto" is the guided filter.

        A refiner is anything with `refine(probabilities, image) -> probabilities`, float32
        (..., n_classes), called before the labels are taken: tile by tile where it has
        `reach(image)`, the pixels along each axis that an answer depends on, as `GuidedFilter` has;
        else on whole images, whose probabilities are then all in memory. `image` knows its axes,
        spacing and mask and is an array to `numpy.asarray`; what is outside the mask is 0 there,
        and in the answer.
    class_weight : "balanced" or dict, optional
        Handed to the classifier.
    class_prior : "estimate", "labels" or array of shape (n_classes,), default "estimate"
        How common the classes are. "estimate" looks at the unlabelled pixels of the training
        images, because strokes do not say; "labels" believes the labels' own shares.
    samples_per_class : int or None, default 2000
        Labelled pixels kept for each class and image, drawn reproducibly. It bounds time and
        memory where masks are dense; None keeps all.
    intensity_jitter : "auto" or float, default "auto"
        How much brightness may differ between images of one kind. The classifier learns from three
        pixels of four as they would be in an image g times as bright, g = exp(s z) with z drawn
        from the normal distribution for each; neither training nor prediction costs more. This is
        s; 0 is off. "auto" is 0.4 times the share of the variance of brightness that the classes
        do not explain: much where brightness says little, next to none where it is what tells
        them apart. Where images have negative values, distances from the mean are multiplied
        instead, and an offset is added. An op of your own is tried on a part of a training image
        unless it says how it follows the brightness (`pixelseg.features.Op`); if it follows no
        law, "auto" is 0, and with a number its features stay as they are.
    max_memory : int or str, optional
        Bytes ("2GB") that `fit` and `predict` may hold beyond their input and output; ValueError
        where they do not suffice. The default aims at some 400 MB, which keeps a whole process
        below 1 GB, for volumes, whose boxes are mostly border, at 2 GB; where more is needed, as
        with many channels, it takes the least that does (`plan_predict` says how much).
    n_jobs : int, optional
        Threads; None is one, -1 all cores. Results never depend on it, but for the rounding of
        scikit-learn classifiers other than forests, whose matrix products see other blocks.
    random_state : int, None or NumPy generator, default 0
        Seeds the classifier and the drawing of pixels; None draws another seed at each `fit`.
    channel_axis : "auto", int or None, default "auto"
        Which axis of an image holds channels. "auto" takes (H, W) as grey and (H, W, 3 or 4)
        as colour; None says that there is none, so that (D, H, W) is a volume. A fitted model
        also takes "auto" for what it was trained on, channels last.
    spacing : float or sequence of floats, optional
        Size of a pixel along each spatial axis, in the unit of the features' sigmas. Default 1,
        and for a fitted model that of its training images.
    class_names : mapping of int to str, optional
        Names of the classes, kept in the model file.
    max_samples : int or None
        The name that `samples_per_class` had before 0.1; deprecated.

    Attributes
    ----------
    model_ : FittedModel
        All that was learned, one frozen record; the attributes below are views of it.
    classes_ : ndarray of int64, shape (n_classes,)
        The labels seen at `fit`, ascending, without 0.
    features_ : FeatureBank
    feature_names_out_ : tuple of str
    classifier_ : object
        The fitted classifier.
    class_prior_ : ndarray of float64, shape (n_classes,)
        The share of each class that predictions assume.
    prior_ratio_ : ndarray of float64, shape (n_classes,), or None
        What the classifier's probabilities are multiplied by to assume that.
    input_spec_ : InputSpec
        Axes, channels, dtypes and range of values of the training images.
    tuning_ : Tuning or None
        How the refiner was chosen, where `refine` was a name at `fit`.
    training_ : TrainingRecord
        How many pixels of each class were marked and kept, and a hash of the labels.

    Notes
    -----
    In addition to input and output, `predict` holds a few tiles: for each, about 4 bytes a pixel
    and feature, 50 MB for a grey tile of 512x512. Training holds one such cell and 4 bytes for
    each kept pixel and feature.

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
        refine: Any = "auto",
        class_weight: Any = None,
        class_prior: Any = "estimate",
        samples_per_class: int | None = 2000,
        intensity_jitter: str | float = "auto",
        max_memory: Memory = None,
        n_jobs: int | None = None,
        random_state: Any = 0,
        channel_axis: int | str | None = "auto",
        spacing: float | Sequence[float] | None = None,
        class_names: Mapping[int, str] | None = None,
        max_samples: Any = "deprecated",
    ):
        self.features = features
        self.classifier = classifier
        self.refine = refine
        self.class_weight = class_weight
        self.class_prior = class_prior
        self.samples_per_class = samples_per_class
        self.intensity_jitter = intensity_jitter
        self.max_memory = max_memory
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.channel_axis = channel_axis
        self.spacing = spacing
        self.class_names = class_names
        self.max_samples = max_samples

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
            not finite, or a `max_memory` that was given does not suffice.
        """
        training = self._settled()
        training_set = collect_samples(training, images, labels, mask, progress)
        rows = fit_rows(training, training_set.samples, training_set.law)
        refiner, tuning = choose_refiner(
            training, training_set, rows, images, labels, mask, progress
        )
        self.model_ = FittedModel(
            estimator=type(self).__name__,
            params=self._learning_params(training),
            features=training.features,
            feature_names=training_set.feature_names,
            rows=rows,
            input_spec=training_set.input_spec,
            training=training_set.record,
            refiner=refiner,
            class_names=self.class_names,
            tuning=tuning,
        )
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
            Where to write; anything that takes `out[slices] = block`. All but NumPy arrays are
            written by one thread at a time.
        progress : bool or callable, default False

        Returns
        -------
        ndarray of the smallest unsigned integers that hold `classes_`, or `out`
        """
        return self._predict_one("labels", image, mask, out, progress)

    def predict_proba(
        self, image: Any, *, mask: Any = None, out: Any = None, progress: Progress = False
    ) -> Any:
        """Probability of each class at every pixel, float32 (..., n_classes), as `classes_`.

        Each pixel sums to 1; outside `mask` all are 0. Parameters as `predict`.
        """
        return self._predict_one("probabilities", image, mask, out, progress)

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
        return self._predict_one("uncertainty", image, mask, out, progress, kind)

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
        >>> strokes[16, 2:14], strokes[16, 18:30] = 1, 2
        >>> model = pixelseg.PixelClassifier().fit(image, strokes)
        >>> labels = np.empty((32, 32), np.uint8)
        >>> uncertainty = np.empty((32, 32), np.float32)
        >>> model.predict_into(image, labels=labels, uncertainty=uncertainty)
        >>> np.array_equal(labels, model.predict(image))
        True
        """
        image = self._open_checked(image, mask)
        outputs = Outputs(self.classes_, labels, probabilities, uncertainty, kind)
        outputs.check(image.spatial_shape)
        self._predict(image, outputs, progress)

    def plan_predict(self, image: Any) -> TilePlan:
        """The tiles that `predict` would work through, and the bytes that they need."""
        check_is_fitted(self)
        image = self._open_known(image, None)
        check_input(image, self.input_spec_, "the model")
        return self._current_model().plan(image, self.max_memory, self.n_jobs).tiles

    def _open_checked(self, image: Any, mask: Any) -> Image:
        """An image of the kind that the model was trained on."""
        check_is_fitted(self)
        checked = self._open_known(image, mask)
        self.input_spec_.check(checked)
        return checked

    def _predict_one(
        self, name: str, image: Any, mask: Any, out: Any, progress: Progress, kind: str = "margin"
    ) -> Any:
        """A single answer, into `out` or a new array."""
        image = self._open_checked(image, mask)
        if out is None:
            out = np.empty(*output_form(name, image.spatial_shape, self.classes_))
        outputs = Outputs(self.classes_, **{name: out}, kind=kind)
        outputs.check(image.spatial_shape, argument="out")
        self._predict(image, outputs, progress)
        return out

    def _predict(self, image: Image, outputs: Outputs, progress: Progress) -> None:
        self._current_model().predict(image, outputs, self.max_memory, self.n_jobs, progress)
