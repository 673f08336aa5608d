"""Compile the kernels of superpixels once: `pixelseg warmup` calls it."""

from __future__ import annotations

import numpy as np

from . import etps, felzenszwalb, gradient_magnitude, grid, slic, snic, watershed


def warm_up() -> None:
    """Segment tiny images by each method, flat and as volumes, with and without a mask."""
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (24, 24, 3), np.uint8)
    volume = rng.random((4, 12, 12))
    mask = np.ones(volume.shape, bool)
    mask[0, 0] = False
    for method in (slic, snic, etps, watershed):
        method(colour, 9)
        method(volume, 9, channel_axis=None, mask=mask)
    etps(colour, 9, smoothness=1)
    watershed(colour, 9, compactness=5)
    watershed(volume, 9, compactness=5, channel_axis=None)
    grid(mask.shape, 9, mask=mask)
    gradient_magnitude(volume, channel_axis=None, mask=mask)
    felzenszwalb(colour)
    felzenszwalb(volume, channel_axis=None, mask=mask)
