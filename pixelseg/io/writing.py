"""Writing images and label images: a file appears whole or not at all.

Everything is written to a temporary file beside the target, which takes the target's place at
the very end. TIFF files are OME-TIFF: the one dialect that names every axis, holds every dtype
that matters and the size of a pixel, and is read by Fiji, QuPath, napari and tifffile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from .._core.arrays import Array, as_labels, as_spacing
from .._core.files import replacing
from .._core.image import as_image
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
    """Write an image: PNG, JPEG, TIFF or .npy, by the end of the name.

    Parameters
    ----------
    path : path of the file
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
    pixels = np.asarray(checked.source[...])
    if checked.channel_axis is not None:
        pixels = np.moveaxis(pixels, checked.channel_axis, -1)
    if pixels.dtype == bool:
        pixels = pixels.view(np.uint8)
    _write(path, pixels, checked.channel_axis is not None, spacing, compress=False)


def write_labels(
    path: str | PathLike[str],
    labels: Any,
    *,
    spacing: float | Sequence[float] | None = None,
    overwrite: bool = False,
) -> None:
    """Write a label image: PNG, TIFF (compressed) or .npy, by the end of the name.

    The labels are stored as they are, as grey values of the smallest unsigned type that holds
    them: 8, 16 or 32 bit. Parameters as `write_image`.

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
    largest = int(labels.max()) if labels.size else 0
    _write(path, labels.astype(np.min_scalar_type(largest)), False, spacing, compress=True)


@contextmanager
def create_image(
    path: str | PathLike[str],
    shape: tuple[int, ...],
    dtype: Any,
    *,
    has_channels: bool = False,
    spacing: float | Sequence[float] | None = None,
    overwrite: bool = False,
) -> Iterator[Any]:
    """Open an image file that is filled box by box; it appears when the `with` block ends well.

    Parameters
    ----------
    path : path of the file
    shape : tuple of int
        (H, W) or (D, H, W), and the channels last if there are any.
    dtype : dtype of the pixels
    has_channels : bool, default False
        Whether the last axis holds channels.
    spacing, overwrite
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
    dtype = np.dtype(dtype)
    shape = tuple(int(size) for size in shape)
    _check_kind(path, shape, dtype)
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    if n_bytes <= _IN_MEMORY_BYTES or path.suffix.lower() in PILLOW_SUFFIXES:
        pixels = np.zeros(shape, dtype)
        yield pixels
        _write(path, pixels, has_channels, spacing, compress=dtype.kind != "f")
        return
    with replacing(path) as temporary:
        output = MappedOutput(_map_output(path, temporary, shape, dtype, has_channels, spacing))
        try:
            yield output
        finally:
            output.close()


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


def _write(
    path: Path,
    pixels: Array,
    has_channels: bool,
    spacing: float | Sequence[float] | None,
    *,
    compress: bool,
) -> None:
    """Write channels-last pixels to a temporary file and put it in place."""
    _check_kind(path, pixels.shape, pixels.dtype)
    suffix = path.suffix.lower()
    with replacing(path) as temporary:
        if suffix in TIFF_SUFFIXES:
            import tifffile

            options = _tiff_options(pixels.shape, pixels.dtype, has_channels, spacing)
            if has_channels and options.get("photometric") != "rgb":
                pixels = np.moveaxis(pixels, -1, 0)
            tifffile.imwrite(
                temporary,
                np.ascontiguousarray(pixels),
                compression="zlib" if compress else None,
                **options,
            )
            return
        with temporary.open("wb") as file:
            if suffix == ".npy":
                np.lib.format.write_array(file, pixels, allow_pickle=False)
            else:
                from .pillow import write_pillow

                write_pillow(file, pixels, suffix)


def _map_output(
    path: Path,
    temporary: Path,
    shape: tuple[int, ...],
    dtype: np.dtype,
    has_channels: bool,
    spacing: float | Sequence[float] | None,
) -> Array:
    """A mapped file of zeros, channels last in the array whatever the file's order."""
    if path.suffix.lower() == ".npy":
        return np.lib.format.open_memmap(temporary, "w+", dtype, shape)
    import tifffile

    options = _tiff_options(shape, dtype, has_channels, spacing)
    if has_channels and options.get("photometric") != "rgb":
        pages = tifffile.memmap(temporary, shape=(shape[-1], *shape[:-1]), dtype=dtype, **options)
        return np.moveaxis(pages, 0, -1)
    return tifffile.memmap(temporary, shape=shape, dtype=dtype, **options)


def _check_kind(path: Path, shape: tuple[int, ...], dtype: np.dtype) -> None:
    """Refuse what a kind of file cannot hold."""
    suffix = path.suffix.lower()
    if suffix in PILLOW_SUFFIXES:
        from .pillow import check_pillow

        check_pillow(path, shape, dtype)
    elif suffix in TIFF_SUFFIXES and dtype.name not in _OME_DTYPES:
        raise ImageFileError(
            f"{path} cannot hold {dtype} (an OME-TIFF has {', '.join(_OME_DTYPES)}): convert the "
            "values or save them as .npy."
        )


def _tiff_options(
    shape: tuple[int, ...],
    dtype: np.dtype,
    has_channels: bool,
    spacing: float | Sequence[float] | None,
) -> dict[str, Any]:
    """What tifffile needs to write an OME-TIFF of channels-last `shape`."""
    n_spatial = len(shape) - has_channels
    axes = "ZYX"[-n_spatial:]
    # Four channels are not written as RGBA: they would lose one when they are read as colours.
    colour = has_channels and shape[-1] == 3 and dtype.name in ("uint8", "uint16")
    metadata: dict[str, Any] = {"axes": axes}
    options: dict[str, Any] = {"photometric": "minisblack"}
    if colour:
        metadata["axes"] = axes + "S"
        options = {"photometric": "rgb", "planarconfig": "contig"}
    elif has_channels:
        metadata["axes"] = "C" + axes
    if spacing is not None:
        sizes = dict(zip(axes, as_spacing(spacing, n_spatial), strict=True))
        for axis, size in sizes.items():
            metadata[f"PhysicalSize{axis}"] = size
            metadata[f"PhysicalSize{axis}Unit"] = "µm"
        options["resolution"] = (1e4 / sizes["X"], 1e4 / sizes["Y"])
        options["resolutionunit"] = "CENTIMETER"
    n_bytes = int(np.prod(shape)) * dtype.itemsize
    return {**options, "ome": True, "metadata": metadata, "bigtiff": n_bytes > _BIGTIFF_BYTES}
