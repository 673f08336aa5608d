"""Derivatives up to second order of a smoothed image, strip by strip.

A strip is a few rows of one slice, small enough that its derivatives stay in the processor's
second-level cache until every op has read them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .._arrays import FEATURE_DTYPE, Array
from .cascade import Filter, Shape3D
from .plane import (
    LANES,
    Plane,
    Region,
    empty_plane,
    row_table,
    sample_table,
    stride_of,
    workspace,
)
from .weights import SMOOTH_ENOUGH, difference_orders, gaussian_orders

#: Fields of a strip in 2-D: I, I_x, I_y, I_xx, I_xy, I_yy; in 3-D these and
#: I_z, I_xz, I_yz, I_zz.
VALUE, X, Y, XX, XY, YY, Z, XZ, YZ, ZZ = range(10)
N_FIELDS = {2: 6, 3: 10}
GRADIENT = {2: np.array([X, Y]), 3: np.array([X, Y, Z])}
HESSIAN = {2: np.array([XX, XY, YY]), 3: np.array([XX, XY, XZ, YY, YZ, ZZ])}
TRACE = {2: np.array([XX, YY]), 3: np.array([XX, YY, ZZ])}

#: Values of one field of a strip.
_STRIP = 24 * 1024


@dataclass(frozen=True)
class Derivation:
    """How the derivatives at one sigma are made: from which stage, with which weights.

    `source` is the sigma of the smoothed image that central differences are taken of, or None
    for Gaussian derivatives of the image itself. The weights of a filter are (3, r + 1).
    """

    sigma: float
    source: float | None
    filters: tuple[Filter, Filter, Filter]
    ndim: int

    @property
    def radius(self) -> Shape3D:
        """Pixels read of the source on each side of each axis."""
        z, y, x = self.filters
        return z.radius, y.radius, x.radius


def plan_derivation(sigma: float, spacing: tuple[float, float, float], ndim: int) -> Derivation:
    """Central differences where all axes are smooth enough, else Gaussian derivatives."""
    axes = range(3 - ndim, 3)
    pixels = [sigma / size for size in spacing]
    smooth = min(pixels[k] for k in axes) >= SMOOTH_ENOUGH
    filters = []
    for k in range(3):
        if k not in axes:
            filters.append(Filter(np.ones((3, 1))))
        elif smooth:
            filters.append(Filter(*difference_orders(pixels[k], spacing[k])))
        else:
            filters.append(Filter(gaussian_orders(pixels[k], spacing[k])))
    return Derivation(sigma, sigma if smooth else None, (filters[0], filters[1], filters[2]), ndim)


@dataclass(frozen=True)
class Strip:
    """Fields of one piece of a slice, as a plane with several fields."""

    fields: Plane
    scratch: Array


def derive(source: Plane, derivation: Derivation, region: Region, order: int) -> Iterator[Strip]:
    """Yield the derivatives of `region` up to `order`, strip by strip.

    A strip's memory is used again for the next one.
    """
    from . import _gaussian_kernels as kernels

    ndim = derivation.ndim
    fz, fy, fx = (Filter(f.weights.astype(FEATURE_DTYPE), f.step) for f in derivation.filters)
    identity = derivation.source is not None
    (z0, z1), (y0, y1), (x0, x1) = region
    depth, height, width = source.shape
    columns = row_table(x0, x1, fx.radius, fx.step, source.region[2][0], width)
    row = np.zeros((3, columns.length), FEATURE_DTYPE)
    stride = stride_of(x1 - x0)
    n_rows = max(1, _STRIP // stride)
    fields = empty_plane(
        ((0, 1), (0, min(n_rows, y1 - y0)), (x0, x1)), source.shape, N_FIELDS[ndim]
    ).flat
    scratch = np.zeros((3, stride + LANES), FEATURE_DTYPE)
    n_source = source.region[2][1] - source.region[2][0]

    if ndim == 3:
        tallest = min(n_rows, y1 - y0) + 2 * fy.radius
        depth_sums = workspace.take(3 * (tallest * source.stride + 2 * LANES)).reshape(3, -1)
        extra = workspace.take(fields[:6].size).reshape(6, -1)

    for z in range(z0, z1):
        for top in range(y0, y1, n_rows):
            bottom = min(y1, top + n_rows)
            rows = sample_table(top, bottom, fy.radius, fy.step, source.region[1][0], height)
            planes: Array
            if ndim == 3:
                slices = sample_table(z, z + 1, fz.radius, fz.step, source.region[0][0], depth)[0]
                first_row, last_row = int(rows.min()), int(rows.max()) + 1
                starts = np.arange(first_row, last_row) * source.stride
                planes = depth_sums[:, : len(starts) * source.stride + 2 * LANES]
                kernels.sum_depth(
                    source.flat,
                    slices * source.depth_stride,
                    starts,
                    fz.weights,
                    n_source,
                    planes,
                    source.stride,
                )
                rows = rows - first_row
            else:
                planes = source.flat[np.newaxis]
            rows = rows * source.stride

            def plane_to_fields(
                plane: Array, second: bool, target: Array, rows: Array = rows
            ) -> None:
                kernels.derive_plane(
                    plane,
                    rows,
                    columns.first,
                    fy.weights,
                    identity,
                    columns.n_in,
                    columns.left,
                    columns.right,
                    columns.shifts,
                    fx.weights,
                    columns.n_out,
                    second,
                    target,
                    stride,
                    row,
                )

            plane_to_fields(planes[0], order > 1, fields[:6])
            if ndim == 3:
                # The other fields of these calls are scratch: I_z, I_xz, I_yz come first.
                plane_to_fields(planes[1], False, extra)
                fields[Z] = extra[VALUE]
                fields[XZ] = extra[X]
                fields[YZ] = extra[Y]
                if order > 1:
                    plane_to_fields(planes[2], False, extra)
                    fields[ZZ] = extra[VALUE]
            here: Region = ((z, z + 1), (top, bottom), (x0, x1))
            yield Strip(Plane(fields, here, source.shape), scratch)
