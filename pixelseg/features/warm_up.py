"""Compile the kernels of features once: `pixelseg warmup` calls it."""

from __future__ import annotations

import numpy as np

from .bank import FeatureBank


def warm_up() -> None:
    """Make all features of tiny images, 2-D and 3-D, with a mask and without."""
    bank = FeatureBank(sigmas=(0.7, 1.0, 3.5))
    for shape in ((48, 48), (12, 32, 32)):
        image = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
        for mask in (None, image > 100):
            bank.transform(image, channel_axis=None, spacing=1.5, mask=mask)
