"""From the derivatives of a row to its features: lengths, traces, differences, eigenvalues.

Tried: `arccos` and `cos` for the eigenvalues of 3 x 3 matrices, which do not vectorise.
"""

import numpy as np

from .._core.jit import kernel

#: Ways to make features of derivatives.
VALUE, LENGTH, TRACE, DIFFERENCE, EIGENVALUES = range(5)

# Coefficients of cos(2/3 arccos t) on [0, 1] (Chebyshev interpolation of degree 7): within 3e-8.
C0, C1, C2, C3 = 0.5000000260258308, 0.5773469173696018, -0.11103851124704511, 0.05284140914153257
C4, C5, C6, C7 = (
    -0.030235397567718536,
    0.016047280367516237,
    -0.006089345676286939,
    0.0011276362379248894,
)


@kernel
def fill_features(op, derivatives, first, dog_base, features, z, y, n):
    """Make the features of one op in row (z, y): `n` values of the derivatives from `first` on.

    op: kind, first of the derivatives, their number, first of the features (see compute.py);
    derivatives (k, values); features (k, d, h, w); dog_base (n) is what a difference subtracts.
    """
    kind, start, n_read, place = op[0], op[1], op[2], op[3]
    a = derivatives[start, first : first + n]
    out = features[place, z, y]
    if kind == VALUE:
        _copy(a, out)
        return
    if kind == DIFFERENCE:
        _difference(a, dog_base, out)
        return
    b = derivatives[start + 1, first : first + n]
    if n_read == 2:
        _length_2(a, b, out)
        return
    c = derivatives[start + 2, first : first + n]
    if n_read == 3:
        if kind == LENGTH:
            _length_3(a, b, c, out)
        elif kind == TRACE:
            _sum_2(a, c, out)
        else:
            _eigenvalues_2(a, b, c, out, features[place + 1, z, y])
        return
    d = derivatives[start + 3, first : first + n]
    f = derivatives[start + 5, first : first + n]
    if kind == TRACE:
        _sum_3(a, d, f, out)
    else:
        e = derivatives[start + 4, first : first + n]
        middle = features[place + 1, z, y]
        _eigenvalues_3(a, b, c, d, e, f, out, middle, features[place + 2, z, y])


@kernel
def _copy(a, out):
    for k in range(out.size):
        out[k] = a[k]


@kernel
def _difference(a, b, out):
    for k in range(out.size):
        out[k] = a[k] - b[k]


@kernel
def _length_2(a, b, out):
    for k in range(out.size):
        out[k] = np.sqrt(a[k] * a[k] + b[k] * b[k])


@kernel
def _length_3(a, b, c, out):
    for k in range(out.size):
        out[k] = np.sqrt((a[k] * a[k] + b[k] * b[k]) + c[k] * c[k])


@kernel
def _sum_2(a, b, out):
    for k in range(out.size):
        out[k] = a[k] + b[k]


@kernel
def _sum_3(a, b, c, out):
    for k in range(out.size):
        out[k] = (a[k] + b[k]) + c[k]


@kernel
def _eigenvalues_2(a, b, c, large, small):
    # Of the matrices (a b; b c), which may be products already: their squares want float64.
    half = np.float32(0.5)
    for k in range(large.size):
        middle = half * (a[k] + c[k])
        apart = np.float64(half * (a[k] - c[k]))
        across = np.float64(b[k])
        root = np.float32(np.sqrt(apart * apart + across * across))
        large[k] = middle + root
        small[k] = middle - root


@kernel
def _eigenvalues_3(xx, xy, xz, yy, yz, zz, large, middle, small):
    # Trigonometric solution of the characteristic cubic (Smith 1961), in float64, since nearly
    # equal eigenvalues cancel; cos(arccos(r)/3) as a polynomial of sqrt((1 + r)/2), which
    # vectorises.
    for k in range(large.size):
        b, c, e = np.float64(xy[k]), np.float64(xz[k]), np.float64(yz[k])
        q = (np.float64(xx[k]) + yy[k] + zz[k]) / 3.0
        a, d, f = xx[k] - q, yy[k] - q, zz[k] - q
        p2 = (a * a + d * d + f * f) + 2.0 * (b * b + c * c + e * e)
        p = np.sqrt(p2 * (1.0 / 6.0))
        det = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d)
        r = det / (2.0 * p * p * p + 1e-80)
        r = min(max(r, -1.0), 1.0)
        t = np.sqrt(0.5 + 0.5 * r)
        u = np.sqrt(0.5 - 0.5 * r)
        g = C0 + t * (C1 + t * (C2 + t * (C3 + t * (C4 + t * (C5 + t * (C6 + t * C7))))))
        h = C0 + u * (C1 + u * (C2 + u * (C3 + u * (C4 + u * (C5 + u * (C6 + u * C7))))))
        top = q + 2.0 * p * g
        low = q - 2.0 * p * h
        large[k] = top
        middle[k] = 3.0 * q - top - low
        small[k] = low


@kernel
def multiply(a, b, out):
    """out = a b, for flat arrays."""
    for k in range(out.size):
        out[k] = a[k] * b[k]
