"""Labels, borders and strokes laid over an image."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.checks import as_number
from .._core.grid import find_borders
from .._core.image import as_image
from .colors import Color, Colors, as_rgb, colors_of, mix

#: Share of the darkest and of the brightest values that may saturate in a stretched image.
_SATURATED = 0.002
#: Values that are looked at to stretch an image.
_LOOK = 1_000_000


def overlay(
    image: Any,
    labels: Any,
    *,
    alpha: float = 0.45,
    colors: Colors | None = None,
    channel_axis: int | str | None = "auto",
) -> Array:
    """Lay the colours of classes, segments or objects over an image.

    Parameters
    ----------
    image : array-like of shape (H, W) or (D, H, W), or with a channel axis
        Any dtype. Colour of 8 bits is shown as it is; anything else is stretched to the range
        of its values (0.2 % may saturate at either end). Channels other than colours are
        averaged.
    labels : array of int of the spatial shape
        0 is left as it is.
    alpha : float, default 0.45
        How much of a pixel is its label's colour: 0 is the image alone, 1 the labels alone.
    colors : sequence or mapping of colours, optional
        Colours of labels 1, 2, ..., or {label: colour}; each "#rrggbb" or three integers from
        0 to 255. Default `palette`.
    channel_axis : "auto", int or None, default "auto"

    Returns
    -------
    ndarray of uint8, shape (..., 3)

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import plot
    >>> image = np.array([[0.0, 1.0]])
    >>> plot.overlay(image, np.array([[1, 0]]), alpha=1.0, colors=["#ff0000"])
    array([[[255,   0,   0],
            [255, 255, 255]]], dtype=uint8)
    """
    alpha = as_number("alpha", alpha, least=0, most=1)
    picture, shape = _background(image, channel_axis)
    labels = as_labels(labels, shape)
    marked = labels > 0
    picture[marked] = mix(picture[marked], colors_of(labels[marked], colors), alpha)
    return picture


def boundaries(
    image: Any,
    labels: Any,
    *,
    color: Color = (255, 225, 0),
    channel_axis: int | str | None = "auto",
) -> Array:
    """Draw the borders between labels or segments over an image, a pixel wide on either side.

    Parameters as `overlay`; `color` is that of the lines.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import plot
    >>> picture = plot.boundaries(np.zeros((1, 4), "uint8"), np.array([[1, 1, 2, 2]]))
    >>> picture[0, :, 0].tolist()
    [0, 255, 255, 0]
    """
    picture, shape = _background(image, channel_axis)
    picture[find_borders(as_labels(labels, shape))] = as_rgb("color", color)
    return picture


def strokes(
    image: Any,
    labels: Any,
    *,
    colors: Colors | None = None,
    channel_axis: int | str | None = "auto",
) -> Array:
    """Paint strokes over an image, in full colour and with a dark rim so that none is lost.

    Parameters as `overlay`.
    """
    picture, shape = _background(image, channel_axis)
    labels = as_labels(labels, shape)
    marked = labels > 0
    rim = find_borders(marked, marked.ndim) & ~marked
    picture[rim] = mix(picture[rim], np.zeros(3, np.uint8), 0.75)
    picture[marked] = colors_of(labels[marked], colors)
    return picture


def _background(image: Any, channel_axis: int | str | None) -> tuple[Array, tuple[int, ...]]:
    """An image as uint8 (..., 3), and its spatial shape."""
    checked = as_image(image, channel_axis=channel_axis)
    pixels = checked.pixels()
    if checked.n_channels in (3, 4):
        pixels = pixels[..., :3]
        if pixels.dtype == np.uint8:
            return np.array(pixels), checked.spatial_shape
    elif checked.n_channels > 1:
        pixels = pixels.mean(axis=-1, dtype=np.float32, keepdims=True)
    shown = _stretch(pixels)
    return np.array(np.broadcast_to(shown, (*shown.shape[:-1], 3))), checked.spatial_shape


def _stretch(pixels: Array) -> Array:
    """Values as uint8: nearly the darkest becomes 0 and nearly the brightest 255."""
    values = pixels.reshape(-1)
    values = values[:: max(1, values.size // _LOOK)].astype(np.float64)
    values = values[np.isfinite(values)]
    if values.size == 0:
        return np.zeros(pixels.shape, np.uint8)
    low, high = np.quantile(values, [_SATURATED, 1 - _SATURATED])
    if low == high:
        low, high = values.min(), values.max()
    if low == high:
        low, high = min(0.0, float(low)), max(1.0, float(high))
    shown = (pixels.astype(np.float32) - np.float32(low)) * np.float32(255 / (high - low))
    shown = np.nan_to_num(shown, copy=False, nan=0.0, posinf=255, neginf=0)
    return np.clip(np.rint(shown), 0, 255).astype(np.uint8)
