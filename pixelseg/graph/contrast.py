"""Weights of edges that are cheap to cut where an image changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.checks import as_number
from .._core.grid import as_connectivity, forward_offsets, neighbour_slices, offset_distances
from .._core.image import Image, as_image
from .edges import Offset

#: Of a weight or sharpness, whose products are summed as numbers.
LARGEST = 1e15

#: Values that span more, or less than its inverse, are scaled: float32 does not hold their squares.
_EXTREME = 1e15


def contrast_weights(
    image: Any,
    *,
    weight: float = 1.0,
    sharpness: float = 1.0,
    connectivity: int | None = None,
    spacing: float | Sequence[float] | None = None,
    channel_axis: int | str | None = "auto",
    mask: Any = None,
) -> dict[Offset, Array]:
    """Weigh the edges of a grid by the contrast of an image (Boykov and Jolly, 2001).

    The weight between two pixels is ``weight * exp(-sharpness * d**2 / (2 * m)) / length``: d the
    distance of their values over all channels, m the mean of d**2 over all edges, length that of
    the edge, in units of the shortest one. So it means the same for any image and any range of
    values.

    Parameters
    ----------
    image : array (H, W), (D, H, W), either with channels, or Image
        Any real dtype.
    weight : float, default 1.0
        The weight of the shortest edge where nothing changes; 0 or above.
    sharpness : float, default 1.0
        How fast weights fade with contrast; 0 is no contrast at all.
    connectivity : int, optional
        Which neighbours have edges, 1 (faces) to the number of axes, which is the default: corners
        too, so that a cut may run in any direction.
    spacing : float or sequence of float, optional
        Size of a pixel along each spatial axis; default is the image's own, or 1.
    channel_axis : int, "auto" or None, default "auto"
        Which axis holds channels.
    mask : bool array of the spatial shape, optional
        What lies outside does not count in the mean, and its edges have weight 0.

    Returns
    -------
    dict of offset to ndarray of float32, of the spatial shape
        What `min_cut` takes as `weights`.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import graph
    >>> weights = graph.contrast_weights(np.array([[0, 0, 9, 9]]), connectivity=1)
    >>> weights[0, 1].round(2).tolist()
    [[1.0, 0.22, 1.0, 0.0]]
    """
    image = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
    connectivity = image.ndim if connectivity is None else as_connectivity(connectivity, image.ndim)
    weight = as_number("weight", weight, least=0, most=LARGEST)
    sharpness = as_number("sharpness", sharpness, least=0, most=LARGEST)
    return weigh(image, image.read(), weight, sharpness, connectivity)


def weigh(
    image: Image, planes: Array, weight: float, sharpness: float, connectivity: int
) -> dict[Offset, Array]:
    """Weights from the planes (C, D, H, W) of an image."""
    planes = planes.reshape(image.n_channels, *image.spatial_shape)
    chosen = planes if image.mask is None else planes[:, image.mask]
    span = float(chosen.max(initial=0)) - float(chosen.min(initial=0))
    if span > 0 and not 1 / _EXTREME < span < _EXTREME:
        planes = (planes / span).astype(FEATURE_DTYPE)
    offsets = forward_offsets(image.ndim, connectivity)
    lengths = offset_distances(offsets, image.spacing)
    weights: dict[Offset, Array] = {}
    total, n_edges = 0.0, 0
    for offset in map(tuple, offsets.tolist()):
        here, there = neighbour_slices(offset)
        squares = weights[offset] = np.zeros(image.spatial_shape, FEATURE_DTYPE)
        for plane in planes:
            squares[here] += np.square(plane[there] - plane[here])
        count = squares[here].size
        if image.mask is not None:
            inside = image.mask[here] & image.mask[there]
            squares[here] *= inside
            count = int(np.count_nonzero(inside))
        total += float(squares.sum(dtype=np.float64))
        n_edges += count
    rate = sharpness * n_edges / (2 * total) if total > 0 else 0.0
    for (offset, squares), length in zip(weights.items(), lengths / lengths.min(), strict=True):
        here, there = neighbour_slices(offset)
        inner = squares[here]
        np.multiply(inner, -rate, out=inner)
        np.exp(inner, out=inner)
        inner *= weight / length
        if image.mask is not None:
            inner *= image.mask[here] & image.mask[there]
    return weights
