"""The tables of the common checks: a new estimator, refiner or segmenter joins by one line.

What a check cannot ask of an entry is said in `EXCLUDED`, with the reason.
"""

import copy
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import ndimage

from pixelseg import FeatureBank, ForestClassifier, PixelClassifier
from pixelseg._core.grid import label_components, relabel_sequential
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


def _blocks(image: Any, *, mask: Any = None, channel_axis: Any = "auto") -> Array:
    """A segmenter for the checks: blocks of 8 pixels, cut by the mask into connected pieces."""
    image = as_image(image, channel_axis=channel_axis, mask=mask)
    numbers = np.zeros(image.spatial_shape, np.int64)
    for size, index in zip(image.spatial_shape, np.indices(image.spatial_shape), strict=True):
        numbers = numbers * (size // 8 + 1) + index // 8
    numbers += 1
    if image.mask is not None:
        numbers[~image.mask] = 0
    pieces = np.asarray(label_components(numbers, 1)[0])
    return relabel_sequential(np.where(numbers > 0, pieces + 1, 0).astype(np.int32))[0]


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

REFINERS = [Refiner("a blur", _Blur)]

SEGMENTERS = [Segmenter("blocks", _blocks)]

#: (check, entry) that cannot be asked, with the reason; "*" stands for every check.
EXCLUDED: dict[tuple[str, str], str] = {
    ("test_saved_and_loaded", "FeatureBank"): "filters learn nothing, there is nothing to save",
    ("test_saved_and_loaded", "a blur"): "a refiner without settings in numbers is not saved",
}
