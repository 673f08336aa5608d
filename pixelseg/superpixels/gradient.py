"""Gradient magnitude: how steeply an image changes at each pixel.

Sobel's filter: a central difference along one axis, smoothed by (1, 2, 1) / 4 along the others.
It is the smallest filter that is centred on the pixel and tells noise of single pixels from
edges, and the one that watersheds are commonly run on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .._core.arrays import FEATURE_DTYPE, Array
from .._core.image import Image, as_image


def gradient_magnitude(
    image: Any,
    *,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
) -> Array:
    """Compute the gradient magnitude of an image (Sobel).

    Parameters
    ----------
    image : array-like, (H, W) or (D, H, W), optionally with a channel axis
        Any real dtype, any number of channels.
    channel_axis : "auto", None or int, default "auto"
        The axis that holds the channels; None for a grey image or volume.
    spacing : float or sequence, optional
        Size of a pixel along each spatial axis, 1 by default.
    mask : bool array of the spatial shape, optional
        Pixels outside never change those inside: at the mask's border, the pixel itself stands for
        its neighbours outside.

    Returns
    -------
    magnitude : ndarray of float32, of the spatial shape
        The slope in values a unit of `spacing`: a ramp that rises by 1 a pixel has 1. With several
        channels, the root of the mean of their squared slopes, so that a grey image given as RGB
        has the magnitude that it has as grey. 0 outside the mask.

    Raises
    ------
    ValueError
        If the image holds NaN or an infinite value inside the mask.

    Notes
    -----
    Beyond the image's edge its last pixel goes on (scipy's "nearest"). For a grey image it is
    sqrt(number of axes) / 2 times `skimage.filters.sobel`, which takes differences over two pixels
    and the mean over axes. Memory: 4 bytes a pixel and channel. Source: Sobel and Feldman, 1968.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg.superpixels import gradient_magnitude
    >>> ramp = np.arange(5) * 2.0 * np.ones((3, 1))
    >>> gradient_magnitude(ramp)[1]
    array([1., 2., 2., 2., 1.], dtype=float32)
    """
    image = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
    return measure_gradient(image, image.spacing3d).reshape(image.spatial_shape)


def measure_gradient(image: Image, spacing3d: Any) -> Array:
    """The gradient magnitude of an image, float32 (D, H, W), for pixels of this size."""
    from . import _gradient_kernels as kernels

    planes = image.read()
    exponent = _scale_down(planes) if image.dtype.kind == "f" else 0
    n_channels, depth, _, width = planes.shape
    # A central difference spans 2 pixels, and (1, 2, 1) weighs 4 along each other axis.
    weight = 2 * 4 * (4 if depth > 1 else 1)
    weights = (1 / ((weight * np.array(spacing3d)) ** 2 * n_channels)).astype(np.float32)
    magnitude = np.empty(planes.shape[1:], FEATURE_DTYPE)
    kernels.fill_gradient(planes, weights, np.empty((3, width + 2), FEATURE_DTYPE), magnitude)
    inside = image.read_mask()
    if inside is not None:
        kernels.mend_gradient(planes, inside, weights, magnitude)
    return np.ldexp(magnitude, exponent, out=magnitude) if exponent else magnitude


def _scale_down(planes: Array) -> int:
    """Divide planes by a power of two if their squares would leave float32; return its exponent.

    So their bits stay those of other crops.
    """
    largest = max(float(planes.max()), -float(planes.min()))
    exponent = int(np.frexp(largest)[1])
    if largest == 0 or abs(exponent) < 30:
        return 0
    np.ldexp(planes, -exponent, out=planes)
    return exponent
