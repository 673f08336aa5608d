"""Planes: pieces of one channel in the layout that the kernels read.

A `Plane` knows which part of the image it holds (`region`) and how large the image is, so that
a filter that reaches past the image finds its reflection, and one that reaches past the piece
would be an error of the planner.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .._arrays import FEATURE_DTYPE, Array
from .cascade import Filter, Shape3D

#: Rows have a multiple of this many pixels, as `_gaussian_kernels.LANES`, where the reason is.
LANES = 64

Region = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


def grow(region: Region, margin: Shape3D, shape: Shape3D) -> Region:
    """A region with a margin on each side, as far as the image goes."""
    grown = [
        (max(0, start - border), min(size, stop + border))
        for (start, stop), border, size in zip(region, margin, shape, strict=True)
    ]
    return grown[0], grown[1], grown[2]


def extents(region: Region) -> Shape3D:
    """Pixels of a region along each axis."""
    (z0, z1), (y0, y1), (x0, x1) = region
    return z1 - z0, y1 - y0, x1 - x0


def stride_of(width: int) -> int:
    """Width of a row, rounded up to whole vector loops."""
    return -(-width // LANES) * LANES


@dataclass(frozen=True)
class Plane:
    """Values of `region` of an image of `shape`: rows of `stride` in a flat array.

    `flat` is (n,) or, for several fields of one region, (n_fields, n), and ends in LANES spare
    values, since kernels read whole vectors.
    """

    flat: Array
    region: Region
    shape: Shape3D

    @property
    def stride(self) -> int:
        """Distance of two rows."""
        return stride_of(self.region[2][1] - self.region[2][0])

    @property
    def depth_stride(self) -> int:
        """Distance of two slices."""
        return self.stride * (self.region[1][1] - self.region[1][0])

    def first(self, z: int, y: int, x: int) -> int:
        """Place of a pixel, given in the image's own coordinates."""
        (z0, _), (y0, _), (x0, _) = self.region
        return (z - z0) * self.depth_stride + (y - y0) * self.stride + x - x0

    def view(self) -> Array:
        """The values as (d, h, w), or (n_fields, d, h, w)."""
        depth, height, width = extents(self.region)
        rows = self.flat[..., : depth * self.depth_stride]
        return rows.reshape(*self.flat.shape[:-1], depth, height, self.stride)[..., :width]


class Workspace(threading.local):
    """Flat arrays of a thread that are used again: fresh pages cost more than the filters do.

    `take` hands out an array of at least `size` values, `release` takes back all that was
    handed out since `mark`. Up to `KEPT` bytes stay for the thread's next image, never more than
    the last one needed.
    """

    KEPT = 192 * 2**20

    def __init__(self) -> None:
        self._free: list[Array] = []
        self._taken: list[Array] = []

    def mark(self) -> int:
        """A point in time to release to."""
        return len(self._taken)

    def take(self, size: int) -> Array:
        """A flat float32 array of `size` values, whose content is left from earlier."""
        fitting = [k for k, array in enumerate(self._free) if size <= array.size <= 2 * size]
        if fitting:
            array = self._free.pop(min(fitting, key=lambda k: self._free[k].size))
        else:
            array = np.zeros(size, FEATURE_DTYPE)
        self._taken.append(array)
        return array[:size]

    def release(self, mark: int) -> None:
        """Take back what was handed out after `mark`."""
        self._free += self._taken[mark:]
        del self._taken[mark:]
        if not self._taken:
            kept = 0
            for k, array in enumerate(self._free):
                kept += array.nbytes
                if kept > self.KEPT:
                    del self._free[k:]
                    break


workspace = Workspace()


def empty_plane(region: Region, shape: Shape3D, n_fields: int | None = None) -> Plane:
    """A plane of the thread's workspace, to be filled; its spare values are harmless numbers."""
    depth, height, width = extents(region)
    size = depth * height * stride_of(width) + 2 * LANES
    flat = workspace.take(size * (n_fields or 1))
    return Plane(flat if n_fields is None else flat.reshape(n_fields, size), region, shape)


def as_plane(values: Array, region: Region, shape: Shape3D) -> Plane:
    """A plane that holds `values` (d, h, w)."""
    plane = empty_plane(region, shape)
    plane.view()[...] = values
    return plane


def plane_bytes(region_shape: Shape3D) -> int:
    """Bytes of a plane of a region."""
    depth, height, width = region_shape
    return 4 * (depth * height * stride_of(width) + 2 * LANES)


def reflect(index: Array, size: int) -> Array:
    """The pixel that lies at `index` when the image is reflected at its edges, again and again."""
    index = np.mod(index, 2 * size)
    return np.minimum(index, 2 * size - 1 - index)


@lru_cache(maxsize=256)
def sample_table(
    start: int, stop: int, radius: int, step: int, source_start: int, size: int
) -> Array:
    """Positions (n_out, 2 r + 1) in a source that begins at `source_start` of an axis."""
    out = np.arange(start, stop)[:, np.newaxis]
    table = reflect(out + np.arange(-radius, radius + 1, step), size) - source_start
    table.flags.writeable = False
    return table


@dataclass(frozen=True)
class RowTable:
    """How a padded row is filled, and read, by a filter along x."""

    first: int  # column of the source at which the needed part begins
    n_in: int  # columns of the needed part
    left: Array  # sources within the padded row of its reflected left end
    right: Array  # ... and of its right end
    shifts: Array  # starts of the shifted copies that the filter sums
    n_out: int

    @property
    def length(self) -> int:
        """Values that the padded row must have."""
        longest = max(self.n_in + len(self.left), int(self.shifts[-1]) + self.n_out)
        return stride_of(longest) + 2 * LANES


@lru_cache(maxsize=256)
def row_table(
    start: int, stop: int, radius: int, step: int, source_start: int, size: int
) -> RowTable:
    """The table for outputs [start, stop) of a row of `size` pixels."""
    low, high = max(0, start - radius), min(size, stop + radius)
    n_left = low - (start - radius)
    outside_left = np.arange(start - radius, low)
    outside_right = np.arange(high, stop + radius)
    return RowTable(
        first=low - source_start,
        n_in=high - low,
        left=reflect(outside_left, size) - low + n_left,
        right=reflect(outside_right, size) - low + n_left,
        shifts=np.arange(0, 2 * radius + 1, step),
        n_out=stop - start,
    )


def smooth(
    source: Plane,
    filters: tuple[Filter, Filter, Filter],
    region: Region,
    out: Plane | None = None,
) -> Plane:
    """Filter a plane along z, y and x; the result, `out` if given, holds `region`."""
    from ._gaussian_kernels import smooth_plane, sum_depth

    fz, fy, fx = (Filter(f.weights.astype(FEATURE_DTYPE), f.step) for f in filters)
    (z0, z1), (y0, y1), (x0, x1) = region
    depth, height, width = source.shape
    if out is None:
        out = empty_plane(region, source.shape)
    columns = row_table(x0, x1, fx.radius, fx.step, source.region[2][0], width)
    rows = sample_table(y0, y1, fy.radius, fy.step, source.region[1][0], height) * source.stride
    row = np.zeros(columns.length, FEATURE_DTYPE)
    n_rows = source.region[1][1] - source.region[1][0]
    if fz.radius:
        slices = sample_table(z0, z1, fz.radius, fz.step, source.region[0][0], depth)
        starts = np.arange(n_rows) * source.stride
        flat = np.zeros((1, source.depth_stride + 2 * LANES), FEATURE_DTYPE)
        n_source = source.region[2][1] - source.region[2][0]
    for z in range(z0, z1):
        if fz.radius:
            at = slices[z - z0] * source.depth_stride
            sum_depth(
                source.flat, at, starts, fz.weights[np.newaxis], n_source, flat, source.stride
            )
            plane = flat[0]
        else:
            begin = (z - source.region[0][0]) * source.depth_stride
            plane = source.flat[begin : begin + source.depth_stride + 2 * LANES]
        smooth_plane(
            plane,
            rows,
            columns.first,
            fy.weights,
            columns.n_in,
            columns.left,
            columns.right,
            columns.shifts,
            fx.weights,
            columns.n_out,
            out.flat[(z - z0) * out.depth_stride :],
            out.stride,
            row,
        )
    return out
