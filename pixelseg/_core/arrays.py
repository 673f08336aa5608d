"""The one door: every array that enters pixelseg is checked here, once.

What passes is either a plain array of a known dtype or an `Image`: a small frozen record that
knows which axis is which and hands out contiguous float32 planes, so that the kernels behind
it never ask again. An image may be any array-like with shape, dtype and slicing (a NumPy array,
a memory-mapped file, zarr, HDF5, dask): it is read box by box, and never as a whole unless it
is asked for as a whole.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from .boxes import Box

#: Features and smoothed images: 24 bits of precision suffice, and half the memory traffic of
#: float64 is half the time.
FEATURE_DTYPE = np.float32
#: Probabilities as they leave a classifier or a refiner.
PROBABILITY_DTYPE = np.float32
#: Ids of segments and objects: 2**31 of them are enough, and Numba indexes with them directly.
SEGMENT_DTYPE = np.int32

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Image:
    """An image whose axes are known: `source` with `spatial_shape` and `n_channels`.

    `spatial_shape` is (H, W) or (D, H, W); `channel_axis` is the axis of `source` that holds
    the channels, None for a grey image; `spacing` has one entry for each spatial axis; `mask`,
    if any, is True where a pixel counts.
    """

    source: Any = field(repr=False)
    channel_axis: int | None
    spatial_shape: tuple[int, ...]
    n_channels: int
    dtype: np.dtype
    spacing: tuple[float, ...]
    mask: Array | None = field(default=None, repr=False)

    @property
    def ndim(self) -> int:
        """Number of spatial axes, 2 or 3."""
        return len(self.spatial_shape)

    @property
    def shape3d(self) -> tuple[int, int, int]:
        """The spatial shape as (D, H, W), with D = 1 for a 2-D image."""
        depth, height, width = (1, *self.spatial_shape)[-3:]
        return depth, height, width

    @property
    def spacing3d(self) -> tuple[float, float, float]:
        """The spacing along (D, H, W); 1 along the missing axis of a 2-D image."""
        depth, height, width = (1.0, *self.spacing)[-3:]
        return depth, height, width

    @property
    def whole(self) -> Box:
        """The box of the whole image, ((start, stop), ...) for each spatial axis."""
        return tuple((0, size) for size in self.spatial_shape)

    def read(self, box: Box | None = None) -> Array:
        """Read a box as contiguous float32 planes (C, D, H, W), 0 outside the mask.

        A value inside the mask that is not finite is a ValueError that says where it is.
        """
        box = self.whole if box is None else box
        slices = [slice(start, stop) for start, stop in box]
        if self.channel_axis is not None:
            slices.insert(self.channel_axis, slice(None))
        block = np.asarray(self.source[tuple(slices)])
        if self.channel_axis is None:
            block = block[np.newaxis]
        else:
            block = np.moveaxis(block, self.channel_axis, 0)
        planes = np.empty(block.shape, FEATURE_DTYPE)
        with np.errstate(over="ignore"):
            planes[...] = block
        if self.mask is not None:
            planes[:, ~self.mask[tuple(slice(*edge) for edge in box)]] = 0
        if self.dtype.kind == "f" or self.dtype.itemsize > 4:
            self._check_finite(planes, box)
        return planes.reshape(self.n_channels, *(1,) * (3 - self.ndim), *planes.shape[1:])

    def read_mask(self, box: Box | None = None) -> Array | None:
        """Read a box of the mask as bool (D, H, W), or None where there is no mask."""
        if self.mask is None:
            return None
        box = self.whole if box is None else box
        block = self.mask[tuple(slice(*edge) for edge in box)]
        return np.ascontiguousarray(block).reshape((1,) * (3 - self.ndim) + block.shape)

    def _check_finite(self, planes: Array, box: Box) -> None:
        # The sum is a cheap first look: it is finite only if every value is (or two infinities
        # cancel to NaN); only then is a mask of the bad values built.
        with np.errstate(invalid="ignore", over="ignore"):
            if np.isfinite(planes.sum(dtype=np.float64)):
                return
        bad = np.argwhere(~np.isfinite(planes))
        if len(bad) == 0:
            return
        position = tuple(int(i) + edge[0] for i, edge in zip(bad[0][1:], box, strict=True))
        raise ValueError(
            f"image holds {planes[tuple(bad[0])]} at pixel {position} but values must be finite "
            "and fit float32: replace them, or pass a mask that is False there."
        )


def as_image(
    image: Any,
    *,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
) -> Image:
    """Check an image and name its axes.

    `channel_axis="auto"` takes a 2-D array as grey and a 3-D array whose last axis is 3 or 4 as
    colour; any other array must say which axis holds the channels, or None for a volume.
    """
    if isinstance(image, Image):
        return image
    source = image if is_array_like(image) else as_array("image", image, "read_image")
    shape = tuple(int(size) for size in source.shape)
    dtype = np.dtype(source.dtype)
    if dtype.kind not in "buif":
        raise TypeError(
            f"image has dtype {dtype} but must hold real numbers: convert it, for example with "
            "image.astype('float32')."
        )
    axis = _channel_axis(shape, channel_axis)
    spatial = shape if axis is None else shape[:axis] + shape[axis + 1 :]
    n_channels = 1 if axis is None else shape[axis]
    if len(spatial) not in (2, 3):
        raise ValueError(
            f"image has shape {shape} with channel_axis={channel_axis!r}, which leaves "
            f"{len(spatial)} spatial axes, but there must be 2 or 3: pass one image at a time."
        )
    if 0 in shape:
        raise ValueError(f"image has shape {shape}, which is empty: pass at least one pixel.")
    return Image(
        source=source,
        channel_axis=axis,
        spatial_shape=spatial,
        n_channels=n_channels,
        dtype=dtype,
        spacing=as_spacing(spacing, len(spatial)),
        mask=None if mask is None else as_mask(mask, spatial),
    )


def as_array(name: str, value: Any, reader: str) -> Array:
    """A value as an array; a path or nothing at all is a mistake that deserves its own words."""
    if value is None or isinstance(value, str | bytes | PathLike):
        raise TypeError(
            f"{name} is {value!r} but must be an array: read a file with pixelseg.io.{reader} "
            "first."
        )
    return np.asarray(value)


def is_array_like(value: Any) -> bool:
    """Whether a value can be sliced like an array without being read as a whole."""
    return all(hasattr(value, name) for name in ("shape", "dtype", "__getitem__"))


def _channel_axis(shape: tuple[int, ...], channel_axis: int | str | None) -> int | None:
    if channel_axis is None:
        return None
    if channel_axis == "auto":
        if len(shape) == 2:
            return None
        if len(shape) == 3 and shape[-1] in (3, 4):
            return 2
        raise ValueError(
            f"image has shape {shape}, and channel_axis='auto' knows (H, W) as grey and (H, W, 3) "
            "or (H, W, 4) as colour only: pass channel_axis=None if it is a volume, or the axis "
            "that holds the channels."
        )
    if isinstance(channel_axis, str) or not hasattr(channel_axis, "__index__"):
        raise TypeError(
            f"channel_axis is {channel_axis!r} but must be 'auto', None or the number of an axis."
        )
    axis = operator.index(channel_axis)
    if not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"channel_axis is {axis} but image has shape {shape}: pass an axis from "
            f"{-len(shape)} to {len(shape) - 1}."
        )
    return axis % len(shape)


def as_spacing(spacing: float | Sequence[float] | None, ndim: int) -> tuple[float, ...]:
    """Check the size of a pixel along each spatial axis; one number stands for all axes."""
    if spacing is None:
        return (1.0,) * ndim
    values = np.asarray(spacing, dtype=float)
    if values.ndim == 0:
        values = np.repeat(values, ndim)
    if values.shape != (ndim,) or not (np.isfinite(values) & (values > 0)).all():
        raise ValueError(
            f"spacing is {spacing!r} but must be positive: pass one number, or one for each of the "
            f"{ndim} spatial axes."
        )
    return tuple(float(value) for value in values)


def as_mask(mask: Any, spatial_shape: tuple[int, ...]) -> Array:
    """Check a mask: bool, of the image's spatial shape."""
    mask = np.asarray(mask)
    if mask.dtype != bool:
        raise TypeError(f"mask has dtype {mask.dtype} but must be bool: pass mask > 0.")
    if mask.shape != tuple(spatial_shape):
        raise ValueError(
            f"mask has shape {mask.shape} but image has spatial shape {tuple(spatial_shape)}: "
            "pass a mask of the image's shape, True where a pixel counts."
        )
    return mask


def as_labels(
    labels: Any, spatial_shape: tuple[int, ...] | None = None, *, name: str = "labels"
) -> Array:
    """Check a label image: integers from 0 up, of the image's spatial shape if that is given.

    0 is unlabelled (or ignored, or background). The array is returned as it is, in its own
    integer dtype; bool is taken as 0 and 1.
    """
    array = as_array(name, labels, "read_labels")
    if array.dtype == bool:
        array = array.view(np.uint8)
    if array.dtype.kind not in "ui":
        raise TypeError(
            f"{name} has dtype {array.dtype} but must hold integers, 0 where a pixel is "
            f"unlabelled: pass {name}.astype(int) if its values are whole numbers."
        )
    if spatial_shape is not None and array.shape != tuple(spatial_shape):
        raise ValueError(
            f"{name} has shape {array.shape} but image has spatial shape "
            f"{tuple(spatial_shape)}: pass {name} of the image's shape, 0 where a pixel is "
            "unlabelled."
        )
    if array.dtype.kind == "i" and array.size and array.min() < 0:
        raise ValueError(
            f"{name} holds {array.min()} but must be 0 (unlabelled) or positive: replace "
            "negative values by 0."
        )
    return array


def as_probabilities(
    probabilities: Any, spatial_shape: tuple[int, ...] | None = None, *, name: str = "probabilities"
) -> Array:
    """Check class probabilities: float32 (..., n_classes), finite and not negative."""
    array = np.asarray(probabilities)
    if array.dtype.kind not in "f":
        raise TypeError(f"{name} has dtype {array.dtype} but must hold floating-point numbers.")
    if spatial_shape is not None and array.shape[:-1] != tuple(spatial_shape):
        raise ValueError(
            f"{name} has shape {array.shape} but image has spatial shape {tuple(spatial_shape)}: "
            "pass one vector of class probabilities a pixel, classes last."
        )
    if array.size and not (array.min() >= 0 and np.isfinite(array).all()):
        raise ValueError(f"{name} holds a negative or infinite value or NaN: pass probabilities.")
    return np.ascontiguousarray(array, PROBABILITY_DTYPE)


def check_same_shape(truth: Array, prediction: Array) -> None:
    """Refuse a prediction of another shape than its truth (in that order everywhere)."""
    if truth.shape != prediction.shape:
        raise ValueError(
            f"prediction has shape {prediction.shape} but truth has shape {truth.shape}: pass two "
            "arrays of one shape."
        )
