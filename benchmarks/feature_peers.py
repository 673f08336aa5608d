"""ilastik's set of features as a peer's user would write it, each filter on its own.

Every function here returns a list of planes in the order of `FeatureBank`'s columns: for each
sigma, for each op, its columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Any

import numpy as np
from scipy import ndimage

Array = np.ndarray
Smooth = Callable[[Array, float, Sequence[int]], Array]

#: Our default but for local contrast.
OPS = (
    "gaussian",
    "gradient_magnitude",
    "laplacian_of_gaussian",
    "difference_of_gaussians",
    "structure_tensor",
    "hessian",
)
SIGMAS = (0.7, 1.0, 1.6, 3.5, 5.0, 10.0)


def each_plane(smooth: Smooth, image: Array, ops: Sequence[str] = OPS) -> Iterator[Array]:
    """The columns of all ops one by one, made with `smooth(image, sigma, order of each axis)`."""
    for sigma in SIGMAS:
        for op in ops:
            yield from _OPS[op](smooth, image, sigma)


def planes_with(smooth: Smooth, image: Array, ops: Sequence[str] = OPS) -> list[Array]:
    """The columns of all ops."""
    return list(each_plane(smooth, image, ops))


def count_planes(smooth: Smooth, image: Array) -> int:
    """Make the columns of all ops and drop each, so that memory is used again; their number."""
    return sum(1 for _ in each_plane(smooth, image))


def _orders(ndim: int, *axes: int) -> tuple[int, ...]:
    """Order of the derivative along each axis: one for each time that an axis is named."""
    return tuple(sum(axis == k for axis in axes) for k in range(ndim))


def _gaussian(smooth: Smooth, image: Array, sigma: float) -> list[Array]:
    return [smooth(image, sigma, _orders(image.ndim))]


def _gradient_magnitude(smooth: Smooth, image: Array, sigma: float) -> list[Array]:
    parts = [smooth(image, sigma, _orders(image.ndim, k)) for k in range(image.ndim)]
    return [np.sqrt(sum(part * part for part in parts))]


def _laplacian(smooth: Smooth, image: Array, sigma: float) -> list[Array]:
    return [sum(smooth(image, sigma, _orders(image.ndim, k, k)) for k in range(image.ndim))]


def _difference(smooth: Smooth, image: Array, sigma: float) -> list[Array]:
    none = _orders(image.ndim)
    return [smooth(image, sigma, none) - smooth(image, 0.66 * sigma, none)]


def _structure_tensor(smooth: Smooth, image: Array, sigma: float) -> list[Array]:
    ndim = image.ndim
    slopes = [smooth(image, sigma, _orders(ndim, k)) for k in range(ndim)]
    none = _orders(ndim)
    return eigenvalues(
        [
            smooth(slopes[i] * slopes[j], 0.5 * sigma, none)
            for i in range(ndim)
            for j in range(i, ndim)
        ]
    )


def _hessian(smooth: Smooth, image: Array, sigma: float) -> list[Array]:
    ndim = image.ndim
    return eigenvalues(
        [smooth(image, sigma, _orders(ndim, i, j)) for i in range(ndim) for j in range(i, ndim)]
    )


_OPS: dict[str, Callable[[Smooth, Array, float], list[Array]]] = {
    "gaussian": _gaussian,
    "gradient_magnitude": _gradient_magnitude,
    "laplacian_of_gaussian": _laplacian,
    "difference_of_gaussians": _difference,
    "structure_tensor": _structure_tensor,
    "hessian": _hessian,
}


def eigenvalues(entries: list[Array]) -> list[Array]:
    """Eigenvalues of symmetric 2x2 or 3x3 matrices given by their upper triangle, largest first.

    In closed form: numpy.linalg.eigvalsh, which scikit-image calls, takes ten times longer.
    """
    if len(entries) == 3:
        a, b, c = entries
        middle, half = 0.5 * (a + c), 0.5 * (a - c)
        root = np.sqrt(half * half + b * b)
        return [middle + root, middle - root]
    a, d, e, b, f, c = entries
    middle = (a + b + c) / 3
    a, b, c = a - middle, b - middle, c - middle
    size = np.sqrt((a * a + b * b + c * c + 2 * (d * d + e * e + f * f)) / 6)
    determinant = a * (b * c - f * f) - d * (d * c - f * e) + e * (d * f - b * e)
    cube = np.maximum(size * size * size, np.finfo(np.float32).tiny)
    angle = np.arccos(np.clip(0.5 * determinant / cube, -1, 1)) / 3
    largest = middle + 2 * size * np.cos(angle)
    smallest = middle + 2 * size * np.cos(angle + 2 * np.pi / 3)
    return [largest, 3 * middle - largest - smallest, smallest]


def scipy_smooth(image: Array, sigma: float, order: Sequence[int], truncate: float = 4.0) -> Array:
    """scipy.ndimage in float32, kernels cut at 4 sigma (its default)."""
    return ndimage.gaussian_filter(image, sigma, order=order, mode="reflect", truncate=truncate)


@cache
def taps(sigma: float, order: int, truncate: float) -> Array:
    """The weights that scipy.ndimage uses, by filtering an impulse."""
    radius = int(truncate * sigma + 0.5)
    impulse = np.zeros(2 * radius + 1)
    impulse[radius] = 1.0
    return ndimage.gaussian_filter1d(
        impulse, sigma, order=order, mode="constant", truncate=truncate
    )[::-1].copy()


def opencv_smooth(image: Array, sigma: float, order: Sequence[int], truncate: float) -> Array:
    """OpenCV's separable filter with scipy's weights, reflecting borders."""
    import cv2

    rows, columns = (taps(sigma, k, truncate) for k in order)
    # Borders narrower than the kernel are beyond OpenCV's reflection of small images.
    return cv2.sepFilter2D(image, cv2.CV_32F, columns, rows, borderType=cv2.BORDER_REFLECT)


def scipy_planes(image: Array, ops: Sequence[str] = OPS) -> list[Array]:
    """All columns by scipy.ndimage."""
    return planes_with(scipy_smooth, image, ops)


def opencv_planes(image: Array, ops: Sequence[str] = OPS, truncate: float = 4.0) -> list[Array]:
    """All columns by OpenCV."""
    return planes_with(partial(opencv_smooth, truncate=truncate), image, ops)


def opencv_gaussians(image: Array) -> list[Array]:
    """Smoothing alone, by OpenCV's GaussianBlur with kernels cut at 4 sigma."""
    import cv2

    return [
        cv2.GaussianBlur(
            image,
            (2 * int(4 * sigma + 0.5) + 1,) * 2,
            sigma,
            borderType=cv2.BORDER_REFLECT,
        )
        for sigma in SIGMAS
    ]


def fastfilters_planes(image: Array) -> list[Array]:
    """All columns by ilastik's C++ filters (kernels cut at 3 sigma and a half for each order)."""
    import fastfilters

    smooth = fastfilters.gaussianSmoothing
    planes: list[Array] = []
    for s in SIGMAS:
        tensor = fastfilters.structureTensorEigenvalues(image, 0.5 * s, s)
        hessian = fastfilters.hessianOfGaussianEigenvalues(image, s)
        planes += [
            smooth(image, s),
            fastfilters.gaussianGradientMagnitude(image, s),
            fastfilters.laplacianOfGaussian(image, s),
            smooth(image, s) - smooth(image, 0.66 * s),
            *(tensor[..., k] for k in range(2)),
            *(hessian[..., k] for k in range(2)),
        ]
    return planes


def skimage_planes(image: Any, channel_axis: int | None = None) -> list[Array]:
    """scikit-image's own columns at its defaults (others than ours: compare by the column)."""
    from skimage.feature import multiscale_basic_features

    return list(np.moveaxis(multiscale_basic_features(image, channel_axis=channel_axis), -1, 0))
