"""SLIC: k-means of colour and place, each centre looking no further than its neighbours.

Achanta, Shaji, Smith, Lucchi, Fua and Süsstrunk, "SLIC superpixels compared to state-of-the-art
superpixel methods", PAMI 34 (11), 2012.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.boxes import Box, Span, cover
from .._core.checks import as_count, as_number
from .._core.threads import run_chunks
from .._core.workspace import pool, workspace
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
#: Where place counts so much more than any colour, more changes nothing.
_MOST_COMPACT = 1e6


def slic(
    image: Any,
    n_segments: int = 400,
    *,
    compactness: float = 8.0,
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
    compactness : float, default 8
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
    whatever segment lies before them, a pixel between two of another cluster goes to that, and
    pieces go to the neighbour of the most similar colour (`enforce_connectivity`). Colours are
    kept in steps of 1/128 unit. `compactness` is 8 rather than the paper's 10: on photographs,
    recall of boundaries is then above that of other programs at 10, at as many boundary pixels.

    Memory: 4 bytes a pixel for the result, 2 for each channel, and 24 bytes for each run of equal
    segments along a row: 140 MB for a photograph of 12 megapixels.

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
    shape = request.image.shape3d
    segments = pool.lend(shape).view(SEGMENT_DTYPE)
    with workspace.scope():
        # Fresh memory would cost as much as some iterations.
        n_values = request.image.n_channels * math.prod(shape)
        memory = workspace.take(-(-n_values // 2)).view(np.int16)[:n_values]
        planes = read_colours(request.image, color, n_jobs=n_jobs, out=memory.reshape(-1, *shape))
        clusters = Clustering(request, planes, compactness, sampling, n_jobs)
        for iteration in range(n_iterations):
            clusters.assign(segments, iteration)
            clusters.update(segments, iteration)
        clusters.finish(segments)
        n = len(clusters.grid.boxes)
        connect(segments, planes, colours=clusters.colours, n_owners=n, n_jobs=n_jobs)
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


def weights_of(request: Request, compactness: float) -> Array:
    """What a squared step along z, y and x counts beside squared steps of colour, float64 (3,)."""
    step = min(compactness, _MOST_COMPACT) * STEPS / interval(request)
    return (step * np.array(request.image.spacing3d)) ** 2


class Clustering:
    """Clusters of a request's pixels, beginning with the cells of its grid.

    `colours`, float32 (n + 2, C), are those of labels 0 (none) to n and n + 1 (none).
    """

    def __init__(
        self,
        request: Request,
        planes: Array,
        compactness: float,
        sampling: int,
        n_jobs: int | None,
    ):
        from . import _slic_kernels as kernels

        self.grid = grid = grid_of(request)
        n, shape = len(grid.boxes), request.image.shape3d
        side, sizes = interval(request), np.array(request.image.spacing3d)
        cells = (grid.boxes[:, 1::2] - grid.boxes[:, ::2]).max(axis=0)
        reach = np.maximum(side / sizes, _REACH * cells).astype(np.float32)
        self.colours = np.zeros((n + 2, len(planes)), np.float32)
        self._kernels = kernels
        self._n_jobs = n_jobs
        self._planes = planes.reshape(len(planes), -1)
        self._mask = np.empty((0, 0, 0), bool) if request.mask is None else request.mask
        self._weights = weights_of(request, compactness).astype(np.float32)
        self._reach = reach
        # Of a cluster's cell, two rows at least are looked at.
        self._sampling = min(sampling, max(1, int(cells[1]) // 2))
        self._clusters = clusters = kernels.Clusters(
            np.empty((n, 3), np.float32),
            self.colours[1:-1],
            marks_of(grid),
            np.empty((n, 6), np.int32),
            grid.limits.astype(np.int32),
        )
        self._bands = [(box, _span(clusters.limits, box)) for box in _bands(shape)]
        self._groups = [span for (span,) in cover((n,), (_CLUSTERS,))]
        step = self._sampling

        def begin(group: tuple[int, int]) -> None:
            kernels.begin_clusters(planes, self._mask, grid.boxes, *group, reach, step, clusters)

        run_chunks(begin, self._groups, n_jobs)

    def assign(self, keys: Array, phase: int) -> None:
        """Give each pixel of the sampled rows to the nearest centre: fill its key."""
        run_chunks(
            lambda band: self._fill(keys, band, self._sampling, phase), self._bands, self._n_jobs
        )

    def update(self, keys: Array, phase: int) -> None:
        """Move each centre to the mean of its pixels."""

        def move(group: tuple[int, int]) -> None:
            self._kernels.update_centres(
                self._planes, keys, self._clusters, *group, self._reach, self._sampling, phase
            )

        run_chunks(move, self._groups, self._n_jobs)

    def finish(self, keys: Array) -> None:
        """Turn keys of all pixels into labels 1..n; 0 outside the mask, n + 1 unreached."""

        def name(band: tuple[Box, Span]) -> None:
            self._fill(keys, band, 1, 0)
            box, span = band
            self._kernels.name_pixels(self._clusters, *span, box[0] + box[1], keys)

        run_chunks(name, self._bands, self._n_jobs)

    def _fill(self, keys: Array, band: tuple[Box, Span], sampling: int, phase: int) -> None:
        box, span = band
        row = np.empty((3, keys.shape[2] + self._kernels.LANES), np.float32)
        self._kernels.assign_pixels(
            self._planes,
            self._mask,
            self._clusters,
            *span,
            self._weights,
            box[0] + box[1],
            sampling,
            phase,
            row,
            keys,
        )


def _span(limits: Array, box: Box) -> Span:
    """From the first to the last cluster that may look at a band of rows."""
    (z0, z1), (y0, y1), _ = box
    meets = (limits[:, 0] < z1) & (limits[:, 1] > z0) & (limits[:, 2] < y1) & (limits[:, 3] > y0)
    found = np.flatnonzero(meets)
    return (int(found[0]), int(found[-1]) + 1) if len(found) else (0, 0)


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
