"""How derivatives up to second order are made at a scale."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import combinations_with_replacement

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .cascade import Filters, Shape3D, Sigmas
from .weights import (
    IDENTITY,
    SMOOTH_ENOUGH,
    TOO_NARROW,
    Filter,
    differences,
    gaussian_derivatives,
)


def axis_pairs(ndim: int) -> list[tuple[int, int]]:
    """Upper triangle of a symmetric matrix with a row for each axis, row by row."""
    return list(combinations_with_replacement(range(3 - ndim, 3), 2))


def field_ranges(ndim: int) -> dict[str, tuple[int, int]]:
    """Places of the derivatives: the image, its gradient, the upper triangle of its Hessian."""
    end = 1 + ndim + len(axis_pairs(ndim))
    return {"image": (0, 1), "gradient": (1, 1 + ndim), "hessian": (1 + ndim, end)}


@cache
def derivative_slots(ndim: int) -> Array:
    """slots[k, i, j]: place of the derivative of orders k, i, j along (D, H, W)."""
    slots = np.zeros((3, 3, 3), np.int64)
    of_axes = [(axis,) for axis in range(3 - ndim, 3)] + axis_pairs(ndim)
    for place, axes in enumerate(of_axes, start=1):
        slots[axes.count(0), axes.count(1), axes.count(2)] = place
    return slots


@dataclass(frozen=True)
class Derivation:
    """All orders of `filters`, applied to the stage `source`.

    Along an axis on which the scale has SMOOTH_ENOUGH pixels, the stage is smooth already and
    derivatives are its differences; along others the stage is as fine as the image, and the
    filters are derivatives of a Gaussian.
    """

    source: Sigmas
    filters: Filters

    @property
    def reach(self) -> Shape3D:
        """Pixels read of the source on each side of each axis."""
        z, y, x = self.filters
        return z.reach, y.reach, x.reach

    def bias(self, ndim: int) -> Array:
        """What each second derivative says of a constant 1."""
        second = [filter_.weights[2] for filter_ in self.filters]
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
