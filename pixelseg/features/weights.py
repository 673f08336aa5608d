"""Weights of the one-dimensional filters: Gaussians, their derivatives, central differences.

A filter of radius r is stored as its half, weights[0..r], since all are symmetric or
antisymmetric: orders 0 and 2 add weights[k] times (right + left), order 1 adds weights[k] times
(right - left).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import floor

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array

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
    def copies(self) -> bool:
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
