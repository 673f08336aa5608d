"""SLIC: k-means of colour and place, each centre looking no further than its neighbours.

Achanta, Shaji, Smith, Lucchi, Fua and Süsstrunk, "SLIC superpixels compared to state-of-the-art
superpixel methods", PAMI 34 (11), 2012.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.boxes import Box, box3d, cover
from .._core.checks import as_count, as_number
from .._core.threads import run_chunks
from .colour import STEPS, read_colours
from .connectivity import connect
from .request import Request, as_request
from .seeds import Grid, make_grid, make_masked_grid

#: Pixels of a band of rows, which a thread owns: what it looks at stays in its cache.
_BAND = 2**18
#: Clusters that one thread moves at a time.
_CLUSTERS = 1024
#: Of its cell, a window holds at least this share on each side of the centre.
_REACH = 0.75


def slic(
    image: Any,
    n_segments: int = 400,
    *,
    compactness: float = 10.0,
    sampling: int = 1,
    n_iterations: int = 10,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
    color: str | None = "auto",
    n_jobs: int | None = None,
) -> Array:
    """Cut an image into superpixels by simple linear iterative clustering (SLIC).

    Parameters
    ----------
    image : array-like, (H, W), (D, H, W) or with a channel axis
        Any real dtype.
    n_segments : int, default 400
        How many superpixels to make. As many come back, but for clusters that lose all their
        pixels, and for parts of a mask that no seed falls into, which become one each.
    compactness : float, default 10
        How much place counts beside colour: what a step from one seed to the next weighs, in
        units of colour (see `color`). From 1 (outlines follow every edge) to 40 (near squares).
    sampling : int, default 1
        In each iteration, look at one row in so many. 4 takes less than half the time and finds
        boundaries as well to 0.005 of recall.
    n_iterations : int, default 10
        Rounds of assigning pixels and moving centres; 6 are nearly as good.
    channel_axis : int, None or "auto", default "auto"
        The axis of channels; "auto" takes (H, W) as grey and (H, W, 3) or (H, W, 4) as colour.
    spacing : float or sequence, optional
        Size of a pixel along each spatial axis, default 1; superpixels are round in its unit.
    mask : bool array of the spatial shape, optional
        True where a pixel counts. What is outside changes nothing and comes out as 0.
    color : "auto", "lab" or None, default "auto"
        "lab" compares three channels of uint8, uint16 or floats from 0 to 1, taken as sRGB, in
        CIELAB, in which black and white are 100 apart. None compares channels as they are, on a
        scale on which the contrast of the image's values, from their lowest to their highest
        thousandth, is 100: a hot pixel moves nothing, and 8 bits, 16 bits and floats give the
        same. "auto" is "lab" for three channels of uint8 or float, None for all else; it never
        looks at values.
    n_jobs : int, optional
        Threads: None is one, -1 all cores. The result does not depend on it.

    Returns
    -------
    segments : ndarray of int32, of the spatial shape
        Connected by faces, numbered 1..n by their first pixels; 0 outside the mask.

    Raises
    ------
    ValueError
        If `n_segments` is below 1 or above the number of pixels (of the mask), another number is
        out of range, the mask is empty, or a value inside it is not finite.

    Notes
    -----
    Centres begin at the means of the cells of a grid, and stay within the cells around their own.
    As in the paper, squared distances of colour and place are added; a pixel may go to the
    centres within one seed's distance along each axis. Where the paper gives stray pieces to
    whatever segment lies before them, they go to the neighbour of the most similar colour
    (`enforce_connectivity`). Colours are kept in steps of 1/128 unit.

    Memory: 4 bytes a pixel for the result, 2 for each channel, and 24 bytes for each run of equal
    segments along a row: 150 MB for a photograph of 12 megapixels.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.superpixels import slic
    >>> image = np.zeros((20, 30))
    >>> image[:, 17:] = 1
    >>> segments = slic(image, 6)
    >>> int(segments.max()), len(np.intersect1d(segments[:, :17], segments[:, 17:]))
    (6, 0)
    """
    request = as_request(image, n_segments, channel_axis=channel_axis, spacing=spacing, mask=mask)
    compactness = as_number("compactness", compactness, least=0)
    sampling = as_count("sampling", sampling)
    n_iterations = as_count("n_iterations", n_iterations)
    planes = read_colours(request.image, color, n_jobs=n_jobs)
    grid = grid_of(request)
    segments = np.empty(request.image.shape3d, SEGMENT_DTYPE)
    colours = _cluster(request, planes, grid, compactness, sampling, n_iterations, n_jobs, segments)
    connect(segments, planes, colours=colours, n_owners=len(colours) - 2, n_jobs=n_jobs)
    return segments.reshape(request.image.spatial_shape)


def grid_of(request: Request) -> Grid:
    """The cells that a request's superpixels begin with."""
    image = request.image
    if request.mask is None:
        return make_grid(image.shape3d, request.n_segments, image.spacing3d)
    return make_masked_grid(request.mask, request.n_segments, request.n_pixels, image.spacing3d)[0]


def interval(request: Request) -> float:
    """The distance between seeds, in units of spacing: the side of a square or cube.

    Axes of one pixel do not count: a row of pixels is cut into stretches.
    """
    image = request.image
    sides = [
        size for size, length in zip(image.spacing3d, image.shape3d, strict=True) if length > 1
    ]
    volume = request.n_pixels * float(np.prod(sides)) / request.n_segments
    return float(volume ** (1 / max(1, len(sides))))


def _cluster(
    request: Request,
    planes: Array,
    grid: Grid,
    compactness: float,
    sampling: int,
    n_iterations: int,
    n_jobs: int | None,
    labels: Array,
) -> Array:
    """Fill labels, int32 (D, H, W), with clusters 1..n; return their colours by label.

    0 is outside the mask, n + 1 what no window reaches.
    """
    from . import _slic_kernels as kernels

    image = request.image
    mask = np.empty((0, 0, 0), bool) if request.mask is None else request.mask
    side, sizes = interval(request), np.array(image.spacing3d)
    weights = ((compactness * STEPS / side * sizes) ** 2).astype(np.float32)
    cells = (grid.boxes[:, 1::2] - grid.boxes[:, ::2]).max(axis=0)
    reach = np.maximum(side / sizes, _REACH * cells).astype(np.float32)
    # Each cell along an axis without seeds is a cluster's own: rows must not be left out.
    sampling = min(sampling, max(1, int(cells[1]) // 2))
    n = len(grid.boxes)
    colours = np.zeros((n + 2, len(planes)), np.float32)
    clusters = kernels.Clusters(
        np.empty((n, 3), np.float32),
        colours[1:-1],
        marks_of(grid),
        np.empty((n, 6), np.int32),
        grid.limits.astype(np.int32),
    )
    kernels.begin_clusters(planes, mask, grid.boxes, reach, sampling, clusters)
    flat = planes.reshape(len(planes), -1)
    bands = [_Band(box, clusters.limits) for box in _bands(image.shape3d)]
    groups = [span for (span,) in cover((n,), (_CLUSTERS,))]

    for iteration in range(n_iterations):

        def assign(band: _Band, phase: int = iteration) -> None:
            band.assign(kernels, flat, mask, clusters, weights, sampling, phase, labels)

        def update(group: tuple[int, int], phase: int = iteration) -> None:
            kernels.update_centres(flat, labels, clusters, *group, reach, sampling, phase)

        run_chunks(assign, bands, n_jobs)
        run_chunks(update, groups, n_jobs)

    def finish(band: _Band) -> None:
        band.assign(kernels, flat, mask, clusters, weights, 1, 0, labels)
        kernels.name_pixels(clusters, band.first, band.last, band.rows, labels)

    run_chunks(finish, bands, n_jobs)
    return colours


class _Band:
    """Rows that a thread owns, and the clusters, from `first` to `last`, that may look at them."""

    def __init__(self, box: Box, limits: Array):
        (z0, z1), (y0, y1), _ = box3d(box)
        self.rows = z0, z1, y0, y1
        meets = (
            (limits[:, 0] < z1) & (limits[:, 1] > z0) & (limits[:, 2] < y1) & (limits[:, 3] > y0)
        )
        found = np.flatnonzero(meets)
        self.first, self.last = (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)

    def assign(self, kernels, planes, mask, clusters, weights, sampling, phase, keys) -> None:
        row = np.empty((3, keys.shape[2] + kernels.LANES), np.float32)
        kernels.assign_pixels(
            planes,
            mask,
            clusters,
            self.first,
            self.last,
            weights,
            self.rows,
            sampling,
            phase,
            row,
            keys,
        )


def _bands(shape: tuple[int, int, int]) -> list[Box]:
    """Bands of rows of an image, of layers of a volume."""
    depth, height, width = shape
    if depth == 1:
        return cover(shape, (1, max(1, _BAND // width), width))
    return cover(shape, (max(1, _BAND // (height * width)), height, width))


def marks_of(grid: Grid) -> Array:
    """A number from 0 to 63 for each cell, different wherever windows may meet, int32 (n,).

    Windows keep within one cell of their own, so that four numbers along each axis are enough.
    """
    return ((grid.places % 4) @ np.array([16, 4, 1])).astype(np.int32)
