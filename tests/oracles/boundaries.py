"""Boundaries by loops, and their matching by SciPy's solver for assignments."""

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching


def boundary_map(labels):
    """A pixel is boundary where its 2 x 2 block, cut at the border, has more than one label."""
    height, width = labels.shape
    result = np.zeros((height, width), bool)
    for i in range(height):
        for j in range(width):
            result[i, j] = len(np.unique(labels[i : i + 2, j : j + 2])) > 1
    return result


def match(truth, prediction, reach):
    """The largest gain of any matching: its number of pairs and total cost in 0.01 pixel."""
    rows, columns = np.argwhere(prediction), np.argwhere(truth)
    outlier_cost = int(np.ceil(100 * 100 * reach))
    squared = ((rows[:, np.newaxis] - columns[np.newaxis]) ** 2).sum(axis=2)
    near = squared <= reach * reach
    costs = np.rint(100 * np.sqrt(squared)).astype(int)
    # One column of its own for each row to stay alone; 1 is added because zeros are not stored.
    real = np.where(near, costs + 1, 0)
    alone = np.diag(np.full(len(rows), outlier_cost + 1))
    if len(rows) == 0:
        return 0, 0
    row, column = min_weight_full_bipartite_matching(csr_array(np.hstack([real, alone])))
    paired = column < len(columns)
    return int(paired.sum()), int(costs[row[paired], column[paired]].sum())


def best_point(thresholds, recall, precision):
    """The largest F between neighbouring thresholds, first of equals, as the original's loop."""

    def f_measure(r, p):
        return 2 * r * p / (r + p) if r + p > 0 else 0.0

    best = (thresholds[0], recall[0], precision[0], f_measure(recall[0], precision[0]))
    for k in range(1, len(thresholds)):
        for share in np.linspace(0, 1, 100):
            t, r, p = (
                values[k] * share + values[k - 1] * (1 - share)
                for values in (thresholds, recall, precision)
            )
            if f_measure(r, p) > best[3]:
                best = (t, r, p, f_measure(r, p))
    return best
