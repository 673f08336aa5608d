"""The one-dimensional filters, Gaussians and derivatives, and those that differentiate a scale.

A filter of radius r is stored as its half, weights[0..r], since all are symmetric or
antisymmetric: orders 0 and 2 add weights[k] times (right + left), order 1 adds weights[k] times
(right - left).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from itertools import combinations_with_replacement
from math import floor

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.boxes import Shape3D

#: How far an image is smoothed, in pixels along (D, H, W); 0 along an axis that is untouched.
Sigmas = tuple[float, float, float]

#: Radius of a Gaussian and of its derivatives, in sigmas: what is cut off is 6e-7 of the weight.
TRUNCATE = 5.0
#: From here on (pixels), derivatives are central differences of the smoothed image.
SMOOTH_ENOUGH = 3.0
#: Distance of the samples of a difference: one pixel for so many of sigma. Nearer ones differ by
#: little more than the rounding of float32, farther ones miss the derivative.
_SIGMA_PER_STEP = 2.5
#: Below (pixels), the samples of a Gaussian's derivative say nothing about the Gaussian.
TOO_NARROW = 0.5

#: Central differences of order 8 of the first and second derivative (Fornberg 1988, table 1).
_FIRST = np.array([0.0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])
_SECOND = np.array([-205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560])


@dataclass(frozen=True, eq=False)
class Filter:
    """Filters of orders 0, 1, 2 along one axis: weights (3, r + 1), samples `step` pixels apart."""

    weights: Array
    step: int = 1

    @cached_property
    def reach(self) -> int:
        """Pixels that the filter reads on each side."""
        return (self.weights.shape[1] - 1) * self.step

    @cached_property
    def is_identity(self) -> bool:
        """Whether order 0 leaves the image as it is."""
        return bool(self.weights[0, 0] == 1)


def half_gaussian(sigma: float, truncate: float = TRUNCATE) -> Array:
    """Half of a sampled Gaussian that sums to 1, float64."""
    radius = int(truncate * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(radius + 1) / sigma) ** 2)
    return weights / (weights[0] + 2 * weights[1:].sum())


def smoothing(sigma: float, step: int = 1, truncate: float = TRUNCATE) -> Filter:
    """A Gaussian of `sigma` pixels, sampled at every `step`-th."""
    return _rounded([half_gaussian(sigma / step, truncate)], step)


def gaussian_derivatives(sigma: float, spacing: float) -> Filter:
    """A Gaussian of `sigma` pixels and its sampled derivatives, per unit of `spacing`.

    These are scipy.ndimage's filters: their sums are not corrected.
    """
    here = half_gaussian(sigma)
    k = np.arange(len(here))
    first = k / sigma**2 * here
    second = (k**2 / sigma**4 - 1 / sigma**2) * here
    return _rounded([here, first / spacing, second / spacing**2])


def differences(sigma: float, spacing: float) -> Filter:
    """Central differences of an image smoothed by `sigma` pixels, per unit of `spacing`.

    Of order 8 where the image is smooth enough, with samples farther apart the smoother it is.
    """
    if sigma < SMOOTH_ENOUGH:
        first, second = np.array([0.0, 0.5]), np.array([-2.0, 1.0])
        step = 1
    else:
        first, second = _FIRST, _SECOND
        step = floor(sigma / _SIGMA_PER_STEP)
    unit = step * spacing
    none = np.zeros(len(first))
    none[0] = 1
    return _rounded([none, first / unit, second / unit**2], step)


def _rounded(orders: list[Array], step: int = 1) -> Filter:
    """A filter in float32 whose even orders sum to what they summed to in float64."""
    weights = np.zeros((3, len(orders[0])), FEATURE_DTYPE)
    for order, exact in enumerate(orders):
        weights[order] = exact
        if order != 1:
            total = exact[0] + 2 * exact[1:].sum()
            weights[order, 0] = total - 2 * weights[order, 1:].sum(dtype=np.float64)
    weights.flags.writeable = False
    return Filter(weights, step)


#: Leaves the image as it is.
IDENTITY = _rounded([np.ones(1)])
#: One along each of (D, H, W).
Filters = tuple[Filter, Filter, Filter]


def reach_of(filters: Filters) -> Shape3D:
    """Pixels that filters read on each side of each axis."""
    z, y, x = filters
    return z.reach, y.reach, x.reach


def axis_pairs(ndim: int) -> list[tuple[int, int]]:
    """Upper triangle of a symmetric matrix with a row for each axis, row by row."""
    return list(combinations_with_replacement(range(3 - ndim, 3), 2))


def derivative_ranges(ndim: int) -> dict[str, tuple[int, int]]:
    """Places of the derivatives: the image, its gradient, the upper triangle of its Hessian."""
    end = 1 + ndim + len(axis_pairs(ndim))
    return {"image": (0, 1), "gradient": (1, 1 + ndim), "hessian": (1 + ndim, end)}


@cache
def derivative_index(ndim: int) -> Array:
    """index[k, i, j]: place of the derivative of orders k, i, j along (D, H, W)."""
    index = np.zeros((3, 3, 3), np.int64)
    of_axes = [(axis,) for axis in range(3 - ndim, 3)] + axis_pairs(ndim)
    for place, axes in enumerate(of_axes, start=1):
        index[axes.count(0), axes.count(1), axes.count(2)] = place
    return index


@dataclass(frozen=True)
class Derivation:
    """All orders of `filters`, applied to the image smoothed to `source`.

    Along an axis on which the scale has SMOOTH_ENOUGH pixels, the source is smooth already and
    derivatives are its differences; along others the source is as fine as the image, and the
    filters are derivatives of a Gaussian.
    """

    source: Sigmas
    filters: Filters

    @property
    def reach(self) -> Shape3D:
        """Pixels read of the source on each side of each axis."""
        return reach_of(self.filters)


@lru_cache(maxsize=256)
def constant_response(filters: Filters, ndim: int) -> Array:
    """Response of each second derivative to a constant 1."""
    second = [filter_.weights[2] for filter_ in filters]
    return np.array(
        [second[i][0] + 2 * second[i][1:].sum() if i == j else 0 for i, j in axis_pairs(ndim)],
        FEATURE_DTYPE,
    )


def plan_derivation(
    sigmas: Sigmas, spacing: tuple[float, float, float], ndim: int, order: int
) -> Derivation:
    """Settle how derivatives up to `order` at `sigmas` (pixels along each axis) are made."""
    source = [0.0, 0.0, 0.0]
    filters: list[Filter] = [IDENTITY] * 3
    for axis in range(3 - ndim, 3):
        sigma = sigmas[axis]
        if order == 0:
            source[axis] = sigma
        elif TOO_NARROW <= sigma < SMOOTH_ENOUGH:
            filters[axis] = gaussian_derivatives(sigma, spacing[axis])
        else:
            source[axis] = sigma
            filters[axis] = differences(sigma, spacing[axis])
    z, y, x = filters
    return Derivation((source[0], source[1], source[2]), (z, y, x))
