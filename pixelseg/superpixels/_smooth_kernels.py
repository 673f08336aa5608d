"""Gaussian smoothing of planes, and what it leaves of edges."""

import numpy as np

from .._core.jit import kernel


@kernel
def smooth_across(values, taps, places, out):
    """Smooth values, floats (n_outer, n, n_inner), along the middle axis into out.

    taps : floats (radius + 1,), the middle one first; places : int64 (n + 2 * radius,), where the
    rows before the first, the rows, and those behind the last are read
    """
    n_outer, n, n_inner = values.shape
    radius = len(taps) - 1
    for outer in range(n_outer):
        for k in range(n):
            row = out[outer, k]
            here, tap = values[outer, k], taps[0]
            for x in range(n_inner):
                row[x] = here[x] * tap
            for reach in range(radius, 0, -1):
                before = values[outer, places[k + radius - reach]]
                after = values[outer, places[k + radius + reach]]
                tap = taps[reach]
                for x in range(n_inner):
                    row[x] += (before[x] + after[x]) * tap


@kernel
def smooth_along(rows, taps, places, room, out):
    """Smooth rows, floats (n_rows, W), along themselves into out, of any strides, or rows.

    taps, places : as for `smooth_across`; room : floats (2, W + 2 * radius), to work in
    """
    n_rows, width = rows.shape
    radius = len(taps) - 1
    padded, smoothed = room[0], room[1]
    for y in range(n_rows):
        row = rows[y]
        for x in range(width):
            padded[radius + x] = row[x]
        for x in range(radius):
            padded[x] = row[places[x]]
            padded[radius + width + x] = row[places[radius + width + x]]
        here, tap = padded[radius:], taps[0]
        for x in range(width):
            smoothed[x] = here[x] * tap
        for reach in range(radius, 0, -1):
            before, after, tap = padded[radius - reach :], padded[radius + reach :], taps[reach]
            for x in range(width):
                smoothed[x] += (before[x] + after[x]) * tap
        for x in range(width):
            out[y, x] = smoothed[x]


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
