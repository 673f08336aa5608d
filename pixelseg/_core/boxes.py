"""Boxes: parts of an image, ((start, stop), ...) along its axes, half open.

One noun for tiles, crops, chunks and what a filter reads around them. A box has one pair for each
axis that is spoken of; kernels and filters speak of (D, H, W), with D = 1 for a 2-D image.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product

import numpy as np

from .arrays import Array

Span = tuple[int, int]
Box = tuple[Span, ...]
Box3D = tuple[Span, Span, Span]
Shape3D = tuple[int, int, int]

#: The boxes of one image are asked for again and again: to look one up takes a fifth of the time.
_remembered = lru_cache(maxsize=4096)


def whole(shape: Sequence[int]) -> Box:
    """The box of a whole array of `shape`."""
    return tuple((0, int(size)) for size in shape)


def slices_of(box: Iterable[Span]) -> tuple[slice, ...]:
    """A box as an index."""
    return tuple(slice(start, stop) for start, stop in box)


@_remembered
def shape_of(box: Box) -> tuple[int, ...]:
    """Pixels along each axis of a box."""
    return tuple(stop - start for start, stop in box)


def shape3d(shape: Sequence[int]) -> Shape3D:
    """A spatial shape as (D, H, W), with D = 1 where there are two axes."""
    depth, height, width = (1, *shape)[-3:]
    return depth, height, width


def box3d(box: Box) -> Box3D:
    """A box along (D, H, W), of slice 0 where it has two axes."""
    z, y, x = ((0, 1), *box)[-3:]
    return z, y, x


@_remembered
def grow(box: Box, margin: tuple[int, ...], shape: tuple[int, ...]) -> Box:
    """A box with a margin on each side, as far as an array of `shape` goes."""
    return tuple(
        (max(0, start - border), min(size, stop + border))
        for (start, stop), border, size in zip(box, margin, shape, strict=True)
    )


def around(centre: Sequence[int], side: int, shape: Sequence[int]) -> Box:
    """A box of `side` pixels along each axis about a pixel, moved inside an array of `shape`."""
    starts = [
        max(0, min(int(place) - side // 2, size - side))
        for place, size in zip(centre, shape, strict=True)
    ]
    return tuple(
        (start, min(size, start + side)) for start, size in zip(starts, shape, strict=True)
    )


def within(box: Box, outer: Box) -> Box:
    """A box as counted from the first pixel of a box around it."""
    return tuple(
        (start - low, stop - low) for (start, stop), (low, _) in zip(box, outer, strict=True)
    )


def cover(shape: Sequence[int], sides: Sequence[int]) -> list[Box]:
    """Boxes of `sides` or less that cover an array of `shape`, in row-major order."""
    spans = [
        [(start, min(start + side, size)) for start in range(0, size, side)]
        for size, side in zip(shape, sides, strict=True)
    ]
    return list(product(*spans))


def bounding_box(mask: Array) -> Box:
    """The smallest box that holds every True of a mask; there must be one.

    >>> import numpy as np
    >>> bounding_box(np.array([[False, False], [False, True]]))
    ((1, 2), (1, 2))
    """
    spans = []
    for axis in range(mask.ndim):
        others = tuple(k for k in range(mask.ndim) if k != axis)
        found = np.flatnonzero(mask.any(axis=others))
        spans.append((int(found[0]), int(found[-1]) + 1))
    return tuple(spans)
