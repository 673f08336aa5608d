"""What the reader of each kind of file hands to `read_image`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .nodata import NoData


@dataclass(frozen=True)
class Stored:
    """Pixels as a file stores them, before channels are put last.

    `data` is an array or array-like whose slices and `transpose` are views. `alpha` says that the
    last entry of the channel axis is opacity, `lossy` that the compression changed values. `mask`
    is a mask that the file brings, of the spatial shape, `nodata` the values that it says mean
    nothing; `orientation` is that of TIFF and EXIF, 1 where rows and columns are shown as stored.
    """

    data: Any
    channel_axis: int | str | None
    spacing: tuple[float, ...] | None = None
    alpha: bool = False
    lossy: bool = False
    mask: Any = None
    nodata: NoData | None = None
    orientation: int = 1


def as_orientation(value: Any) -> int:
    """An orientation of TIFF and EXIF, from 2 on turned or mirrored; 1 for what is none."""
    return value if isinstance(value, int) and 1 <= value <= 8 else 1
