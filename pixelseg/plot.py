"""Pictures: labels, boundaries, strokes, probabilities and uncertainty as plain RGB arrays.

Every function returns uint8 of shape (..., 3), ready for `pixelseg.io.write_image` or any
viewer; no plotting library is involved. Images of any dtype are stretched for display only.

Classes get the colours of Okabe and Ito ("Color universal design", 2008), which people with any
kind of colour vision can tell apart; probabilities a scale whose lightness rises evenly, so that
it also reads in grey.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from ._core.arrays import Array, as_labels, as_mask, as_probabilities
from ._core.image import as_image

Colour = Sequence[int] | str
Colours = Mapping[int, Colour] | Sequence[Colour]

#: Orange, sky blue, bluish green, yellow, blue, vermilion, reddish purple.
_OKABE_ITO = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
#: From violet-black over red to pale yellow; CIE lightness 4 to 96 in equal steps.
_SCALE = (
    (1, 13, 41), (42, 24, 97), (114, 12, 116), (176, 0, 114), (220, 50, 102), (251, 97, 90),
    (255, 147, 84), (255, 198, 108), (255, 243, 201),
)  # fmt: skip
#: Colours before they repeat; objects far apart may share one.
_N_COLOURS = 4096
#: Share of the darkest and of the brightest values that may saturate in a stretched image.
_SATURATED = 0.002
#: Values that are looked at to stretch an image.
_LOOK = 1_000_000


def palette(n_classes: int) -> Array:
    """The colours of classes 1...n, uint8 (n_classes, 3): Okabe and Ito's seven, then others.

    Examples
    --------
    >>> from pixelseg import plot
    >>> plot.palette(2)
    array([[230, 159,   0],
           [ 86, 180, 233]], dtype=uint8)
    """
    repeats = -(-n_classes // _N_COLOURS)
    return np.tile(_all_colours(), (max(1, repeats), 1))[:n_classes].copy()


def overlay(
    image: Any,
    labels: Any,
    *,
    alpha: float = 0.45,
    colors: Colours | None = None,
    channel_axis: int | str | None = "auto",
) -> Array:
    """Lay the colours of classes or objects over an image.

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
        Colours of labels 1, 2, ..., or {label: colour}; each "#rrggbb" or three values from 0
        to 255. Default `palette`.
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
    if not 0 <= alpha <= 1:
        raise ValueError(f"alpha is {alpha!r} but must be between 0 and 1.")
    picture, shape = _background(image, channel_axis)
    labels = as_labels(labels, shape)
    marked = labels > 0
    picture[marked] = _mix(picture[marked], _colours_of(labels[marked], colors), alpha)
    return picture


def boundaries(
    image: Any,
    labels: Any,
    *,
    color: Colour = (255, 225, 0),
    channel_axis: int | str | None = "auto",
) -> Array:
    """Draw the borders between labels over an image, two pixels wide (one on either side).

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
    picture[_borders(as_labels(labels, shape))] = _rgb(color)
    return picture


def strokes(
    image: Any,
    labels: Any,
    *,
    colors: Colours | None = None,
    channel_axis: int | str | None = "auto",
) -> Array:
    """Paint strokes over an image, in full colour and with a dark rim so that none is lost.

    Parameters as `overlay`.
    """
    picture, shape = _background(image, channel_axis)
    labels = as_labels(labels, shape)
    marked = labels > 0
    rim = _grown(marked) & ~marked
    picture[rim] = _mix(picture[rim], np.zeros(3, np.uint8), 0.75)
    picture[marked] = _colours_of(labels[marked], colors)
    return picture


def probability_map(probabilities: Any, class_index: int) -> Array:
    """The probability of one class, from violet-black (0) over red to pale yellow (1).

    Parameters
    ----------
    probabilities : float array of shape (..., n_classes)
    class_index : int
        Place of the class in the model's `classes_`.

    Returns
    -------
    ndarray of uint8, shape (..., 3)

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import plot
    >>> plot.probability_map(np.array([[[0.0, 1.0]]]), 1)
    array([[[255, 243, 201]]], dtype=uint8)
    """
    probabilities = as_probabilities(probabilities)
    n_classes = probabilities.shape[-1]
    if not -n_classes <= class_index < n_classes:
        raise ValueError(
            f"class_index is {class_index} but probabilities has {n_classes} classes: pass a place "
            f"from 0 to {n_classes - 1}."
        )
    return _on_scale(probabilities[..., class_index])


def uncertainty_map(uncertainty: Any) -> Array:
    """Uncertainty from 0 (violet-black) to 1 (pale yellow), as `predict_uncertainty` gives it.

    Parameters
    ----------
    uncertainty : float array
        Values outside 0...1 are shown as its ends.

    Returns
    -------
    ndarray of uint8, shape (..., 3)
    """
    uncertainty = np.asarray(uncertainty)
    if uncertainty.dtype.kind != "f":
        raise TypeError(f"uncertainty has dtype {uncertainty.dtype} but must be floating point.")
    return _on_scale(uncertainty)


def montage(
    pictures: Sequence[Array],
    *,
    n_columns: int | None = None,
    titles: Sequence[str] | None = None,
    gap: int = 8,
) -> Array:
    """Put pictures side by side on white, row by row, with a title above each if given.

    Parameters
    ----------
    pictures : sequence of uint8 arrays of shape (H, W, 3) or (H, W)
    n_columns : int, optional
        Default: all in one row up to four, then as square as possible.
    titles : sequence of str, optional
    gap : int, default 8
        Pixels between pictures and around them.

    Returns
    -------
    ndarray of uint8, shape (H, W, 3)
    """
    checked = [_check_picture(picture) for picture in pictures]
    if not checked:
        raise ValueError("pictures is empty: pass at least one picture.")
    if titles is not None and len(titles) != len(checked):
        raise ValueError(
            f"titles has {len(titles)} entries but there are {len(checked)} pictures: pass one "
            "title for each."
        )
    if n_columns is None:
        n_columns = len(checked) if len(checked) <= 4 else math.ceil(math.sqrt(len(checked)))
    if n_columns < 1:
        raise ValueError(f"n_columns is {n_columns} but must be 1 or more.")
    n_columns = min(n_columns, len(checked))
    n_rows = -(-len(checked) // n_columns)
    heights = [max(p.shape[0] for p in checked[k * n_columns :][:n_columns]) for k in range(n_rows)]
    widths = [max(p.shape[1] for p in checked[k::n_columns]) for k in range(n_columns)]
    font_size = max(12, min(24, min(widths) // 12))
    head = 0 if titles is None else font_size + font_size // 2
    tops = gap + np.cumsum([0, *(height + head + gap for height in heights)])
    lefts = gap + np.cumsum([0, *(width + gap for width in widths)])
    sheet = np.full((tops[-1], lefts[-1], 3), 255, np.uint8)
    corners = []
    for k, picture in enumerate(checked):
        top, left = int(tops[k // n_columns]), int(lefts[k % n_columns])
        corners.append((top, left))
        height, width = picture.shape[:2]
        sheet[top + head : top + head + height, left : left + width] = picture
    return sheet if titles is None else _write_titles(sheet, titles, corners, font_size)


def _write_titles(
    sheet: Array, titles: Sequence[str], corners: list[tuple[int, int]], font_size: int
) -> Array:
    from PIL import Image, ImageDraw, ImageFont

    page = Image.fromarray(sheet)
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(font_size)
    for title, (top, left) in zip(titles, corners, strict=True):
        draw.text((left, top), title, fill=(30, 30, 30), font=font)
    return np.array(page)


def _check_picture(picture: Array) -> Array:
    picture = np.asarray(picture)
    if picture.ndim == 2:
        picture = np.repeat(picture[..., np.newaxis], 3, axis=-1)
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[-1] != 3:
        raise ValueError(
            f"pictures holds an array of shape {picture.shape} and dtype {picture.dtype} but must "
            "hold uint8 arrays (H, W, 3), as the other functions of pixelseg.plot return them."
        )
    return picture


def _background(image: Any, channel_axis: int | str | None) -> tuple[Array, tuple[int, ...]]:
    """An image as uint8 (..., 3), and its spatial shape."""
    checked = as_image(image, channel_axis=channel_axis)
    pixels = np.asarray(checked.source[...])
    if checked.channel_axis is None:
        pixels = pixels[..., np.newaxis]
    else:
        pixels = np.moveaxis(pixels, checked.channel_axis, -1)
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


def _mix(below: Array, above: Array, alpha: float) -> Array:
    mixed = below * np.float32(1 - alpha) + above * np.float32(alpha)
    return np.rint(mixed).astype(np.uint8)


def _on_scale(values: Array) -> Array:
    """Values of 0...1 as colours of the scale; NaN as 0."""
    places = np.linspace(0, 1, len(_SCALE))
    steps = np.linspace(0, 1, 256)
    table = np.stack([np.interp(steps, places, band) for band in np.transpose(_SCALE)], axis=-1)
    index = np.clip(np.nan_to_num(values), 0, 1) * 255
    return np.rint(table).astype(np.uint8)[np.rint(index).astype(np.uint8)]


def _colours_of(labels: Array, colors: Colours | None) -> Array:
    """A colour for each label above 0."""
    table = _all_colours()
    chosen = table[(labels.astype(np.int64) - 1) % _N_COLOURS]
    if colors is None:
        return chosen
    items = colors.items() if isinstance(colors, Mapping) else enumerate(colors, start=1)
    for value, colour in items:
        chosen[labels == value] = _rgb(colour)
    return chosen


@cache
def _all_colours() -> Array:
    """Okabe and Ito's colours, then hues that are far from their predecessors."""
    colours: list[tuple[int, ...]] = list(_OKABE_ITO)
    golden = (math.sqrt(5) - 1) / 2
    for k in range(_N_COLOURS - len(colours)):
        saturation, value = ((0.75, 0.95), (0.45, 0.9), (0.9, 0.6), (0.6, 0.75))[k % 4]
        # A slow drift keeps later rounds from repeating the saturations of earlier ones.
        rgb = colorsys.hsv_to_rgb((0.1 + k * golden) % 1, saturation - 0.2 * (k % 97) / 97, value)
        colours.append(tuple(round(255 * band) for band in rgb))
    table = np.array(colours, np.uint8)
    table.flags.writeable = False
    return table


def _rgb(colour: Colour) -> Array:
    """A colour as three values from 0 to 255."""
    values: list[int] = []
    if not isinstance(colour, str):
        values = [int(value) for value in colour]
    elif len(colour) == 7 and colour.startswith("#"):
        try:
            values = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
        except ValueError:
            values = []
    if len(values) != 3 or not all(0 <= value <= 255 for value in values):
        raise ValueError(
            f"colour is {colour!r} but must be '#rrggbb' or three values from 0 to 255."
        )
    return np.array(values, np.uint8)


def _borders(labels: Array) -> Array:
    """Pixels with a neighbour, along an axis, of another label."""
    out = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        before, after = _pair(axis, labels.ndim)
        differs = labels[before] != labels[after]
        out[before] |= differs
        out[after] |= differs
    return out


def _grown(mask: Array) -> Array:
    """A mask and its neighbours along each axis, corners included."""
    mask = as_mask(mask, mask.shape).copy()
    for axis in range(mask.ndim):
        before, after = _pair(axis, mask.ndim)
        source = mask.copy()
        mask[before] |= source[after]
        mask[after] |= source[before]
    return mask


def _pair(axis: int, ndim: int) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Two indices that shift an array against itself by one along an axis."""
    before, after = [slice(None)] * ndim, [slice(None)] * ndim
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    return tuple(before), tuple(after)
