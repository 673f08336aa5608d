"""Compile the kernels of graph once: `pixelseg warmup` calls it."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from . import alpha_expansion, grabcut, min_cut, min_cut_sparse


def warm_up() -> None:
    """Cut tiny grids and label them, with whole capacities and fractions, by every algorithm."""
    rng = np.random.default_rng(0)
    source, sink = rng.integers(0, 9, (2, 24, 24))
    seeds = np.zeros((2, 24, 24))
    seeds[0, 0, 0] = seeds[1, -1, -1] = np.inf
    for scale in (1, 1 / 3):
        min_cut(source * scale, sink * scale, 2)
        for connectivity in (1, 2):
            min_cut(seeds[0], seeds[1], 2 * scale, connectivity=connectivity)
        min_cut_sparse(scale * source[0], scale * sink[0], scale * sparse.eye(24, k=1))
        alpha_expansion(np.stack([source, sink], axis=-1) * scale, 2)
    grabcut(source, box=(4, 4, 20, 20))
