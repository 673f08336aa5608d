"""Watershed: basins that grow from markers, lowest pixels first, until they meet.

The relief that is flooded is the image's gradient magnitude, so that basins meet on edges, or an
image of one's own (a boundary probability, a distance map turned upside down). What costs time is
to have the lowest pixel at hand: levels never fall during the flood, so a queue for each level
does it without any search. Reliefs of many values are numbered first, in their order, so that they
are flooded by the same queues, exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_choice, as_number
from .._core.grid import as_connectivity, as_segments
from .._core.image import Image, as_image
from .colour import STEPS, measure_scale
from .flooding import flood_by_level, flood_compactly, grid_markers
from .gradient import measure_gradient
from .request import Request, as_request

#: The gradient of an image of 8 bits is rounded to this part of a value, of 16 bits to whole ones:
#: few levels are flooded faster.
_PARTS = 4


def watershed(
    image: Any,
    n_segments: int = 400,
    *,
    markers: Any = None,
    relief: str = "gradient",
    compactness: float = 0,
    connectivity: int = 1,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
) -> Array:
    """Segment an image by the watershed transform from markers or from a grid of markers.

    Parameters
    ----------
    image : array-like, (H, W) or (D, H, W), optionally with a channel axis
        Any real dtype, any number of channels.
    n_segments : int, default 400
        The number of markers on a grid, met exactly without a mask. Not looked at where `markers`
        are given.
    markers : array of int, of the spatial shape, optional
        Where basins begin: the pixels of each begin with its positive label, 0 elsewhere.
    relief : {"gradient", "image"}, default "gradient"
        What is flooded: the gradient magnitude of the image (`gradient_magnitude`), or the image
        itself, of one channel, where it is a gradient already, a boundary probability or another
        height.
    compactness : float, default 0
        At 0 basins follow the relief alone. Above, a pixel's height grows with its distance from
        the marker that reaches it, and basins are rounder (compact watershed): a distance of the
        side of a mean segment is as high as this many hundredths of the relief's contrast, from
        its lowest thousandth to its highest. 1 to 30 are useful.
    connectivity : int, default 1
        Steps between neighbours, from 1 (faces) to the number of axes (corners too).
    channel_axis : "auto", None or int, default "auto"
        The axis that holds the channels; None for a grey image or volume.
    spacing : float or sequence, optional
        Size of a pixel along each spatial axis. Only ratios count.
    mask : bool array of the spatial shape, optional
        What is outside is 0 and nothing flows through it. Every part of the mask gets a marker of
        the grid; with `markers`, a part that none lies in stays 0.

    Returns
    -------
    segments : ndarray of int32, of the spatial shape
        Each connected by steps of `connectivity`; numbered from 1 in the order of the grid, or
        with the labels of `markers`.

    Raises
    ------
    ValueError
        If `n_segments` is not from 1 to the number of pixels, `markers` has another shape or marks
        no pixel, `compactness` is negative, `relief` is "image" and the image has several
        channels, the mask is empty, or the image holds NaN inside the mask.

    Notes
    -----
    Pixels are reached in the order of their height, equal ones in the order in which they were
    first seen. A marked pixel waits for its own height. Where no two heights are equal and
    `compactness` is 0, the labels are those of scikit-image (0.26).

    The gradient of an image of 8 bits is rounded to quarters of a value, of 16 bits to whole
    values; any other relief keeps its order exactly.

    Memory: some 20 bytes a pixel, 12 more for a relief of more than 16 bits; 60 with `compactness`.
    Sources: Meyer, "Un algorithme optimal de ligne de partage des eaux", 1991; Neubert and
    Protzel, "Compact watershed and preemptive SLIC", 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.superpixels import watershed
    >>> valley = np.array([[1, 2, 3, 9, 4, 2, 0]])
    >>> watershed(valley, markers=[[5, 0, 0, 0, 0, 0, 7]], relief="image")
    array([[5, 5, 5, 5, 7, 7, 7]], dtype=int32)
    >>> watershed(np.arange(36.0).reshape(6, 6), n_segments=4).max()
    np.int32(4)
    """
    relief = as_choice("relief", relief, ("gradient", "image"))
    compactness = as_number("compactness", compactness, least=0)
    request = as_request(
        image,
        n_segments if markers is None else 1,
        channel_axis=channel_axis,
        spacing=spacing,
        mask=mask,
    )
    connectivity = as_connectivity(connectivity, request.image.ndim)
    heights = _heights(request.image, relief)
    if markers is None:
        marked = grid_markers(request, connectivity)
    else:
        marked = _as_markers(markers, request)
    if compactness > 0:
        heights, prices = _weigh(heights, marked, compactness, request)
        basins = flood_compactly(heights, marked, request.mask, connectivity, prices)
    else:
        is_gradient = relief == "gradient"
        levels, n_levels = _number(heights, request.image.dtype if is_gradient else None)
        basins = flood_by_level(levels, n_levels, marked, request.mask, connectivity)
    return basins.reshape(request.image.spatial_shape)


def _heights(image: Image, relief: str) -> Array:
    """The relief (D, H, W): float32, or the image's own dtype."""
    if relief == "gradient":
        return measure_gradient(image, np.array(image.spacing3d) / min(image.spacing))
    if image.n_channels != 1:
        raise ValueError(
            f"relief is 'image' but image has {image.n_channels} channels: pass one channel, or "
            "relief='gradient' to flood the gradient magnitude of them all."
        )
    return image.read(dtype=None)[0]


def _as_markers(markers: Any, request: Request) -> Array:
    """Check markers: int32 (D, H, W), 0 outside the mask."""
    image = request.image
    marked = as_segments(markers, image.spatial_shape, mask=image.mask, name="markers")
    if not marked.any():
        where = "at every pixel" if request.mask is None else "at every pixel of the mask"
        raise ValueError(
            f"markers is 0 {where}: give one pixel at least a positive label, or leave markers "
            "out for a grid of n_segments markers."
        )
    return marked.reshape(image.shape3d)


def _number(heights: Array, dtype: np.dtype | None) -> tuple[Array, int]:
    """Heights as integers from 0 up in the same order, and how many they may be.

    `dtype` is that of the image whose gradient they are, None if they are no gradient.
    """
    if dtype is not None and dtype.kind in "bui" and dtype.itemsize <= 2:
        # Slopes are at most sqrt(3) / 2 of the range.
        parts = _PARTS if dtype.itemsize == 1 else 1
        rounded = heights * np.float32(parts) + np.float32(0.5)
        return rounded.astype(np.uint16), parts * 2 ** (8 * dtype.itemsize)
    if heights.dtype.kind in "bui" and heights.dtype.itemsize <= 2:
        lowest = 0 if heights.dtype.kind in "bu" else int(np.iinfo(heights.dtype).min)
        n_levels = 2 ** (8 * heights.dtype.itemsize)
        return (heights if lowest == 0 else heights.astype(np.int32) - lowest), n_levels
    flat = heights.reshape(-1)
    order = np.argsort(flat)
    ordered = flat[order]
    numbers = np.zeros(len(flat), np.int32 if len(flat) < 2**31 else np.int64)
    np.cumsum(ordered[1:] != ordered[:-1], out=numbers[1:])
    levels = np.empty_like(numbers)
    levels[order] = numbers
    return levels.reshape(heights.shape), int(numbers[-1]) + 1


def _weigh(
    heights: Array, marked: Array, compactness: float, request: Request
) -> tuple[Array, Array]:
    """Heights in hundredths of their contrast, float64, and prices of a pixel along each axis."""
    image = request.image
    relief = as_image(heights.reshape(image.spatial_shape), channel_axis=None, mask=image.mask)
    _, factor = measure_scale(relief)
    sides = np.array(image.spacing3d) / min(image.spacing)
    if image.ndim == 2:
        sides[0] = 1
    n_markers = np.count_nonzero(np.bincount(marked[marked > 0]))
    mean_side = (request.n_pixels * sides.prod() / n_markers) ** (1 / image.ndim)
    return heights * (factor / STEPS), compactness * sides / mean_side
