"""Sobel's derivatives of planes (C, D, H, W), D = 1 in 2-D, row by row.

Each row is gathered once, smoothed and differenced across its neighbours, into rows of W + 2 whose
ends repeat the row's own; what is left is one step along the row. In one function, since loops over
arrays that are handed to a second one do not vectorise (six times as long).
"""

import numpy as np

from .._core.jit import kernel


@kernel
def fill_gradient(planes, weights, rows, out):
    """Fill out, float32 (D, H, W), with the root of the weighted sum of squared derivatives.

    planes : float32 (C, D, H, W); weights : float32 (3,), for sums along D, H and W
    rows : float32 (3, W + 2), room for a row smoothed, and its steps along H and along D
    """
    n_channels, depth, height, width = planes.shape
    across_z, across_y, along = weights
    reach = 1 if depth > 1 else 0
    two = np.float32(2)
    for z in range(depth):
        for y in range(height):
            squares = out[z, y]
            for x in range(width):
                squares[x] = 0.0
            for c in range(n_channels):
                rows[:] = 0.0
                for dz in range(-reach, reach + 1):
                    layer = planes[c, min(max(z + dz, 0), depth - 1)]
                    before, after = layer[max(y - 1, 0)], layer[min(y + 1, height - 1)]
                    here = layer[y]
                    weight, side = np.float32(1 + reach - abs(dz)), np.float32(dz)
                    for x in range(width):
                        total = before[x] + two * here[x] + after[x]
                        rows[0, x + 1] += weight * total
                        rows[1, x + 1] += weight * (after[x] - before[x])
                    if reach == 1:
                        for x in range(width):
                            total = before[x] + two * here[x] + after[x]
                            rows[2, x + 1] += side * total
                for k in range(3):
                    rows[k, 0] = rows[k, 1]
                    rows[k, width + 1] = rows[k, width]
                for x in range(width):
                    slope_x = rows[0, x + 2] - rows[0, x]
                    slope_y = rows[1, x] + two * rows[1, x + 1] + rows[1, x + 2]
                    squares[x] += along * slope_x * slope_x + across_y * slope_y * slope_y
                if reach == 1:
                    for x in range(width):
                        slope_z = rows[2, x] + two * rows[2, x + 1] + rows[2, x + 2]
                        squares[x] += across_z * slope_z * slope_z
            for x in range(width):
                squares[x] = np.sqrt(squares[x])


@kernel
def mend_gradient(planes, mask, weights, out):
    """Make out anew where a neighbour lies outside the mask, and 0 outside.

    mask : bool (D, H, W); the pixel itself stands for a neighbour outside
    """
    n_channels, depth, height, width = planes.shape
    for z in range(depth):
        for y in range(height):
            for x in range(width):
                if not mask[z, y, x]:
                    out[z, y, x] = 0.0
                elif touches_outside(mask, z, y, x):
                    total = 0.0
                    for c in range(n_channels):
                        total += squared_slopes(planes[c], mask, z, y, x, weights)
                    out[z, y, x] = np.sqrt(total)


@kernel
def touches_outside(mask, z, y, x):
    """Whether one of a pixel's neighbours, corners too, lies outside the mask."""
    depth, height, width = mask.shape
    for k in range(max(z - 1, 0), min(z + 2, depth)):
        for j in range(max(y - 1, 0), min(y + 2, height)):
            for i in range(max(x - 1, 0), min(x + 2, width)):
                if not mask[k, j, i]:
                    return True
    return False


@kernel
def squared_slopes(volume, mask, z, y, x, weights):
    """The weighted sum of the squared derivatives of one channel at one pixel."""
    depth, height, width = volume.shape
    slope_z, slope_y, slope_x = 0.0, 0.0, 0.0
    reach = 1 if depth > 1 else 0
    for dz in range(-reach, reach + 1):
        k = min(max(z + dz, 0), depth - 1)
        for dy in range(-1, 2):
            j = min(max(y + dy, 0), height - 1)
            for dx in range(-1, 2):
                i = min(max(x + dx, 0), width - 1)
                value = np.float64(volume[k, j, i] if mask[k, j, i] else volume[z, y, x])
                near_z, near_y, near_x = 2 - abs(dz), 2 - abs(dy), 2 - abs(dx)
                if reach == 0:
                    near_z = 1
                slope_z += dz * near_y * near_x * value
                slope_y += near_z * dy * near_x * value
                slope_x += near_z * near_y * dx * value
    return weights[0] * slope_z**2 + weights[1] * slope_y**2 + weights[2] * slope_x**2
