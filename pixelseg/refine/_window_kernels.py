"""Sums over windows around pixels, row by row.

A window is a box along each axis: 2 r + 1 pixels that count whole, and one more at each end that
counts by a fraction. Its sum is made of sums of 1, 4, 16, ... neighbours, so that it costs the
logarithm of the window, and, unlike running sums, adds the same numbers in the same order wherever
it lies: a pixel gets the same bits in any crop.

A row is summed along x and put into a ring of the last rows; a sum across rows is made of those in
the ring, and goes into a ring of slices in the same way. So what is summed is near the processor.
Rows of several planes lie side by side in a ring and are summed as one.

Arrays are flat, and a row is where it begins: a slice of an array that is made in a kernel counts
references by a locked instruction, and those were half of the time. Loops over x carry no state
and become vectors. What they count by is unsigned, or Numba would test each for being negative.

Tried: sums of 2, 4, 8, ... neighbours (a tenth slower); the ends of a window and its only run of 4
or 16 in one loop (no faster).
"""

import numpy as np

from .._core.jit import kernel


@kernel
def _begin(source, first, last, end_weight, one, two, three, length, n, out, at):
    """The ends of a window and what is left of its length in runs of 4."""
    if length % 4 == 1:
        for i in range(n):
            out[at + i] = end_weight * (source[first + i] + source[last + i]) + source[one + i]
    else:
        for i in range(n):
            inner = source[one + i] + source[two + i] + source[three + i]
            out[at + i] = end_weight * (source[first + i] + source[last + i]) + inner


@kernel
def _quadruple(source, a, b, c, d, n, out, at):
    for i in range(n):
        out[at + i] = (source[a + i] + source[b + i]) + (source[c + i] + source[d + i])


@kernel
def _add_quadruple(source, a, b, c, d, n, out, at):
    for i in range(n):
        out[at + i] += (source[a + i] + source[b + i]) + (source[c + i] + source[d + i])


@kernel
def _add_runs(source, a, b, c, n_runs, n, out, at):
    if n_runs == 1:
        for i in range(n):
            out[at + i] += source[a + i]
    elif n_runs == 2:
        for i in range(n):
            out[at + i] += source[a + i] + source[b + i]
    elif n_runs == 3:
        for i in range(n):
            out[at + i] += source[a + i] + source[b + i] + source[c + i]


@kernel
def _sum_along(scratch, window, n, out, at):
    """out[at + i], i < n, = the window whose first pixel is scratch[i].

    scratch: room for twice n + 2 radius + 2 numbers; what it held is lost.
    """
    length = np.uint64(2 * window.radius + 1)
    one, two, three, four = np.uint64(1), np.uint64(2), np.uint64(3), np.uint64(4)
    values, spare = np.uint64(0), n + length + one
    _begin(scratch, values, length + one, window.end_weight, one, two, three, length, n, out, at)
    # What is left of it are runs of 4, 16, ... pixels, up to three of each.
    lag, run, valid = one + length % four, one, n + length + one
    while np.uint64(8) * run <= length:
        valid -= three * run
        a, b, c, d = values, values + run, values + two * run, values + three * run
        _quadruple(scratch, a, b, c, d, valid, scratch, spare)
        values, spare = spare, values
        run *= four
        n_runs = length // run % four
        a = values + lag
        _add_runs(scratch, a, a + run, a + two * run, n_runs, n, out, at)
        lag += n_runs * run
    if four * run <= length:  # a single run, of no use to longer ones
        a = values + lag
        _add_quadruple(scratch, a, a + run, a + two * run, a + three * run, n, out, at)


@kernel
def _sum_across(ring, t, start, step, window, size, out, at):
    """out from `at` on = the window of rows whose last is the t-th that was put into the ring.

    ring: slots of `step` numbers, in which rows of `size` numbers are from `start` on. The last was
    put at t modulo the pixels of a window and its ends. Behind them are sums of 4, 16, ... rows, as
    many of each as are read again: `n_slots` of the window.
    """
    length, n = 2 * window.radius + 1, np.uint64(size)
    depth = length + 2
    first, last = _slot(t + 1, depth, start, step), _slot(t, depth, start, step)
    one, two = _slot(t - 1, depth, start, step), _slot(t - 2, depth, start, step)
    three = _slot(t - 3, depth, start, step)
    _begin(ring, first, last, window.end_weight, one, two, three, length, n, out, at)
    lag, run = 1 + length % 4, 1
    while 8 * run <= length:
        a, b = _slot(t, depth, start, step), _slot(t - run, depth, start, step)
        c, d = _slot(t - 2 * run, depth, start, step), _slot(t - 3 * run, depth, start, step)
        start += depth * step
        run *= 4
        n_runs = length // run % 4
        depth = lag + n_runs * run + (3 * run + 1 if 4 * run <= length else 0)
        _quadruple(ring, a, b, c, d, n, ring, _slot(t, depth, start, step))
        a, b = _slot(t - lag, depth, start, step), _slot(t - lag - run, depth, start, step)
        c = _slot(t - lag - 2 * run, depth, start, step)
        _add_runs(ring, a, b, c, n_runs, n, out, at)
        lag += n_runs * run
    if 4 * run <= length:
        a, b = _slot(t - lag, depth, start, step), _slot(t - lag - run, depth, start, step)
        c = _slot(t - lag - 2 * run, depth, start, step)
        d = _slot(t - lag - 3 * run, depth, start, step)
        _add_quadruple(ring, a, b, c, d, n, out, at)


@kernel
def _slot(t, depth, start, step):
    """Where the t-th is in a circle of `depth` slots."""
    return np.uint64(start + t % depth * step)


@kernel
def clear(out, at, n):
    """0 in n numbers from `at` on."""
    at = np.uint64(at)
    for i in range(np.uint64(n)):
        out[at + i] = 0


@kernel
def find_middle(rings, windows, z, y):
    """Which windows end at a slice and a row that are put: where their middle is."""
    wz, wy, _ = windows
    if rings.slices.size > 0:
        z -= rings.lead[0] + wz.radius + 1
    return z, y - rings.lead[1] - wy.radius - 1


@kernel
def sum_rows(source, at, stride, size, rings, windows, scratch, z, y, is_empty):
    """Put rows into the rings as row y of slice z, and sum the windows that end there.

    The row of plane p: `size` numbers of `source` from at + p stride on, and 0 past these. Nothing
    is in a slice that is empty.
    """
    wz, wy, wx = windows
    rows, slices, sums = rings.rows, rings.slices, rings.sums
    n, begin = sums.size, np.uint64(0)
    if not is_empty:
        _put_rows(source, at, stride, size, rings, wx, scratch, y)
    middle = y - rings.lead[1] - wy.radius - 1
    row, step = middle * n, rings.height * n
    has_slice = slices.size > 0 and 0 <= middle < rings.height
    target, place = sums, begin
    if has_slice:
        target, place = slices, _slot(z, 2 * wz.radius + 3, row, step)
    if has_slice and is_empty:
        clear(slices, place, n)
    else:
        _sum_across(rows, y, 0, n, wy, n, target, place)
    if has_slice:
        _sum_across(slices, z, row, step, wz, n, sums, begin)


@kernel
def _put_rows(source, at, step, size, rings, window, scratch, y):
    """Put windows along rows into the ring of rows."""
    n, lead, out = rings.width, rings.lead[2], y % rings.depth * rings.sums.size
    if size == 0:
        clear(rings.rows, out, rings.sums.size)
        return
    # What a row has before the first window is skipped, and what it lacks is 0.
    skip = max(lead - window.radius - 1, 0)
    pad = max(window.radius + 1 - lead, 0)
    total = n + 2 * window.radius + 2
    count, first = min(size - skip, total - pad), np.uint64(pad)
    for i in range(len(rings.products)):
        clear(scratch, 0, pad)
        clear(scratch, pad + count, total - pad - count)
        p, q = rings.products[i]
        a = np.uint64(at + p * step + skip)
        if q < 0:
            for x in range(np.uint64(count)):
                scratch[first + x] = source[a + x]
        else:
            b = np.uint64(at + q * step + skip)
            for x in range(np.uint64(count)):
                scratch[first + x] = source[a + x] * source[b + x]
        _sum_along(scratch, window, np.uint64(n), rings.rows, np.uint64(out + i * n))
