"""From a classifier's probabilities to answers, row by row."""

import numpy as np

from .._core.jit import kernel


@kernel
def reweight_rows(rows, ratio, out):
    """out (n, k) float32 = rows (n, k) float64 times ratio (k,), each row summing to 1."""
    n, k = rows.shape
    for i in range(n):
        row = rows[i]
        total = 0.0
        for c in range(k):
            total += row[c] * ratio[c]
        o = out[i]
        for c in range(k):
            o[c] = np.float32(row[c] * ratio[c] / total)


@kernel
def find_most_probable(probabilities, out):
    """out (n,) = place of the largest of each row (n, k), the first of equals; -1 for all zeros."""
    n, k = probabilities.shape
    for i in range(n):
        row = probabilities[i]
        best = 0
        for c in range(1, k):
            if row[c] > row[best]:
                best = c
        out[i] = best if row[best] > 0 else -1
