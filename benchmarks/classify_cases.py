"""Cases of `PixelClassifier`: from an image and strokes to labels, and model files."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from . import images
from .case import TINY, Case, Peer, share_of_different

Array = np.ndarray

_SIDE = {TINY: 64, "RGB 256x256": 256, "RGB 512x512": 512}
_MARKED = {TINY: 800, "RGB 256x256": 2500, "RGB 512x512": 20_000}


@dataclass(frozen=True)
class Job:
    """A training image with strokes, an image to predict, and the fitted models."""

    image: Array
    labels: Array
    other: Array
    n_trees: int = 0
    max_depth: int | None = None
    ours: Any = None
    theirs: Any = None


@cache
def painted(size: str, n_trees: int = 50, max_depth: int | None = 10) -> Job:
    """An RGB image with strokes of three classes; the image to predict is its mirror image."""
    side = _SIDE[size]
    image = images.colour(side, side)
    labels = images.strokes(side, side, _MARKED[size])
    return Job(image, labels, np.ascontiguousarray(image[:, ::-1]), n_trees, max_depth)


@cache
def trained(size: str, n_trees: int = 50, max_depth: int | None = 10) -> Job:
    """The same with both models fitted."""
    job = painted(size, n_trees, max_depth)
    return Job(
        job.image, job.labels, job.other, n_trees, max_depth, _fit_ours(job), _fit_theirs(job)
    )


@cache
def trained_by(size: str, classifier: str) -> Job:
    """Our model alone, with a classifier by its short name."""
    from pixelseg import PixelClassifier

    job = painted(size)
    model = PixelClassifier(classifier=classifier).fit(job.image, job.labels)
    return Job(job.image, job.labels, job.other, ours=model)


def _forest(job: Job) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(job.n_trees, max_depth=job.max_depth, random_state=0, n_jobs=1)


def _fit_ours(job: Job) -> Any:
    from pixelseg import PixelClassifier

    model = PixelClassifier(
        classifier=_forest(job), refine=None, samples_per_class=None, intensity_jitter=0
    )
    return model.fit(job.image, job.labels)


def _fit_theirs(job: Job) -> Any:
    from skimage.feature import multiscale_basic_features
    from skimage.future import TrainableSegmenter

    segmenter = TrainableSegmenter(
        _forest(job), partial(multiscale_basic_features, channel_axis=-1)
    )
    segmenter.fit(job.image, job.labels)
    return segmenter


def _fit_default(job: Job) -> Any:
    from pixelseg import PixelClassifier

    return PixelClassifier().fit(job.image, job.labels)


def _same_as_parts(job: Job) -> Array:
    """The same labels from the parts: all features at once, scikit-learn's own forest."""
    from pixelseg import FeatureBank

    model = job.ours
    X = FeatureBank().transform(job.other)
    theirs = _forest(job)
    marked = job.labels > 0
    theirs.fit(FeatureBank().transform(job.image)[marked], job.labels[marked])
    P = theirs.predict_proba(X.reshape(-1, X.shape[-1]))
    if model.prior_ratio_ is not None:
        P = P * model.prior_ratio_
    return model.classes_[P.argmax(axis=1)].reshape(job.other.shape[:2])


def _many_small(job: Job) -> Array:
    """Labels of sixteen small images, one after the other: what a call costs by itself counts."""
    side = job.other.shape[0] // 4
    corners = [(side * (k // 4), side * (k % 4)) for k in range(16)]
    tiles = [job.other[y : y + side, x : x + side] for y, x in corners]
    return np.stack([job.ours.predict(tile) for tile in tiles])


def _all_at_once(job: Job) -> Array:
    shape = job.other.shape[:2]
    labels, uncertainty = np.empty(shape, np.uint8), np.empty(shape, np.float32)
    probabilities = np.empty((*shape, len(job.ours.classes_)), np.float32)
    job.ours.predict_into(
        job.other, labels=labels, probabilities=probabilities, uncertainty=uncertainty
    )
    return np.dstack([labels, uncertainty, probabilities])


def _one_by_one(job: Job) -> Array:
    model, image = job.ours, job.other
    labels, uncertainty = model.predict(image), model.predict_uncertainty(image)
    return np.dstack([labels, uncertainty, model.predict_proba(image)])


@cache
def _model_file(size: str) -> Path:
    handle, name = tempfile.mkstemp(suffix=".pixelseg")
    os.close(handle)
    path = Path(name)
    trained_by(size, "forest").ours.save(path, overwrite=True)
    return path


def _load(path: Path) -> Any:
    import pixelseg

    return pixelseg.load(path)


_SEGMENTER = "scikit-image TrainableSegmenter, its own features"


def _predict_case(name: str, n_trees: int, max_depth: int | None, bar: float, **sizes: Any) -> Case:
    return Case(
        name=f"predict, {name}",
        covers=("PixelClassifier.predict",),
        make=partial(trained, n_trees=n_trees, max_depth=max_depth),
        ours=lambda job: job.ours.predict(job.other),
        peers=(
            Peer(_SEGMENTER, lambda job: job.theirs.predict(job.other), bar=bar),
            Peer(
                "our features whole, scikit-learn's forest fitted and read",
                _same_as_parts,
                sizes=(TINY,),
                difference=share_of_different,
                tolerance=1e-3,
            ),
        ),
        **sizes,
    )


def _whole_case(name: str, n_trees: int, max_depth: int | None, **sizes: Any) -> Case:
    return Case(
        name=f"fit and predict, {name}",
        covers=("PixelClassifier.fit",),
        make=partial(painted, n_trees=n_trees, max_depth=max_depth),
        ours=lambda job: _fit_ours(job).predict(job.other),
        peers=(Peer(_SEGMENTER, lambda job: _fit_theirs(job).predict(job.other)),),
        **sizes,
    )


_FULL = ("RGB 512x512",)
_SMALL = ("RGB 256x256",)

CASES = (
    _predict_case("50 trees of depth 10", 50, 10, 2.5, sizes=_FULL, quick=_FULL),
    _predict_case("100 full trees", 100, None, 1.7, sizes=_FULL, quick=()),
    _whole_case("50 trees of depth 10", 50, 10, sizes=_FULL, quick=()),
    _whole_case("100 full trees", 100, None, sizes=_FULL, quick=()),
    Case(
        name="fit and predict, each one's defaults",
        covers=("PixelClassifier.fit",),
        make=partial(painted, n_trees=100, max_depth=None),
        ours=lambda job: _fit_default(job).predict(job.other),
        peers=(Peer(_SEGMENTER, lambda job: _fit_theirs(job).predict(job.other)),),
        sizes=_FULL,
        quick=_SMALL,
    ),
    Case(
        name="predict, the default forest",
        covers=("PixelClassifier.predict",),
        make=partial(trained_by, classifier="forest"),
        ours=lambda job: job.ours.predict(job.other),
        sizes=_FULL,
        quick=_SMALL,
    ),
    Case(
        name="predict, sixteen images of a quarter of the side",
        covers=("PixelClassifier.predict",),
        make=partial(trained_by, classifier="forest"),
        ours=_many_small,
        sizes=_FULL,
        quick=_SMALL,
    ),
    Case(
        name="predict, the MLP",
        covers=("PixelClassifier.predict",),
        make=partial(trained_by, classifier="mlp"),
        ours=lambda job: job.ours.predict(job.other),
        sizes=_FULL,
        quick=_SMALL,
    ),
    Case(
        name="predict_uncertainty, the default forest",
        covers=("PixelClassifier.predict_uncertainty",),
        make=partial(trained_by, classifier="forest"),
        ours=lambda job: job.ours.predict_uncertainty(job.other),
        sizes=_FULL,
        quick=_SMALL,
    ),
    Case(
        name="predict_into, labels, probabilities and uncertainty",
        covers=("PixelClassifier.predict_into",),
        make=partial(trained_by, classifier="forest"),
        ours=_all_at_once,
        peers=(
            Peer(
                "the three methods one after the other",
                _one_by_one,
                difference=share_of_different,
                tolerance=0.0,
            ),
        ),
        sizes=_FULL,
        quick=_SMALL,
    ),
    Case(
        name="load a model file",
        covers=("load", "PixelClassifier.save"),
        make=_model_file,
        ours=_load,
        sizes=_FULL,
        quick=_SMALL,
        limit=1.0,
    ),
)
