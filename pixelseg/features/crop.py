"""Crops: what is held of an image, and the three one-dimensional filters over it.

A `Crop` knows which box of the image it holds and how large the image is, so that a filter that
reaches past the image finds its reflection (d c b a | a b c d | d c b a), however often.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Box, Shape3D, Span, grow, shape_of, within
from .._core.workspace import padded, workspace
from .filters import Filters, reach_of
from .kernel_args import PlaneFilters, XFilter, YFilter


@dataclass(frozen=True)
class Crop:
    """`values` (d, h, padded w), contiguous float32, of a 3-D `box` of an image of `shape`."""

    values: Array
    box: Box
    shape: Shape3D

    def offset(self, part: Box) -> tuple[int, ...]:
        """Index at which a part of the image begins."""
        return tuple(start for start, _ in within(part, self.box))

    @property
    def view(self) -> Array:
        """The values without what fills the rows."""
        return self.values[..., : shape_of(self.box)[2]]


def padded_shape(box: Box) -> Shape3D:
    """Shape of the values of a crop."""
    depth, height, width = shape_of(box)
    return depth, height, padded(width)


def empty_crop(box: Box, shape: Shape3D) -> Crop:
    """A crop to be filled, in the thread's workspace."""
    return Crop(workspace.take(padded_shape(box)), box, shape)


def reflect(index: Array, size: int) -> Array:
    """The pixel that lies at `index` when an axis of `size` pixels is reflected at its ends."""
    index = np.mod(index, 2 * size)
    return np.minimum(index, 2 * size - 1 - index)


class CropFilters:
    """Filters along D, H and W, prepared for one box and a crop from which it is filtered.

    The crop holds `source_box` of an image of `shape`. `plane` is what the kernels read along H
    and W, and `slices` filters along D. `around` is the part of the crop that is read, by default
    what these filters reach.
    """

    def __init__(
        self, filters: Filters, source_box: Box, shape: Shape3D, box: Box, around: Box | None = None
    ):
        fz, fy, fx = filters
        if around is None:
            around = grow(box, reach_of(filters), shape)
        self._along_depth, self._first_plane = fz, box[0][0]
        self._corner = tuple(start for start, _ in within(around, source_box))
        self._slice_shape = padded_shape(around)[1:]
        # In 2-D, and where D is left alone, a slice is read in place, else a part is filtered.
        _, low, left = source_box if fz.reach == 0 else around
        self._planes = _places(box[0], fz.reach, shape[0]) - source_box[0][0]
        places = _places(box[1], fy.reach, shape[1]) - low[0]

        columns = np.arange(box[2][0] - fx.reach, box[2][1] + fx.reach)
        outside = columns[(columns < 0) | (columns >= shape[2])]
        first = max(int(columns[0]), 0)
        mirrored = np.stack([outside, reflect(outside, shape[2])], axis=1) - columns[0]
        self.plane = PlaneFilters(
            YFilter(places, fy.weights, fy.step, fy.is_identity),
            XFilter(
                first - left[0],
                first - int(columns[0]),
                len(columns) - len(outside),
                mirrored,
                fx.weights,
                fx.step,
                fx.is_identity,
            ),
        )

    @property
    def leaves_depth(self) -> bool:
        """Whether nothing is filtered along D, as in 2-D."""
        return self._along_depth.reach == 0

    def empty_slices(self, n: int) -> Array:
        """What `slices` fills with `n` slices; nothing where D is left alone."""
        return workspace.take((n, 0, 0) if self.leaves_depth else (n, *self._slice_shape))

    def smooth_depth(self, values: Array) -> None:
        """Filter values that lie as those of the crop do, in place: see the kernel."""
        from ._filter_kernels import smooth_depth

        if not self.leaves_depth:
            smooth_depth(values, self._planes, self._along_depth.step, self._along_depth.weights)

    def slices(self, source: Array, z: int, out: Array) -> Array:
        """Slice `z` filtered along D into `out` (orders, h, w), or as it is in 2-D."""
        from ._filter_kernels import filter_along_depth

        along, plane = self._along_depth, z - self._first_plane
        if self.leaves_depth:
            return source[self._planes[plane]][np.newaxis]
        planes = self._planes[plane : plane + 2 * along.reach + 1]
        order, (_, row, column) = len(out) - 1, self._corner
        filter_along_depth(
            source, planes, along.step, along.weights, along.is_identity, order, row, column, out
        )
        return out


#: Tables for the same box, such as a tile of the same place, are made once.
prepare = lru_cache(maxsize=256)(CropFilters)


def _places(span: Span, reach: int, size: int) -> Array:
    """The pixels of an axis at which a filter finds those around a span."""
    return reflect(np.arange(span[0] - reach, span[1] + reach), size)


def smooth(source: Crop, filters: Filters, box: Box) -> Crop:
    """Filter a crop along all axes; the result holds `box`."""
    from ._filter_kernels import smooth_rows

    out = empty_crop(box, source.shape)
    width = shape_of(box)[2]
    with workspace.scope():
        prepared = prepare(filters, source.box, source.shape, box)
        slices = prepared.empty_slices(1)
        for z, plane in enumerate(out.values, start=box[0][0]):
            filtered = prepared.slices(source.values, z, slices)[0]
            smooth_rows(
                filtered,
                0,
                len(plane),
                *prepared.plane,
                plane.reshape(-1),
                0,
                plane.shape[1],
                width,
            )
    return out
