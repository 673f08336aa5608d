"""`Image`: the one object that every wing is handed for an image.

It is a small frozen record, made once at the door, that knows which axis is which and hands out
contiguous planes (C, D, H, W), so that what is behind the door never asks again. An image may be
any array-like with shape, dtype and slicing (a NumPy array, a memory-mapped file, zarr, HDF5,
dask): it is read box by box, and never as a whole unless it is asked for as a whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from . import boxes
from .arrays import FEATURE_DTYPE, Array, as_array, as_mask, as_spacing, dtype_of, is_array_like
from .boxes import Box, Shape3D
from .checks import as_integer

#: Values of an image, of all its channels together, that are looked at to learn their range.
_LOOK = 2**18


@dataclass(frozen=True)
class Image:
    """An image whose axes are known: `source` with `spatial_shape` and `n_channels`.

    `spatial_shape` is (H, W) or (D, H, W); `channel_axis` is the axis of `source` that holds
    the channels, None for a grey image; `spacing` has one entry for each spatial axis; `mask`,
    if any, is True where a pixel counts. `numpy.asarray(image)` is the array as it was given.
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
    def shape(self) -> tuple[int, ...]:
        """Shape of the array as it was given, channels included."""
        return tuple(int(size) for size in self.source.shape)

    @property
    def shape3d(self) -> Shape3D:
        """The spatial shape as (D, H, W), with D = 1 for a 2-D image."""
        return boxes.shape3d(self.spatial_shape)

    @property
    def spacing3d(self) -> tuple[float, float, float]:
        """The spacing along (D, H, W); 1 along the missing axis of a 2-D image."""
        depth, height, width = (1.0, *self.spacing)[-3:]
        return depth, height, width

    @property
    def whole(self) -> Box:
        """The box of the whole image, ((start, stop), ...) for each spatial axis."""
        return boxes.whole(self.spatial_shape)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = np.asarray(self.source[...], dtype)
        return array.copy() if copy else array

    def pixels(self, box: Box | None = None) -> Array:
        """Slice a box with channels last, (*spatial, C): for pictures and files.

        The values are the source's own in its own dtype, also outside the mask; what the source
        can slice without a copy is not copied.
        """
        block = np.asarray(self.source[self._index(self.whole if box is None else box)])
        if self.channel_axis is None:
            return block[..., np.newaxis]
        return np.moveaxis(block, self.channel_axis, -1)

    def read(
        self, box: Box | None = None, *, dtype: Any = FEATURE_DTYPE, out: Array | None = None
    ) -> Array:
        """Read a box as planes (C, D, H, W), 0 outside the mask.

        They are contiguous and of `dtype`, None for the image's own, or go into `out`. A value
        inside the mask that is not finite is a ValueError that says where it is.
        """
        box = self.whole if box is None else box
        block = np.moveaxis(self.pixels(box), -1, 0)
        shape = (self.n_channels, *boxes.shape_of(box))
        if block.shape != shape:
            raise ValueError(
                f"image has shape {self.shape}, but its part {box} reads as an array of shape "
                f"{block.shape} where {shape} was due (channels first): pass an array whose "
                "slices are as its shape says."
            )
        if out is None:
            out = np.empty(
                (self.n_channels, *boxes.shape_of(boxes.box3d(box))),
                (self.dtype if dtype is None else np.dtype(dtype)).newbyteorder("="),
            )
        planes = out[:, 0] if self.ndim == 2 else out
        with np.errstate(over="ignore"):
            planes[...] = block
        if self.mask is not None:
            planes[:, ~self.mask[boxes.slices_of(box)]] = 0
        if out.dtype.kind == "f" and (self.dtype.kind == "f" or self.dtype.itemsize > 4):
            _check_finite(planes, box)
        return out

    def read_mask(self, box: Box | None = None) -> Array | None:
        """Read a box of the mask as bool (D, H, W), or None where there is no mask."""
        if self.mask is None:
            return None
        box = self.whole if box is None else box
        block = self.mask[boxes.slices_of(box)]
        return np.ascontiguousarray(block).reshape(boxes.shape3d(block.shape))

    def crop(self, box: Box) -> Image:
        """A part of the image as an image of its own, with its part of the mask."""
        return replace(
            self,
            source=self.source[self._index(box)],
            spatial_shape=boxes.shape_of(box),
            mask=None if self.mask is None else self.mask[boxes.slices_of(box)],
        )

    def _index(self, box: Box) -> tuple[slice, ...]:
        """A spatial box as an index of the source."""
        index = list(boxes.slices_of(box))
        if self.channel_axis is not None:
            index.insert(self.channel_axis, slice(None))
        return tuple(index)


def look_at_range(image: Image) -> tuple[float, float]:
    """Smallest and largest value in the middle of an image, of at most `_LOOK` values."""
    side = max(1, int((_LOOK / image.n_channels) ** (1 / image.ndim)))
    middle = [size // 2 for size in image.spatial_shape]
    box = boxes.around(middle, side, image.spatial_shape)
    values = image.read(box)
    if image.mask is not None:
        values = values[:, image.read_mask(box)]
    return (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)


def _check_finite(planes: Array, box: Box) -> None:
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
        f"and fit {planes.dtype}: replace them, or pass a mask that is False there."
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

    What an image says of itself is heard. An `Image` keeps its axes, its spacing and its mask; a
    `pixelseg.io.ImageFile` brings its mask, and its channel axis where `channel_axis` is "auto";
    a `numpy.ma.MaskedArray` brings its mask. A mask that is passed besides narrows it further.
    """
    if isinstance(image, Image):
        return _passed_again(image, spacing, mask)
    own_mask = None
    if isinstance(image, np.ma.MaskedArray):
        source: Any = image.data
        shape, dtype = source.shape, source.dtype
    else:
        source = image if is_array_like(image) else as_array("image", image, "read_image")
        shape, dtype = tuple(int(size) for size in source.shape), dtype_of("image", source)
        if hasattr(source, "channel_axis"):
            own_mask = source.mask
            if isinstance(channel_axis, str) and channel_axis == "auto":
                channel_axis = source.channel_axis
    if dtype.kind not in "buif":
        raise TypeError(
            f"image has dtype {dtype} but must hold real numbers: convert it, for example with "
            "image.astype('float32')."
        )
    axis = find_channel_axis(shape, channel_axis)
    spatial = shape if axis is None else shape[:axis] + shape[axis + 1 :]
    n_channels = 1 if axis is None else shape[axis]
    if len(spatial) not in (2, 3):
        raise ValueError(
            f"image has shape {shape} with channel_axis={channel_axis!r}, which leaves "
            f"{len(spatial)} spatial axes, but there must be 2 or 3: pass one image at a time."
        )
    if 0 in shape:
        raise ValueError(f"image has shape {shape}, which is empty: pass at least one pixel.")
    if isinstance(image, np.ma.MaskedArray) and image.mask is not np.ma.nomask:
        own_mask = ~(image.mask if axis is None else np.any(image.mask, axis=axis))
    return Image(
        source=source,
        channel_axis=axis,
        spatial_shape=spatial,
        n_channels=n_channels,
        dtype=dtype,
        spacing=as_spacing(spacing, len(spatial)),
        mask=_both_masks(own_mask, mask, spatial),
    )


def _passed_again(image: Image, spacing: float | Sequence[float] | None, mask: Any) -> Image:
    """An `Image` with the mask that is passed besides; its axes and spacing are settled."""
    if spacing is not None and as_spacing(spacing, image.ndim) != image.spacing:
        raise ValueError(
            f"spacing is {spacing!r} but the image says {image.spacing} of itself: leave spacing "
            "out."
        )
    if mask is None:
        return image
    return replace(image, mask=_both_masks(image.mask, mask, image.spatial_shape))


def _both_masks(own: Any, mask: Any, spatial_shape: tuple[int, ...]) -> Array | None:
    """The pixels that count by an image's own mask and by one that is passed besides."""
    given = [as_mask(one, spatial_shape) for one in (own, mask) if one is not None]
    return given[0] & given[1] if len(given) == 2 else (given[0] if given else None)


def as_channel_axis(channel_axis: Any) -> int | str | None:
    """Check `channel_axis` by itself: "auto", None or the number of an axis."""
    if channel_axis is None or (isinstance(channel_axis, str) and channel_axis == "auto"):
        return channel_axis
    try:
        return as_integer("channel_axis", channel_axis, "'auto', None or the number of an axis")
    except ValueError as error:
        raise TypeError(str(error)) from None


def find_channel_axis(shape: tuple[int, ...], channel_axis: int | str | None) -> int | None:
    """The axis of an array of `shape` that holds channels, counted from 0; None for none."""
    channel_axis = as_channel_axis(channel_axis)
    if channel_axis is None:
        return None
    if isinstance(channel_axis, str):
        if len(shape) == 2:
            return None
        if len(shape) == 3 and shape[-1] in (3, 4):
            return 2
        raise ValueError(
            f"image has shape {shape}, and channel_axis='auto' knows (H, W) as grey and (H, W, 3) "
            "or (H, W, 4) as colour only: pass channel_axis=None if it is a volume, or the axis "
            "that holds the channels."
        )
    axis = channel_axis
    if not -len(shape) <= axis < len(shape):
        raise ValueError(
            f"channel_axis is {axis} but image has shape {shape}: pass an axis from "
            f"{-len(shape)} to {len(shape) - 1}."
        )
    return axis % len(shape)
