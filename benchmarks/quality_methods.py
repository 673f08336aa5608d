"""The methods of the quality benchmark: how each fits and what it says of the test pixels.

Features of an image are kept within one run only where they are dear and small: scikit-image's
rows at the test pixels. Nothing else outlives the image at hand, so memory stays bounded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from .quality_sets import QualitySet

Array = np.ndarray
#: Truth at the test pixels of one image, and the prediction under each prior.
Prediction = tuple[Array, dict[str, Array]]


class Runner(Protocol):
    """Fits one model and predicts with it, under one or more priors."""

    name: str

    def fit(self, data: QualitySet, seed: int, per_class: int) -> Any:
        """Train on the sparse labels of all training images."""

    def predictions(
        self, model: Any, data: QualitySet, seed: int, per_class: int
    ) -> Iterator[Prediction]:
        """Truth and predictions at the test pixels, image by image."""


@dataclass(frozen=True)
class Method:
    """A line of the table: a runner and one of the priors that it can predict under."""

    name: str
    runner: Runner
    prior: str


@dataclass
class ScikitImageRecipe:
    """scikit-image's features at their defaults and scikit-learn's forest."""

    name: str
    n_trees: int
    max_depth: int | None
    _test_rows: dict[tuple[str, str], tuple[Array, Array]] = field(default_factory=dict)

    def fit(self, data: QualitySet, seed: int, per_class: int) -> Any:
        """Train on the rows of the labelled pixels."""
        from sklearn.ensemble import RandomForestClassifier

        rows, classes = [], []
        for sample in data.samples("train"):
            labels = data.strokes(sample, per_class, seed)
            marked = labels > 0
            rows.append(_scikit_image_features(sample.image, data.channel_axis)[marked])
            classes.append(labels[marked])
        forest = RandomForestClassifier(
            self.n_trees, max_depth=self.max_depth, random_state=seed, n_jobs=1
        )
        return forest.fit(np.concatenate(rows), np.concatenate(classes))

    def predictions(
        self, model: Any, data: QualitySet, seed: int, per_class: int
    ) -> Iterator[Prediction]:
        """Predict the rows of the test pixels, which are kept for the next seed."""
        for name in data.ids("test"):
            if (data.name, name) not in self._test_rows:
                self._read_test(data)
            X, truth = self._test_rows[data.name, name]
            yield truth, {"labels": model.predict(X)}

    def _read_test(self, data: QualitySet) -> None:
        self._test_rows.clear()
        for sample, pixels in data.test_pixels():
            features = _scikit_image_features(sample.image, data.channel_axis)
            X = features.reshape(-1, features.shape[-1])[pixels]
            self._test_rows[data.name, sample.name] = (X, sample.truth.ravel()[pixels])


def _scikit_image_features(image: Array, channel_axis: int | None) -> Array:
    from skimage.feature import multiscale_basic_features

    return multiscale_basic_features(image, channel_axis=channel_axis)


@dataclass(frozen=True)
class PixelsegModel:
    """A `PixelClassifier`, fitted once and asked under its own prior and the strokes'."""

    name: str
    make_classifier: Callable[[int], Any]
    prior: str = "default"

    def fit(self, data: QualitySet, seed: int, per_class: int) -> Any:
        """Train as a user would, image by image."""
        from pixelseg import PixelClassifier

        model = PixelClassifier(
            classifier=self.make_classifier(seed), random_state=seed, **data.options
        )
        if self.prior != "default":
            model.set_params(class_prior=self.prior)
        images = Stream(lambda: (sample.image for sample in data.samples("train")))
        labels = Stream(
            lambda: (data.strokes(sample, per_class, seed) for sample in data.samples("train"))
        )
        return model.fit(images, labels)

    def predictions(
        self, model: Any, data: QualitySet, seed: int, per_class: int
    ) -> Iterator[Prediction]:
        """Predict whole images and take the test pixels."""
        ratio = model.prior_ratio_
        for sample, pixels in data.test_pixels():
            probabilities = model.predict_proba(sample.image)
            P = probabilities.reshape(-1, probabilities.shape[-1])[pixels].astype(np.float64)
            by_prior = {self.prior: model.classes_[P.argmax(axis=1)]}
            # The prior multiplies the probabilities, so dividing by it gives the strokes' own.
            plain = P if ratio is None else P / ratio
            by_prior["labels"] = model.classes_[plain.argmax(axis=1)]
            yield sample.truth.ravel()[pixels], by_prior


@dataclass(frozen=True)
class Stream:
    """A re-iterable over what a function yields, so that one image is in memory at a time."""

    items: Callable[[], Iterator[Any]]

    def __iter__(self) -> Iterator[Any]:
        return self.items()


def _ilastik_forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(100, random_state=seed, n_jobs=1)


_SCIKIT_IMAGE = ScikitImageRecipe("scikit-image", 50, 10)
_ILASTIK = PixelsegModel("ilastik", _ilastik_forest, prior="labels")
_FOREST = PixelsegModel("forest", lambda seed: "forest")
_MLP = PixelsegModel("mlp", lambda seed: "mlp")

METHODS = (
    Method("scikit-image", _SCIKIT_IMAGE, "labels"),
    Method("ilastik", _ILASTIK, "labels"),
    Method("forest, strokes' prior", _FOREST, "labels"),
    Method("forest", _FOREST, "default"),
    Method("mlp, strokes' prior", _MLP, "labels"),
    Method("mlp", _MLP, "default"),
)
