"""Writing images and label images: a file appears whole or not at all.

Everything is written to a temporary file beside the target, which takes the target's place at
the very end. TIFF files are OME-TIFF: the one dialect that names every axis, holds every dtype
that matters and the size of a pixel, and is read by Fiji, QuPath, napari and tifffile.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels, as_spacing
from .._core.checks import as_shape, shown
from .._core.files import replacing, reserve
from .._core.image import as_image, find_channel_axis
from .paths import PILLOW_SUFFIXES, TIFF_SUFFIXES, ImageFileError, check_image_target

#: Above this many bytes a TIFF has 64-bit offsets; the rest up to 4 GB is for its directories.
_BIGTIFF_BYTES = 2**32 - 2**25
#: Up to this many bytes an output is gathered in memory, so that it can be compressed; above, it
#: is a mapped file.
_IN_MEMORY_BYTES = 2**27
#: dtypes that OME-TIFF knows.
_OME_DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


def write_image(
    path: str | PathLike[str],
    image: Any,
    *,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    overwrite: bool = False,
) -> None:
    """Write an image as PNG, JPEG, TIFF or .npy; never over a file unasked.

    Parameters
    ----------
    path : path of the file, of which the end of the name tells the kind
        PNG holds 8 and 16 bit grey and 8 bit colour; JPEG 8 bit grey and colour, changed a
        little; TIFF and .npy whatever an image can be.
    image : array-like of shape (H, W) or (D, H, W), or with a channel axis
    channel_axis : "auto", int or None, default "auto"
        As everywhere: "auto" takes (H, W) as grey and (H, W, 3 or 4) as colour. Probabilities
        have their channels last: pass -1.
    spacing : float or sequence of float, optional
        Size of a pixel along each spatial axis in micrometres, kept by TIFF.
    overwrite : bool, default False
        Whether a file that exists may be replaced.

    Raises
    ------
    FileExistsError, IsADirectoryError, FileNotFoundError
    ValueError
        Where the kind of file cannot hold the image; the message names one that can.

    Examples
    --------
    >>> import numpy as np
    >>> from pixelseg import io
    >>> folder = getfixture("tmp_path")
    >>> probabilities = np.full((4, 5, 2), 0.5, "float32")
    >>> io.write_image(folder / "probabilities.tif", probabilities, channel_axis=-1)
    >>> io.read_image(folder / "probabilities.tif").shape
    (4, 5, 2)
    """
    path = check_image_target(path, overwrite)
    checked = as_image(image, channel_axis=channel_axis)
    has_channels = checked.channel_axis is not None
    pixels = checked.pixels() if has_channels else checked.pixels()[..., 0]
    pixels = pixels.view(np.uint8) if pixels.dtype == bool else pixels
    target = _Target(path, pixels.shape, pixels.dtype, has_channels, spacing)
    target.write(pixels, compress=False)


def write_labels(
    path: str | PathLike[str],
    labels: Any,
    *,
    spacing: float | Sequence[float] | None = None,
    overwrite: bool = False,
) -> None:
    """Write labels as PNG, compressed TIFF or .npy; never over a file unasked.

    The end of the name tells the kind. Labels are stored as they are, as grey values of the
    smallest unsigned type that holds them: 8, 16 or 32 bit. Parameters as `write_image`.

    Raises
    ------
    FileExistsError, IsADirectoryError, FileNotFoundError
    ValueError
        For JPEG, which changes labels, and where the kind of file cannot hold them.
    """
    path = check_image_target(path, overwrite)
    if path.suffix.lower() in (".jpg", ".jpeg"):
        raise ImageFileError(
            f"{path} is to be a JPEG, whose compression changes labels: use .png, .tif or .npy."
        )
    labels = as_labels(labels)
    if labels.ndim not in (2, 3) or labels.size == 0:
        raise ValueError(
            f"labels has shape {labels.shape} but must be (H, W) or (D, H, W), at least one pixel."
        )
    labels = labels.astype(np.min_scalar_type(labels.max(initial=0)))
    _Target(path, labels.shape, labels.dtype, False, spacing).write(labels, compress=True)


@contextmanager
def create_image(
    path: str | PathLike[str],
    shape: tuple[int, ...],
    dtype: Any,
    *,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    overwrite: bool = False,
) -> Iterator[Any]:
    """Open an image file that is filled box by box; it appears when the `with` block ends well.

    Parameters
    ----------
    path : path of the file
    shape : tuple of int
        (H, W) or (D, H, W), and the channels if there are any.
    dtype : dtype of the pixels
    channel_axis, spacing, overwrite
        As `write_image`.

    Yields
    ------
    array-like
        With shape, dtype, and assignment to slices: what `out=` of `predict` takes. Up to 128 MB
        it is an array in memory, written (and compressed, in a TIFF) at the end; a larger TIFF
        or .npy is a mapped file. After the `with` block it cannot be used any more.

    Examples
    --------
    >>> from pixelseg import io
    >>> path = getfixture("tmp_path") / "labels.tif"
    >>> with io.create_image(path, (1000, 2000), "uint8") as out:
    ...     out[:500] = 1
    >>> int(io.read_image(path)[499, 0]), int(io.read_image(path)[500, 0])
    (1, 0)
    """
    path = check_image_target(path, overwrite)
    sizes = list(as_shape(shape))
    axis = find_channel_axis(tuple(sizes), channel_axis)
    if len(sizes) - (axis is not None) not in (2, 3):
        raise ValueError(
            f"shape is {shown(shape)} with channel_axis={channel_axis!r}, but must have 2 or 3 "
            "spatial axes."
        )
    if axis is not None:
        sizes.append(sizes.pop(axis))
    target = _Target(path, tuple(sizes), _as_dtype(dtype), axis is not None, spacing)
    target.check()

    def in_order(pixels: Array) -> Array:
        return pixels if axis is None else np.moveaxis(pixels, -1, axis)

    if target.n_bytes <= _IN_MEMORY_BYTES or target.suffix in PILLOW_SUFFIXES:
        pixels = np.zeros(target.shape, target.dtype)
        yield in_order(pixels)
        target.write(pixels, compress=target.dtype.kind != "f")
        return
    with replacing(path) as temporary:
        output = MappedOutput(in_order(target.map(temporary)))
        try:
            yield output
        finally:
            output.close()


def _as_dtype(dtype: Any) -> np.dtype:
    """A dtype from its name or type; no other object has one by chance."""
    try:
        return np.dtype(dtype)
    except (TypeError, ValueError):
        raise TypeError(f"dtype is {shown(dtype)} but must name a type of numbers.") from None


class MappedOutput:
    """A file that takes `output[slices] = block`; slices of it are copies.

    No view of the mapping leaves it, so that the file can be closed and renamed for certain.
    """

    def __init__(self, array: Array):
        self._array: Array | None = array
        self.shape = array.shape
        self.dtype = array.dtype
        self.ndim = array.ndim

    def __setitem__(self, index: Any, block: Any) -> None:
        self._open()[index] = block

    def __getitem__(self, index: Any) -> Array:
        return np.array(self._open()[index])

    def _open(self) -> Array:
        if self._array is None:
            raise ValueError("the file is finished: read it again from its path.")
        return self._array

    def close(self) -> None:
        """Forget the mapping; what was assigned is in the file."""
        self._array = None


@dataclass(frozen=True)
class _Target:
    """A file to be, and the array with channels last that it will hold."""

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    has_channels: bool
    spacing: float | Sequence[float] | None

    @property
    def suffix(self) -> str:
        return self.path.suffix.lower()

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def check(self) -> None:
        """Refuse what the kind of file cannot hold."""
        if self.suffix in PILLOW_SUFFIXES:
            from .pillow import check_pillow

            check_pillow(self.path, self.shape, self.dtype)
        elif self.suffix in TIFF_SUFFIXES and self.dtype.name not in _OME_DTYPES:
            raise ImageFileError(
                f"{self.path} cannot hold dtype {self.dtype} (an OME-TIFF has "
                f"{', '.join(_OME_DTYPES)}): convert the values or save them as .npy."
            )

    def write(self, pixels: Array, *, compress: bool) -> None:
        """Write the pixels to a temporary file and put it in place."""
        self.check()
        with replacing(self.path) as temporary:
            if self.suffix in TIFF_SUFFIXES:
                import tifffile

                if self._in_planes:
                    pixels = np.moveaxis(pixels, -1, 0)
                tifffile.imwrite(
                    temporary,
                    np.ascontiguousarray(pixels),
                    compression="zlib" if compress else None,
                    **self._tiff_options(),
                )
                return
            with temporary.open("wb") as file:
                if self.suffix == ".npy":
                    np.lib.format.write_array(file, pixels, allow_pickle=False)
                else:
                    from .pillow import write_pillow

                    write_pillow(file, pixels, self.suffix)

    def map(self, temporary: Path) -> Array:
        """A mapped file of zeros, channels last in the array whatever the file's order."""
        if self.suffix == ".npy":
            pages = np.lib.format.open_memmap(temporary, "w+", self.dtype, self.shape)
            reserve(temporary)
            return pages
        import tifffile

        shape = (self.shape[-1], *self.shape[:-1]) if self._in_planes else self.shape
        pages = tifffile.memmap(temporary, shape=shape, dtype=self.dtype, **self._tiff_options())
        reserve(temporary)
        return np.moveaxis(pages, 0, -1) if self._in_planes else pages

    @property
    def _is_rgb(self) -> bool:
        # Four channels are not written as RGBA: they would lose one when they are read as colours.
        return self.has_channels and self.shape[-1] == 3 and self.dtype.name in ("uint8", "uint16")

    @property
    def _in_planes(self) -> bool:
        """Whether a TIFF has a page for each channel."""
        return self.has_channels and not self._is_rgb

    def _tiff_options(self) -> dict[str, Any]:
        """What tifffile needs to write an OME-TIFF."""
        n_spatial = len(self.shape) - self.has_channels
        axes = "ZYX"[-n_spatial:]
        metadata: dict[str, Any] = {"axes": axes}
        options: dict[str, Any] = {"photometric": "minisblack"}
        if self._is_rgb:
            metadata["axes"] = axes + "S"
            options = {"photometric": "rgb", "planarconfig": "contig"}
        elif self.has_channels:
            metadata["axes"] = "C" + axes
        if self.spacing is not None:
            sizes = dict(zip(axes, as_spacing(self.spacing, n_spatial), strict=True))
            for axis, size in sizes.items():
                metadata[f"PhysicalSize{axis}"] = size
                metadata[f"PhysicalSize{axis}Unit"] = "µm"
            options["resolution"] = (1e4 / sizes["X"], 1e4 / sizes["Y"])
            options["resolutionunit"] = "CENTIMETER"
        bigtiff = self.n_bytes > _BIGTIFF_BYTES
        return {**options, "ome": True, "metadata": metadata, "bigtiff": bigtiff}
