"""From derivatives to columns: magnitudes, traces, differences, eigenvalues, row by row.

Fields are flat planes (n_fields, ...) with a common stride; the wanted part begins at `first`.
Rows are computed in whole multiples of LANES into `row` and then copied, so that the bits of a
pixel do not depend on its place. Each `out` is (h, w).
"""

import numpy as np

from .._jit import CONTRACT, kernel
from ._gaussian_kernels import LANES

# Coefficients of cos(2/3 arccos t) on [0, 1] (Chebyshev interpolation of degree 7): within 3e-8.
C0, C1, C2, C3 = 0.5000000260258308, 0.5773469173696018, -0.11103851124704511, 0.05284140914153257
C4, C5, C6, C7 = (
    -0.030235397567718536,
    0.016047280367516237,
    -0.006089345676286939,
    0.0011276362379248894,
)


@kernel
def copy_columns(flat, first, stride, out):
    """out = the plane `flat`."""
    h, w = out.shape
    for y in range(h):
        a = flat[first + y * stride : first + y * stride + w]
        o = out[y]
        for x in range(w):
            o[x] = a[x]


@kernel
def difference(a, first_a, stride_a, b, first_b, stride_b, out):
    """out = a - b."""
    h, w = out.shape
    for y in range(h):
        p = a[first_a + y * stride_a : first_a + y * stride_a + w]
        q = b[first_b + y * stride_b : first_b + y * stride_b + w]
        o = out[y]
        for x in range(w):
            o[x] = p[x] - q[x]


@kernel(fastmath=CONTRACT)
def magnitude(fields, terms, first, stride, out, row):
    """out = square root of the sum of the squares of the fields `terms` (2 or 3)."""
    h, w = out.shape
    padded = (w + LANES - 1) // LANES * LANES
    r = row[0, :padded]
    for y in range(h):
        at = first + y * stride
        a = fields[terms[0], at : at + padded]
        b = fields[terms[1], at : at + padded]
        if len(terms) == 2:
            for x in range(padded):
                r[x] = np.sqrt(a[x] * a[x] + b[x] * b[x])
        else:
            c = fields[terms[2], at : at + padded]
            for x in range(padded):
                r[x] = np.sqrt((a[x] * a[x] + b[x] * b[x]) + c[x] * c[x])
        o = out[y]
        for x in range(w):
            o[x] = r[x]


@kernel
def trace(fields, terms, first, stride, out):
    """out = sum of the fields `terms` (2 or 3)."""
    h, w = out.shape
    for y in range(h):
        at = first + y * stride
        a = fields[terms[0], at : at + w]
        b = fields[terms[1], at : at + w]
        o = out[y]
        for x in range(w):
            o[x] = a[x] + b[x]
        if len(terms) == 3:
            c = fields[terms[2], at : at + w]
            for x in range(w):
                o[x] += c[x]


@kernel(fastmath=CONTRACT)
def products(fields, terms, first, stride, out, at, n_rows):
    """Products of all pairs of the fields `terms`: out (pairs, ...) begins at `at`."""
    n_terms = len(terms)
    n = stride
    for y in range(n_rows):
        p = first + y * stride
        q = at + y * stride
        k = 0
        for i in range(n_terms):
            a = fields[terms[i], p : p + n]
            for j in range(i, n_terms):
                b = fields[terms[j], p : p + n]
                o = out[k, q : q + n]
                for x in range(n):
                    o[x] = a[x] * b[x]
                k += 1


@kernel(fastmath=CONTRACT)
def eigenvalues_2(fields, terms, first, stride, large, small, row):
    """Eigenvalues of the symmetric matrices (xx, xy, yy) = fields `terms`."""
    h, w = large.shape
    padded = (w + LANES - 1) // LANES * LANES
    r0 = row[0, :padded]
    r1 = row[1, :padded]
    half = np.float32(0.5)
    for y in range(h):
        at = first + y * stride
        xx = fields[terms[0], at : at + padded]
        xy = fields[terms[1], at : at + padded]
        yy = fields[terms[2], at : at + padded]
        for x in range(padded):
            m = half * (xx[x] + yy[x])
            d = half * (xx[x] - yy[x])
            s = np.sqrt(d * d + xy[x] * xy[x])
            r0[x] = m + s
            r1[x] = m - s
        o = large[y]
        for x in range(w):
            o[x] = r0[x]
        o = small[y]
        for x in range(w):
            o[x] = r1[x]


@kernel(fastmath=CONTRACT)
def eigenvalues_3(fields, terms, first, stride, large, middle, small, row):
    """Eigenvalues of the symmetric matrices (xx, xy, xz, yy, yz, zz) = fields `terms`.

    Trigonometric solution of the characteristic cubic (Smith 1961), in float64 where nearly
    equal eigenvalues cancel; cos(arccos(r)/3) as a polynomial of sqrt((1 + r)/2), which
    vectorises.
    """
    h, w = large.shape
    padded = (w + LANES - 1) // LANES * LANES
    r0 = row[0, :padded]
    r1 = row[1, :padded]
    r2 = row[2, :padded]
    for y in range(h):
        at = first + y * stride
        fxx = fields[terms[0], at : at + padded]
        fxy = fields[terms[1], at : at + padded]
        fxz = fields[terms[2], at : at + padded]
        fyy = fields[terms[3], at : at + padded]
        fyz = fields[terms[4], at : at + padded]
        fzz = fields[terms[5], at : at + padded]
        for x in range(padded):
            b, c, e = np.float64(fxy[x]), np.float64(fxz[x]), np.float64(fyz[x])
            q = (np.float64(fxx[x]) + fyy[x] + fzz[x]) / 3.0
            a, d, f = fxx[x] - q, fyy[x] - q, fzz[x] - q
            p2 = (a * a + d * d + f * f) + 2.0 * (b * b + c * c + e * e)
            p = np.sqrt(p2 * (1.0 / 6.0)) + 1e-30
            det = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d)
            r = det / (2.0 * p * p * p + 1e-80)
            r = min(max(r, -1.0), 1.0)
            t = np.sqrt(0.5 + 0.5 * r)
            u = np.sqrt(0.5 - 0.5 * r)
            g = C0 + t * (C1 + t * (C2 + t * (C3 + t * (C4 + t * (C5 + t * (C6 + t * C7))))))
            k = C0 + u * (C1 + u * (C2 + u * (C3 + u * (C4 + u * (C5 + u * (C6 + u * C7))))))
            top = q + 2.0 * p * g
            low = q - 2.0 * p * k
            r0[x] = np.float32(top)
            r1[x] = np.float32(3.0 * q - top - low)
            r2[x] = np.float32(low)
        for x in range(w):
            large[y, x] = r0[x]
            middle[y, x] = r1[x]
            small[y, x] = r2[x]
