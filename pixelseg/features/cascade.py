"""Smoothing at many scales, each from the one before it.

A Gaussian of sigma s is one of sigma b < s followed by one of r = sqrt(s^2 - b^2). Since the
first has removed what is fine, the second may be sampled at every `step`-th pixel ("a trous"):
a tenth of the taps at the largest scale. What a step costs in accuracy: the sampled filter's
spectrum repeats at 2 pi / step, and the first filter must have removed what the repetition lets
through; the worst gain is exp(-(2 pi / step * b r / s)^2 / 2), which is kept below 1e-6.

Reflecting borders stay exact: the reflected image of a symmetric filter's result is the result
of the reflected image. And nothing depends on where an image was cut, as a pyramid would.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, sqrt

import numpy as np

from .._arrays import Array
from .weights import gaussian

Shape3D = tuple[int, int, int]

#: A sampled Gaussian is as good as a continuous one from here on (pixels).
_BAND_LIMITED = 1.5
#: step <= this * b r / s keeps the worst gain below 1e-6: 2 pi / sqrt(2 log 1e6).
_STEP = 1.197
#: The second filter is cut later than the first, because errors of the stages add up.
_TRUNCATE = 5.5


@dataclass(frozen=True)
class Filter:
    """A filter along one axis: half of its weights and the distance of its samples."""

    weights: Array
    step: int = 1

    @property
    def radius(self) -> int:
        """Pixels that the filter reads on each side."""
        return (self.weights.shape[-1] - 1) * self.step


IDENTITY = Filter(np.ones(1))


@dataclass(frozen=True)
class Stage:
    """One smoothed image: of `sigma`, made from the one of `base` (None: the image itself)."""

    sigma: float
    base: float | None
    filters: tuple[Filter, Filter, Filter]

    @property
    def radius(self) -> Shape3D:
        """Pixels that the stage reads of its base on each side of each axis."""
        z, y, x = self.filters
        return z.radius, y.radius, x.radius


def dilated(base: float, residual: float) -> Filter:
    """A Gaussian of `residual` for an image that one of `base` has smoothed, in pixels."""
    total = sqrt(base**2 + residual**2)
    step = max(1, floor(_STEP * base * residual / total))
    return Filter(gaussian(residual / step, _TRUNCATE), step)


def plan_cascade(sigmas: set[float], spacing: tuple[float, float, float], ndim: int) -> list[Stage]:
    """Stages for all `sigmas`, ascending, each from the base that needs the fewest taps."""
    axes = range(3 - ndim, 3)
    stages: list[Stage] = []
    for sigma in sorted(sigmas):
        direct = [Filter(gaussian(sigma / spacing[k])) if k in axes else IDENTITY for k in range(3)]
        best: Stage = Stage(sigma, None, (direct[0], direct[1], direct[2]))
        for earlier in stages:
            base = earlier.sigma
            if min(base / spacing[k] for k in axes) < _BAND_LIMITED or base > 0.98 * sigma:
                continue
            rest = sqrt(sigma**2 - base**2)
            filters = [
                dilated(base / spacing[k], rest / spacing[k]) if k in axes else IDENTITY
                for k in range(3)
            ]
            stage = Stage(sigma, base, (filters[0], filters[1], filters[2]))
            if _n_taps(stage) < _n_taps(best):
                best = stage
        stages.append(best)
    return stages


@dataclass(frozen=True)
class Window:
    """Filters for the products of derivatives: for squares, and for products along two axes.

    A product of two images smoothed by sigma holds frequencies up to that of a Gaussian of
    sigma / sqrt(2), which is the base that lets the window of squares be dilated. A product
    along two axes changes its sign where the image is reflected, and the kink at the border
    holds every frequency: its window has every tap.
    """

    square: tuple[Filter, Filter, Filter]
    cross: tuple[Filter, Filter, Filter]

    @property
    def radius(self) -> Shape3D:
        """Pixels that the window reads on each side of each axis."""
        z, y, x = (max(a.radius, b.radius) for a, b in zip(self.square, self.cross, strict=True))
        return z, y, x


def plan_window(
    sigma: float, ratio: float, spacing: tuple[float, float, float], ndim: int
) -> Window:
    """The window of `ratio * sigma` for products of derivatives at `sigma`."""
    square, cross = [], []
    for k in range(3):
        pixels = sigma / spacing[k]
        if k < 3 - ndim:
            square.append(IDENTITY)
            cross.append(IDENTITY)
            continue
        cross.append(Filter(gaussian(ratio * pixels)))
        base = pixels / sqrt(2)
        square.append(dilated(base, ratio * pixels) if base >= _BAND_LIMITED else cross[-1])
    return Window((square[0], square[1], square[2]), (cross[0], cross[1], cross[2]))


def _n_taps(stage: Stage) -> int:
    return sum(filter_.weights.shape[-1] for filter_ in stage.filters)
