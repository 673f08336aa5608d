"""Weighted sums of shifted rows: the one thing that every Gaussian filter here is made of.

A pass along any axis of a (D, H, W) array takes rows at fixed distances before and after the
wanted row, in pairs. Filters are symmetric (orders 0 and 2) or antisymmetric (order 1), so that
a pair costs one sum or one difference, and all orders share the loads. Four pairs a pass over
the row: fewer are bound by storing the result, more run out of registers.

Plain IEEE arithmetic in a fixed order, no fast-math: a pixel gets the same bits at any place in
a row, whatever part of the row the processor takes as a vector and whatever it leaves as a tail.
"""

import numpy as np

from .._jit import kernel


@kernel
def _even4(out, a0, b0, a1, b1, a2, b2, a3, b3, w, k):
    # out += sum of w[k + i] (a_i + b_i)
    w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
    for x in range(out.size):
        out[x] += (w0 * (a0[x] + b0[x]) + w1 * (a1[x] + b1[x])) + (
            w2 * (a2[x] + b2[x]) + w3 * (a3[x] + b3[x])
        )


@kernel
def _odd4(out, a0, b0, a1, b1, a2, b2, a3, b3, w, k):
    # out += sum of w[k + i] (b_i - a_i)
    w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
    for x in range(out.size):
        out[x] += (w0 * (b0[x] - a0[x]) + w1 * (b1[x] - a1[x])) + (
            w2 * (b2[x] - a2[x]) + w3 * (b3[x] - a3[x])
        )


@kernel
def _two4(even, odd, a0, b0, a1, b1, a2, b2, a3, b3, v, w, k):
    # even += sum of v (a + b), odd += sum of w (b - a)
    v0, v1, v2, v3 = v[k], v[k + 1], v[k + 2], v[k + 3]
    w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
    for x in range(even.size):
        p0, q0, p1, q1 = a0[x], b0[x], a1[x], b1[x]
        p2, q2, p3, q3 = a2[x], b2[x], a3[x], b3[x]
        even[x] += (v0 * (p0 + q0) + v1 * (p1 + q1)) + (v2 * (p2 + q2) + v3 * (p3 + q3))
        odd[x] += (w0 * (q0 - p0) + w1 * (q1 - p1)) + (w2 * (q2 - p2) + w3 * (q3 - p3))


@kernel
def _three4(out0, out1, out2, a0, b0, a1, b1, a2, b2, a3, b3, u, v, w, k):
    # out0 += sum of u (a + b), out1 += sum of v (b - a), out2 += sum of w (a + b)
    u0, u1, u2, u3 = u[k], u[k + 1], u[k + 2], u[k + 3]
    v0, v1, v2, v3 = v[k], v[k + 1], v[k + 2], v[k + 3]
    w0, w1, w2, w3 = w[k], w[k + 1], w[k + 2], w[k + 3]
    for x in range(out0.size):
        p0, q0, p1, q1 = a0[x], b0[x], a1[x], b1[x]
        p2, q2, p3, q3 = a2[x], b2[x], a3[x], b3[x]
        s0, s1, s2, s3 = p0 + q0, p1 + q1, p2 + q2, p3 + q3
        out0[x] += (u0 * s0 + u1 * s1) + (u2 * s2 + u3 * s3)
        out1[x] += (v0 * (q0 - p0) + v1 * (q1 - p1)) + (v2 * (q2 - p2) + v3 * (q3 - p3))
        out2[x] += (w0 * s0 + w1 * s1) + (w2 * s2 + w3 * s3)


@kernel
def _even1(out, a, b, w):
    for x in range(out.size):
        out[x] += w * (a[x] + b[x])


@kernel
def _odd1(out, a, b, w):
    for x in range(out.size):
        out[x] += w * (b[x] - a[x])


@kernel
def _scale(out, centre, w):
    for x in range(out.size):
        out[x] = w * centre[x]


@kernel
def filter_row(source, centre, before, after, weights, copies, order, out0, out1, out2):
    """Filter one row with orders 0 to `order`, into out0, out1, out2.

    source: flat float32; centre: where the row starts in it; before, after: where the rows of
    each pair start; weights: float32 (3, pairs + 1), a row for each order, the centre first;
    copies: order 0 is the row itself.
    """
    n = out0.size
    row = source[centre : centre + n]
    pairs = before.size
    _scale(out0, row, weights[0, 0])
    if order >= 1:
        out1[:] = 0
    if order >= 2:
        _scale(out2, row, weights[2, 0])
    if copies and order == 0:
        return

    w_even, w_odd, w_second = weights[0], weights[1], weights[2]
    k = 0
    while k + 4 <= pairs:
        a0 = source[before[k] : before[k] + n]
        a1 = source[before[k + 1] : before[k + 1] + n]
        a2 = source[before[k + 2] : before[k + 2] + n]
        a3 = source[before[k + 3] : before[k + 3] + n]
        b0 = source[after[k] : after[k] + n]
        b1 = source[after[k + 1] : after[k + 1] + n]
        b2 = source[after[k + 2] : after[k + 2] + n]
        b3 = source[after[k + 3] : after[k + 3] + n]
        if order == 0:
            _even4(out0, a0, b0, a1, b1, a2, b2, a3, b3, w_even, k + 1)
        elif order == 1:
            if copies:
                _odd4(out1, a0, b0, a1, b1, a2, b2, a3, b3, w_odd, k + 1)
            else:
                _two4(out0, out1, a0, b0, a1, b1, a2, b2, a3, b3, w_even, w_odd, k + 1)
        elif copies:
            _two4(out2, out1, a0, b0, a1, b1, a2, b2, a3, b3, w_second, w_odd, k + 1)
        else:
            _three4(
                out0, out1, out2, a0, b0, a1, b1, a2, b2, a3, b3, w_even, w_odd, w_second, k + 1
            )
        k += 4
    while k < pairs:
        a0 = source[before[k] : before[k] + n]
        b0 = source[after[k] : after[k] + n]
        if not copies:
            _even1(out0, a0, b0, w_even[k + 1])
        if order >= 1:
            _odd1(out1, a0, b0, w_odd[k + 1])
        if order >= 2:
            _even1(out2, a0, b0, w_second[k + 1])
        k += 1


@kernel
def filter_along_depth(source, planes, step, weights, copies, order, first_row, out):
    """First pass of a volume: one slice of orders 0 to `order` along D, into out (3, rows, W).

    source: float32 (D, H, W); planes: the slices at distances -pairs * step ... pairs * step of
    the wanted one, borders reflected; first_row: the row of `source` where `out` begins.
    """
    flat = source.reshape(-1)
    height, width = source.shape[1], source.shape[2]
    pairs = weights.shape[1] - 1
    middle = pairs * step
    before = np.empty(pairs, np.int64)
    after = np.empty(pairs, np.int64)
    for y in range(out.shape[1]):
        for k in range(pairs):
            distance = (k + 1) * step
            before[k] = (planes[middle - distance] * height + first_row + y) * width
            after[k] = (planes[middle + distance] * height + first_row + y) * width
        centre = (planes[middle] * height + first_row + y) * width
        filter_row(
            source=flat,
            centre=centre,
            before=before,
            after=after,
            weights=weights,
            copies=copies,
            order=order,
            out0=out[0, y],
            out1=out[1, y],
            out2=out[2, y],
        )


@kernel
def filter_plane(
    plane,
    rows,
    y_step,
    y_weights,
    y_copies,
    first_column,
    first_inside,
    n_inside,
    mirrored,
    x_step,
    x_weights,
    x_copies,
    order,
    slots,
    out,
):
    """Passes along H and W of one slice: all derivatives up to `order`, into out[slots[i, j]].

    plane: float32 (H, W); rows: for the first wanted row less the filter's reach up to the last
    one more the reach, where to find it in `plane`, borders reflected. A row that was filtered
    along H goes into a buffer that is longer by the reach on both sides: `n_inside` values from
    column `first_column` of the plane to place `first_inside`; the places beyond the image,
    mirrored[:, 0], are copied from mirrored[:, 1]. slots: int64 (3, 3), the index in `out`
    (n, rows, columns) of the derivative of order i along H and j along W.
    """
    flat = plane.reshape(-1)
    width = plane.shape[1]
    n_rows, n_columns = out.shape[1], out.shape[2]
    y_pairs, x_pairs = y_weights.shape[1] - 1, x_weights.shape[1] - 1
    y_middle, x_middle = y_pairs * y_step, x_pairs * x_step
    length = n_columns + 2 * x_middle
    buffer = np.zeros(3 * length, np.float32)
    y_before = np.empty(y_pairs, np.int64)
    y_after = np.empty(y_pairs, np.int64)
    x_before = np.empty(x_pairs, np.int64)
    x_after = np.empty(x_pairs, np.int64)
    for y in range(n_rows):
        for k in range(y_pairs):
            distance = (k + 1) * y_step
            y_before[k] = rows[y + y_middle - distance] * width + first_column
            y_after[k] = rows[y + y_middle + distance] * width + first_column
        filter_row(
            source=flat,
            centre=rows[y + y_middle] * width + first_column,
            before=y_before,
            after=y_after,
            weights=y_weights,
            copies=y_copies,
            order=order,
            out0=buffer[first_inside : first_inside + n_inside],
            out1=buffer[length + first_inside : length + first_inside + n_inside],
            out2=buffer[2 * length + first_inside : 2 * length + first_inside + n_inside],
        )
        for i in range(order + 1):
            start = i * length
            for e in range(mirrored.shape[0]):
                buffer[start + mirrored[e, 0]] = buffer[start + mirrored[e, 1]]
            for k in range(x_pairs):
                x_before[k] = start + x_middle - (k + 1) * x_step
                x_after[k] = start + x_middle + (k + 1) * x_step
            filter_row(
                source=buffer,
                centre=start + x_middle,
                before=x_before,
                after=x_after,
                weights=x_weights,
                copies=x_copies,
                order=order - i,
                out0=out[slots[i, 0], y],
                out1=out[slots[i, 1], y],
                out2=out[slots[i, 2], y],
            )
