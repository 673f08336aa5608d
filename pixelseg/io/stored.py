"""What the reader of each kind of file hands to `read_image`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stored:
    """Pixels as a file stores them, before channels are put last.

    `data` is an array or array-like whose slices and `transpose` are views. `alpha` says that the
    last entry of the channel axis is opacity, `lossy` that the compression changed values. `mask`
    is a mask that the file brings, of the spatial shape, `nodata` the value that it says means
    nothing; `orientation` is that of TIFF and EXIF, 1 where rows and columns are shown as stored.
    """

    data: Any
    channel_axis: int | str | None
    spacing: tuple[float, ...] | None = None
    alpha: bool = False
    lossy: bool = False
    mask: Any = None
    nodata: float | None = None
    orientation: int = 1
