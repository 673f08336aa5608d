"""sRGB to CIELAB, by tables.

Cube roots by a table of 16,384 places are off by 0.03 units of L at black and by less than the
step of a plane elsewhere.
"""

import numpy as np

from .._core.jit import kernel


@kernel
def fill_lab(values, linear, roots, steps, lab):
    """Fill lab, int16 (3, rows, W), with L, a, b in steps.

    values : levels of sRGB, uint8 or uint16 (rows, W, 3)
    linear : float32, linear light of each level; roots : float32, f(t) at t = 0 .. 1
    """
    n_rows, width = values.shape[:2]
    places = np.float32(len(roots) - 2)
    half = np.float32(0.5)
    # The rows of the matrix are divided by the white point D65.
    xr, xg, xb = (
        np.float32(0.412453 / 0.95047) * places,
        np.float32(0.357580 / 0.95047) * places,
        np.float32(0.180423 / 0.95047) * places,
    )
    yr, yg, yb = (
        np.float32(0.212671) * places,
        np.float32(0.715160) * places,
        np.float32(0.072169) * places,
    )
    zr, zg, zb = (
        np.float32(0.019334 / 1.08883) * places,
        np.float32(0.119193 / 1.08883) * places,
        np.float32(0.950227 / 1.08883) * places,
    )
    light, light_0 = np.float32(116 * steps), np.float32(16 * steps)
    red_green, yellow_blue = np.float32(500 * steps), np.float32(200 * steps)
    for row in range(n_rows):
        for x in range(width):
            r = linear[values[row, x, 0]]
            g = linear[values[row, x, 1]]
            b = linear[values[row, x, 2]]
            fx = roots[np.uint32(xr * r + xg * g + xb * b + half)]
            fy = roots[np.uint32(yr * r + yg * g + yb * b + half)]
            fz = roots[np.uint32(zr * r + zg * g + zb * b + half)]
            # Truncation of a number that is made positive, and back: rounding without a call.
            lab[0, row, x] = np.int32(light * fy - light_0 + half)
            lab[1, row, x] = np.int32(red_green * (fx - fy) + np.float32(32768.5)) - 32768
            lab[2, row, x] = np.int32(yellow_blue * (fy - fz) + np.float32(32768.5)) - 32768
