"""Metrics as other libraries have them, or as a few lines of NumPy and SciPy."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from .metric_inputs import Pair

Array = np.ndarray


def contingency(truth: Array, prediction: Array) -> Array:
    """The table of overlaps, dense, int64."""
    _, rows = np.unique(truth, return_inverse=True)
    _, columns = np.unique(prediction, return_inverse=True)
    n_columns = int(columns.max()) + 1
    flat = np.bincount(rows.ravel() * n_columns + columns.ravel())
    table = np.zeros((int(rows.max()) + 1) * n_columns, np.int64)
    table[: len(flat)] = flat
    return table.reshape(-1, n_columns)


def boundary_map(labels: Array) -> Array:
    """Berkeley's rule: the 2 x 2 block to the right and below holds more than one label."""
    padded = np.pad(labels, ((0, 1), (0, 1)), mode="edge")
    blocks = [padded[:-1, :-1], padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]]
    return np.minimum.reduce(blocks) < np.maximum.reduce(blocks)


def thin(boundaries: Array) -> Array:
    """scikit-image's thinning."""
    from skimage.morphology import thin as skimage_thin

    return skimage_thin(boundaries)


def match_boundaries(pair: Pair) -> tuple[int, float]:
    """Number of pairs and total distance of the least-cost matching, by scipy's solver."""
    from scipy.sparse import coo_array, hstack
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching
    from scipy.spatial import cKDTree

    truth, prediction = (np.argwhere(mask) for mask in pair.boundaries)
    reach = 0.0075 * np.hypot(*pair.shape)
    near = cKDTree(prediction).sparse_distance_matrix(
        cKDTree(truth), reach, output_type="coo_matrix"
    )
    # scipy's solver drops zeros, and every row needs a partner: one of its own, dear.
    costs = np.rint(100 * near.data) + 1
    real = coo_array((costs, (near.row, near.col)), near.shape)
    n = len(prediction)
    alone = coo_array((np.full(n, np.ceil(10_000 * reach) + 1), (np.arange(n),) * 2), (n, n))
    rows, columns = min_weight_full_bipartite_matching(hstack([real, alone]).tocsr())
    kept = columns < len(truth)
    steps = prediction[rows[kept]] - truth[columns[kept]]
    return int(kept.sum()), float(np.rint(100 * np.sqrt((steps**2).sum(axis=1))).sum())


def _surface(mask: Array) -> Array:
    cross = ndimage.generate_binary_structure(mask.ndim, 1)
    return mask & ~ndimage.binary_erosion(mask, cross)


def surface_distances(pair: Pair) -> tuple[Array, Array]:
    """Distances between surfaces by distance transforms of the whole image."""
    surfaces = [_surface(mask) for mask in pair.masks]
    to_other = [ndimage.distance_transform_edt(~surface) for surface in surfaces[::-1]]
    return tuple(d[s] for d, s in zip(to_other, surfaces, strict=True))


def skimage_hausdorff(pair: Pair) -> float:
    """scikit-image's distance between the sets of surface pixels."""
    from skimage.metrics import hausdorff_distance

    return float(hausdorff_distance(*(_surface(mask) for mask in pair.masks)))
