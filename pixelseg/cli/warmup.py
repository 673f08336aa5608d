"""`pixelseg warmup`: run everything once on tiny images, so that Numba's cache is full."""

from __future__ import annotations

import argparse
from typing import Any

from ._report import Stopwatch

EPILOG = """examples:
  pixelseg warmup          # once after installing, or in the recipe of a container

The machine code is kept on disk (NUMBA_CACHE_DIR tells where else), so this is needed once for
each version and kind of processor.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command has no arguments."""


def run(args: argparse.Namespace) -> int:
    """Train and predict tiny images of every kind."""
    import numpy as np

    whole = Stopwatch()
    rng = np.random.default_rng(0)
    cases = [
        ("2-D grey", (48, 48), "auto"),
        ("2-D colour", (48, 48, 3), "auto"),
        ("3-D", (12, 32, 32), None),
    ]
    for name, shape, channel_axis in cases:
        watch = Stopwatch()
        image = rng.integers(0, 255, shape, dtype=np.uint8)
        labels = np.ones(shape[:3] if channel_axis is None else shape[:2], np.uint8)
        labels[..., : labels.shape[-1] // 2] = 2
        labels[..., ::3] = 0
        _train_and_predict(image, labels, channel_axis)
        print(f"{name:<12}{watch}")
    print(f"{'all':<12}{whole}")
    return 0


def _train_and_predict(image: Any, labels: Any, channel_axis: Any) -> None:
    import warnings

    import pixelseg

    mask = labels > 0
    for classifier in ("forest", "mlp"):
        model = pixelseg.PixelClassifier(
            pixelseg.FeatureBank(sigmas=(0.7, 1.0, 3.5)),
            classifier,
            channel_axis=channel_axis,
            spacing=1.5,
        )
        with warnings.catch_warnings():
            # A tiny network need not converge here.
            warnings.simplefilter("ignore")
            model.fit(image, labels)
            model.predict(image)
            model.predict(image, mask=mask)
