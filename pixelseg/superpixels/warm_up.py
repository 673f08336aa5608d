"""Compile the kernels of superpixels once: `pixelseg warmup` calls it."""

from __future__ import annotations

import numpy as np

from . import etps, slic, snic


def warm_up() -> None:
    """Segment tiny images by each method, flat and as volumes, with and without a mask."""
    rng = np.random.default_rng(0)
    colour = rng.integers(0, 256, (24, 24, 3), np.uint8)
    volume = rng.random((4, 12, 12))
    mask = np.ones(volume.shape, bool)
    mask[0, 0] = False
    for method in (etps, slic, snic):
        method(colour, 9)
        method(volume, 9, channel_axis=None, mask=mask)
    etps(colour, 9, smoothness=1)
