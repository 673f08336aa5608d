"""Compile the kernels of refiners once: `pixelseg warmup` calls it."""

from __future__ import annotations

import numpy as np

from .dense_crf import dense_crf
from .guided_filter import GuidedFilter
from .lattice_filter import lattice_filter


def warm_up() -> None:
    """Filter a tiny picture, by kernels of two features, five and another number."""
    p = np.full((8, 8, 2), 0.5, np.float32)
    for epsilon in (1e-3, 1e-5):  # float32 and float64
        GuidedFilter(epsilon=epsilon).refine(p, np.zeros((8, 8), np.uint8))
    for n_classes in (2, 3):
        p = np.full((8, 8, n_classes), 1 / n_classes, np.float32)
        dense_crf(p, np.zeros((8, 8, 3), np.uint8))
        dense_crf(p, np.zeros((8, 8), np.uint8), tolerance=0, bilateral_weight=np.eye(n_classes))
    lattice_filter(p, np.zeros((8, 8, 4)))
