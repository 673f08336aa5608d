"""Fields: pieces of an image, and the three one-dimensional filters over them.

A `Field` knows which part of the image it holds and how large the image is, so that a filter
that reaches past the image finds its reflection (d c b a | a b c d | d c b a), however often.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .._core.arrays import Array
from .._core.workspace import padded, workspace
from .cascade import Filters, Shape3D
from .layout import Row, Rows

Region = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]


@dataclass(frozen=True)
class Field:
    """`values` (d, h, padded w), contiguous float32, of `region` of an image of `shape`."""

    values: Array
    region: Region
    shape: Shape3D

    def place(self, part: Region) -> tuple[int, int, int]:
        """Index at which a part of the image begins."""
        z, y, x = (start - low for (start, _), (low, _) in zip(part, self.region, strict=True))
        return z, y, x

    @property
    def view(self) -> Array:
        """The values without what fills the rows."""
        return self.values[..., : self.region[2][1] - self.region[2][0]]


def padded_extents(region: Region) -> Shape3D:
    """Shape of the values of a field."""
    depth, height, width = extents(region)
    return depth, height, padded(width)


def empty_field(region: Region, shape: Shape3D) -> Field:
    """A field to be filled, in the thread's workspace."""
    return Field(workspace.take(padded_extents(region)), region, shape)


def as_field(values: Array, region: Region, shape: Shape3D) -> Field:
    """A field with a copy of `values` (d, h, w)."""
    field = empty_field(region, shape)
    field.view[...] = values
    return field


def extents(region: Region) -> Shape3D:
    """Pixels of a region along each axis."""
    (z0, z1), (y0, y1), (x0, x1) = region
    return z1 - z0, y1 - y0, x1 - x0


def grow(region: Region, margin: Shape3D, shape: Shape3D) -> Region:
    """A region with a margin on each side, as far as the image goes."""
    z, y, x = (
        (max(0, start - border), min(size, stop + border))
        for (start, stop), border, size in zip(region, margin, shape, strict=True)
    )
    return z, y, x


def reflect(index: Array, size: int) -> Array:
    """The pixel that lies at `index` when an axis of `size` pixels is reflected at its ends."""
    index = np.mod(index, 2 * size)
    return np.minimum(index, 2 * size - 1 - index)


class Filtering:
    """Filters along D, H and W, prepared for a kind of source and one region.

    The source holds `source_region` of an image of `shape`. `rows` and `row` are what the kernels
    read along H and W, and `slices` filters along D. `around` is the part of the source that is
    read, by default what these filters reach.
    """

    def __init__(
        self,
        filters: Filters,
        source_region: Region,
        shape: Shape3D,
        region: Region,
        around: Region | None = None,
    ):
        fz, fy, fx = filters
        if around is None:
            around = grow(region, (fz.reach, fy.reach, fx.reach), shape)
        self._along_depth, self._first_plane = fz, region[0][0]
        self._corner = tuple(
            start - low for (start, _), (low, _) in zip(around, source_region, strict=True)
        )
        self._slice_shape = padded_extents(around)[1:]
        # In 2-D, and where D is left alone, a slice is read in place, else a part is filtered.
        _, low, left = source_region if fz.reach == 0 else around
        self._planes = _places(region[0], fz.reach, shape[0]) - source_region[0][0]
        places = _places(region[1], fy.reach, shape[1]) - low[0]
        self.rows = Rows(places, fy.weights, fy.step, fy.copies)

        columns = np.arange(region[2][0] - fx.reach, region[2][1] + fx.reach)
        outside = columns[(columns < 0) | (columns >= shape[2])]
        first = max(int(columns[0]), 0)
        self.row = Row(
            first - left[0],
            first - int(columns[0]),
            len(columns) - len(outside),
            np.stack([outside, reflect(outside, shape[2])], axis=1) - columns[0],
            fx.weights,
            fx.step,
            fx.copies,
        )

    @property
    def leaves_depth(self) -> bool:
        """Whether nothing is filtered along D, as in 2-D."""
        return self._along_depth.reach == 0

    def empty_slices(self, n: int) -> Array:
        """What `slices` fills with `n` slices; nothing where D is left alone."""
        return workspace.take((n, 0, 0) if self.leaves_depth else (n, *self._slice_shape))

    def smooth_depth(self, values: Array) -> None:
        """Filter values that lie as those of the source do, in place: see the kernel."""
        from ._filter_kernels import smooth_depth

        if not self.leaves_depth:
            smooth_depth(values, self._planes, self._along_depth.step, self._along_depth.weights)

    def slices(self, source: Array, z: int, out: Array) -> Array:
        """Slice `z` filtered along D into `out` (orders, h, w), or as it is in 2-D."""
        from ._filter_kernels import filter_along_depth

        along, plane = self._along_depth, z - self._first_plane
        if self.leaves_depth:
            return source[self._planes[plane]][np.newaxis]
        around = self._planes[plane : plane + 2 * along.reach + 1]
        order = len(out) - 1
        filter_along_depth(
            source, around, along.step, along.weights, along.copies, order, *self._corner[1:], out
        )
        return out


#: Tables for the same region, such as a tile of the same place, are made once.
prepare = lru_cache(maxsize=256)(Filtering)


def _places(span: tuple[int, int], reach: int, size: int) -> Array:
    """The pixels of an axis at which a filter finds those around a span."""
    return reflect(np.arange(span[0] - reach, span[1] + reach), size)


def smooth(source: Field, filters: Filters, region: Region) -> Field:
    """Filter a field along all axes; the result holds `region`."""
    from ._filter_kernels import smooth_rows

    out = empty_field(region, source.shape)
    width = extents(region)[2]
    with workspace.scope():
        filtering = prepare(filters, source.region, source.shape, region)
        slices = filtering.empty_slices(1)
        for z, plane in enumerate(out.values, start=region[0][0]):
            smooth_rows(
                filtering.slices(source.values, z, slices)[0],
                0,
                len(plane),
                filtering.rows,
                filtering.row,
                plane.reshape(-1),
                0,
                plane.shape[1],
                width,
            )
    return out
