"""Gaussian smoothing of planes, and what it leaves of edges.

What lies beyond the image has no weight: near a border, the weights that are left sum to 1.
"""

import numpy as np

from .._core.jit import kernel


@kernel
def smooth_across(plane, weights, out):
    """Smooth the middle axis of float32 (a, n, b) into out; weights float32 (radius + 1,)."""
    outer, n, inner = plane.shape
    radius = len(weights) - 1
    for a in range(outer):
        for i in range(n):
            source, to = plane[a, i], out[a, i]
            total = weights[0]
            for x in range(inner):
                to[x] = weights[0] * source[x]
            for k in range(1, radius + 1):
                weight = weights[k]
                total += weight * ((i >= k) + (i + k < n))
                if i >= k and i + k < n:
                    before, behind = plane[a, i - k], plane[a, i + k]
                    for x in range(inner):
                        to[x] += weight * (before[x] + behind[x])
                elif i >= k or i + k < n:
                    source = plane[a, i - k] if i >= k else plane[a, i + k]
                    for x in range(inner):
                        to[x] += weight * source[x]
            share = np.float32(1) / total
            for x in range(inner):
                to[x] *= share


@kernel
def smooth_along(plane, weights, scales, row, out):
    """Smooth the last axis of float32 (n, W) into out, float32 (n * W,) of any stride.

    scales : float32 (W,), one over the sum of the weights within the row
    row : float32 (2, W + 2 * radius), to work in, zero on entry
    """
    n, width = plane.shape
    radius = len(weights) - 1
    padded, smoothed = row[0], row[1]
    for y in range(n):
        source = plane[y]
        for x in range(width):
            padded[radius + x] = source[x]
        for x in range(width):
            smoothed[x] = weights[0] * source[x]
        for k in range(1, radius + 1):
            weight = weights[k]
            before, behind = padded[radius - k :], padded[radius + k :]
            for x in range(width):
                smoothed[x] += weight * (before[x] + behind[x])
        for x in range(width):
            out[y * width + x] = scales[x] * smoothed[x]


@kernel
def fill_edges(colours, labels, shape, padding, offsets, steps, spacing, weight, contrast, edges):
    """Fill edges, float32 (D * H * W,), with weight / (1 + squared gradient / contrast**2).

    colours : float32 (D * H * W, C); labels : flat, padded, 0 outside
    offsets, steps : int64 (k,), to the later neighbour along each axis in labels and in colours
    The gradient is a central difference, one-sided where a neighbour is outside.
    """
    n_channels = colours.shape[1]
    i = 0
    for z in range(shape[0]):
        for y in range(shape[1]):
            at = ((z + padding) * (shape[1] + 2) + y + 1) * (shape[2] + 2) + 1
            for x in range(shape[2]):
                total = np.float32(0)
                for k in range(len(offsets)):
                    low = i - steps[k] if labels[at + x - offsets[k]] else i
                    high = i + steps[k] if labels[at + x + offsets[k]] else i
                    width = spacing[k] * ((low != i) + (high != i))
                    if width > 0:
                        for c in range(n_channels):
                            d = (colours[high, c] - colours[low, c]) / width
                            total += d * d
                edges[i] = weight / (np.float32(1) + total / (contrast * contrast))
                i += 1
