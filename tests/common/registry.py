"""The tables of the common checks: a new estimator, refiner or segmenter joins by one line.

What a check cannot ask of an entry is said in `EXCLUDED`, with the reason.
"""

import copy
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from pixelseg import (
    DenseCRF,
    FeatureBank,
    ForestClassifier,
    GraphCut,
    GuidedFilter,
    PixelClassifier,
    superpixels,
)
from pixelseg._core.image import as_image
from pixelseg.forest import ScaledMLPClassifier

Array = np.ndarray


class Estimator(NamedTuple):
    """Learns from images and labels, and answers for each pixel of an image.

    `make(**params)` gives a small one; `answer(estimator, image, mask=, **params)` an array of
    the spatial shape and one more axis, whatever the parameters `n_jobs` and `max_memory` are.
    `margin` is how many pixels from the border of a crop the answers are those of the whole.
    """

    name: str
    make: Callable[..., Any]
    answer: Callable[..., Array]
    margin: int


class Classifier(NamedTuple):
    """Learns from rows of features, and has `predict_proba`."""

    name: str
    make: Callable[..., Any]


class Refiner(NamedTuple):
    """`make()` gives an object with `refine(probabilities, image)`."""

    name: str
    make: Callable[[], Any]


class Segmenter(NamedTuple):
    """`segment(image, **params)` gives int32 segments; params it does not have are left out."""

    name: str
    segment: Callable[..., Array]


def _quick_model(**params: Any) -> PixelClassifier:
    defaults = {
        "features": FeatureBank(sigmas=(0.7, 1.6)),
        "classifier": ForestClassifier(n_estimators=8),
        "refine": None,
    }
    return PixelClassifier(**{**defaults, **params})


def _quick_network(**params: Any) -> PixelClassifier:
    network = ScaledMLPClassifier(hidden_layer_sizes=(6,), max_iter=200)
    return _quick_model(**{"classifier": network, **params})


def _predicted(model: PixelClassifier, image: Any, mask: Any = None, **params: Any) -> Array:
    """Labels, uncertainty and probabilities, each as its method gives it."""
    model = copy.copy(model).set_params(**params)
    labels = model.predict(image, mask=mask)
    uncertainty = model.predict_uncertainty(image, mask=mask)
    probabilities = model.predict_proba(image, mask=mask)
    return np.concatenate([labels[..., None], uncertainty[..., None], probabilities], axis=-1)


def _make_bank(**params: Any) -> FeatureBank:
    params.pop("channel_axis", None)  # a matter of `transform`
    return FeatureBank(**{"sigmas": (0.7, 1.6), **params})


def _transformed(bank: FeatureBank, image: Any, mask: Any = None, **params: Any) -> Array:
    params.pop("max_memory", None)
    return bank.transform(image, channel_axis=None, mask=mask, **params)


class _Blur:
    """A refiner for the checks: neighbours vote, also where a mask says that nobody lives."""

    def refine(self, probabilities: Array, image: Any) -> Array:
        size = (3,) * (probabilities.ndim - 1) + (1,)
        blurred = ndimage.uniform_filter(probabilities.astype(np.float64), size) + 1e-3
        return (blurred / blurred.sum(axis=-1, keepdims=True)).astype(np.float32)


def _segmenter(name: str, method: Callable[..., Array], **settings: Any) -> Segmenter:
    """A function of superpixels that is asked for 9 of them, or as many as there are pixels."""

    def segment(
        image: Any, *, mask: Any = None, channel_axis: Any = "auto", n_jobs: Any = None
    ) -> Array:
        pixels = as_image(image, channel_axis=channel_axis, mask=mask)
        n_pixels = np.prod(pixels.spatial_shape) if mask is None else np.count_nonzero(mask)
        n_segments = min(9, int(n_pixels))
        params = {"n_segments": n_segments, "n_jobs": n_jobs, **settings}
        known = inspect.signature(method).parameters
        params = {key: value for key, value in params.items() if key in known}
        return method(image, mask=mask, channel_axis=channel_axis, **params)

    return Segmenter(name, segment)


ESTIMATORS = [
    Estimator("PixelClassifier, forest", _quick_model, _predicted, margin=32),
    Estimator("PixelClassifier, mlp", _quick_network, _predicted, margin=32),
    Estimator("FeatureBank", _make_bank, _transformed, margin=32),
]

CLASSIFIERS = [
    Classifier("ForestClassifier", lambda **params: ForestClassifier(8, **params)),
    Classifier(
        "ScaledMLPClassifier",
        lambda **params: ScaledMLPClassifier(hidden_layer_sizes=(6,), **params),
    ),
]

REFINERS = [
    Refiner("a blur", _Blur),
    Refiner("DenseCRF", lambda: DenseCRF(3.0, 9.0)),
    Refiner("GraphCut", GraphCut),
    Refiner("GuidedFilter", GuidedFilter),
]

SEGMENTERS = [
    _segmenter("etps", superpixels.etps),
    _segmenter("etps, smooth, not merged", superpixels.etps, smoothness=6, oversegmentation=1),
    _segmenter("slic", superpixels.slic),
    _segmenter("snic", superpixels.snic),
    _segmenter("watershed", superpixels.watershed),
    _segmenter("watershed, compact", superpixels.watershed, compactness=5),
    _segmenter("felzenszwalb", superpixels.felzenszwalb, scale=100, connectivity=1),
    _segmenter("grid", superpixels.grid),
]

#: Public functions of superpixels that do not make segments of an image, with the reason.
NO_SEGMENTERS = {
    "enforce_connectivity": "takes segments",
    "gradient_magnitude": "makes a gradient",
    "grid_seeds": "makes seeds of a shape",
}

#: (check, entry) that cannot be asked, with the reason; "*" stands for every check.
EXCLUDED: dict[tuple[str, str], str] = {
    ("test_whole_numbers_of_any_dtype_have_the_same_bits", "watershed"): (
        "slopes of 8 and 16 bits are rounded to fractions of their step, which decides ties"
    ),
    ("test_whole_numbers_of_any_dtype_have_the_same_bits", "felzenszwalb"): (
        "its scale is counted in 255ths of the dtype's range, as scikit-image's"
    ),
    ("test_saved_and_loaded", "FeatureBank"): "filters learn nothing, there is nothing to save",
    ("test_saved_and_loaded", "a blur"): "a refiner without settings in numbers is not saved",
}
