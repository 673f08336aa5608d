"""Felzenszwalb's segmentation: edges of the pixel grid, lightest first, join segments.

Two segments are joined if the edge between them is no heavier than what varies inside each, plus
an allowance that shrinks as segments grow. So fine detail survives beside coarse texture. All the
edges have to be sorted, and that is most of the time: here only those that still matter are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.checks import as_count, as_number
from .._core.grid import as_connectivity, flat_offsets, forward_offsets, offsets3d
from .._core.image import Image
from .request import as_request
from .smooth import smooth_planes

#: Edges of a chunk: two of them fit the second cache.
_CHUNK = 2**15
#: `scale` is counted in 255ths of an image's range, as in the paper's program.
_RANGE = 255


def felzenszwalb(
    image: Any,
    scale: float = 1,
    sigma: float = 0.8,
    min_size: int = 20,
    *,
    connectivity: int | None = None,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
) -> Array:
    """Segment an image by Felzenszwalb and Huttenlocher's efficient graph-based segmentation.

    Parameters
    ----------
    image : array-like, (H, W) or (D, H, W), optionally with a channel axis
        Any real dtype, any number of channels. Integers are divided by their dtype's largest
        value; floats are taken as they are, and meant to lie in 0..1.
    scale : float, default 1
        The paper's k, in 255ths: larger values favour larger segments. 100 to 500 segment a
        photograph into its parts.
    sigma : float, default 0.8
        Standard deviation of the Gaussian that smooths the image first, in units of `spacing`.
    min_size : int, default 20
        Segments of fewer pixels are joined to a neighbour at last, along the lightest edge.
    connectivity : int, optional
        Which neighbours are joined by edges, from 1 (faces) to the number of axes (corners too):
        by default all, 8 in 2-D as in the paper and 26 in 3-D.
    channel_axis : "auto", None or int, default "auto"
        The axis that holds the channels; None for a grey image or volume.
    spacing : float or sequence, optional
        Size of a pixel along each spatial axis, 1 by default.
    mask : bool array of the spatial shape, optional
        Pixels outside are 0 and never change those inside: smoothing is normalised.

    Returns
    -------
    segments : ndarray of int32, of the spatial shape
        Numbered 1..n by their first pixels, each connected by steps of `connectivity`.

    Raises
    ------
    ValueError
        If `scale`, `sigma` or `min_size` is negative, the mask is empty, or the image holds NaN
        inside the mask.

    Notes
    -----
    Weights are Euclidean distances of channels, rounded to float32. Of equal edges, those along
    the last axis come first, then by direction, and in each the first pixel; scikit-image leaves
    ties to its sorting, and otherwise gives the same segments. Time grows as n log n at worst.
    Memory: 8 bytes a pixel and channel, 12 a pixel and direction (4 in 2-D, 13 in 3-D), 16 a
    pixel. Source: Felzenszwalb and Huttenlocher, "Efficient graph-based image segmentation", 2004.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.superpixels import felzenszwalb
    >>> image = np.repeat([[0.0, 1.0]], 3, axis=1)
    >>> felzenszwalb(image, scale=10, sigma=0, min_size=1)
    array([[1, 1, 1, 2, 2, 2]], dtype=int32)
    """
    scale = as_number("scale", scale, least=0) / _RANGE
    sigma = as_number("sigma", sigma, least=0, most=1000)
    min_size = as_count("min_size", min_size, least=0)
    request = as_request(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
    image, mask = request.image, request.mask
    connectivity = image.ndim if connectivity is None else as_connectivity(connectivity, image.ndim)
    planes = _read_range(image)
    if sigma > 0:
        smooth_planes(planes, mask, [sigma / step for step in image.spacing3d], planes)
    moves = _directions(image.ndim, connectivity)
    weights = _weigh(planes, moves, mask)
    del planes
    segments = _merge(weights, moves, mask, scale, min_size)
    return segments.reshape(image.spatial_shape)


def _read_range(image: Image) -> Array:
    """Read an image with its dtype's range as 1, float64 (C, D, H, W)."""
    planes = image.read(dtype=np.float64)
    if image.dtype.kind in "iu":
        limits = np.iinfo(image.dtype)
        # Signed integers span -1 to 1.
        planes *= 2 / (limits.max - limits.min) if limits.min else 1 / limits.max
    return planes


def _directions(ndim: int, connectivity: int) -> Array:
    """Steps (z, y, x) to later neighbours, along the last axis first, int64 (K, 3)."""
    offsets = offsets3d(forward_offsets(ndim, connectivity))
    changed = np.abs(offsets).sum(axis=1)
    # Faces before edges before corners, and scikit-image's order among them.
    return offsets[np.lexsort((-offsets[:, 2], offsets[:, 1], offsets[:, 0], changed))]


def _weigh(planes: Array, moves: Array, mask: Array | None) -> Array:
    """The weights of all edges, float32 (K, D, H, W)."""
    from . import _felzenszwalb_kernels as kernels

    weights = np.empty((len(moves), *planes.shape[1:]), np.float32)
    kernels.weigh_edges(planes, moves, np.empty(planes.shape[3]), weights)
    if mask is not None:
        kernels.drop_edges(mask, moves, weights)
    return weights


def _merge(weights: Array, moves: Array, mask: Array | None, scale: float, min_size: int) -> Array:
    """Join pixels into segments, int32 (D, H, W)."""
    from . import _felzenszwalb_kernels as kernels

    shape = weights.shape[1:]
    n_pixels = int(np.prod(shape))
    shift = int(len(moves) - 1).bit_length()
    if n_pixels > 2 ** (32 - shift):
        raise ValueError(
            f"image has {n_pixels} pixels but edges are numbered up to {2 ** (32 - shift)}: pass a "
            "smaller part of it."
        )
    steps = np.zeros(2**shift, np.int64)
    steps[: len(moves)] = flat_offsets(moves, shape)
    edges, starts = _part(weights, shift)
    segment_of = np.arange(n_pixels, dtype=SEGMENT_DTYPE)
    size_of = np.ones(n_pixels, SEGMENT_DTYPE)
    if mask is not None:
        size_of[~mask.reshape(-1)] = 0
    limits = np.full(n_pixels, scale, np.float32)
    forest = (segment_of, segment_of.copy(), size_of, limits)
    flat = weights.reshape(-1)
    largest = int(np.diff(starts).max(initial=0)) + 1
    room, other_room = np.empty(largest, np.uint64), np.empty(largest, np.uint64)
    counts = np.empty((3, 2**11), np.int64)
    n_rejected = 0
    for start, stop in pairwise(starts):
        n = kernels.keep_joining(edges[start:stop], steps, shift, segment_of, room)
        if n > 0:
            ordered = kernels.sort_edges(room[:n], other_room[:n], counts)
            # Rejected edges take the place of those that were looked at.
            n_rejected += kernels.join_segments(
                ordered, steps, shift, flat, scale, 0, forest, edges[n_rejected:]
            )
    if min_size > 1:
        kernels.join_segments(
            edges[:n_rejected], steps, shift, flat, scale, min_size, forest, edges
        )
    kernels.number_segments(segment_of, size_of)
    return segment_of.reshape(shape)


def _part(weights: Array, shift: int) -> tuple[Array, Array]:
    """Edges in chunks of rising weight, uint64, and where each begins and the last ends."""
    from . import _felzenszwalb_kernels as kernels

    keys = weights.reshape(-1).view(np.uint32)
    counts = np.zeros(kernels.N_BINS, np.int64)
    kernels.count_weights(keys, counts)
    ends = np.cumsum(counts)
    # A bin belongs to the chunk in which it begins; no chunk is empty but where all are.
    _, chunk_of = np.unique((ends - counts) // _CHUNK, return_inverse=True)
    starts = np.concatenate([[0], np.cumsum(np.bincount(chunk_of, counts))]).astype(np.int64)
    edges = np.empty(ends[-1], np.uint64)
    n_pixels = weights[0].size
    kernels.part_edges(keys, n_pixels, shift, chunk_of, starts[:-1].copy(), edges)
    return edges, starts
