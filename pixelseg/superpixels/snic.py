"""SNIC: superpixels that grow from their seeds, pixel by pixel, in a single pass.

Achanta and Süsstrunk, "Superpixels and polygons using simple non-iterative clustering", CVPR 2017.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import SEGMENT_DTYPE, Array
from .._core.checks import as_number
from .colour import read_colours
from .connectivity import connect
from .request import Request, as_request
from .seeds import centres_of, make_grid, make_masked_grid
from .slic import weights_of


def snic(
    image: Any,
    n_segments: int = 400,
    *,
    compactness: float = 5.0,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
    color: str | None = "auto",
    n_jobs: int | None = None,
) -> Array:
    """Cut an image into superpixels by simple non-iterative clustering (SNIC).

    Of all pixels beside a superpixel, the one nearest to a superpixel's mean in colour and place
    joins it next, and the mean follows. Every segment is connected from the start, and exactly as
    many come back as there are seeds.

    Parameters
    ----------
    image : array-like, (H, W), (D, H, W) or with a channel axis
        Any real dtype.
    n_segments : int, default 400
        How many superpixels to make: met exactly without a mask, and as well as its form allows
        with one; a part of the mask without a seed becomes one more.
    compactness : float, default 5
        As in `slic`. Lower by default: means of growing regions follow edges less closely.
    channel_axis, spacing, mask, color : optional
        As in `slic`.
    n_jobs : int, optional
        Threads that read the image; growing is one thread's work.

    Returns
    -------
    segments : ndarray of int32, of the spatial shape
        Connected by faces, numbered 1..n without gaps; 0 outside the mask.

    Raises
    ------
    ValueError
        As `slic`.

    Notes
    -----
    The paper's queue is a heap; here distances within 1 in 128 (squared) are equals, first come
    first served, which makes the queue one of buckets. A superpixel looks at a pixel once.

    Memory: 14 bytes a pixel and 4 for each channel.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.superpixels import snic
    >>> image = np.zeros((20, 30))
    >>> image[:, 17:] = 1
    >>> segments = snic(image, 6)
    >>> int(segments.max()), len(np.intersect1d(segments[:, :17], segments[:, 17:]))
    (6, 0)
    """
    from . import _snic_kernels as kernels

    request = as_request(image, n_segments, channel_axis=channel_axis, spacing=spacing, mask=mask)
    compactness = as_number("compactness", compactness, least=0)
    planes = read_colours(request.image, color, n_jobs=n_jobs)
    shape = request.image.shape3d
    labels = np.zeros(shape, SEGMENT_DTYPE)
    if request.mask is not None:
        labels[~request.mask] = -1
    weights = weights_of(request, compactness)
    seeds = np.ravel_multi_index(tuple(_seeds(request).T), shape)
    # Pixel by pixel, since a pixel's neighbours lie anywhere in memory.
    colours = np.ascontiguousarray(planes.reshape(len(planes), -1).T)
    kernels.grow(colours, shape, seeds, weights, labels.reshape(-1))
    if request.mask is not None:
        # Parts of the mask without a seed.
        n = len(seeds)
        labels[labels == 0] = n + 1
        labels[labels < 0] = 0
        connect(labels, planes, n_owners=n, n_jobs=n_jobs)
    return labels.reshape(request.image.spatial_shape)


def _seeds(request: Request) -> Array:
    """The pixels that a request's superpixels grow from, int64 (n, 3)."""
    image, n = request.image, request.n_segments
    if request.mask is None:
        return centres_of(make_grid(image.shape3d, n, image.spacing3d))
    return make_masked_grid(request.mask, n, request.n_pixels, image.spacing3d)[1]
