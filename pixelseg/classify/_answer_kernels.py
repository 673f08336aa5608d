"""From a classifier's probabilities to the answer, pixel by pixel."""

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
def most_probable(probabilities, classes, out):
    """out (n,) = class of the largest probability (n, k), the first of equals; 0 for all zeros."""
    n, k = probabilities.shape
    for i in range(n):
        row = probabilities[i]
        best = 0
        for c in range(1, k):
            if row[c] > row[best]:
                best = c
        out[i] = classes[best] if row[best] > 0 else 0
