"""TIFF: what the axes of a file mean, how large its pixels are, and where they lie.

tifffile names the axes by letters (OME and ImageJ files say what their pages are, others do
not); here they become spatial axes and channels. Pixels that lie in one piece are mapped.
"""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile

from .._core.arrays import Array
from .paths import ImageFileError
from .stored import Stored

#: Micrometres in a unit, by the names that OME and ImageJ use.
_MICROMETRES = {
    "nm": 1e-3, "nanometer": 1e-3,
    "um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0,
    "\\u00b5m": 1.0,
    "mm": 1e3, "millimeter": 1e3,
    "cm": 1e4, "centimeter": 1e4,
    "inch": 25400.0, "in": 25400.0,
    "m": 1e6, "meter": 1e6,
}  # fmt: skip
#: Codes of the tag ResolutionUnit.
_RESOLUTION_UNITS = {2: 25400.0, 3: 1e4, 4: 1e3, 5: 1.0}
#: The tag in which GDAL says which value is none.
_GDAL_NODATA = 42113
#: Codes of the tag ExtraSamples that mean opacity.
_ALPHA = (1, 2)


def read_tiff(path: Path, channel_axis: int | str | None) -> Stored:
    """Open a TIFF: pixels (mapped or decoded on demand), channels, pixel size, opacity."""
    with tifffile.TiffFile(path) as file:
        _check_last_page(file)
        series, mask_pages = _only_series(file, path)
        axes, shape = _drop_single(series.axes, series.shape)
        page = series.keyframe
        known = _spacing_by_axis(file, page)
        data = _pixels(path, file, series, shape)
        alpha = page.photometric == 2 and len(page.extrasamples) == 1
        alpha = alpha and page.extrasamples[0] in _ALPHA
        mask = _mask_of(mask_pages, page, path)
    axis = _channels(axes, shape, path) if channel_axis == "auto" else channel_axis
    channels = axis % len(axes) if isinstance(axis, int) else None
    spatial = [name if name in "YX" else "Z" for k, name in enumerate(axes) if k != channels]
    spacing = tuple(known.get(name, math.nan) for name in spatial)
    whole = len(spacing) in (2, 3) and all(math.isfinite(size) for size in spacing)
    orientation = page.tags.valueof("Orientation", 1)
    return Stored(
        data,
        axis,
        spacing if whole else None,
        bool(alpha),
        lossy=page.compression in (6, 7),
        mask=mask,
        nodata=_nodata(page),
        orientation=int(orientation),
    )


def _check_last_page(file: Any) -> None:
    """Refuse a file that ends before its last page: tifffile would leave out what is missing."""
    tiff, handle, last = file.tiff, file.filehandle, file.pages[-1]
    handle.seek(last.offset)
    (n_tags,) = struct.unpack(tiff.tagnoformat, handle.read(tiff.tagnosize))
    handle.seek(last.offset + tiff.tagnosize + n_tags * tiff.tagsize)
    (following,) = struct.unpack(tiff.offsetformat, handle.read(tiff.offsetsize))
    if following >= handle.size:
        raise ValueError(f"it ends after {len(file.pages)} pages, of which there should be more")


def _only_series(file: Any, path: Path) -> tuple[Any, list[Any]]:
    """The one image of the file, and the pages that are its mask; previews do not count."""
    full = [series for series in file.series if not series.keyframe.is_reduced]
    full = full or file.series[:1]
    images = [series for series in full if not series.keyframe.is_mask]
    masks = [page for series in full if series.keyframe.is_mask for page in series.pages]
    if not images:
        raise ValueError("it holds no image")
    if len(images) > 1:
        shapes = ", ".join(str(series.shape) for series in images[:4])
        raise ImageFileError(
            f"{path} holds {len(images)} images of different kinds ({shapes}): save each as a "
            "file of its own."
        )
    (series,) = images
    among = [page for page in series.pages if getattr(page, "is_mask", False)]
    if among and series.kind in ("generic", "uniform"):
        # A mask of the layout of its image is taken for one more page of it.
        pages = [page for page in series.pages if page not in among]
        page = pages[0]
        shape, axes = page.shape, page.axes
        if len(pages) > 1:
            shape, axes = (len(pages), *shape), "I" + axes
        series = tifffile.TiffPageSeries(pages, shape, page.dtype, axes, kind="generic")
    return series, [*masks, *among]


def _mask_of(pages: list[Any], image: Any, path: Path) -> Array | None:
    """The mask that is stored beside an image, True where the image counts."""
    if not pages:
        return None
    planes = [page.asarray() != 0 for page in pages]
    shape = (image.imagelength, image.imagewidth)
    if any(plane.shape != shape for plane in planes):
        raise ImageFileError(
            f"{path} has a mask page of shape {planes[0].shape} beside an image of {shape}: remove "
            "that page."
        )
    return planes[0] if len(planes) == 1 else np.stack(planes)


def _nodata(page: Any) -> float | None:
    """The value that GDAL's tag says is none, if there is that tag."""
    text = page.tags.valueof(_GDAL_NODATA)
    try:
        return None if text is None else float(str(text).strip("\0 "))
    except ValueError:
        return None


def _drop_single(axes: str, shape: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Axes without those of length 1 that are not rows or columns."""
    kept = [(name, n) for name, n in zip(axes, shape, strict=True) if n != 1 or name in "YX"]
    return "".join(name for name, _ in kept), tuple(n for _, n in kept)


def _channels(axes: str, shape: tuple[int, ...], path: Path) -> int | None:
    """The axis that holds channels; what is neither channel nor time is space."""
    if "T" in axes:
        raise ImageFileError(
            f"{path} holds {shape[axes.index('T')]} points in time (axes {axes}): save one image a "
            "file, or say channel_axis if they are something else."
        )
    channels = [k for k, name in enumerate(axes) if name in "CS"]
    if len(channels) > 1 or not 2 <= len(axes) - len(channels) <= 3:
        raise ImageFileError(
            f"{path} has axes {axes} of shape {shape}, but an image has 2 or 3 spatial axes and at "
            "most one of channels: save one image a file."
        )
    return channels[0] if channels else None


def _pixels(path: Path, file: Any, series: Any, shape: tuple[int, ...]) -> Any:
    """Map the pixels if they lie in one piece; else an object that decodes what is asked for."""
    page = series.keyframe
    if series.dataoffset is not None and page.is_memmappable:
        stored = np.dtype(file.byteorder + series.dtype.char)
        return np.memmap(path, stored, "r", series.dataoffset, shape)
    from .tiff_pages import open_pages

    return open_pages(series, shape)


def _spacing_by_axis(file: Any, page: Any) -> dict[str, float]:
    """Micrometres of a pixel along X, Y and Z, as far as the file says."""
    if file.is_ome:
        return _ome_spacing(file.ome_metadata)
    resolution = [_rational(page.tags.get(name)) for name in ("YResolution", "XResolution")]
    if file.is_imagej:
        metadata = file.imagej_metadata or {}
        unit = _MICROMETRES.get(str(metadata.get("unit", "")).lower())
        depth = abs(float(metadata.get("spacing", 1.0)))
    else:
        tag = page.tags.get("ResolutionUnit")
        unit = _RESOLUTION_UNITS.get(2 if tag is None else int(tag.value))
        depth = math.nan
    if unit is None or not all(resolution):
        return {}
    sizes = {"Y": unit / resolution[0], "X": unit / resolution[1]}
    return sizes if math.isnan(depth) else {**sizes, "Z": unit * depth}


def _rational(tag: Any) -> float:
    """A resolution tag as pixels for each unit; 0 where there is none."""
    numerator, denominator = (0, 0) if tag is None else tag.value
    return numerator / denominator if denominator else 0.0


def _ome_spacing(xml: str) -> dict[str, float]:
    """The PhysicalSize attributes of the first image of an OME text."""
    for element in ElementTree.fromstring(xml).iter():
        if element.tag.rpartition("}")[2] != "Pixels":
            continue
        sizes = {}
        for axis in "XYZ":
            size = element.get(f"PhysicalSize{axis}")
            unit = _MICROMETRES.get(element.get(f"PhysicalSize{axis}Unit", "µm").lower())
            if size is not None and unit is not None and float(size) > 0:
                sizes[axis] = float(size) * unit
        return sizes
    return {}
