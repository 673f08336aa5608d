"""Cases of superpixels that grow along edges: watersheds, Felzenszwalb's segmentation, the grid.

OpenCV's watershed takes the image itself and leaves lines between basins; its graph segmentation
needs the contrib build. Scikit-image's watershed gets the gradient made beforehand by its own
functions, within the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .case import TINY, Case, Peer, share_of_different
from .superpixel_cases import Task, photograph, volume

Array = np.ndarray

_SMALL = (TINY, "321x481, 1000", "512x512, 1000")
_ALL = (*_SMALL, "1080x1920, 1000", "3000x4000, 4000")
_VOLUME = (TINY, "64x256x256, 2000")


@dataclass(frozen=True)
class Flood:
    """An image or a relief, and markers to flood it from."""

    image: Array
    markers: Array

    def run(self, **params: Any) -> Array:
        """Our watershed."""
        from pixelseg.superpixels import watershed

        colour = self.image.shape[-1] == 3
        channel_axis = -1 if colour else None
        return watershed(self.image, markers=self.markers, channel_axis=channel_axis, **params)


def _with_markers(task: Task, image: Array) -> Flood:
    from pixelseg.superpixels import grid_seeds

    shape = image.shape[:2] if image.shape[-1] == 3 else image.shape
    markers = np.zeros(shape, np.int32)
    seeds = grid_seeds(shape, task.n_segments)
    markers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
    return Flood(image, markers)


def _photograph(size: str) -> Flood:
    """An RGB image of uint8."""
    task = photograph(size)
    return _with_markers(task, task.image)


def _volume(size: str) -> Flood:
    """A grey volume of uint8."""
    task = volume(size)
    return _with_markers(task, task.image)


def _relief(size: str) -> Flood:
    """A gradient of float64 no two values of which are equal."""
    from pixelseg.superpixels import gradient_magnitude

    task = photograph(size)
    gradient = gradient_magnitude(task.image).astype(np.float64)
    gradient += np.random.default_rng(0).random(gradient.shape)
    return _with_markers(task, gradient)


def _scikit_image(flood: Flood) -> Array:
    from skimage.color import rgb2gray
    from skimage.filters import sobel
    from skimage.segmentation import watershed

    grey = rgb2gray(flood.image) if flood.image.shape[-1] == 3 else flood.image
    return watershed(sobel(grey), flood.markers)


def _scikit_image_relief(flood: Flood) -> Array:
    from skimage.segmentation import watershed

    return watershed(flood.image, flood.markers)


def _scikit_image_compact(flood: Flood) -> Array:
    from skimage.segmentation import watershed

    return watershed(flood.image, flood.markers, compactness=0.1)


def _opencv(flood: Flood) -> Array:
    import cv2

    return cv2.watershed(flood.image, flood.markers.copy())


_FELZENSZWALB = {"scale": 300, "sigma": 0.8, "min_size": 50}


def _felzenszwalb(task: Task) -> Array:
    from pixelseg.superpixels import felzenszwalb

    channel_axis = -1 if task.image.shape[-1] == 3 else None
    return felzenszwalb(task.image, **_FELZENSZWALB, channel_axis=channel_axis)


def _scikit_image_felzenszwalb(task: Task) -> Array:
    from skimage.segmentation import felzenszwalb

    return felzenszwalb(task.image, **_FELZENSZWALB)


def _opencv_felzenszwalb(task: Task) -> Array:
    import cv2

    return cv2.ximgproc.segmentation.createGraphSegmentation(0.8, 300, 50).processImage(task.image)


def _disagreement(ours: Array, theirs: Array) -> float:
    from sklearn.metrics import adjusted_rand_score

    return 1 - adjusted_rand_score(theirs.ravel(), ours.ravel())


def _grid(task: Task) -> Array:
    from pixelseg.superpixels import grid

    return grid(task.image, task.n_segments)


def _gradient(task: Task) -> Array:
    from pixelseg.superpixels import gradient_magnitude

    return gradient_magnitude(task.image)


def _sobel(task: Task) -> Array:
    from skimage.filters import sobel

    # A root of the sum over axes, where theirs is one over the mean, of differences over 2 pixels.
    channels = [sobel(plane.astype(np.float64)) for plane in np.moveaxis(task.image, 2, 0)]
    return np.sqrt(np.mean(np.square(channels), axis=0) / 2)


def _largest(ours: Array, theirs: Array) -> float:
    return float(np.abs(ours - theirs).max())


def _watershed_row(title: str, sizes: Sequence[str], opencv: float, scikit_image: float) -> Case:
    return Case(
        name=f"superpixels.watershed, {title}",
        covers=("superpixels.watershed",),
        make=_photograph,
        ours=Flood.run,
        sizes=sizes,
        quick=sizes[1:2],
        peers=(
            Peer("OpenCV", _opencv, needs="cv2", bar=opencv),
            Peer("scikit-image", _scikit_image, bar=scikit_image),
        ),
    )


def _felzenszwalb_row(title: str, sizes: Sequence[str], opencv: float, scikit_image: float) -> Case:
    return Case(
        name=f"superpixels.felzenszwalb, {title}",
        covers=("superpixels.felzenszwalb",),
        make=photograph,
        ours=_felzenszwalb,
        sizes=sizes,
        quick=sizes[1:2],
        peers=(
            Peer("OpenCV", _opencv_felzenszwalb, needs="cv2.ximgproc", bar=opencv),
            Peer(
                "scikit-image",
                _scikit_image_felzenszwalb,
                bar=scikit_image,
                difference=_disagreement,
                tolerance=5e-4,
            ),
        ),
    )


CASES: tuple[Case, ...] = (
    _watershed_row("small", _ALL[:4], 1.8, 9.0),
    _watershed_row("large", (TINY, *_ALL[4:]), 1.3, 9.0),
    _felzenszwalb_row("small", _ALL[:3], 3.0, 10.0),
    _felzenszwalb_row("large", (TINY, *_ALL[3:]), 1.5, 8.0),
    Case(
        name="superpixels.watershed, distinct heights",
        covers=("superpixels.watershed",),
        make=_relief,
        ours=lambda flood: flood.run(relief="image"),
        sizes=_ALL[:4],
        quick=(),
        peers=(
            Peer("scikit-image", _scikit_image_relief, difference=share_of_different, tolerance=0),
        ),
    ),
    Case(
        name="superpixels.watershed, compact",
        covers=("superpixels.watershed",),
        make=_relief,
        ours=lambda flood: flood.run(relief="image", compactness=5),
        sizes=_SMALL,
        quick=(),
        peers=(Peer("scikit-image", _scikit_image_compact),),
    ),
    Case(
        name="superpixels.watershed, volume",
        covers=("superpixels.watershed",),
        make=_volume,
        ours=Flood.run,
        sizes=_VOLUME,
        quick=(),
        peers=(Peer("scikit-image", _scikit_image),),
    ),
    Case(
        name="superpixels.felzenszwalb, volume",
        covers=("superpixels.felzenszwalb",),
        make=volume,
        ours=_felzenszwalb,
        sizes=_VOLUME,
        quick=(),
    ),
    Case(
        name="superpixels.gradient_magnitude",
        covers=("superpixels.gradient_magnitude",),
        make=photograph,
        ours=_gradient,
        sizes=_ALL,
        quick=(),
        peers=(Peer("scikit-image sobel", _sobel, difference=_largest, tolerance=1e-4),),
    ),
    Case(
        name="superpixels.grid",
        covers=("superpixels.grid",),
        make=photograph,
        ours=_grid,
        sizes=(*_SMALL, "3000x4000, 4000"),
        quick=(),
    ),
)
