"""Metrics of superpixels that need no truth: how flat, how round, how ragged they are.

Segments are first split into components that are connected across sides of pixels, as in
`superpixel_scores`, which has these three among the others.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .._core.image import as_image
from ._superpixel_views import SegmentsView, view_segments


def explained_variation(
    segments: npt.ArrayLike,
    image: Any,
    *,
    background: int | None = 0,
    mask: Any = None,
    channel_axis: int | str | None = "auto",
) -> float:
    """Share of the image's variation that the means of the segments keep.

    Parameters
    ----------
    segments
        As in `superpixel_scores`.
    image : array, shape of `segments`, with or without an axis of channels
        The image that was segmented, any real dtype; the channels are summed.
    background, mask
        As in `superpixel_scores`.
    channel_axis : int, "auto" or None, default "auto"
        The axis of `image` that holds the channels, None if there is none.

    Returns
    -------
    share : float
        From 0 to 1, higher is better; NaN if the image is constant.

    Raises
    ------
    TypeError, ValueError
        As `superpixel_scores`; also if the shapes of segments and image differ.

    Notes
    -----
    Moore and others, CVPR 2008: sum over pixels of the squared distance of their segment's mean
    to the image's mean, over that of the pixels themselves. Sums are in float64; the
    benchmark's program sums in float32, which costs it some 1e-4.

    Examples
    --------
    >>> from pixelseg.metrics import explained_variation
    >>> explained_variation([[1, 1, 2, 2]], [[0, 2, 4, 6]])
    0.8
    """
    return explained_variation_of(view_segments(segments, mask, background), image, channel_axis)


def compactness(segments: npt.ArrayLike, *, background: int | None = 0, mask: Any = None) -> float:
    """How round segments are, each weighted by its size.

    Parameters
    ----------
    segments, background, mask
        As in `superpixel_scores`; the border of what counts is outline, like the image's.

    Returns
    -------
    compactness : float
        Higher is rounder; at most pi / 4 = 0.785, that of squares, in 2-D, and pi / 6 = 0.524, that
        of cubes, in 3-D.

    Notes
    -----
    A measure of the result, by its authors' name; the `compactness` of methods such as SLIC is the
    weight that they give it. Schick, Fischer and Stiefelhagen, ICPR 2012: the mean over pixels of
    4 pi b / L^2 of their segment, with b its pixels and L the sides of pixels on its outline, those
    on the image's border among them. As an outline runs along sides of pixels, a disc is no
    rounder than its bounding square, and the figure does not compare with one from a smoothed
    outline. In 3-D (ours) it is 36 pi b^2 / A^3 with A the faces.

    Examples
    --------
    >>> from pixelseg.metrics import compactness
    >>> compactness([[1, 1], [1, 1]])
    0.785...
    """
    return compactness_of(view_segments(segments, mask, background))


def boundary_density(
    segments: npt.ArrayLike, *, background: int | None = 0, mask: Any = None
) -> float:
    """Share of pixels that are boundary, both sides of each step.

    Parameters
    ----------
    segments, background, mask
        As in `superpixel_scores`.

    Returns
    -------
    density : float
        From 0 to 1; lower means smoother outlines at the same number of segments.

    Examples
    --------
    >>> from pixelseg.metrics import boundary_density
    >>> boundary_density([[1, 1, 1, 2]])
    0.5
    """
    return boundary_density_of(view_segments(segments, mask, background))


def explained_variation_of(view: SegmentsView, image: Any, channel_axis: int | str | None) -> float:
    """`explained_variation` of segments that were viewed."""
    image = as_image(image, channel_axis=channel_axis)
    if image.spatial_shape != view.labels.shape:
        raise ValueError(
            f"segments has shape {view.labels.shape} but image has spatial shape "
            f"{image.spatial_shape}: pass the image that was segmented, and channel_axis if it has "
            "channels."
        )
    labels = view.labels.ravel()
    inside = slice(None) if view.n_pixels == labels.size else labels != 0
    kept = total = 0.0
    for plane in image.read(dtype=None).reshape(image.n_channels, -1)[:, inside]:
        if plane.min() == plane.max():
            continue  # its mean is rounded, and would leave a trace of variation
        values = plane - plane.mean(dtype=np.float64)
        sums = np.bincount(labels[inside], values)[1:]
        kept += float((sums**2 / view.sizes).sum())
        total += float(values @ values)
    return kept / total if total > 0 else math.nan


def compactness_of(view: SegmentsView) -> float:
    """`compactness` of segments that were viewed."""
    sizes, outlines = view.sizes.astype(float), view.outlines.astype(float)
    if view.labels.ndim == 2:
        roundness = 4 * math.pi * sizes / outlines**2
    else:
        roundness = 36 * math.pi * sizes**2 / outlines**3
    return float(roundness @ sizes / view.n_pixels)


def boundary_density_of(view: SegmentsView) -> float:
    """`boundary_density` of segments that were viewed."""
    return int(np.count_nonzero(view.marks)) / view.n_pixels
