"""What the metrics are timed on: two segmentations of one image, maps, masks, probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from scipy import ndimage

from . import images
from .case import TINY

Array = np.ndarray

SHAPES = {TINY: (48, 60), "321x481": (321, 481), "1080x1920": (1080, 1920)}


@dataclass(frozen=True)
class Pair:
    """Truth and prediction of one size, in the forms that the metrics take."""

    shape: tuple[int, int]

    @cached_property
    def image(self) -> Array:
        """The RGB image that was segmented."""
        return images.colour(*self.shape)

    @cached_property
    def truth(self) -> Array:
        """A coarse segmentation, int32 from 1."""
        return images.segments(*self.shape, max(12, self.shape[0] // 5), 0)

    @cached_property
    def prediction(self) -> Array:
        """Another segmentation, finer, with other borders."""
        return images.segments(*self.shape, max(8, self.shape[0] // 12), 1)

    @cached_property
    def superpixels(self) -> Array:
        """Some 1000 segments at the usual size of an image."""
        return images.segments(*self.shape, 12, 2)

    @cached_property
    def classes(self) -> tuple[Array, Array]:
        """Truth and prediction of five classes, uint8; 0 is unlabelled in a tenth of the truth."""
        truth = (1 + self.truth % 5).astype(np.uint8)
        prediction = np.where(self.prediction % 4 == 0, 1 + self.prediction % 5, truth)
        rng = np.random.default_rng(0)
        return np.where(rng.random(self.shape) < 0.1, 0, truth), prediction.astype(np.uint8)

    @cached_property
    def masks(self) -> tuple[Array, Array]:
        """Two blobs that overlap."""
        rows, columns = np.ogrid[: self.shape[0], : self.shape[1]]
        centre, radius = np.array(self.shape) / 2, min(self.shape) / 3
        distance = np.hypot(rows - centre[0], columns - centre[1])
        wobble = images.grey(*self.shape) / 255.0
        shifted = np.hypot(rows - centre[0] - radius / 9, columns - centre[1])
        return distance < radius * (0.9 + 0.2 * wobble), shifted < radius

    @cached_property
    def scores(self) -> Array:
        """A soft score for the first mask: smooth, with noise, in [0, 1]."""
        rng = np.random.default_rng(1)
        smooth = ndimage.gaussian_filter(self.masks[0].astype(np.float64), 4)
        return np.clip(0.8 * smooth + 0.2 * rng.random(self.shape), 0, 1)

    @cached_property
    def probabilities(self) -> Array:
        """Probabilities of the five classes, float32, that favour the predicted class."""
        rng = np.random.default_rng(2)
        raw = rng.random((*self.shape, 5)) + 2 * (
            self.classes[1][..., None] == np.arange(1, 6)
        ) * rng.random((*self.shape, 1))
        return (raw / raw.sum(axis=-1, keepdims=True)).astype(np.float32)

    @cached_property
    def hierarchy(self) -> list[Array]:
        """Ten partitions of the image, from fine to coarse."""
        return [
            images.segments(*self.shape, max(4, self.shape[0] // (14 - k)), 3) for k in range(10)
        ]

    @cached_property
    def objects(self) -> tuple[Array, Array]:
        """Objects with background between them, and detected objects that are off by some."""
        found = []
        for segments in (self.truth, self.prediction):
            inner = ndimage.minimum_filter(segments, 5) == ndimage.maximum_filter(segments, 5)
            kept = np.where(inner & (segments % 3 > 0), segments, 0)
            found.append(np.unique(kept, return_inverse=True)[1].reshape(self.shape))
        truth = found[0].astype(np.int32)
        moved = np.roll(truth, 2, axis=1)
        return truth, np.where(moved % 4 == 0, found[1], moved).astype(np.int32)

    @cached_property
    def boundaries(self) -> tuple[Array, Array]:
        """The boundary maps of truth and prediction, thin."""
        from skimage.morphology import thin

        return tuple(thin(_steps(labels)) for labels in (self.truth, self.prediction))

    @cached_property
    def soft_boundaries(self) -> Array:
        """A soft boundary map in [0, 1]: the smoothed gradient of the image."""
        grey = ndimage.gaussian_gradient_magnitude(images.grey(*self.shape).astype(float), 2)
        return np.minimum(1, grey / np.percentile(grey, 99))

    @cached_property
    def annotations(self) -> list[Array]:
        """Five segmentations by five annotators, from coarse to fine."""
        return [
            images.segments(*self.shape, max(10, self.shape[0] // (4 + k)), 10 + k)
            for k in range(5)
        ]


@cache
def pair(size: str) -> Pair:
    """The pair of one size."""
    return Pair(SHAPES[size])


def _steps(labels: Array) -> Array:
    """Where the 2 x 2 block to the right and below holds more than one label."""
    padded = np.pad(labels, ((0, 1), (0, 1)), mode="edge")
    blocks = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    return np.minimum.reduce(blocks) < np.maximum.reduce(blocks)
