"""Segments of a regular grid: what any superpixels have to beat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.checks import as_count
from .._core.grid import label_components
from .flooding import flood_by_level, grid_markers
from .request import Request, as_request
from .seeds import make_grid, make_masked_grid


def grid(
    image: Any,
    n_segments: int = 400,
    *,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
) -> Array:
    """Segment an image by a regular grid, whatever it shows.

    Parameters
    ----------
    image : array-like, or a shape
        An image, (H, W) or (D, H, W), optionally with a channel axis, of which only the shape
        counts; or that spatial shape itself, a tuple of 2 or 3 integers.
    n_segments : int, default 400
        Met exactly without a mask; within a mask to a few per cent where its form allows.
    channel_axis : "auto", None or int, default "auto"
        The axis that holds the channels; None for a grey image or volume. Not looked at for a
        shape.
    spacing : float or sequence, optional
        Size of a pixel along each spatial axis: cells are as close to cubes in its unit as their
        number allows.
    mask : bool array of the spatial shape, optional
        What is outside is 0. Each part of the mask has a segment at least; slivers of a cell go to
        a cell beside them.

    Returns
    -------
    segments : ndarray of int32, of the spatial shape
        Numbered 1..n in row-major order of the cells, each connected by faces.

    Raises
    ------
    ValueError
        If `n_segments` is not from 1 to the number of pixels, or the mask is empty.

    Notes
    -----
    Memory: 4 bytes a pixel; with a mask, 25.

    Examples
    --------
    >>> from pixelseg.superpixels import grid
    >>> grid((2, 6), 3)
    array([[1, 1, 2, 2, 3, 3],
           [1, 1, 2, 2, 3, 3]], dtype=int32)
    """
    if isinstance(image, tuple):
        shape = tuple(as_count("image", size) for size in image)
        # A shape is an image of no memory.
        image, channel_axis = np.broadcast_to(np.uint8(0), shape), None
    request = as_request(image, n_segments, channel_axis=channel_axis, spacing=spacing, mask=mask)
    segments = _cells(request)
    if request.mask is not None:
        segments = _within(request.mask, segments, grid_markers(request, connectivity=1))
    return segments.reshape(request.image.spatial_shape)


def _cells(request: Request) -> Array:
    """The number of the cell that each pixel lies in, int32 (D, H, W), 0 in none."""
    size, spacing = request.image.shape3d, request.image.spacing3d
    if request.mask is None:
        cells = make_grid(size, request.n_segments, spacing)
    else:
        cells, _ = make_masked_grid(request.mask, request.n_segments, request.n_pixels, spacing)
    segments = np.zeros(size, SEGMENT_DTYPE)
    for number, (z0, z1, y0, y1, x0, x1) in enumerate(cells.boxes.tolist(), start=1):
        segments[z0:z1, y0:y1, x0:x1] = number
    return segments


def _within(mask: Array, cells: Array, seeds: Array) -> Array:
    """The cells within a mask, each in one piece and grown over what belongs to none."""
    pieces, n_pieces = label_components(np.where(mask, cells, 0))
    # The piece that a cell's seed lies in is the cell's; an island's seed lies in a sliver.
    owners = np.zeros(n_pieces + 1, SEGMENT_DTYPE)
    owners[pieces[seeds > 0]] = seeds[seeds > 0]
    markers = np.where(pieces > 0, owners[pieces], seeds)
    level = np.broadcast_to(np.uint8(0), cells.shape)
    return flood_by_level(level, 1, markers, mask, 1)
