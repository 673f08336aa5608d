"""Sums of weighted, shifted rows: every Gaussian filter and difference is made of these.

A plane is a flat float32 array of rows of one length (the stride, a multiple of `LANES`).
`offsets` are the places in a flat array at which the 2 r + 1 shifted copies of a row begin, the
middle one at r; `weights[k]` belongs to the pair of copies r - k and r + k. Rows are always
summed in whole multiples of LANES, so that every pixel passes through the same vector
instructions wherever it lies, and gets the same bits.
"""

import numpy as np

from .._jit import CONTRACT, kernel

LANES = 64


@kernel(fastmath=CONTRACT)
def sum_even(flat, offsets, weights, n, out, at):
    """out[at:at+n] = sum of weights[k] * (row r-k + row r+k), weights[0] * row r in the middle."""
    r = len(weights) - 1
    o = out[at : at + n]
    c = flat[offsets[r] : offsets[r] + n]
    w = weights[0]
    for x in range(n):
        o[x] = w * c[x]
    k = 1
    while k + 3 <= r:
        a0 = flat[offsets[r - k] : offsets[r - k] + n]
        b0 = flat[offsets[r + k] : offsets[r + k] + n]
        a1 = flat[offsets[r - k - 1] : offsets[r - k - 1] + n]
        b1 = flat[offsets[r + k + 1] : offsets[r + k + 1] + n]
        a2 = flat[offsets[r - k - 2] : offsets[r - k - 2] + n]
        b2 = flat[offsets[r + k + 2] : offsets[r + k + 2] + n]
        a3 = flat[offsets[r - k - 3] : offsets[r - k - 3] + n]
        b3 = flat[offsets[r + k + 3] : offsets[r + k + 3] + n]
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for x in range(n):
            o[x] += (w0 * (a0[x] + b0[x]) + w1 * (a1[x] + b1[x])) + (
                w2 * (a2[x] + b2[x]) + w3 * (a3[x] + b3[x])
            )
        k += 4
    if k + 1 <= r:
        a0 = flat[offsets[r - k] : offsets[r - k] + n]
        b0 = flat[offsets[r + k] : offsets[r + k] + n]
        a1 = flat[offsets[r - k - 1] : offsets[r - k - 1] + n]
        b1 = flat[offsets[r + k + 1] : offsets[r + k + 1] + n]
        w0, w1 = weights[k], weights[k + 1]
        for x in range(n):
            o[x] += w0 * (a0[x] + b0[x]) + w1 * (a1[x] + b1[x])
        k += 2
    if k <= r:
        a0 = flat[offsets[r - k] : offsets[r - k] + n]
        b0 = flat[offsets[r + k] : offsets[r + k] + n]
        w0 = weights[k]
        for x in range(n):
            o[x] += w0 * (a0[x] + b0[x])


@kernel(fastmath=CONTRACT)
def sum_odd(flat, offsets, weights, n, out, at):
    """out[at:at+n] = sum of weights[k] * (row r+k - row r-k), k from 1; weights[0] is unused."""
    r = len(weights) - 1
    o = out[at : at + n]
    for x in range(n):
        o[x] = np.float32(0)
    k = 1
    while k + 3 <= r:
        a0 = flat[offsets[r - k] : offsets[r - k] + n]
        b0 = flat[offsets[r + k] : offsets[r + k] + n]
        a1 = flat[offsets[r - k - 1] : offsets[r - k - 1] + n]
        b1 = flat[offsets[r + k + 1] : offsets[r + k + 1] + n]
        a2 = flat[offsets[r - k - 2] : offsets[r - k - 2] + n]
        b2 = flat[offsets[r + k + 2] : offsets[r + k + 2] + n]
        a3 = flat[offsets[r - k - 3] : offsets[r - k - 3] + n]
        b3 = flat[offsets[r + k + 3] : offsets[r + k + 3] + n]
        w0, w1, w2, w3 = weights[k], weights[k + 1], weights[k + 2], weights[k + 3]
        for x in range(n):
            o[x] += (w0 * (b0[x] - a0[x]) + w1 * (b1[x] - a1[x])) + (
                w2 * (b2[x] - a2[x]) + w3 * (b3[x] - a3[x])
            )
        k += 4
    while k <= r:
        a0 = flat[offsets[r - k] : offsets[r - k] + n]
        b0 = flat[offsets[r + k] : offsets[r + k] + n]
        w0 = weights[k]
        for x in range(n):
            o[x] += w0 * (b0[x] - a0[x])
        k += 1


@kernel(fastmath=CONTRACT)
def fill_reflected(row, start, stop, sources_left, sources_right):
    """Fill row[:start] and row[stop:] from the places that the reflected border maps to."""
    for j in range(start):
        row[j] = row[sources_left[j]]
    for j in range(len(sources_right)):
        row[stop + j] = row[sources_right[j]]


@kernel(fastmath=CONTRACT)
def smooth_plane(src, rows, first, wy, n_in, left, right, shifts, wx, n_out, out, stride, row):
    """Smooth a plane along y and x into `out`, one row at a time.

    rows (h, 2 ry + 1): where the rows that output row y sums begin in `src`; first: column of
    src where the needed part begins; left, right: sources of the reflected ends of the padded
    `row`; shifts (2 rx + 1): starts of its shifted copies.
    """
    nl = len(left)
    padded_in = (n_in + LANES - 1) // LANES * LANES
    padded_out = (n_out + LANES - 1) // LANES * LANES
    offsets = np.empty(rows.shape[1], np.int64)
    for y in range(rows.shape[0]):
        for k in range(rows.shape[1]):
            offsets[k] = rows[y, k] + first
        sum_even(src, offsets, wy, padded_in, row, nl)
        fill_reflected(row, nl, nl + n_in, left, right)
        sum_even(row, shifts, wx, padded_out, out, y * stride)


@kernel(fastmath=CONTRACT)
def sum_orders(flat, offsets, w0, w1, w2, n, out0, at0, out1, at1, out2, at2):
    """Orders 0, 1 and 2 from one reading of the rows: even, odd and even sums as above.

    The three weight arrays have one length; a kernel that is shorter ends in zeros.
    """
    r = len(w1) - 1
    o0 = out0[at0 : at0 + n]
    o1 = out1[at1 : at1 + n]
    o2 = out2[at2 : at2 + n]
    c = flat[offsets[r] : offsets[r] + n]
    u, v = w0[0], w2[0]
    for x in range(n):
        o0[x] = u * c[x]
        o1[x] = np.float32(0)
        o2[x] = v * c[x]
    k = 1
    while k + 1 <= r:
        a0 = flat[offsets[r - k] : offsets[r - k] + n]
        b0 = flat[offsets[r + k] : offsets[r + k] + n]
        a1 = flat[offsets[r - k - 1] : offsets[r - k - 1] + n]
        b1 = flat[offsets[r + k + 1] : offsets[r + k + 1] + n]
        p0, q0, s0 = w0[k], w1[k], w2[k]
        p1, q1, s1 = w0[k + 1], w1[k + 1], w2[k + 1]
        for x in range(n):
            e0 = a0[x] + b0[x]
            e1 = a1[x] + b1[x]
            o0[x] += p0 * e0 + p1 * e1
            o1[x] += q0 * (b0[x] - a0[x]) + q1 * (b1[x] - a1[x])
            o2[x] += s0 * e0 + s1 * e1
        k += 2
    if k <= r:
        a0 = flat[offsets[r - k] : offsets[r - k] + n]
        b0 = flat[offsets[r + k] : offsets[r + k] + n]
        p0, q0, s0 = w0[k], w1[k], w2[k]
        for x in range(n):
            e0 = a0[x] + b0[x]
            o0[x] += p0 * e0
            o1[x] += q0 * (b0[x] - a0[x])
            o2[x] += s0 * e0


@kernel
def copy_row(flat, start, n, out, at):
    """out[at:at+n] = flat[start:start+n]."""
    o = out[at : at + n]
    a = flat[start : start + n]
    for x in range(n):
        o[x] = a[x]


@kernel(fastmath=CONTRACT)
def derive_plane(
    src,
    rows,
    first,
    wy,
    identity,
    n_in,
    left,
    right,
    shifts,
    wx,
    n_out,
    second,
    fields,
    stride,
    row,
):
    """Derivatives of a plane up to order 2 (or 1), smoothed along the way, one row at a time.

    wy, wx (3, r + 1): weights of the orders 0, 1, 2 along y and x. identity: order 0 is the
    middle row itself. fields (6, ...) gets I, I_x, I_y, I_xx, I_xy, I_yy; row (3, ...) is scratch.
    """
    nl = len(left)
    padded_in = (n_in + LANES - 1) // LANES * LANES
    padded_out = (n_out + LANES - 1) // LANES * LANES
    offsets = np.empty(rows.shape[1], np.int64)
    ry = wy.shape[1] - 1
    rx = wx.shape[1] - 1
    v0, v1, v2 = row[0], row[1], row[2]
    for y in range(rows.shape[0]):
        at = y * stride
        for k in range(rows.shape[1]):
            offsets[k] = rows[y, k] + first
        if identity:
            copy_row(src, offsets[ry], padded_in, v0, nl)
            sum_odd(src, offsets, wy[1], padded_in, v1, nl)
            if second:
                sum_even(src, offsets, wy[2], padded_in, v2, nl)
        else:
            sum_orders(src, offsets, wy[0], wy[1], wy[2], padded_in, v0, nl, v1, nl, v2, nl)
        fill_reflected(v0, nl, nl + n_in, left, right)
        if identity:
            copy_row(v0, shifts[rx], padded_out, fields[0], at)
            sum_odd(v0, shifts, wx[1], padded_out, fields[1], at)
            copy_row(v1, shifts[rx], padded_out, fields[2], at)
            if second:
                fill_reflected(v1, nl, nl + n_in, left, right)
                sum_even(v0, shifts, wx[2], padded_out, fields[3], at)
                sum_odd(v1, shifts, wx[1], padded_out, fields[4], at)
                copy_row(v2, shifts[rx], padded_out, fields[5], at)
        else:
            fill_reflected(v1, nl, nl + n_in, left, right)
            sum_orders(
                v0,
                shifts,
                wx[0],
                wx[1],
                wx[2],
                padded_out,
                fields[0],
                at,
                fields[1],
                at,
                fields[3],
                at,
            )
            sum_even(v1, shifts, wx[0], padded_out, fields[2], at)
            if second:
                fill_reflected(v2, nl, nl + n_in, left, right)
                sum_odd(v1, shifts, wx[1], padded_out, fields[4], at)
                sum_even(v2, shifts, wx[0], padded_out, fields[5], at)


@kernel(fastmath=CONTRACT)
def sum_depth(src, slices, starts, weights, n, planes, stride):
    """Sums along z of orders 0 (and 1, 2) of a volume: planes (orders, ...) of len(starts) rows.

    slices (2 rz + 1): where the summed slices begin in `src`; starts: the rows within a slice;
    weights (orders, rz + 1): one order is an even sum, three are the orders 0, 1, 2.
    """
    padded = (n + LANES - 1) // LANES * LANES
    offsets = np.empty(len(slices), np.int64)
    for y in range(len(starts)):
        for k in range(len(slices)):
            offsets[k] = slices[k] + starts[y]
        at = y * stride
        if weights.shape[0] == 1:
            sum_even(src, offsets, weights[0], padded, planes[0], at)
        else:
            sum_orders(
                src,
                offsets,
                weights[0],
                weights[1],
                weights[2],
                padded,
                planes[0],
                at,
                planes[1],
                at,
                planes[2],
                at,
            )
