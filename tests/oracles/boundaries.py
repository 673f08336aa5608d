"""Boundaries by loops."""

import numpy as np


def boundary_map(labels):
    """A pixel is boundary where its 2 x 2 block, cut at the border, has more than one label."""
    height, width = labels.shape
    result = np.zeros((height, width), bool)
    for i in range(height):
        for j in range(width):
            result[i, j] = len(np.unique(labels[i : i + 2, j : j + 2])) > 1
    return result


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
