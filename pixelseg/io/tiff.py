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
from .nodata import find_nodata
from .paths import ImageFileError
from .stored import Stored, as_orientation

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
#: Planes that an OME text may speak of; many may lie in other files.
_MOST_PLANES = 10**6
#: Codes of the tag ExtraSamples that mean opacity.
_ALPHA = (1, 2)


def read_tiff(path: Path, channel_axis: int | str | None) -> Stored:
    """Open a TIFF: pixels (mapped or decoded on demand), channels, pixel size, opacity."""
    with tifffile.TiffFile(path) as file:
        _check_last_page(file)
        _check_planes(file)
        series, mask_pages = _only_image(file, path)
        axes, shape = _drop_single(series.axes, series.shape)
        page = series.keyframe
        known = _spacing_by_axis(file, page)
        data = _pixels(path, file, series, shape)
        alpha = page.photometric == 2 and len(page.extrasamples) == 1
        alpha = alpha and page.extrasamples[0] in _ALPHA
        axis = _channels(axes, shape, path) if channel_axis == "auto" else channel_axis
        channels = axis % len(axes) if isinstance(axis, int) else None
        mask = None if mask_pages is None else _read_mask(path, file, mask_pages, shape, channels)
        nodata = find_nodata(page)
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
        nodata=nodata,
        orientation=as_orientation(orientation),
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


def _check_planes(file: Any) -> None:
    """Refuse an OME text of more planes than anyone has: tifffile would make a list of them."""
    for pixels in _ome_pixels(file.ome_metadata) if file.is_ome else ():
        planes = math.prod(float(pixels.get(f"Size{axis}", 1)) for axis in "CZT")
        if not planes <= _MOST_PLANES:
            raise ValueError(f"its OME text speaks of {planes:.3g} planes")


def _only_image(file: Any, path: Path) -> tuple[Any, Any]:
    """The one image of the file and its transparency mask, or None; previews do not count."""
    if not file.series:
        raise ValueError("it holds no image")
    parts = [part for series in file.series for part in _split_by_kind(file, series)]
    parts = [part for part in parts if not part.keyframe.is_reduced] or parts[:1]
    masks = [part for part in parts if _is_mask(part.keyframe)]
    images = [part for part in parts if not _is_mask(part.keyframe)]
    if not images:
        return masks[0], None
    if len(images) > 1:
        shapes = ", ".join(str(part.shape) for part in images[:4])
        raise ImageFileError(
            f"{path} holds {len(images)} images of different kinds ({shapes}): save each as a "
            "file of its own."
        )
    if len(masks) > 1:
        raise ImageFileError(f"{path} holds {len(masks)} kinds of masks of its image: keep one.")
    return images[0], masks[0] if masks else None


def _is_mask(page: Any) -> bool:
    return bool(page.is_mask or page.photometric == 4)


def _split_by_kind(file: Any, series: Any) -> list[Any]:
    """A series in parts that are all image, all mask or all preview.

    Where no program says what the pages are, tifffile puts those of one layout together.
    """
    if series.kind not in ("generic", "uniform", "shaped") or len(series.pages) < 2:
        return [series]
    parts: dict[tuple[bool, bool], list[Any]] = {}
    for page in series.pages:
        if page is not None and isinstance(page.index, int):
            page = file.pages.get(page.index, aspage=True)
        if page is None:
            return [series]
        parts.setdefault((page.is_reduced, _is_mask(page)), []).append(page)
    if len(parts) == 1:
        return [series]
    return [_series_of(pages) for pages in parts.values()]


def _series_of(pages: list[Any]) -> Any:
    """Pages of one layout as the slices of a volume, or a single one as it is."""
    shape, axes = pages[0].shape, pages[0].axes
    if len(pages) > 1:
        shape, axes = (len(pages), *shape), f"I{axes}"
    return tifffile.TiffPageSeries(pages, shape, pages[0].dtype, axes)


def _read_mask(path: Path, file: Any, mask: Any, shape: tuple[int, ...], axis: Any) -> Array:
    """The pixels that a transparency mask lets count, of the spatial shape of the image."""
    _, mask_shape = _drop_single(mask.axes, mask.shape)
    counts = np.asarray(_pixels(path, file, mask, mask_shape)) != 0
    if axis is not None and counts.shape == shape:
        return counts.all(axis)  # one mask for each channel
    spatial = shape if axis is None else tuple(np.delete(shape, axis).tolist())
    if counts.shape != spatial:
        raise ImageFileError(
            f"{path} has a mask page of shape {counts.shape} beside an image of {spatial}: remove "
            "that page."
        )
    return counts


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


def _ome_pixels(xml: str) -> list[ElementTree.Element]:
    """The elements of an OME text that describe an image."""
    elements = ElementTree.fromstring(xml).iter()
    return [element for element in elements if element.tag.rpartition("}")[2] == "Pixels"]


def _ome_spacing(xml: str) -> dict[str, float]:
    """The PhysicalSize attributes of the first image of an OME text."""
    sizes = {}
    for element in _ome_pixels(xml)[:1]:
        for axis in "XYZ":
            size = element.get(f"PhysicalSize{axis}")
            unit = _MICROMETRES.get(element.get(f"PhysicalSize{axis}Unit", "µm").lower())
            if size is not None and unit is not None and float(size) > 0:
                sizes[axis] = float(size) * unit
    return sizes
