"""Sums over windows and a linear model in each of them, row by row in float64.

A window is a box along each axis: 2 r + 1 pixels that count whole, and one more at each end that
counts by a fraction. Its sum is made of sums of 1, 4, 16, ... neighbours, so that it costs the
logarithm of the window, and, unlike running sums, adds the same numbers in the same order wherever
it lies: a pixel gets the same bits in any crop. Variances are differences of large numbers, hence
float64.

Arrays are contiguous and have x last; loops over x carry no state and become vectors. Offsets are
unsigned, or Numba would test each for being negative.

Tried: sums of 2, 4, 8, ... neighbours (a tenth slower); strips of 16 columns across rows (twice as
slow: what is done once a row costs more than what leaves the nearest cache).
"""

import numpy as np

from .._core.jit import kernel

#: Columns that are summed together across rows, and rows of results: they stay in the L2 cache.
_STRIP, _BAND = 128, 64


@kernel
def _begin(values, stride, length, end_weight, n, out):
    last = np.uint64((length + 1) * stride)
    one, two, three = np.uint64(stride), np.uint64(2 * stride), np.uint64(3 * stride)
    if length % 4 == 1:
        for i in range(np.uint64(n)):
            out[i] = end_weight * (values[i] + values[i + last]) + values[i + one]
    else:
        for i in range(np.uint64(n)):
            inner = values[i + one] + values[i + two] + values[i + three]
            out[i] = end_weight * (values[i] + values[i + last]) + inner


@kernel
def _quadruple(source, shift, n, out):
    one, two, three = np.uint64(shift), np.uint64(2 * shift), np.uint64(3 * shift)
    for i in range(np.uint64(n)):
        out[i] = (source[i] + source[i + one]) + (source[i + two] + source[i + three])


@kernel
def _add_runs(source, at, shift, n_runs, n, out):
    a, b, c = np.uint64(at), np.uint64(at + shift), np.uint64(at + 2 * shift)
    if n_runs == 1:
        for i in range(np.uint64(n)):
            out[i] += source[i + a]
    elif n_runs == 2:
        for i in range(np.uint64(n)):
            out[i] += source[i + a] + source[i + b]
    elif n_runs == 3:
        for i in range(np.uint64(n)):
            out[i] += source[i + a] + source[i + b] + source[i + c]


@kernel
def _sum_windows(values, spare, n, stride, radius, end_weight, out):
    """out[i], i < n, = the window whose first pixel is values[i] and whose others follow at stride.

    values, spare: scratch of n + (2 radius + 2) stride numbers; what they held is lost.
    """
    length = 2 * radius + 1
    _begin(values, stride, length, end_weight, n, out)
    # What is left of it are runs of 4, 16, ... pixels, up to three of each.
    at, run, valid = (1 + length % 4) * stride, 1, n + (length + 1) * stride
    while 4 * run <= length:
        valid -= 3 * run * stride
        _quadruple(values, run * stride, valid, spare)
        values, spare = spare, values
        run *= 4
        n_runs = length // run % 4
        _add_runs(values, at, run * stride, n_runs, n, out)
        at += n_runs * run * stride


@kernel
def sum_along_rows(left, right, is_product, lead, radius, end_weight, out):
    """out (rows, m) = windows along the rows of left (rows, n), times right where `is_product`.

    lead: where the first pixel of `out` is in a row; windows that reach past a row find 0.
    """
    n_rows, n = left.shape
    m = out.shape[1]
    size = m + 2 * radius + 2
    # What a row has before the first window is skipped, and what it lacks is 0.
    skip = max(lead - radius - 1, 0)
    pad = max(radius + 1 - lead, 0)
    count = np.uint64(min(n - skip, size - pad))
    values, spare = np.empty(size), np.empty(size)
    for y in range(n_rows):
        for i in range(size):
            values[i] = 0.0
        target, source = values[pad:], left[y, skip:]
        if is_product:
            other = right[y, skip:]
            for i in range(count):
                target[i] = source[i] * other[i]
        else:
            for i in range(count):
                target[i] = source[i]
        _sum_windows(values, spare, m, 1, radius, end_weight, out[y])


@kernel
def sum_across_rows(values, lead, radius, end_weight, out):
    """out (outer, m, inner) = windows along the second axis of values (outer, n, inner).

    lead: where the first pixel of `out` is along that axis; what is past the ends is 0.
    """
    n_outer, n, inner = values.shape
    m = out.shape[1]
    size = min(m, _BAND) + 2 * radius + 2
    strip, spare = np.empty(size * _STRIP), np.empty(size * _STRIP)
    sums = np.empty(_BAND * _STRIP)
    for outer in range(n_outer):
        for start in range(0, m, _BAND):
            n_rows = min(_BAND, m - start)
            first = start + lead - radius - 1
            for x in range(0, inner, _STRIP):
                width = np.uint64(min(_STRIP, inner - x))
                for k in range(n_rows + 2 * radius + 2):
                    target, y = strip[k * _STRIP : (k + 1) * _STRIP], first + k
                    if y < 0 or y >= n:
                        for i in range(_STRIP):
                            target[i] = 0.0
                    else:
                        source = values[outer, y, x:]
                        for i in range(width):
                            target[i] = source[i]
                _sum_windows(strip, spare, n_rows * _STRIP, _STRIP, radius, end_weight, sums)
                for k in range(n_rows):
                    target, source = out[outer, start + k, x:], sums[k * _STRIP :]
                    for i in range(width):
                        target[i] = source[i]


@kernel
def factor_covariances(means, products, share, epsilon):
    """Sums to means, and sums of products to covariances + epsilon, factored, both in place.

    means (n_channels, rows, x); products (n_pairs, rows, x), the lower triangle row by row, becomes
    L of L D L' below the diagonal and 1 / D on it; share (rows, x): 1 / the weight of each window.
    """
    for y in range(share.shape[0]):
        _factor_row(means, products, y, share[y], epsilon)


@kernel
def _factor_row(means, products, y, share, epsilon):
    n = np.uint64(share.size)
    for i in range(means.shape[0]):
        row = i * (i + 1) // 2
        mean = means[i, y]
        for x in range(n):
            mean[x] *= share[x]
        for j in range(i + 1):
            entry, other = products[row + j, y], means[j, y]
            for x in range(n):
                entry[x] = entry[x] * share[x] - mean[x] * other[x]
        # Below, a row holds L times D until its end; earlier rows hold L.
        for j in range(i):
            entry = products[row + j, y]
            for k in range(j):
                a, b = products[row + k, y], products[j * (j + 1) // 2 + k, y]
                for x in range(n):
                    entry[x] -= a[x] * b[x]
        pivot = products[row + i, y]
        for x in range(n):
            pivot[x] = max(pivot[x], 0.0) + epsilon
        for j in range(i):
            entry, inverse = products[row + j, y], products[j * (j + 3) // 2, y]
            for x in range(n):
                factor = entry[x] * inverse[x]
                pivot[x] -= entry[x] * factor
                entry[x] = factor
        # A pivot is epsilon at least, but for rounding.
        for x in range(n):
            pivot[x] = 1.0 / max(pivot[x], epsilon)


@kernel
def fit_windows(sums, means, factors, share):
    """Fit p = a . guide + b in each window: sums (n_channels + 1, rows, x) become a and, last, b.

    sums: of p times each channel and, last, of p; means and factors: of `factor_covariances`.
    """
    for y in range(share.shape[0]):
        _fit_row(sums, means, factors, y, share[y])


@kernel
def _fit_row(sums, means, factors, y, share):
    n_channels, n = means.shape[0], np.uint64(share.size)
    offset = sums[n_channels, y]
    for x in range(n):
        offset[x] *= share[x]
    for i in range(n_channels):
        slope, mean = sums[i, y], means[i, y]
        for x in range(n):
            slope[x] = slope[x] * share[x] - mean[x] * offset[x]
        for j in range(i):
            known, factor = sums[j, y], factors[i * (i + 1) // 2 + j, y]
            for x in range(n):
                slope[x] -= factor[x] * known[x]
    for i in range(n_channels - 1, -1, -1):
        slope, inverse = sums[i, y], factors[i * (i + 3) // 2, y]
        for x in range(n):
            slope[x] *= inverse[x]
        for j in range(i + 1, n_channels):
            known, factor = sums[j, y], factors[j * (j + 1) // 2 + i, y]
            for x in range(n):
                slope[x] -= factor[x] * known[x]
        mean = means[i, y]
        for x in range(n):
            offset[x] -= slope[x] * mean[x]


@kernel
def evaluate_windows(sums, guide, share, place, out):
    """out (rows, x, k) at `place` = the mean model of all windows around a pixel, at that pixel.

    sums (n_channels + 1, rows, x) of a and, last, of b, are lost; guide (n_channels, rows, x).
    """
    for y in range(out.shape[0]):
        offset, n = sums[len(guide), y], np.uint64(out.shape[1])
        for c in range(len(guide)):
            slope, channel = sums[c, y], guide[c, y]
            for x in range(n):
                offset[x] += slope[x] * channel[x]
        row, weight = out[y], share[y]
        for x in range(n):
            row[x, place] = offset[x] * weight[x]


@kernel
def close_rows(out):
    """Clip rows (n, k) to 0..1 and make them sum to 1; the last class gets what is left."""
    n, k = out.shape
    if k == 2:
        for i in range(np.uint64(n)):
            first = min(max(out[i, 0], np.float32(0)), np.float32(1))
            out[i, 0] = first
            out[i, 1] = np.float32(1) - first
        return
    for i in range(n):
        row = out[i]
        left, total = 1.0, 0.0
        for c in range(k - 1):
            left -= row[c]
            row[c] = min(max(row[c], np.float32(0)), np.float32(1))
            total += row[c]
        row[k - 1] = min(max(left, 0.0), 1.0)
        total += row[k - 1]
        for c in range(k):
            row[c] = np.float32(row[c] / total)


@kernel
def find_inside(rows, inside):
    """inside (n,) = 1 where a row (n, k) has any probability, else 0; return how many have none."""
    outside = 0
    n, k = rows.shape
    for i in range(n):
        row = rows[i]
        total = np.float32(0)
        for c in range(k):
            total += row[c]
        inside[i] = 1.0
        if total <= 0:
            inside[i] = 0.0
            outside += 1
    return outside
