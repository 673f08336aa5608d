"""Weights of the one-dimensional filters: Gaussians, their derivatives, central differences.

A filter of radius r is stored as its half, weights[0..r]: an even filter adds weights[k] times
(right + left), an odd one weights[k] times (right - left).
"""

from __future__ import annotations

import numpy as np

from .._arrays import Array

#: Radius of a Gaussian and of its derivatives, in sigmas: what is cut off is 6e-7 of the weight.
TRUNCATE = 5.0
#: From here on (pixels), derivatives are central differences of the smoothed image.
SMOOTH_ENOUGH = 3.0
#: Below (pixels), a sampled derivative of a Gaussian misses the Gaussian between the samples.
TOO_NARROW = 0.5

#: Central differences of order 8 of the first and second derivative (Fornberg 1988, table 1).
_FIRST = np.array([0.0, 4 / 5, -1 / 5, 4 / 105, -1 / 280])
_SECOND = np.array([-205 / 72, 8 / 5, -1 / 5, 8 / 315, -1 / 560])


def gaussian(sigma: float, truncate: float = TRUNCATE) -> Array:
    """Half of a sampled Gaussian that sums to 1, float64."""
    radius = int(truncate * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(radius + 1) / sigma) ** 2)
    return weights / (weights[0] + 2 * weights[1:].sum())


def gaussian_orders(sigma: float, spacing: float = 1.0) -> Array:
    """Orders 0, 1 and 2 of a Gaussian of `sigma` pixels as rows (3, r + 1), float64.

    The derivatives are per unit of `spacing` and are the sampled derivatives of the Gaussian,
    as scipy.ndimage defines them. Below half a pixel these are noise, and central differences
    of the smoothed image take their place.
    """
    radius = int(TRUNCATE * sigma + 0.5)
    if sigma < TOO_NARROW:
        near = np.zeros(radius + 3)
        near[: radius + 1] = gaussian(sigma)
        left = np.abs(np.arange(radius + 2) - 1)
        right = np.arange(radius + 2) + 1
        here = near[: radius + 2]
        first = (near[left] - near[right]) / 2
        second = near[left] - 2 * here + near[right]
    else:
        k = np.arange(radius + 1)
        here = gaussian(sigma)
        first = k / sigma**2 * here
        second = (k**2 / sigma**4 - 1 / sigma**2) * here
    return np.stack([here, first / spacing, second / spacing**2])


def difference_orders(sigma: float, spacing: float = 1.0) -> tuple[Array, int]:
    """Orders 0, 1 and 2 of central differences of an image smoothed by `sigma` pixels.

    Returns the weights (3, 5) and the distance of the samples: 3 pixels for a sigma of 9 and
    more, where nearer samples differ by little more than the rounding of float32.
    """
    step = 3 if sigma >= 3 * SMOOTH_ENOUGH else 1
    unit = step * spacing
    identity = np.array([1.0, 0, 0, 0, 0])
    return np.stack([identity, _FIRST / unit, _SECOND / unit**2]), step
