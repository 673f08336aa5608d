"""Cases of `FeatureBank`: ilastik's set and others beside the same filters by other libraries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import ndimage

from . import feature_peers as peers
from . import images
from .case import TINY, Case, Peer, column_difference

Array = np.ndarray

_SIZES = {
    TINY: (96, 120),
    "512x512": (512, 512),
    "512x520": (512, 520),
    "1080x1920": (1080, 1920),
}
_VOLUMES = {TINY: (12, 24, 28), "32x96x96": (32, 96, 96), "64x256x256": (64, 256, 256)}
#: Kernels cut at 4 sigma, as scipy's and OpenCV's are here, are off by up to 6e-3 of a column's
#: largest value in the second derivatives; ours are held to 1e-3 of the truth by their own tests.
_CUT = 1e-2
#: Smoothing cut at 4 sigma is off by 6e-5 of the range.
_CUT_GAUSSIAN = 2e-4


def _grey(size: str) -> Array:
    return images.grey(*_SIZES[size]).astype(np.float32)


def _colour(size: str) -> Array:
    return images.colour(*_SIZES[size]).astype(np.float32)


def _volume(size: str) -> Array:
    return images.volume(*_VOLUMES[size]).astype(np.float32)


def _transform(image: Array, ops: Sequence[str] = peers.OPS) -> Array:
    from pixelseg import FeatureBank

    return FeatureBank(ops).transform(image, channel_axis=None)


def _with_memory(size: str) -> tuple[Array, Array]:
    """An image, and memory for its features that has been touched before."""
    image = _grey(size)
    return image, _transform(image)


def _transform_into(inputs: tuple[Array, Array]) -> Array:
    from pixelseg import FeatureBank

    return FeatureBank(peers.OPS).transform(inputs[0], channel_axis=None, out=inputs[1])


_opencv_at_4 = partial(peers.opencv_smooth, truncate=4.0)


def _transform_colour(image: Array) -> Array:
    from pixelseg import FeatureBank

    return FeatureBank().transform(image)


def _normalised(image: Array) -> Array:
    """scipy's filters of a masked image: smooth the image and the mask, and divide."""
    mask = _mask(image)
    filled = np.where(mask, image, 0).astype(np.float32)
    planes = []
    for sigma in peers.SIGMAS:
        weight = peers.scipy_smooth(mask.astype(np.float32), sigma, (0, 0), truncate=6.0)
        value = peers.scipy_smooth(filled, sigma, (0, 0), truncate=6.0)
        planes.append(np.where(mask, value / np.maximum(weight, 1e-9), 0))
    return planes


def _mask(image: Array) -> Array:
    rows, columns = np.ogrid[: image.shape[0], : image.shape[1]]
    centre = (image.shape[0] / 2, image.shape[1] / 2)
    return np.hypot(rows - centre[0], columns - centre[1]) < 0.48 * min(image.shape)


def _transform_masked(image: Array) -> Array:
    from pixelseg import FeatureBank

    return FeatureBank(ops=["gaussian"]).transform(image, channel_axis=None, mask=_mask(image))


def _our_opencv(image: Array, ops: tuple[str, ...] = peers.OPS) -> list[Array]:
    from pixelseg.features.filters import TRUNCATE

    return peers.opencv_planes(image, ops, truncate=TRUNCATE)


def _scipy_contrast(image: Array) -> list[Array]:
    """Local contrast by scipy's filters; its surroundings are of the largest scale."""
    *scales, largest = peers.SIGMAS
    exact = image.astype(np.float64)
    middle, square = (ndimage.gaussian_filter(of, largest, truncate=6) for of in (exact, exact**2))
    spread = np.sqrt(np.maximum(square - middle**2, 0)) + 0.02 * np.abs(middle)
    return [(ndimage.gaussian_filter(exact, s, truncate=6) - middle) / spread for s in scales]


def _columns(planes: Any) -> float:
    """How many columns a result has: a number, a list's length or an array's last axis."""
    if isinstance(planes, int):
        return float(planes)
    return float(len(planes) if isinstance(planes, list) else planes.shape[-1])


#: Features of an image by `FeatureBank`, compared by the column.
_features = partial(
    Case, covers=("FeatureBank",), units=_columns, unit="column", quick=("512x512",)
)

CASES = (
    _features(
        name="features, grey, ilastik's set",
        make=_grey,
        ours=_transform,
        sizes=("512x512", "512x520", "1080x1920"),
        peers=(
            Peer(
                "scipy.ndimage, float32, each filter on its own",
                peers.scipy_planes,
                bar=10.0,
                difference=column_difference,
                tolerance=_CUT,
            ),
            Peer(
                "OpenCV sepFilter2D, cut at 4 sigma",
                peers.opencv_planes,
                needs="cv2",
                bar=2.5,
                difference=column_difference,
                tolerance=_CUT,
            ),
            Peer(
                "OpenCV sepFilter2D, cut where ours is",
                _our_opencv,
                needs="cv2",
                bar=2.5,
                difference=column_difference,
                tolerance=1e-3,
            ),
            Peer(
                "scikit-image multiscale_basic_features, its own columns",
                peers.skimage_planes,
                bar=5.0,
            ),
            Peer("fastfilters (ilastik)", peers.fastfilters_planes, needs="fastfilters", bar=2.0),
        ),
    ),
    _features(
        name="features, grey, ilastik's set, memory at hand",
        make=_with_memory,
        ours=_transform_into,
        sizes=("512x512", "512x520", "1080x1920"),
        peers=(
            Peer(
                "scipy.ndimage, float32, planes dropped",
                lambda inputs: peers.count_planes(peers.scipy_smooth, inputs[0]),
                bar=10.0,
            ),
            Peer(
                "OpenCV sepFilter2D, cut at 4 sigma, planes dropped",
                lambda inputs: peers.count_planes(_opencv_at_4, inputs[0]),
                needs="cv2",
                bar=2.5,
            ),
        ),
    ),
    _features(
        name="features, RGB, default set",
        make=_colour,
        ours=_transform_colour,
        sizes=("512x512",),
        peers=(
            Peer(
                "scikit-image multiscale_basic_features, its own columns",
                partial(peers.skimage_planes, channel_axis=-1),
                bar=5.0,
            ),
        ),
    ),
    _features(
        name="features, 3-D, ilastik's set",
        make=_volume,
        ours=_transform,
        sizes=("32x96x96", "64x256x256"),
        quick=("32x96x96",),
        peers=(
            Peer(
                "scipy.ndimage, float32, each filter on its own",
                peers.scipy_planes,
                bar=5.0,
                difference=column_difference,
                tolerance=2 * _CUT,
            ),
        ),
    ),
    _features(
        name="local contrast alone",
        make=_grey,
        ours=partial(_transform, ops=["local_contrast"]),
        sizes=("512x512",),
        peers=(
            Peer(
                "scipy.ndimage, float64",
                _scipy_contrast,
                difference=column_difference,
                tolerance=1e-3,
            ),
        ),
    ),
    _features(
        name="gaussian alone",
        make=_grey,
        ours=partial(_transform, ops=["gaussian"]),
        sizes=("512x512", "1080x1920"),
        peers=(
            Peer(
                "scipy.ndimage, float32",
                partial(peers.scipy_planes, ops=("gaussian",)),
                difference=column_difference,
                tolerance=_CUT_GAUSSIAN,
            ),
            Peer(
                "OpenCV GaussianBlur, cut at 4 sigma",
                peers.opencv_gaussians,
                needs="cv2",
                difference=column_difference,
                tolerance=_CUT_GAUSSIAN,
            ),
        ),
    ),
    _features(
        name="gaussian alone, masked",
        make=_grey,
        ours=_transform_masked,
        sizes=("512x512",),
        peers=(
            Peer(
                "scipy.ndimage, image over mask",
                _normalised,
                difference=column_difference,
                tolerance=1e-3,
            ),
        ),
    ),
)
