"""Compile the kernels of pixel classification once: `pixelseg warmup` calls it."""

from __future__ import annotations

import warnings

import numpy as np

from ..features import FeatureBank
from .pixel import PixelClassifier


def warm_up() -> None:
    """Train on tiny images, 2-D and 3-D, and predict them with a mask and without."""
    bank = FeatureBank(sigmas=(0.7, 1.0, 3.5))
    for shape in ((48, 48), (12, 32, 32)):
        image = np.random.default_rng(0).integers(0, 255, shape, dtype=np.uint8)
        labels = np.where(np.arange(shape[-1]) < shape[-1] // 2, 2, 1) * np.ones(shape, np.uint8)
        labels[..., ::3] = 0
        for classifier in ("forest", "mlp"):
            model = PixelClassifier(bank, classifier, channel_axis=None, spacing=1.5)
            with warnings.catch_warnings():
                # A tiny network need not converge here.
                warnings.simplefilter("ignore")
                model.fit(image, labels)
            model.predict(image)
            model.predict_proba(image, mask=labels > 0)
