"""Weighted sums of shifted rows: the one thing that every Gaussian filter here is made of.

A pass along any axis of a (D, H, W) array takes rows at fixed distances before and after the
wanted row, in pairs. Filters are symmetric (orders 0 and 2) or antisymmetric (order 1), so that
a pair costs one sum or one difference, and all orders share what is read. Four pairs a pass
over the row: fewer are bound by storing the result, more run out of registers.

Rows are named by where they begin in a flat array; offsets are unsigned, or Numba would test
each for being negative, and taken without slices, whose bookkeeping costs as much as a short
row. Plain IEEE arithmetic in a fixed order, no fast-math: a pixel gets the same bits at any
place in a row, whatever part of it the processor takes as vectors and whatever as a tail. The
order of a sum is the same whichever other orders are made along with it, since around a box fewer
are made than in it: pairs are added in fours, those that are left one by one.

Tried: fast-math contraction (nothing gained, and bits that depend on the place in a row); one pair
a pass (four to six times slower, bound by loads and stores), eight (no better); views of rows
instead of offsets (a third slower); the place of a result as a named tuple of memory, stride and
pitch (7 % for a volume). Literal numbers as arguments compile a function once more for each, and
assignments of rows compile two seconds of messages that never appear.
"""

import numpy as np

from .._core.jit import kernel

# In every loop below: a, b are the rows before and after, s their sum, d their difference; u, v,
# w are the weights of orders 0, 1, 2 for pair k + 1 and the following ones. "begin" loops set the
# row `at`, "add" loops add to it.


@kernel
def _begin_even4(source, centre, before, after, weights, out, at, n):
    c, o = np.uint64(centre), np.uint64(at)
    a0, a1, a2, a3 = before[0], before[1], before[2], before[3]
    b0, b1, b2, b3 = after[0], after[1], after[2], after[3]
    w0, w1, w2 = weights[0, 0], weights[0, 1], weights[0, 2]
    w3, w4 = weights[0, 3], weights[0, 4]
    for x in range(np.uint64(n)):
        near = w1 * (source[a0 + x] + source[b0 + x]) + w2 * (source[a1 + x] + source[b1 + x])
        far = w3 * (source[a2 + x] + source[b2 + x]) + w4 * (source[a3 + x] + source[b3 + x])
        out[o + x] = w0 * source[c + x] + (near + far)


@kernel
def _add_even4(source, before, after, weights, k, out, at, n):
    o = np.uint64(at)
    a0, a1, a2, a3 = before[k], before[k + 1], before[k + 2], before[k + 3]
    b0, b1, b2, b3 = after[k], after[k + 1], after[k + 2], after[k + 3]
    w1, w2, w3, w4 = weights[0, k + 1], weights[0, k + 2], weights[0, k + 3], weights[0, k + 4]
    for x in range(np.uint64(n)):
        near = w1 * (source[a0 + x] + source[b0 + x]) + w2 * (source[a1 + x] + source[b1 + x])
        far = w3 * (source[a2 + x] + source[b2 + x]) + w4 * (source[a3 + x] + source[b3 + x])
        out[o + x] += near + far


@kernel
def _add_even2(source, before, after, weights, k, out, at, n):
    o = np.uint64(at)
    a0, a1, b0, b1 = before[k], before[k + 1], after[k], after[k + 1]
    w1, w2 = weights[0, k + 1], weights[0, k + 2]
    for x in range(np.uint64(n)):
        near, far = source[a0 + x] + source[b0 + x], source[a1 + x] + source[b1 + x]
        out[o + x] = (out[o + x] + w1 * near) + w2 * far


@kernel
def _begin_even2(source, centre, before, after, weights, out, at, n):
    c, o = np.uint64(centre), np.uint64(at)
    a0, a1, b0, b1 = before[0], before[1], after[0], after[1]
    w0, w1, w2 = weights[0, 0], weights[0, 1], weights[0, 2]
    for x in range(np.uint64(n)):
        near, far = source[a0 + x] + source[b0 + x], source[a1 + x] + source[b1 + x]
        out[o + x] = (w0 * source[c + x] + w1 * near) + w2 * far


@kernel
def _begin_odd4(source, before, after, weights, out, at, n):
    o = np.uint64(at)
    a0, a1, a2, a3 = before[0], before[1], before[2], before[3]
    b0, b1, b2, b3 = after[0], after[1], after[2], after[3]
    w1, w2, w3, w4 = weights[1, 1], weights[1, 2], weights[1, 3], weights[1, 4]
    for x in range(np.uint64(n)):
        near = w1 * (source[b0 + x] - source[a0 + x]) + w2 * (source[b1 + x] - source[a1 + x])
        far = w3 * (source[b2 + x] - source[a2 + x]) + w4 * (source[b3 + x] - source[a3 + x])
        out[o + x] = near + far


@kernel
def _begin_two4(source, centre, before, after, weights, even, out, at, at1, n):
    c, o, o1 = np.uint64(centre), np.uint64(at), np.uint64(at1)
    a0, a1, a2, a3 = before[0], before[1], before[2], before[3]
    b0, b1, b2, b3 = after[0], after[1], after[2], after[3]
    u, v = weights[even], weights[1]
    u0, u1, u2, u3, u4 = u[0], u[1], u[2], u[3], u[4]
    v1, v2, v3, v4 = v[1], v[2], v[3], v[4]
    for x in range(np.uint64(n)):
        p0, q0, p1, q1 = source[a0 + x], source[b0 + x], source[a1 + x], source[b1 + x]
        p2, q2, p3, q3 = source[a2 + x], source[b2 + x], source[a3 + x], source[b3 + x]
        near, far = u1 * (p0 + q0) + u2 * (p1 + q1), u3 * (p2 + q2) + u4 * (p3 + q3)
        out[o + x] = u0 * source[c + x] + (near + far)
        near, far = v1 * (q0 - p0) + v2 * (q1 - p1), v3 * (q2 - p2) + v4 * (q3 - p3)
        out[o1 + x] = near + far


@kernel
def _add_two4(source, before, after, weights, k, out, at, at1, n):
    o, o1 = np.uint64(at), np.uint64(at1)
    a0, a1, a2, a3 = before[k], before[k + 1], before[k + 2], before[k + 3]
    b0, b1, b2, b3 = after[k], after[k + 1], after[k + 2], after[k + 3]
    u1, u2, u3, u4 = weights[0, k + 1], weights[0, k + 2], weights[0, k + 3], weights[0, k + 4]
    v1, v2, v3, v4 = weights[1, k + 1], weights[1, k + 2], weights[1, k + 3], weights[1, k + 4]
    for x in range(np.uint64(n)):
        p0, q0, p1, q1 = source[a0 + x], source[b0 + x], source[a1 + x], source[b1 + x]
        p2, q2, p3, q3 = source[a2 + x], source[b2 + x], source[a3 + x], source[b3 + x]
        near, far = u1 * (p0 + q0) + u2 * (p1 + q1), u3 * (p2 + q2) + u4 * (p3 + q3)
        out[o + x] += near + far
        near, far = v1 * (q0 - p0) + v2 * (q1 - p1), v3 * (q2 - p2) + v4 * (q3 - p3)
        out[o1 + x] += near + far


@kernel
def _begin_three4(source, centre, before, after, weights, out, at, at1, at2, n):
    c, o, o1, o2 = np.uint64(centre), np.uint64(at), np.uint64(at1), np.uint64(at2)
    a0, a1, a2, a3 = before[0], before[1], before[2], before[3]
    b0, b1, b2, b3 = after[0], after[1], after[2], after[3]
    u, v, w = weights[0], weights[1], weights[2]
    u0, u1, u2, u3, u4 = u[0], u[1], u[2], u[3], u[4]
    v1, v2, v3, v4 = v[1], v[2], v[3], v[4]
    w0, w1, w2, w3, w4 = w[0], w[1], w[2], w[3], w[4]
    for x in range(np.uint64(n)):
        p0, q0, p1, q1 = source[a0 + x], source[b0 + x], source[a1 + x], source[b1 + x]
        p2, q2, p3, q3 = source[a2 + x], source[b2 + x], source[a3 + x], source[b3 + x]
        s0, s1, s2, s3 = p0 + q0, p1 + q1, p2 + q2, p3 + q3
        out[o + x] = u0 * source[c + x] + ((u1 * s0 + u2 * s1) + (u3 * s2 + u4 * s3))
        near, far = v1 * (q0 - p0) + v2 * (q1 - p1), v3 * (q2 - p2) + v4 * (q3 - p3)
        out[o1 + x] = near + far
        out[o2 + x] = w0 * source[c + x] + ((w1 * s0 + w2 * s1) + (w3 * s2 + w4 * s3))


@kernel
def _add_three4(source, before, after, weights, k, out, at, at1, at2, n):
    o, o1, o2 = np.uint64(at), np.uint64(at1), np.uint64(at2)
    a0, a1, a2, a3 = before[k], before[k + 1], before[k + 2], before[k + 3]
    b0, b1, b2, b3 = after[k], after[k + 1], after[k + 2], after[k + 3]
    u1, u2, u3, u4 = weights[0, k + 1], weights[0, k + 2], weights[0, k + 3], weights[0, k + 4]
    v1, v2, v3, v4 = weights[1, k + 1], weights[1, k + 2], weights[1, k + 3], weights[1, k + 4]
    w1, w2, w3, w4 = weights[2, k + 1], weights[2, k + 2], weights[2, k + 3], weights[2, k + 4]
    for x in range(np.uint64(n)):
        p0, q0, p1, q1 = source[a0 + x], source[b0 + x], source[a1 + x], source[b1 + x]
        p2, q2, p3, q3 = source[a2 + x], source[b2 + x], source[a3 + x], source[b3 + x]
        s0, s1, s2, s3 = p0 + q0, p1 + q1, p2 + q2, p3 + q3
        out[o + x] += (u1 * s0 + u2 * s1) + (u3 * s2 + u4 * s3)
        near, far = v1 * (q0 - p0) + v2 * (q1 - p1), v3 * (q2 - p2) + v4 * (q3 - p3)
        out[o1 + x] += near + far
        out[o2 + x] += (w1 * s0 + w2 * s1) + (w3 * s2 + w4 * s3)


@kernel
def _add_three1(source, before, after, weights, k, out, at, at1, at2, n):
    o, o1, o2 = np.uint64(at), np.uint64(at1), np.uint64(at2)
    a, b = before[k], after[k]
    u, v, w = weights[0, k + 1], weights[1, k + 1], weights[2, k + 1]
    for x in range(np.uint64(n)):
        p, q = source[a + x], source[b + x]
        s = p + q
        out[o + x] += u * s
        out[o1 + x] += v * (q - p)
        out[o2 + x] += w * s


@kernel
def _scale(source, centre, weight, out, at, n):
    c, o = np.uint64(centre), np.uint64(at)
    for x in range(np.uint64(n)):
        out[o + x] = weight * source[c + x]


@kernel
def _add_even1(source, before, after, weight, out, at, n):
    o = np.uint64(at)
    for x in range(np.uint64(n)):
        out[o + x] += weight * (source[before + x] + source[after + x])


@kernel
def _add_odd1(source, before, after, weight, out, at, n):
    o = np.uint64(at)
    for x in range(np.uint64(n)):
        out[o + x] += weight * (source[after + x] - source[before + x])


@kernel
def _filter_order0(source, centre, before, after, weights, out, at, n):
    pairs = before.size
    k = 0
    if pairs >= 4:
        _begin_even4(source, centre, before, after, weights, out, at, n)
        k = 4
    elif pairs >= 2:
        _begin_even2(source, centre, before, after, weights, out, at, n)
        k = 2
    else:
        _scale(source, centre, weights[0, 0], out, at, n)
    while k + 4 <= pairs:
        _add_even4(source, before, after, weights, k, out, at, n)
        k += 4
    if k + 2 <= pairs:
        _add_even2(source, before, after, weights, k, out, at, n)
        k += 2
    if k < pairs:
        _add_even1(source, before[k], after[k], weights[0, k + 1], out, at, n)


@kernel
def filter_row(source, centre, before, after, weights, is_identity, order, out, at, at1, at2, n):
    """Filter `n` pixels of a row with orders 0 to `order`, into out at places at, at1, at2.

    source, out: flat float32; centre: where the row begins in source; before, after: uint64,
    where the rows of each pair begin; weights: float32 (3, pairs + 1), a row for each order, the
    centre first; is_identity: order 0 is the row itself.
    """
    pairs = before.size
    if is_identity:
        _scale(source, centre, weights[0, 0], out, at, n)
    elif order == 0:
        _filter_order0(source, centre, before, after, weights, out, at, n)
    if order == 0:
        return

    k = np.int64(4)  # literal numbers would compile what they are passed to once more
    if pairs < 4:
        k = np.int64(0)
        if not is_identity:
            _scale(source, centre, weights[0, 0], out, at, n)
        _scale(source, centre, np.float32(0), out, at1, n)
        if order == 2:
            _scale(source, centre, weights[2, 0], out, at2, n)
    elif order == 1 and is_identity:
        _begin_odd4(source, before, after, weights, out, at1, n)
    elif order == 1 or is_identity:
        # Differences have four pairs, and orders 1 and 2 to make.
        even = 2 if is_identity else 0
        even_at = at2 if is_identity else at
        _begin_two4(source, centre, before, after, weights, even, out, even_at, at1, n)
        while k + 4 <= pairs:
            _add_two4(source, before, after, weights, k, out, at, at1, n)
            k += 4
    else:
        _begin_three4(source, centre, before, after, weights, out, at, at1, at2, n)
        while k + 4 <= pairs:
            _add_three4(source, before, after, weights, k, out, at, at1, at2, n)
            k += 4
        while k < pairs:
            _add_three1(source, before, after, weights, k, out, at, at1, at2, n)
            k += 1
    while k < pairs:
        if not is_identity:
            _add_even1(source, before[k], after[k], weights[0, k + 1], out, at, n)
        _add_odd1(source, before[k], after[k], weights[1, k + 1], out, at1, n)
        if order == 2:
            _add_even1(source, before[k], after[k], weights[2, k + 1], out, at2, n)
        k += 1


@kernel
def filter_along_depth(source, planes, step, weights, is_identity, order, row0, column0, out):
    """First pass of a volume: one slice of orders 0 to `order` along D, out (order + 1, h, w).

    source: float32 (D, H, W); planes: the slices from the filter's reach before the wanted one to
    its reach after it, borders reflected; `out` begins at row0, column0 of the source.
    """
    flat, out_flat = source.reshape(-1), out.reshape(-1)
    height, width = source.shape[1], source.shape[2]
    n_rows, pitch = out.shape[1], out.shape[2]
    n = min(pitch, width - column0)
    pairs = weights.shape[1] - 1
    middle = pairs * step
    before = np.empty(pairs, np.uint64)
    after = np.empty(pairs, np.uint64)
    for y in range(n_rows):
        row = row0 + y
        for k in range(pairs):
            distance = (k + 1) * step
            before[k] = (planes[middle - distance] * height + row) * width + column0
            after[k] = (planes[middle + distance] * height + row) * width + column0
        filter_row(
            flat,
            (planes[middle] * height + row) * width + column0,
            before,
            after,
            weights,
            is_identity,
            order,
            out_flat,
            y * pitch,
            (n_rows + y) * pitch,
            (2 * n_rows + y) * pitch,
            n,
        )


@kernel
def smooth_depth(volume, places, step, weights):
    """Order 0 along D of a volume (D, h, w), in place: the wanted slices become the first ones.

    places: from the filter's reach before the first wanted slice to its reach after the last
    one, where to find it, borders reflected. One row of all slices is worked on at a time: it
    fits the nearest cache, where whole slices do not.
    """
    depth, height, width = volume.shape
    pairs = weights.shape[1] - 1
    middle = pairs * step
    row = np.empty((depth, width), np.float32)
    flat, out = row.reshape(-1), volume.reshape(-1)
    before = np.empty(pairs, np.uint64)
    after = np.empty(pairs, np.uint64)
    for y in range(height):
        for z in range(depth):
            for x in range(width):
                row[z, x] = volume[z, y, x]
        for z in range(places.size - 2 * middle):
            for k in range(pairs):
                distance = (k + 1) * step
                before[k] = places[z + middle - distance] * width
                after[k] = places[z + middle + distance] * width
            centre = places[z + middle] * width
            at = (z * height + y) * width
            _filter_order0(flat, centre, before, after, weights, out, at, width)


@kernel
def _find_rows(y, y_filter, x_filter, width, before, after):
    # Where the row that becomes row `y`, and those of each pair, begin in a flat plane.
    pairs = before.size
    middle = y + pairs * y_filter.step
    for k in range(pairs):
        distance = (k + 1) * y_filter.step
        before[k] = y_filter.places[middle - distance] * width + x_filter.first_column
        after[k] = y_filter.places[middle + distance] * width + x_filter.first_column
    return y_filter.places[middle] * width + x_filter.first_column


# Typed, because literal numbers would compile what they are passed to once more for each.
START, BACK, ON = np.int64(0), np.int64(-1), np.int64(1)


@kernel
def _shifts(x_filter, start, step):
    # Where the rows of each pair begin in a padded row that begins at `start`; step is BACK or ON.
    pairs = x_filter.weights.shape[1] - 1
    places = np.empty(pairs, np.uint64)
    for k in range(pairs):
        places[k] = start + (pairs + step * (k + 1)) * x_filter.step
    return places


@kernel
def _mirror(buffer, start, x_filter):
    for e in range(x_filter.mirrored.shape[0]):
        buffer[start + x_filter.mirrored[e, 0]] = buffer[start + x_filter.mirrored[e, 1]]


@kernel
def smooth_rows(plane, start, stop, y_filter, x_filter, out, at, pitch, n):
    """Order 0 along H and W of rows `start` to `stop` of those that are wanted.

    plane: float32 (h, w); the filters are those of kernel_args.py; the `n` values of each row go
    to the flat `out`, `pitch` apart, from `at` on.
    """
    flat, width = plane.reshape(-1), plane.shape[1]
    y_before = np.empty(y_filter.weights.shape[1] - 1, np.uint64)
    y_after = np.empty(y_filter.weights.shape[1] - 1, np.uint64)
    reach = (x_filter.weights.shape[1] - 1) * x_filter.step
    buffer = np.empty(n + 2 * reach, np.float32)
    x_before, x_after = _shifts(x_filter, START, BACK), _shifts(x_filter, START, ON)
    for y in range(start, stop):
        centre = _find_rows(y, y_filter, x_filter, width, y_before, y_after)
        first, n_inside = x_filter.first_inside, x_filter.n_inside
        _filter_order0(flat, centre, y_before, y_after, y_filter.weights, buffer, first, n_inside)
        _mirror(buffer, START, x_filter)
        here = at + (y - start) * pitch
        _filter_order0(buffer, reach, x_before, x_after, x_filter.weights, out, here, n)


@kernel
def derive_rows(plane, start, stop, filters, order, index, out, stride, at, pitch, n):
    """All derivatives up to `order` of rows `start` to `stop` of those that are wanted.

    As smooth_rows; the derivative of order i along H and j along W is number index[i, j] of those
    in `out`, which lie `stride` apart.
    """
    y_filter, x_filter = filters.y, filters.x
    flat, width = plane.reshape(-1), plane.shape[1]
    y_before = np.empty(y_filter.weights.shape[1] - 1, np.uint64)
    y_after = np.empty(y_filter.weights.shape[1] - 1, np.uint64)
    reach = (x_filter.weights.shape[1] - 1) * x_filter.step
    length = n + 2 * reach
    buffer = np.empty(3 * length, np.float32)
    before = (
        _shifts(x_filter, START, BACK),
        _shifts(x_filter, length, BACK),
        _shifts(x_filter, 2 * length, BACK),
    )
    after = (
        _shifts(x_filter, START, ON),
        _shifts(x_filter, length, ON),
        _shifts(x_filter, 2 * length, ON),
    )
    for y in range(start, stop):
        filter_row(
            flat,
            _find_rows(y, y_filter, x_filter, width, y_before, y_after),
            y_before,
            y_after,
            y_filter.weights,
            y_filter.is_identity,
            order,
            buffer,
            x_filter.first_inside,
            length + x_filter.first_inside,
            2 * length + x_filter.first_inside,
            x_filter.n_inside,
        )
        here = at + (y - start) * pitch
        for i in range(order + 1):
            _mirror(buffer, i * length, x_filter)
            filter_row(
                buffer,
                i * length + reach,
                before[i],
                after[i],
                x_filter.weights,
                x_filter.is_identity,
                order - i,
                out,
                index[i, 0] * stride + here,
                index[i, 1] * stride + here,
                index[i, 2] * stride + here,
                n,
            )
