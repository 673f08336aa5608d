"""Grids of pixels: neighbours, connected components, borders between segments.

`connectivity` is scikit-image's: how many axes a step to a neighbour may change, from 1 (across
faces: 4 neighbours in 2-D, 6 in 3-D) to the number of axes (corners too: 8 and 26).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np

from .arrays import SEGMENT_DTYPE, Array, as_labels
from .boxes import shape3d
from .checks import as_integer

#: Labels above this many times the number of pixels are numbered by sorting, not by a table.
_TABLE_PER_PIXEL = 4


def as_connectivity(connectivity: Any, ndim: int) -> int:
    """Check a connectivity for a grid of `ndim` axes."""
    rule = f"an integer from 1 (faces) to {ndim} (corners too)"
    value = as_integer("connectivity", connectivity, rule)
    if not 1 <= value <= ndim:
        raise ValueError(f"connectivity is {value} but must be {rule}.")
    return value


def neighbour_offsets(ndim: int, connectivity: int = 1) -> Array:
    """Steps to all neighbours, int64 (n, ndim), in the order of the pixels that they lead to.

    The first half leads to earlier pixels, the second half to later ones, mirrored.

    >>> neighbour_offsets(2).tolist()
    [[-1, 0], [0, -1], [0, 1], [1, 0]]
    """
    connectivity = as_connectivity(connectivity, ndim)
    steps = np.array(list(product((-1, 0, 1), repeat=ndim)), np.int64)
    changed = np.abs(steps).sum(axis=1)
    return steps[(changed > 0) & (changed <= connectivity)]


def forward_offsets(ndim: int, connectivity: int = 1) -> Array:
    """Steps to later neighbours only: each pair of neighbours once, int64 (n / 2, ndim)."""
    offsets = neighbour_offsets(ndim, connectivity)
    return offsets[len(offsets) // 2 :]


def offsets3d(offsets: Array) -> Array:
    """Steps (y, x) or (z, y, x) as steps (z, y, x), int64 (n, 3).

    >>> offsets3d(np.array([[0, 1]])).tolist()
    [[0, 0, 1]]
    """
    still = np.zeros((len(offsets), 3 - offsets.shape[1]), np.int64)
    return np.concatenate([still, offsets], axis=1)


def offset_distances(offsets: Array, spacing: Sequence[float]) -> Array:
    """The length of each step in units of `spacing`, float64 (n,)."""
    return np.sqrt(((np.asarray(offsets) * np.asarray(spacing, float)) ** 2).sum(axis=1))


def flat_offsets(offsets: Array, shape: Sequence[int]) -> Array:
    """Each step as a distance in a raveled (padded) array of `shape`, int64 (n,).

    Steps along fewer axes than it has are along the last.
    """
    offsets = np.asarray(offsets)
    strides = np.cumprod([1, *shape[:0:-1]])[::-1]
    return offsets @ strides[-offsets.shape[1] :]


def neighbour_slices(offset: Sequence[int]) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Two indices: the pixels that have a neighbour at `offset`, and those neighbours.

    >>> import numpy as np
    >>> here, there = neighbour_slices((0, 1))
    >>> row = np.array([[3, 5, 9]])
    >>> (row[there] - row[here]).tolist()
    [[2, 4]]
    """

    def span(step: int) -> slice:
        return slice(max(0, -step), -step if step > 0 else None)

    return tuple(span(step) for step in offset), tuple(span(-step) for step in offset)


def label_components(labels: Any, connectivity: int = 1) -> tuple[Array, int]:
    """Number the connected components of equal labels.

    Parameters
    ----------
    labels : array of int or bool, (H, W) or (D, H, W)
        0 belongs to no component.
    connectivity : int, default 1

    Returns
    -------
    components : ndarray of int32, of that shape
        1, 2, ... in the order of first pixels; 0 where `labels` is 0.
    n_components : int

    Notes
    -----
    Union-find over runs of equal pixels along the last axis, not over pixels (He, Chao and Suzuki,
    "A run-based two-scan labeling algorithm", 2008). Memory: 8 bytes a run, and a copy of labels
    that are not int32.
    """
    from . import _grid_kernels as kernels

    labels = np.asarray(labels)
    connectivity = as_connectivity(connectivity, labels.ndim)
    shape = labels.shape
    rows = np.ascontiguousarray(as_segment_dtype(labels)).reshape(-1, shape[-1])
    components = np.empty(rows.shape, SEGMENT_DTYPE)
    if rows.size == 0:
        return components.reshape(shape), 0
    first_run = np.empty(len(rows) + 1, np.int64)
    n_runs = kernels.count_runs(rows, first_run)
    starts, parents = np.empty(n_runs, np.int32), np.empty(n_runs, np.int32)
    kernels.find_runs(rows, first_run, starts, parents)
    height = shape3d(shape)[1]
    kernels.join_runs(rows, height, first_run, starts, _earlier_rows(connectivity), parents)
    n = kernels.number_components(rows, first_run, starts, parents, components)
    return components.reshape(shape), n


def _earlier_rows(connectivity: int) -> Array:
    """Steps (z, y) to rows that come before, and whether a corner is enough, int64 (k, 3)."""
    steps = [(0, -1), (-1, 0), (-1, -1), (-1, 1)]
    rows = [(z, y, abs(z) + abs(y)) for z, y in steps]
    return np.array(
        [(z, y, int(n < connectivity)) for z, y, n in rows if n <= connectivity], np.int64
    )


def find_borders(labels: Array, connectivity: int = 1, *, ignore: int | None = None) -> Array:
    """Mark both sides of every step between two labels, bool of their shape.

    Steps from or to the label `ignore` (0 where that is outside a mask) are not marked.
    """
    marks = np.zeros(labels.shape, bool)
    matters = None if ignore is None else labels != ignore
    if matters is not None and matters.all():
        matters = None
    for offset in forward_offsets(labels.ndim, connectivity):
        here, there = neighbour_slices(offset)
        step = labels[here] != labels[there]
        if matters is not None:
            step &= matters[here] & matters[there]
        marks[here] |= step
        marks[there] |= step
    return marks


def measure_segments(segments: Array, n_segments: int) -> tuple[Array, Array]:
    """Sizes of segments in pixels, and sides of pixels on their outlines, int64 (n_segments,).

    `segments` is int32 with ids from 1 to `n_segments`. What lies beyond the image counts as
    another segment.
    """
    from . import _grid_kernels as kernels

    sizes, outlines = np.zeros(n_segments, np.int64), np.zeros(n_segments, np.int64)
    planes = np.ascontiguousarray(segments).reshape(shape3d(segments.shape))
    kernels.measure_segments(planes, segments.ndim == 3, sizes, outlines)
    return sizes, outlines


def relabel_sequential(segments: Array) -> tuple[Array, Array]:
    """Number segments 1..n without gaps, in the order of their ids; 0 stays 0.

    Returns the new segments (int32) and the old ids (n,).
    """
    largest = int(segments.max()) if segments.size else 0
    if largest <= max(_TABLE_PER_PIXEL * segments.size, 2**16):
        seen = np.zeros(largest + 1, bool)
        seen[segments] = True
        seen[0] = False
        return np.cumsum(seen, dtype=SEGMENT_DTYPE)[segments] * (segments != 0), np.flatnonzero(
            seen
        )
    ids, places = np.unique(segments, return_inverse=True)
    places = places.reshape(segments.shape).astype(SEGMENT_DTYPE)
    return (places, ids[1:]) if ids[0] == 0 else (places + 1, ids)


def as_segment_dtype(labels: Array) -> Array:
    """Labels as int32; ids that it cannot hold are numbered anew, in their order."""
    if labels.dtype == bool:
        return labels.astype(SEGMENT_DTYPE)
    too_large = (
        labels.dtype.itemsize > 2
        and labels.size
        and (
            labels.max() > np.iinfo(SEGMENT_DTYPE).max or labels.min() < np.iinfo(SEGMENT_DTYPE).min
        )
    )
    return relabel_sequential(labels)[0] if too_large else labels.astype(SEGMENT_DTYPE, copy=False)


def as_segments(
    segments: Any,
    spatial_shape: tuple[int, ...] | None = None,
    *,
    mask: Array | None = None,
    name: str = "segments",
) -> Array:
    """Check segments: integers from 0 up, of the image's spatial shape; return them as int32.

    0 is outside. Pixels outside `mask` become 0. Ids keep their values where int32 holds them.
    """
    array = as_segment_dtype(as_labels(segments, spatial_shape, name=name))
    return array if mask is None else np.where(mask, array, SEGMENT_DTYPE(0))
