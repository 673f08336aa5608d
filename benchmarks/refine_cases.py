"""Cases of refiners: probabilities filtered by an image, and what that adds to a prediction."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from scipy import ndimage

from . import images
from .case import TINY, Case, Peer, largest_difference

Array = np.ndarray

_SHAPES = {TINY: (70, 80), "512x512": (512, 512), "1080x1920": (1080, 1920)}
#: With less, OpenCV leaves colour windows alone whose covariance it takes for singular.
_RADIUS, _EPSILON = 8, 1e-2
#: The standard deviation of a box of that radius.
_SIGMA = (_RADIUS * (_RADIUS + 1) / 3) ** 0.5


@dataclass(frozen=True)
class Guided:
    """An image, probabilities of two classes, and both as OpenCV wants them."""

    image: Array
    probabilities: Array
    shares: Array
    plane: Array


@cache
def _guided(colour: bool, size: str) -> Guided:
    image = images.colour(*_SHAPES[size])
    image = image if colour else np.ascontiguousarray(image[..., 1])
    p = np.random.default_rng(0).random(_SHAPES[size], np.float32)
    probabilities = np.stack([p, 1 - p], axis=-1)
    return Guided(image, probabilities, (image / 255).astype(np.float32), p)


def _refined(job: Guided) -> Array:
    import pixelseg

    return pixelseg.GuidedFilter(_SIGMA, _EPSILON).refine(job.probabilities, job.image)


def _opencv(job: Guided) -> Array:
    import cv2

    return cv2.ximgproc.guidedFilter(job.shares, job.plane, _RADIUS, _EPSILON)


def _difference_within(ours: Array, theirs: Array) -> float:
    """Away from the border, where OpenCV reflects the image and windows are cut here."""
    inner = (slice(2 * _RADIUS, -2 * _RADIUS),) * 2
    return largest_difference(ours[..., 0][inner], np.clip(theirs, 0, 1)[inner])


def _filter_case(name: str, colour: bool) -> Case:
    return Case(
        name=f"GuidedFilter.refine, {name}",
        covers=("GuidedFilter.refine",),
        make=partial(_guided, colour),
        ours=_refined,
        peers=(
            Peer(
                "OpenCV ximgproc.guidedFilter",
                _opencv,
                needs="cv2.ximgproc",
                bar=1.0,
                difference=_difference_within,
                tolerance=1e-4,
            ),
        ),
        sizes=("512x512", "1080x1920"),
        quick=("512x512",),
    )


@dataclass(frozen=True)
class Predicted:
    """A model of two classes, and the same with a refiner, and an image."""

    plain: Any
    refined: Any
    image: Array


@cache
def _trained(size: str) -> Predicted:
    from sklearn.base import clone

    import pixelseg

    shape = _SHAPES[size]
    image, truth = images.mosaic(*shape)
    truth = np.minimum(truth, 2)
    labels = np.where(images.strokes(*shape, shape[0] * shape[1] // 40) > 0, truth, 0)
    plain = pixelseg.PixelClassifier(refine=None)
    refined = clone(plain).set_params(refine=pixelseg.GuidedFilter())
    return Predicted(plain.fit(image, labels), refined.fit(image, labels), image)


_PREDICT = Case(
    name="PixelClassifier.predict_proba, guided filter",
    covers=("GuidedFilter.refine",),
    make=_trained,
    ours=lambda job: job.refined.predict_proba(job.image),
    peers=(Peer("without a refiner", lambda job: job.plain.predict_proba(job.image), bar=0.8),),
    sizes=("512x512", "1080x1920"),
    quick=("512x512",),
)
_LABELS = Case(
    name="PixelClassifier.predict, guided filter",
    covers=("GuidedFilter.refine",),
    make=_trained,
    ours=lambda job: job.refined.predict(job.image),
    peers=(Peer("without a refiner", lambda job: job.plain.predict(job.image), bar=0.8),),
    sizes=("512x512", "1080x1920"),
    quick=("512x512",),
)


@dataclass(frozen=True)
class Labelled:
    """An image of two classes with strokes on it."""

    image: Array
    labels: Array


@cache
def _labelled(size: str) -> Labelled:
    shape = _SHAPES[size]
    image, truth = images.mosaic(*shape)
    centres = np.random.default_rng(0).random(shape) < 20 / truth.size
    dabs = ndimage.maximum_filter(centres, 9)
    return Labelled(image, np.where(dabs, np.minimum(truth, 2), 0))


def _tune(job: Labelled) -> Array:
    import pixelseg

    model = pixelseg.PixelClassifier(refine=None)
    tuning = pixelseg.refine.tune(pixelseg.GuidedFilter, model, job.image, job.labels)
    return np.array(tuning.mean_iou)


def _fit(job: Labelled, refine: str | None) -> Any:
    import pixelseg

    return pixelseg.PixelClassifier(refine=refine).fit(job.image, job.labels)


_TUNE = Case(
    name="tune the guided filter",
    covers=("refine.tune",),
    make=_labelled,
    ours=_tune,
    peers=(Peer("fit without a refiner", partial(_fit, refine=None)),),
    sizes=("512x512",),
    quick=("512x512",),
)
_AUTO = Case(
    name="PixelClassifier.fit, refine=auto",
    covers=("PixelClassifier.fit",),
    make=_labelled,
    ours=partial(_fit, refine="auto"),
    peers=(Peer("without a refiner", partial(_fit, refine=None), bar=0.25),),
    sizes=("512x512",),
    quick=("512x512",),
)

CASES = (_filter_case("grey", False), _filter_case("colour", True), _PREDICT, _LABELS, _TUNE, _AUTO)
