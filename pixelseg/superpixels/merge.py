"""Merging segments that touch, the pair first whose union costs least."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.grid import flat_offsets, neighbour_offsets
from .pyramid import padded_shape, shape_of


def merge_segments(level: Any, ndim: int, segments: Any, n_segments: int) -> Any:
    """Merge neighbouring segments of a level by Ward's criterion until `n_segments` are left.

    The level's labels, ids from 1 without gaps, become the new ids; returns the new segments.
    Segments that touch nothing stay. Memory: 8 bytes for each run of sides between two segments.
    """
    from . import _merge_kernels as kernels
    from ._etps_kernels import Segments

    n = len(segments.counts)
    if n - 1 <= n_segments:
        return segments
    labels, shape, padding = level.labels, shape_of(level), ndim - 2
    offsets = flat_offsets(neighbour_offsets(ndim)[:ndim], padded_shape(shape, padding))
    sides = np.zeros(n, np.int64)
    kernels.list_sides(labels, shape, padding, offsets, sides, np.empty(0, np.int32))
    first = np.append(0, np.cumsum(sides)[:-1])
    lists = kernels.Lists(first, first.copy(), np.empty(int(sides.sum()), np.int32))
    kernels.list_sides(labels, shape, padding, offsets, lists.stop, lists.near)
    seen = np.full(n, -1, np.int64)
    kernels.drop_repeated(lists, seen)
    parents, after, last, partners, heap, places, around, beyond = np.zeros((8, n), np.int32)
    chains = kernels.Chains(parents, after, last, seen)
    unions = kernels.Unions(partners, np.empty(n), np.empty(n), heap, places)
    kernels.merge_cheapest(lists, n_segments, chains, segments, unions, around, beyond)
    stand = parents == np.arange(n)
    kernels.rename(labels, parents, around)
    return Segments(*(table[stand] for table in segments))
