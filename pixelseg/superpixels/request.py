"""The door of the family: what every method is asked, checked once, in one wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._core.arrays import Array
from .._core.checks import as_count
from .._core.image import Image, as_image


@dataclass(frozen=True)
class Request:
    """An image to be cut into `n_segments` superpixels.

    `mask` is a contiguous bool (D, H, W), None where every pixel counts; `n_pixels` counts them.
    """

    image: Image
    mask: Array | None
    n_pixels: int
    n_segments: int


def as_request(
    image: Any,
    n_segments: Any = 1,
    *,
    channel_axis: int | str | None = "auto",
    spacing: float | Sequence[float] | None = None,
    mask: Any = None,
) -> Request:
    """Check what is asked; a method that takes no number of segments leaves out `n_segments`."""
    image = as_image(image, channel_axis=channel_axis, spacing=spacing, mask=mask)
    inside = image.read_mask()
    n_pixels = int(np.prod(image.shape3d)) if inside is None else int(np.count_nonzero(inside))
    if n_pixels == 0:
        raise ValueError("mask is False at every pixel: pass one that is True where pixels count.")
    if inside is not None and n_pixels == inside.size:
        inside = None
    n_segments = as_count("n_segments", n_segments)
    if n_segments > n_pixels:
        place = "the image" if inside is None else "the mask"
        raise ValueError(
            f"n_segments is {n_segments} but {place} has {n_pixels} pixels: pass at most that many."
        )
    return Request(image, inside, n_pixels, n_segments)
