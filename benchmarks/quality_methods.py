"""The methods of the quality benchmark: how each fits and what it says of the test pixels.

Rows of features at the test pixels are kept for the next model, since a set is worked through
before the next one; features of training images are kept where they are dear. Whole images are
predicted where a refiner must see them, and not otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from .feature_peers import OPS
from .quality_sets import Cell, QualitySet, Sample

Array = np.ndarray
#: Truth at the test pixels of one image, and the labels that each answer gives them.
Prediction = tuple[Array, dict[str, Array]]

#: Answers of a `PixelClassifier`: what its user gets, the same without its refiner, and this with
#: the labels' own prior.
DEFAULT, UNREFINED, LABELS_PRIOR = "default", "unrefined", "labels' prior"


class Runner(Protocol):
    """Fits one model, which gives one answer or more."""

    @property
    def name(self) -> str:
        """Runners of one name are one model."""

    def fit(self, data: QualitySet, cell: Cell) -> Any:
        """Train on the labels of a cell."""

    def predictions(self, model: Any, data: QualitySet, answers: set[str]) -> Iterator[Prediction]:
        """Truth and those answers that are wanted at the test pixels, image by image."""


@dataclass(frozen=True)
class Method:
    """A line of the tables: a runner and one of its answers."""

    name: str
    runner: Runner
    answer: str = DEFAULT


@dataclass(frozen=True)
class ScikitImageRecipe:
    """scikit-image's features at their defaults and scikit-learn's forest, as in its gallery."""

    name: str
    n_trees: int
    max_depth: int | None

    def fit(self, data: QualitySet, cell: Cell) -> Any:
        """Train on the rows of the labelled pixels."""
        from sklearn.ensemble import RandomForestClassifier

        rows, classes = [], []
        for sample, labels in data.training(cell):
            rows.append(_scikit_image_features(data, sample.name)[labels > 0])
            classes.append(labels[labels > 0])
        forest = RandomForestClassifier(
            self.n_trees, max_depth=self.max_depth, random_state=cell.seed, n_jobs=1
        )
        return forest.fit(np.concatenate(rows), np.concatenate(classes))

    def predictions(self, model: Any, data: QualitySet, answers: set[str]) -> Iterator[Prediction]:
        """Predict the rows of the test pixels."""
        samples = at_test_pixels(
            data, "scikit-image", lambda sample: _scikit_image_features(data, sample.name)
        )
        for sample, pixels, rows in samples:
            yield sample.truth.reshape(-1)[pixels], {DEFAULT: model.predict(rows.T)}


@lru_cache(maxsize=8)
def _scikit_image_features(data: QualitySet, name: str) -> Array:
    from skimage.feature import multiscale_basic_features

    return multiscale_basic_features(data.sample(name).image, channel_axis=data.channel_axis)


@dataclass(frozen=True)
class PixelsegModel:
    """A `PixelClassifier`, given by what makes it for a seed."""

    name: str
    make: Callable[[int], Any]

    def fit(self, data: QualitySet, cell: Cell) -> Any:
        """Train as a user would."""
        images, labels = [], []
        for sample, strokes in data.training(cell):
            images.append(sample.image)
            labels.append(strokes)
        model = self.make(cell.seed).set_params(random_state=cell.seed, **data.options)
        return model.fit(images, labels)

    def predictions(self, model: Any, data: QualitySet, answers: set[str]) -> Iterator[Prediction]:
        """Predict the rows of the test pixels, or whole images where they are refined."""
        fitted = model.model_
        rows = {UNREFINED: fitted.rows, LABELS_PRIOR: replace(fitted.rows, prior_ratio=None)}
        if fitted.refiner is None:
            rows[DEFAULT] = fitted.rows
        samples = at_test_pixels(
            data,
            repr(fitted.features),
            lambda sample: fitted.features.transform(sample.image, **data.options),
        )
        for sample, pixels, planes in samples:
            found = {
                answer: fitted.classes[rows[answer].predict_places(planes)]
                for answer in answers & rows.keys()
            }
            if DEFAULT in answers and DEFAULT not in found:
                found[DEFAULT] = model.predict(sample.image).reshape(-1)[pixels]
            yield sample.truth.reshape(-1)[pixels], found


_kept: dict[tuple[QualitySet, str], list[Array]] = {}


def at_test_pixels(
    data: QualitySet, features: str, compute: Callable[[Sample], Array]
) -> Iterator[tuple[Sample, Array, Array]]:
    """The test images, their pixels to compare, and the features (n_features, n) of these.

    `features` names what `compute` gives, (..., n_features); it is kept until another set is asked
    for.
    """
    key = data, features
    if key not in _kept:
        for other in [one for one in _kept if one[0] != data]:
            del _kept[other]
        _kept[key] = [
            np.ascontiguousarray(
                np.moveaxis(values := compute(sample), -1, 0).reshape(values.shape[-1], -1)[
                    :, pixels
                ]
            )
            for sample, pixels in data.test_pixels()
        ]
    for (sample, pixels), planes in zip(data.test_pixels(), _kept[key], strict=True):
        yield sample, pixels, planes


def _pixelseg(**params: Any) -> Callable[[int], Any]:
    """What makes a `PixelClassifier` of these parameters for a seed."""

    def make(seed: int) -> Any:
        from pixelseg import PixelClassifier

        return PixelClassifier(**params)

    return make


def _ilastik(seed: int) -> Any:
    """100 full random trees on ilastik's features, which are ours but for local contrast."""
    from sklearn.ensemble import RandomForestClassifier

    from pixelseg import FeatureBank, PixelClassifier

    return PixelClassifier(
        FeatureBank(OPS),
        classifier=RandomForestClassifier(100, random_state=seed, n_jobs=1),
        refine=None,
        intensity_jitter=0,
    )


_ILASTIK = PixelsegModel("ilastik", _ilastik)
_FOREST = PixelsegModel("forest", _pixelseg())
_PLAIN = PixelsegModel("plain", _pixelseg(refine=None, intensity_jitter=0))
_MLP = PixelsegModel("mlp", _pixelseg(classifier="mlp"))
_GRAPH_CUT = PixelsegModel("graph_cut", _pixelseg(refine="graph_cut"))
_DENSE_CRF = PixelsegModel("dense_crf", _pixelseg(refine="dense_crf"))

METHODS = (
    Method("scikit-image", ScikitImageRecipe("scikit-image", 50, 10)),
    Method("ilastik", _ILASTIK, LABELS_PRIOR),
    Method("ilastik, our prior", _ILASTIK, UNREFINED),
    Method("forest, no jitter", _PLAIN),
    Method("forest, labels' prior", _FOREST, LABELS_PRIOR),
    Method("forest, unrefined", _FOREST, UNREFINED),
    Method("mlp", _MLP),
    Method("forest, refine=graph_cut", _GRAPH_CUT),
    Method("forest, refine=dense_crf", _DENSE_CRF),
    Method("forest", _FOREST),
)
#: The method that users get, and those of others that it is held against.
OURS = "forest"
PEERS = ("scikit-image", "ilastik")
#: Pairs whose difference shows what one choice of the default gains.
CHOICES = (
    ("forest, unrefined", "forest, no jitter"),
    ("forest, unrefined", "forest, labels' prior"),
    ("forest", "forest, unrefined"),
    ("forest, refine=graph_cut", "forest, unrefined"),
    ("forest, refine=dense_crf", "forest, unrefined"),
)
