"""Values that stand for holes, as GDAL writes them into a TIFF."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np

from .._core.arrays import Array

#: Names of items of GDAL's metadata that hold the value of a single band.
_OF_BAND = ("nodata", "nodata_value", "_fillvalue", "missing_value")


@dataclass(frozen=True)
class NoData:
    """Values that stand for holes.

    A pixel is a hole where any band has its own value of `by_band` (by its number, None for all
    bands), since no feature can be computed without it; or where all bands together have those of
    `together`.
    """

    by_band: tuple[tuple[int | None, str], ...] = ()
    together: tuple[str, ...] = ()

    def holes(self, pixels: Array) -> Array:
        """Where pixels (*spatial, C) are holes, bool of the spatial shape."""
        n_bands = pixels.shape[-1]
        holes = np.zeros(pixels.shape[:-1], bool)
        for band, text in self.by_band:
            for k in range(n_bands) if band is None else range(band, min(band + 1, n_bands)):
                holes |= _equals(pixels[..., k], text)
        if self.together:
            texts = self.together * n_bands if len(self.together) == 1 else self.together
            if len(texts) == n_bands:
                pairs = enumerate(texts)
                holes |= np.logical_and.reduce([_equals(pixels[..., k], t) for k, t in pairs])
        return holes


def find_nodata(page: Any) -> NoData | None:
    """What the tags GDAL_NODATA and GDAL_METADATA of a page of tifffile say, if anything."""
    by_band: list[tuple[int | None, str]] = []
    together: tuple[str, ...] = ()
    tag = page.tags.get(42113)
    if tag is not None and str(tag.value).strip("\0 "):
        by_band.append((None, str(tag.value).strip("\0 ")))
    tag = page.tags.get(42112)
    for item in () if tag is None else _items(str(tag.value)):
        name, text = item.get("name", "").lower(), (item.text or "").strip()
        if name == "nodata_values" and text:
            together = tuple(re.split(r"[\s,]+", text))
        elif name in _OF_BAND and text:
            sample = item.get("sample", "")
            by_band.append((int(sample) if sample.isdecimal() else None, text))
    return NoData(tuple(by_band), together) if by_band or together else None


def _items(xml: str) -> list[ElementTree.Element]:
    try:
        return list(ElementTree.fromstring(xml.strip("\0 \n")).iter("Item"))
    except ElementTree.ParseError:
        return []


def _equals(values: Array, text: str) -> Array:
    """Where values are what a text says, as a number of their own dtype; nowhere if it is none."""
    try:
        value = float(text)
    except ValueError:
        return np.zeros(values.shape, bool)
    if values.dtype.kind == "f":
        if np.isnan(value):
            return np.isnan(values)
        if "inf" not in text.lower():
            # The least number of float64, rounded up, stands for that of float32 in files of GDAL.
            most = float(np.finfo(values.dtype).max)
            value = min(max(value, -most), most)
        # Programs write the value with six digits, too.
        return np.asarray(np.isclose(values, value, rtol=1e-6, atol=0))
    try:
        number = int(text)  # which float64 may not hold
    except ValueError:
        if not value.is_integer():
            return np.zeros(values.shape, bool)
        number = int(value)
    if values.dtype.kind == "b":
        limits = (0, 1)
    else:
        info = np.iinfo(values.dtype)
        limits = (int(info.min), int(info.max))
    if not limits[0] <= number <= limits[1]:
        return np.zeros(values.shape, bool)
    return np.asarray(values == number)
