"""Reading images and label images: one function for each, whatever the file's kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels
from .._core.image import as_channel_axis
from .paths import PILLOW_SUFFIXES, TIFF_SUFFIXES, ImageFileError, check_source, naming_damage
from .stored import Stored

#: Bytes of an image that are searched for holes in one go.
_LOOKED_AT_BYTES = 2**24


@dataclass(frozen=True)
class ImageFile:
    """An image in a file: an array-like of shape (H, W) or (D, H, W), or with channels last.

    It can be handed to anything that takes an image: it has `shape` and `dtype`, a slice reads
    no more than it needs, and `numpy.asarray` reads all.

    Attributes
    ----------
    path : Path
    data : array-like
        The pixels: an array, a mapped file, or an object that decodes pieces on demand.
    channel_axis : int, None or "auto"
        The last axis if it holds channels, None if there are none; "auto" where neither the file
        nor its shape tells (a 3-D .npy file).
    spacing : tuple of float, or None
        Size of a pixel along each spatial axis in micrometres, where the file states it.
    mask : bool array of the spatial shape, or None
        False where the file says that there is no measurement but a hole: where its alpha channel
        or its mask page is 0, or where a value is one that GDAL's tags name for no data. None where
        there are no holes. Alpha itself is never a channel of the image.
    orientation : int
        How the file asks viewers to turn and mirror the picture (EXIF, TIFF), 1 for not at all. It
        is read as it is stored; labels painted in a viewer that obeys fit the turned picture.
    """

    path: Path
    data: Any = field(repr=False)
    channel_axis: int | str | None
    spacing: tuple[float, ...] | None = None
    mask: Array | None = field(default=None, repr=False)
    orientation: int = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the pixels, channels included."""
        return tuple(int(size) for size in self.data.shape)

    @property
    def dtype(self) -> np.dtype:
        """The dtype that the file stores; values are never rescaled."""
        return np.dtype(self.data.dtype)

    @property
    def ndim(self) -> int:
        """Number of axes, channels included."""
        return len(self.data.shape)

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(self.data[index])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        array = np.asarray(self.data, dtype)
        return array.copy() if copy else array


def read_image(path: str | PathLike[str], *, channel_axis: int | str | None = "auto") -> ImageFile:
    """Open an image file.

    Parameters
    ----------
    path : path of a PNG, JPEG, TIFF or .npy file
        8 and 16 bit; TIFF and .npy also floating point, several pages, and BigTIFF. A palette
        becomes its colours. EXIF is ignored: pixels stay where they are stored.
    channel_axis : "auto", int or None, default "auto"
        "auto" believes the file: colour samples, and the axes that OME and ImageJ write; pages
        without a meaning are the slices of a volume. Otherwise the axis that holds channels, as
        the file stores its array, or None for none.

    Returns
    -------
    ImageFile
        With channels last, wherever the file has them.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
    ValueError
        Where the kind of file is unknown, the file is truncated or damaged, or it holds several
        images.

    Notes
    -----
    An uncompressed TIFF or .npy file is mapped and costs no memory. A compressed TIFF is
    decoded strip by strip or tile by tile as it is sliced, with up to 64 MB of decoded pieces
    kept; where only Pillow knows the compression (LZW, JPEG), page by page. PNG and JPEG are
    decoded as a whole.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import io
    >>> path = getfixture("tmp_path") / "ramp.tif"
    >>> io.write_image(path, np.arange(12, dtype="uint16").reshape(3, 4), spacing=0.5)
    >>> image = io.read_image(path)
    >>> image.shape, image.dtype, image.spacing, int(image[2, 3])
    ((3, 4), dtype('uint16'), (0.5, 0.5), 11)
    """
    path, channel_axis = check_source(path), as_channel_axis(channel_axis)
    return _with_channels_last(path, _read(path, channel_axis), channel_axis)


def _read(path: Path, channel_axis: int | str | None, *, values: bool = False) -> Stored:
    """What a file of any kind stores; with `values`, numbers rather than colours."""
    suffix = path.suffix.lower()
    with naming_damage(path):
        if suffix in PILLOW_SUFFIXES:
            from .pillow import read_pillow

            return read_pillow(path, values=values)
        if suffix in TIFF_SUFFIXES:
            from .tiff import read_tiff

            return read_tiff(path, channel_axis)
        return _read_npy(path, channel_axis)


def read_labels(path: str | PathLike[str]) -> Array:
    """Read a label image: integers, 0 where a pixel is unlabelled.

    Parameters
    ----------
    path : path of a PNG, TIFF or .npy file
        Grey values are the labels, whatever the bit depth; a palette PNG gives its indices, not
        its colours. Grey saved as colour (three equal channels) and whole numbers saved as
        floating point are accepted; what is wholly transparent is unlabelled.

    Returns
    -------
    ndarray of int, shape (H, W) or (D, H, W)
        The pixel size that a file states is `read_image(path, channel_axis=None).spacing`.

    Raises
    ------
    ValueError
        Where the file holds colours or fractions, or is a JPEG, which changes labels.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import io
    >>> path = getfixture("tmp_path") / "cells_labels.png"
    >>> io.write_labels(path, np.array([[0, 1], [2, 2]]))
    >>> io.read_labels(path)
    array([[0, 1],
           [2, 2]], dtype=uint8)
    """
    path = check_source(path)
    asked = None if path.suffix.lower() == ".npy" else "auto"
    stored = _read(path, asked, values=True)
    if stored.lossy:
        raise ImageFileError(
            f"{path} is a JPEG, whose compression changes labels near every edge: save strokes as "
            "PNG or TIFF."
        )
    image = _with_channels_last(path, stored, asked)
    values = np.asarray(image)
    has_channels = image.channel_axis is not None
    if image.mask is not None:
        # What was rubbed out keeps its colour in many programs.
        mask = image.mask[..., np.newaxis] if has_channels else image.mask
        values = np.where(mask, values, values.dtype.type(0))
    if has_channels:
        values = _grey_of_colours(values, path)
    if values.ndim not in (2, 3):
        raise ImageFileError(
            f"{path} has shape {values.shape} but a label image has the spatial shape of its "
            "image: (H, W) or (D, H, W)."
        )
    if values.dtype.kind == "f":
        values = _whole_numbers(values, path)
    return as_labels(values, name=str(path))


def _read_npy(path: Path, channel_axis: int | str | None) -> Stored:
    data = np.load(path, mmap_mode="r", allow_pickle=False)
    if not isinstance(data, np.memmap):
        raise ValueError("it is an archive of arrays")
    if channel_axis == "auto":
        if data.ndim == 2:
            return Stored(data, None)
        if data.ndim == 3 and data.shape[-1] in (3, 4):
            return Stored(data, 2)
    return Stored(data, channel_axis)


def _with_channels_last(path: Path, stored: Stored, asked: int | str | None) -> ImageFile:
    """Move channels last, take alpha away from colours, and drop channels that are but one."""
    data = stored.data
    axis = stored.channel_axis if asked == "auto" else asked
    about: dict[str, Any] = {"spacing": stored.spacing, "orientation": stored.orientation}
    if axis is None or isinstance(axis, str):
        return ImageFile(path, data, axis, mask=_holes(stored, data, None), **about)
    n_axes = len(data.shape)
    if not -n_axes <= axis < n_axes:
        raise ImageFileError(
            f"channel_axis is {axis} but {path} holds an array of shape {tuple(data.shape)}: pass "
            f"an axis from {-n_axes} to {n_axes - 1}."
        )
    data = np.moveaxis(data, axis, -1)
    opaque = None
    if stored.alpha and asked == "auto":
        opaque = where(data, lambda block: block[..., -1] != 0, n_channel_axes=1)
        data = data[..., :-1]
    mask = _holes(stored, data, opaque, n_channel_axes=1)
    if stored.alpha and asked == "auto" and data.shape[-1] == 1:
        return ImageFile(path, data[..., 0], None, mask=mask, **about)
    return ImageFile(path, data, len(data.shape) - 1, mask=mask, **about)


def _holes(
    stored: Stored, data: Any, opaque: Array | None, *, n_channel_axes: int = 0
) -> Array | None:
    """The mask of all that the file says of holes; None where there are none."""
    masks = [mask for mask in (opaque, stored.mask) if mask is not None]
    if (nodata := stored.nodata) is not None:

        def is_data(block: Array) -> Array:
            return ~nodata.holes(block if n_channel_axes else block[..., np.newaxis])

        masks.append(where(data, is_data, n_channel_axes=n_channel_axes))
    if not masks:
        return None
    mask: Array = masks[0]
    for other in masks[1:]:
        mask = mask & other
    return None if mask.all() else mask


def where(data: Any, test: Callable[[Array], Array], *, n_channel_axes: int) -> Array:
    """Where a test of its pixels holds, bool of the spatial shape; some rows are read at a time."""
    shape = tuple(data.shape[: len(data.shape) - n_channel_axes])
    found = np.empty(shape, bool)
    row_bytes = int(np.prod(data.shape[1:])) * data.dtype.itemsize
    step = max(1, _LOOKED_AT_BYTES // max(1, row_bytes))
    for start in range(0, shape[0], step):
        rows = slice(start, start + step)
        found[rows] = test(np.asarray(data[rows]))
    return found


def _grey_of_colours(values: Array, path: Path) -> Array:
    """The one grey value of pixels whose colour channels are equal."""
    first = values[..., 0]
    if values.shape[-1] not in (1, 3) or not (values == first[..., np.newaxis]).all():
        raise ImageFileError(
            f"{path} holds colours, of which no one knows what class they mean: save the strokes "
            "as grey values (1, 2, 3, ...; 0 is unlabelled) or as a PNG with a palette."
        )
    return np.ascontiguousarray(first)


def _whole_numbers(values: Array, path: Path) -> Array:
    if not (np.isfinite(values).all() and (values == np.rint(values)).all()):
        raise ImageFileError(
            f"{path} holds fractions but a label image holds whole numbers: it looks like an "
            "image or a probability."
        )
    return values.astype(np.int64)
