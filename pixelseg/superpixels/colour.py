"""Colours as superpixels compare them: int16 planes whose unit is a unit of CIELAB.

In CIELAB, black and white are 100 apart. Images that are compared as they are get a scale on which
the contrast of their values, from the lowest to the highest thousandth, is 100 as well. So
`compactness` means the same for images of 8 and 16 bits and floats, and for a photograph and a
micrograph; one hot pixel does not move it.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.boxes import Box, box3d, cover, shape_of
from .._core.checks import shown
from .._core.image import Image
from .._core.threads import run_chunks

#: Steps of a plane to a unit of colour: contrast is 12,800 steps, and int16 holds 2.5 times that.
STEPS = 128
#: Black to white, in units of CIELAB.
CONTRAST = 100.0
#: The share of values beyond the contrast on each side.
_BEYOND = 1e-3
#: At most so many values are looked at for the contrast.
_SAMPLE = 2**17
#: Levels of floats in 0..1, and places of X, Y and Z: 14 bits are 0.03 units of L at black.
_LEVELS = 2**14
#: How far floats may overshoot 0..1, as resizing makes them, before they are no colours.
_OVERSHOOT = 0.1
#: Pixels of a block: small beside any image, large beside a call.
_BLOCK = 2**18


def as_color(color: Any, image: Image) -> str | None:
    """Settle `color`: "lab", or None for channels as they are.

    "auto" is CIELAB for three channels of uint8 or of floats.
    """
    kind, size = image.dtype.kind, image.dtype.itemsize
    fits = image.n_channels == 3 and (kind == "f" or (kind == "u" and size <= 2))
    if isinstance(color, str) and color == "auto":
        return "lab" if fits and (kind, size) != ("u", 2) else None
    if color is None:
        return None
    if not (isinstance(color, str) and color == "lab"):
        raise ValueError(f"color is {shown(color)} but must be 'auto', 'lab' or None.")
    if not fits:
        raise ValueError(
            f"color is 'lab' but image has {image.n_channels} channels of {image.dtype}, and RGB "
            "is three of uint8, uint16 or floats from 0 to 1: pass color=None to compare channels "
            "as they are."
        )
    return "lab"


def read_colours(
    image: Image, color: Any = "auto", *, n_jobs: int | None = None, out: Array | None = None
) -> Array:
    """Read an image as planes that superpixels compare, int16 (C, D, H, W), perhaps into `out`.

    `STEPS` steps are a unit of colour. Pixels outside the mask hold anything. Values more than 1.5
    times the contrast beyond it are taken as that.
    """
    lab = as_color(color, image) == "lab"
    planes = np.empty((image.n_channels, *image.shape3d), np.int16) if out is None else out
    middle, factor = (0.0, 1.0) if lab else measure_scale(image)

    def fill(box: Box) -> None:
        (z0, z1), (y0, y1), _ = box3d(box)
        out = planes[:, z0:z1, y0:y1]
        if lab:
            _fill_lab(image, box, out)
            return
        values = image.read(box, dtype=_exact_dtype(image))
        with np.errstate(over="ignore"):
            values -= values.dtype.type(middle)
            values *= values.dtype.type(factor)
        np.rint(values, out=values)
        limit = np.iinfo(np.int16)
        np.clip(values, limit.min, limit.max, out=values)
        out[...] = values

    run_chunks(fill, _blocks(image), n_jobs)
    return planes


def _exact_dtype(image: Image) -> Any:
    """The narrower float that holds the differences of an image's values."""
    wide = image.dtype.itemsize > (4 if image.dtype.kind == "f" else 2)
    return np.float64 if wide else np.float32


def measure_scale(image: Image) -> tuple[float, float]:
    """The middle of the contrast of an image's values, and steps of a plane for one value."""
    values = _sample(image)
    values.sort()
    beyond = min(int(np.ceil(_BEYOND * len(values))), (len(values) - 1) // 2)
    low, high = float(values[beyond]), float(values[len(values) - 1 - beyond])
    if low == high:
        # Nearly all values are one: what differs is told apart whatever its contrast.
        low, high = float(values[0]), float(values[-1])
    if low == high:
        return low, 1.0
    return low / 2 + high / 2, CONTRAST * STEPS / (high - low)


def _sample(image: Image) -> Array:
    """About `_SAMPLE` values inside the mask, evenly spread; all, where there are fewer."""
    mask = image.mask
    n_pixels = math.prod(image.spatial_shape) if mask is None else int(np.count_nonzero(mask))
    step = max(1, n_pixels * image.n_channels // _SAMPLE)
    parts = []
    for box in _blocks(image):
        block = image.read(box, dtype=_exact_dtype(image))
        inside = image.read_mask(box)
        parts.append((block if inside is None else block[:, inside]).ravel()[::step].copy())
    return np.concatenate(parts)


def _blocks(image: Image) -> list[Box]:
    """Rows, or layers, of about `_BLOCK` pixels."""
    first, *others = image.spatial_shape
    return cover((first, *others), (max(1, _BLOCK // math.prod(others)), *others))


def _fill_lab(image: Image, box: Box, out: Array) -> None:
    """Convert one block of sRGB to CIELAB (D65, 2 degrees)."""
    from . import _colour_kernels as kernels

    size = shape_of(box3d(box))
    if image.dtype == np.uint8:
        values = image.pixels(box)
        n_levels = 256
    else:
        planes = image.read(box)
        if image.dtype == np.uint16:
            planes *= np.float32(1 / 65535)
        elif planes.min() < -_OVERSHOOT or planes.max() > 1 + _OVERSHOOT:
            worst = planes.max() if planes.max() > 1 + _OVERSHOOT else planes.min()
            raise ValueError(
                f"image holds {worst:g} but three channels of floats are compared in CIELAB, "
                "which takes values from 0 to 1: divide them by their largest possible value, or "
                "pass color=None to compare channels as they are."
            )
        planes = np.clip(planes, 0, 1, out=planes)
        planes *= np.float32(_LEVELS - 1)
        planes += np.float32(0.5)
        values = np.moveaxis(planes, 0, -1).astype(np.uint16, order="C")
        n_levels = _LEVELS
    rows = np.ascontiguousarray(values).reshape(size[0] * size[1], size[2], 3)
    lab = np.empty((3, *rows.shape[:2]), np.int16) if not out.flags.c_contiguous else out
    lab = lab.reshape(3, *rows.shape[:2])
    kernels.fill_lab(rows, _lights(n_levels), _cube_roots(), STEPS, lab)
    if not np.shares_memory(lab, out):
        out[...] = lab.reshape(out.shape)


@cache
def _lights(n_levels: int) -> Array:
    """What each level of red, green and blue adds to X, Y and Z, uint64 (3, n_levels)."""
    level = np.arange(n_levels) / (n_levels - 1)
    linear = np.where(level > 0.04045, ((level + 0.055) / 1.055) ** 2.4, level / 12.92)
    matrix = np.array(
        [
            [0.412453, 0.357580, 0.180423],
            [0.212671, 0.715160, 0.072169],
            [0.019334, 0.119193, 0.950227],
        ]
    )
    matrix /= matrix.sum(axis=1, keepdims=True)
    x, y, z = np.rint(matrix[..., None] * linear * ((_LEVELS - 1) << 7)).astype(np.uint64)
    lights = (x << np.uint64(42)) + (y << np.uint64(21)) + z
    # Half a place each: what is cut off is then rounded.
    lights[0] += np.uint64((64 << 42) + (64 << 21) + 64)
    return lights


@cache
def _cube_roots() -> Array:
    """CIELAB's f(t) at the 2**14 places of t = 0..1, in 2**-20, int64."""
    t = np.arange(_LEVELS) / (_LEVELS - 1)
    roots = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.rint(roots * 2**20).astype(np.int64)
