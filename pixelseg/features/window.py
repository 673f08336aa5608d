"""The window of the structure tensor: how products of first derivatives are smoothed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

from .._core.boxes import Shape3D
from .filters import IDENTITY, Filter, Filters, Sigmas, smoothing
from .scale_space import widest_step

#: Radius of the window, in its sigmas, and the worst gain of its samples: eigenvalues are held to
#: 1e-3 of the largest, not to the 1e-6 of smoothed images.
_TRUNCATE = 4.5
_WORST_GAIN = 1e-5


@dataclass(frozen=True)
class Window:
    """Filters for products of derivatives: `sparse` ones, and `full` ones with every sample.

    A product of two images that are smooth to sigma is smooth to sigma / sqrt(2), so that its
    window may take samples that are far apart (see scale_space.py). But a derivative changes its
    sign where the image is reflected: the product of derivatives along two axes has a kink at
    the borders of both (7 % of the largest value at sigma 10), and along these every sample is
    taken.
    """

    sparse: Filters
    full: Filters

    @cached_property
    def reach(self) -> Shape3D:
        """Pixels read on each side of each axis."""
        z, y, x = (max(a.reach, b.reach) for a, b in zip(self.sparse, self.full, strict=True))
        return z, y, x


def plan_window(sigmas: Sigmas, ratio: float, ndim: int) -> Window:
    """The window of `ratio` times `sigmas` (pixels along each axis)."""
    full: list[Filter] = [IDENTITY] * 3
    sparse: list[Filter] = [IDENTITY] * 3
    for axis in range(3 - ndim, 3):
        own = ratio * sigmas[axis]
        step = widest_step(sigmas[axis] / sqrt(2), own, _WORST_GAIN)
        full[axis] = smoothing(own, truncate=_TRUNCATE)
        sparse[axis] = smoothing(own, max(1, step), _TRUNCATE)
    return Window((sparse[0], sparse[1], sparse[2]), (full[0], full[1], full[2]))
