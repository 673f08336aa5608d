"""What the reader of each kind of file hands to `read_image`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Stored:
    """Pixels as a file stores them, before channels are put last.

    `data` is an array or array-like whose slices and `transpose` are views. `alpha` says that the
    last entry of the channel axis is opacity, `lossy` that the compression changed values.
    """

    data: Any
    channel_axis: int | str | None
    spacing: tuple[float, ...] | None = None
    alpha: bool = False
    lossy: bool = False
