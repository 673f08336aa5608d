"""Flooding: what is not marked gets the label of the marker that reaches it first.

The image becomes one flat array of words with a frame around it, in which a neighbour is a fixed
step away, in 2-D and 3-D alike (`_watershed_kernels` says what a word is).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.boxes import slices_of
from .._core.grid import flat_offsets, label_components, neighbour_offsets, offsets3d
from .request import Request
from .seeds import centres_of, make_grid, make_masked_grid

#: So few levels of so many pixels have queues of chunks: what fits the cache is flooded as fast by
#: links, or a little faster.
_FEW, _LARGE = 2**16, 2**19


def flood_by_level(
    levels: Array, n_levels: int, markers: Array, mask: Array | None, connectivity: int
) -> Array:
    """Flood integer levels from 0 to n_levels - 1, (D, H, W), from markers, int32 of that shape.

    Markers lie inside the mask. Returns int32 segments (D, H, W), 0 outside the mask and where no
    marker reaches.
    """
    from . import _watershed_kernels as kernels

    words, inner = _frame(markers)
    kernels.fill_words(levels, markers, inner)
    if mask is not None:
        inner[~mask] = 0
    marked, places = _places(markers, words)
    own = levels.reshape(-1)[marked].astype(np.int32, copy=False)
    flat = words.reshape(-1)
    steps = tuple(map(int, flat_offsets(_moves(markers.shape, connectivity), words.shape)))
    if n_levels <= _FEW and levels.size >= _LARGE:
        # Every chunk is full but for its last entry, and each level's last chunk.
        n_chunks = 2 + markers.size // (kernels.CHUNK - 1) + min(n_levels, markers.size)
        pool = np.empty(n_chunks * kernels.CHUNK, _place_dtype(n_chunks * kernels.CHUNK))
        firsts, ends = np.zeros(n_levels, pool.dtype), np.zeros(n_levels, pool.dtype)
        n_used = kernels.queue_markers(places, own, pool, firsts, ends)
        kernels.flood_few_levels(flat, steps, pool, firsts, ends, n_used)
    else:
        links = np.empty(flat.size + n_levels, _place_dtype(flat.size + n_levels))
        links[flat.size :] = 0
        lasts = np.arange(flat.size, links.size, dtype=links.dtype)
        kernels.flood_many_levels(flat, places, own, steps, links, lasts)
    return _reached(inner)


def flood_compactly(
    relief: Array,
    markers: Array,
    mask: Array | None,
    connectivity: int,
    prices: Array,
) -> Array:
    """Flood a relief, float64 (D, H, W), at a price for each pixel of distance along D, H, W."""
    from . import _compact_watershed_kernels as kernels

    words, inner = _frame(markers)
    inner[...] = np.where(markers > 0, markers, -1)
    if mask is not None:
        inner[~mask] = 0
    _, places = _places(markers, words)
    moves = _moves(markers.shape, connectivity)
    heights, framed = _frame(relief)
    framed[...] = relief
    layer, row = words[0].size, words.shape[2]
    kernels.flood_compact(
        words.reshape(-1),
        heights.reshape(-1),
        places,
        flat_offsets(moves, words.shape),
        moves,
        np.array([layer, row]),
        np.square(prices),
        np.full(words.size, np.inf),
    )
    return _reached(inner)


def _place_dtype(n_places: int) -> type[np.signedinteger]:
    """Places are int32, as words are, unless there are more than it can number."""
    return np.int32 if n_places <= np.iinfo(np.int32).max else np.int64


def _frame(values: Array) -> tuple[Array, Array]:
    """Zeros of a shape and a frame around it, and the view of what lies within."""
    # Nobody steps along D in a 2-D image.
    margins = [1 if values.shape[0] > 1 else 0, 1, 1]
    sizes = [n + 2 * margin for n, margin in zip(values.shape, margins, strict=True)]
    whole = np.zeros(sizes, values.dtype)
    inner = slices_of((m, m + n) for n, m in zip(values.shape, margins, strict=True))
    return whole, whole[inner]


def _places(markers: Array, words: Array) -> tuple[Array, Array]:
    """Marked pixels as flat indices, and their places among the words, int64 (n,)."""
    # Of booleans, numpy finds those that are not 0 many times as fast.
    marked = np.flatnonzero(markers > 0)
    depth_margin = (words.shape[0] - markers.shape[0]) // 2
    z, y, x = np.unravel_index(marked, markers.shape)
    return marked, np.ravel_multi_index((z + depth_margin, y + 1, x + 1), words.shape)


def _moves(shape: Sequence[int], connectivity: int) -> Array:
    """Steps (z, y, x) to the neighbours, int64 (k, 3)."""
    ndim = 3 if shape[0] > 1 else 2
    return offsets3d(neighbour_offsets(ndim, min(connectivity, ndim)))


def _reached(inner: Array) -> Array:
    """The labels of words, 0 where no marker came."""
    return np.maximum(inner, 0)


def grid_markers(request: Request, connectivity: int) -> Array:
    """Seeds on a grid as markers 1, 2, ..., int32 (D, H, W); every part of the mask has one."""
    image, mask = request.image, request.mask
    markers = np.zeros(image.shape3d, SEGMENT_DTYPE)
    if mask is None:
        seeds = centres_of(make_grid(image.shape3d, request.n_segments, image.spacing3d))
    else:
        _, seeds = make_masked_grid(mask, request.n_segments, request.n_pixels, image.spacing3d)
        seeds = np.concatenate([seeds, _islands(mask, seeds, connectivity)])
    markers[tuple(seeds.T)] = np.arange(1, len(seeds) + 1)
    return markers


def _islands(mask: Array, seeds: Array, connectivity: int) -> Array:
    """The first pixel of each part of a mask (D, H, W) that no seed lies in, int64 (n, 3)."""
    parts, n_parts = label_components(mask, min(connectivity, mask.ndim))
    bare = np.ones(n_parts + 1, bool)
    bare[0] = False
    bare[parts[tuple(seeds.T)]] = False
    if not bare.any():
        return np.empty((0, 3), np.int64)
    places = np.flatnonzero(bare[parts])
    _, first = np.unique(parts.reshape(-1)[places], return_index=True)
    return np.stack(np.unravel_index(places[first], mask.shape), axis=1)
