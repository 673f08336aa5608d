"""Compile the kernels of metrics once: `pixelseg warmup` calls it."""

from __future__ import annotations

import numpy as np

from . import (
    border_thinned_scores,
    boundary_map,
    boundary_scores,
    region_scores,
    superpixel_scores,
    thin_boundaries,
)


def warm_up() -> None:
    """Score tiny images by each family of metrics."""
    rng = np.random.default_rng(0)
    truth = np.kron(rng.integers(1, 9, (3, 3)), np.ones((8, 8), np.uint8)).astype(np.uint8)
    segments = np.roll(truth, 1, axis=1).astype(np.int32)
    boundary_scores(truth, boundary_map(segments))
    thin_boundaries(boundary_map(segments))
    border_thinned_scores(~boundary_map(truth), rng.random(truth.shape))
    # Ids as large as these are counted in a hash table.
    region_scores(truth, segments * 100_000)
    for shape in ((24, 24), (2, 12, 24)):
        superpixel_scores(truth.reshape(shape), segments.reshape(shape))
