"""One part of an image that is guided-filtered: windows, what is held of it, and the pass over it.

A guided filter depends on pixels within two windows: means of the image in the first say what the
models are, means of these in the second what becomes of a pixel.
"""

from __future__ import annotations

from math import floor, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Box, Box3D, Shape3D, Span, box3d, grow, shape3d, shape_of, within
from .._core.image import Image
from .._core.workspace import workspace

#: End weights are multiples of 1 / 256, so that weights of windows are exact in any order.
_END_STEPS = 256


class ExtendedBox(NamedTuple):
    """A box along one axis: 2 radius + 1 whole pixels, and one at each end that counts in part."""

    radius: int
    end_weight: float

    @property
    def reach(self) -> int:
        """Pixels on each side that count."""
        return self.radius + 1 if self.end_weight else self.radius

    @property
    def n_steps(self) -> int:
        """The weight of a window, counted in steps that its parts are multiples of."""
        part, whole = self.end_weight.as_integer_ratio()
        return (2 * self.radius + 1) * whole + 2 * part

    @property
    def n_slots(self) -> int:
        """Rows that a ring keeps: of a window, and runs of 4, 16, ... that are read again."""
        length = 2 * self.radius + 1
        total, lag, run = length + 2, 1 + length % 4, 1
        while 8 * run <= length:
            run *= 4
            lag += length // run % 4 * run
            total += lag + (3 * run + 1 if 4 * run <= length else 0)
        return total

    @classmethod
    def of(cls, sigma: float) -> ExtendedBox:
        """The box whose standard deviation is `sigma` pixels."""
        radius = floor((sqrt(1 + 12 * sigma**2) - 1) / 2)
        whole = 2 * radius + 1
        missing = whole * (3 * sigma**2 - radius * (radius + 1))
        end = missing / (6 * ((radius + 1) ** 2 - sigma**2))
        return cls(radius, round(end * _END_STEPS) / _END_STEPS)


class FilterSettings(NamedTuple):
    """Windows along (D, H, W) in pixels; `scale` makes grey values shares of their range.

    middle: of the values that an image may have, which is taken from them: it changes no
    covariance. is_single: whether float32 suffices, weights included: were they not exact, a
    window without a mask would get other bits where there is one elsewhere in its part.
    """

    windows: tuple[ExtendedBox, ExtendedBox, ExtendedBox]
    epsilon: float
    scale: float
    middle: float
    is_single: bool

    @property
    def dtype(self) -> Any:
        """Of what is summed."""
        return np.float32 if self.is_single else np.float64

    def in_dtype(self) -> tuple[tuple[ExtendedBox, ...], Any]:
        """Windows and epsilon as kernels want them, of one type with the planes."""
        windows = (ExtendedBox(radius, self.dtype(end)) for radius, end in self.windows)
        return tuple(windows), self.dtype(self.epsilon)

    def empty(self, *shape: int) -> Array:
        """An array in the thread's workspace."""
        size = prod(shape) * np.dtype(self.dtype).itemsize // 4
        return workspace.take(size).view(self.dtype).reshape(shape)


def reach_around(windows: tuple[ExtendedBox, ExtendedBox, ExtendedBox], times: int) -> Shape3D:
    """Pixels along each axis that so many windows, one behind the other, reach to each side."""
    z, y, x = (times * window.reach for window in windows)
    return z, y, x


def part_bytes(
    settings: FilterSettings, shape: Shape3D, n_channels: int, n_classes: int, part: Shape3D
) -> int:
    """What a part of an image of `shape` holds at most."""
    far, near = _around(settings, shape, part, 2), _around(settings, shape, part, 1)
    n_moments = n_channels * (n_channels + 3) // 2
    # The guide, a class and what counts; shares and models; weights, and two rows of scratch.
    planes = (n_channels + 2) * prod(far)
    planes += (1 + n_moments) * prod(_model_rows(settings, near[:2], n_classes)) * near[2]
    rows = sum(near) + 2 * (near[2] + 2 * settings.windows[2].radius + 2)
    rings = (n_moments + 1, near), (n_channels + 1, near), (n_channels + 1, part)
    rows += sum(sum(_ring_sizes(n, settings, box)) for n, box in rings)
    return np.dtype(settings.dtype).itemsize * (planes + rows)


def _around(settings: FilterSettings, shape: Shape3D, part: Shape3D, times: int) -> Shape3D:
    """Sides of a part with what it reaches within an image of `shape`."""
    borders = reach_around(settings.windows, times)
    sides = zip(part, borders, shape, strict=True)
    z, y, x = (min(side + 2 * border, size) for side, border, size in sides)
    return z, y, x


class Rings(NamedTuple):
    """The last rows, and slices, of products of planes over windows, and the last sums of these.

    products (n, 2): of which plane with which, or with none where it is -1. lead: where the first
    window's middle is in the planes. height, width: of the windows. depth: rows of a window and its
    ends. The other arrays are flat, rows of all products side by side.
    """

    products: Array
    lead: Shape3D
    height: int
    width: int
    depth: int
    rows: Array
    slices: Array
    sums: Array

    @classmethod
    def of(cls, products: Any, settings: FilterSettings, box: Box3D, inner: Box3D) -> Rings:
        """For planes over a box, and windows around the pixels of `inner`."""
        z, y, x = (start for start, _ in within(inner, box))
        shape = shape3d(shape_of(inner))
        sizes = _ring_sizes(len(products), settings, shape)
        depth = 2 * settings.windows[1].radius + 3
        return cls(np.array(products), (z, y, x), *shape[1:], depth, *map(settings.empty, sizes))


class Part(NamedTuple):
    """A box of an image, and what lies where in flat arrays.

    shape: of the box that it depends on. kept: slices and rows of models that are kept at a time.
    """

    box: Box3D
    shape: Shape3D
    kept: tuple[int, int]
    image_shape: Shape3D
    n_channels: int
    n_classes: int


def filter_part(settings: FilterSettings, image: Image, given: Array, box: Box, out: Array) -> None:
    """Fill a box of an answer, one class after the other."""
    from ._guided_filter_kernels import filter_class, take_class

    reach = reach_around(settings.windows, 1)
    inner = box3d(box)
    middle = box3d(grow(inner, reach, image.shape3d))
    outer = box3d(grow(middle, reach, image.shape3d))
    n_channels, n_classes = image.n_channels, given.shape[-1]
    depth, height, width = shape_of(middle)
    kept = _model_rows(settings, (depth, height), n_classes)
    part = Part(inner, shape3d(shape_of(outer)), kept, image.shape3d, n_channels, n_classes)
    given, out = given.reshape(-1), out.reshape(-1)

    # The guide, a class, and 1 where a pixel counts and 0 elsewhere, unless all of them do.
    planes = settings.empty(n_channels + 2, *part.shape)
    guide, plane, inside = planes[:n_channels], planes[n_channels].reshape(-1), planes[-1]
    image.read(outer[3 - image.ndim :], out=guide)
    guide -= settings.middle
    guide *= settings.scale
    n_outside = take_class(given, part, outer, 0, plane)
    is_masked = _find_inside(image, given, part, outer, n_outside, inside)
    if is_masked:
        guide *= inside
    pairs = [(i, j) for i in range(n_channels) for j in range(i + 1)]
    moments = [(i, -1) for i in range(n_channels)] + pairs + [(n_channels + 1, -1)] * is_masked
    of_class = [(n_channels, i) for i in range(n_channels)] + [(n_channels, -1)]
    of_models = [(i, -1) for i in range(n_channels + 1)]
    rings = (
        Rings.of(moments, settings, outer, middle),
        Rings.of(of_class, settings, outer, middle),
        Rings.of(of_models, settings, middle, inner),
    )
    spans = zip(settings.windows, middle, image.shape3d, strict=True)
    z, y, x = (_weights(*span).astype(settings.dtype) for span in spans)
    kinds = settings.in_dtype()
    model = settings.empty(prod(kept) * (1 + n_channels + len(pairs)) * width)
    scratch = settings.empty(2 * (width + 2 * settings.windows[2].radius + 2))
    used = planes[: n_channels + 1 + is_masked].reshape(-1)
    for place in range(max(1, n_classes - 1)):
        if place:
            take_class(given, part, outer, place, plane)
        if is_masked:
            plane *= inside.reshape(-1)
        filter_class(part, *kinds, used, (z, y, x), rings, model, scratch, place, out)


def _find_inside(
    image: Image, given: Array, part: Part, box: Box3D, n_outside: int, out: Array
) -> bool:
    """Whether any pixel does not count, and then fill `out`: 1 where one does and 0 elsewhere."""
    from ._guided_filter_kernels import find_inside

    mask = image.read_mask(box[3 - image.ndim :])
    if n_outside:
        find_inside(given, part, box, out.reshape(-1))
    if mask is not None:
        np.multiply(out if n_outside else 1, mask, out=out)
    return bool(n_outside) or mask is not None


def _model_rows(
    settings: FilterSettings, shape: tuple[int, int], n_classes: int
) -> tuple[int, int]:
    """Slices and rows of models that are kept at a time: all, where other classes read them."""
    wz, wy, _ = settings.windows
    depth, height = shape
    if n_classes > 2:
        return shape
    if wz.reach:
        return min(depth, 2 * wz.radius + 3), height
    return 1, min(height, 2 * wy.radius + 3)


def _ring_sizes(n_planes: int, settings: FilterSettings, shape: Shape3D) -> tuple[int, int, int]:
    """Numbers in the rings of rows and of slices, and sums, for windows of `shape`."""
    wz, wy, _ = settings.windows
    row = n_planes * shape[2]
    return wy.n_slots * row, (wz.n_slots * shape[1] if wz.reach else 0) * row, row


def _weights(window: ExtendedBox, span: Span, size: int) -> Array:
    """Weight of the windows around the pixels of a span, within an axis of `size` pixels."""
    here = np.arange(*span)
    first, last = here - window.radius, here + window.radius
    whole = np.minimum(last, size - 1) - np.maximum(first, 0) + 1
    return whole + window.end_weight * ((first > 0).astype(int) + (last < size - 1))
