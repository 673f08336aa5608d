"""Sobel's derivatives of planes (C, D, H, W), D = 1 in 2-D, row by row.

Each row is gathered once, smoothed and differenced across its neighbours, into `rows` of W + 2
whose ends repeat the row's own; what is left is one step along the row, which vectorises. Products
are float64, so that neither 1e-25 nor 1e25 leaves the range.
"""

import numpy as np

from .._core.jit import kernel


@kernel
def fill_gradient(planes, weights, rows, squares, out):
    """Fill out, float32 (D, H, W), with the root of the weighted sum of squared derivatives.

    planes : float32 (C, D, H, W); weights : float64 (3,), for sums along D, H and W
    rows : float64 (3, W + 2) and squares : float64 (W,), room to work in
    """
    n_channels, depth, height, width = planes.shape
    across_z, across_y, along = weights
    smooth, step_y, step_z = rows
    for z in range(depth):
        for y in range(height):
            squares[:] = 0.0
            for c in range(n_channels):
                if depth > 1:
                    gather_volume_rows(planes[c], z, y, smooth, step_y, step_z)
                else:
                    gather_rows(planes[c, 0], y, smooth, step_y)
                for x in range(width):
                    slope_x = smooth[x + 2] - smooth[x]
                    slope_y = step_y[x] + 2 * step_y[x + 1] + step_y[x + 2]
                    squares[x] += along * slope_x * slope_x + across_y * slope_y * slope_y
                if depth > 1:
                    for x in range(width):
                        slope_z = step_z[x] + 2 * step_z[x + 1] + step_z[x + 2]
                        squares[x] += across_z * slope_z * slope_z
            for x in range(width):
                out[z, y, x] = np.sqrt(squares[x])


@kernel
def gather_rows(plane, y, smooth, step):
    """Fill smooth with row y smoothed along H, step with its difference along H."""
    height, width = plane.shape
    before, here, after = plane[max(y - 1, 0)], plane[y], plane[min(y + 1, height - 1)]
    for x in range(width):
        smooth[x + 1] = np.float64(before[x]) + 2 * np.float64(here[x]) + np.float64(after[x])
        step[x + 1] = np.float64(after[x]) - np.float64(before[x])
    repeat_ends(smooth)
    repeat_ends(step)


@kernel
def gather_volume_rows(volume, z, y, smooth, step_y, step_z):
    """Fill smooth with row (z, y) smoothed along D and H, the steps with its differences."""
    depth, height, width = volume.shape
    smooth[:] = 0.0
    step_y[:] = 0.0
    step_z[:] = 0.0
    for dz in range(-1, 2):
        layer = volume[min(max(z + dz, 0), depth - 1)]
        before, here, after = layer[max(y - 1, 0)], layer[y], layer[min(y + 1, height - 1)]
        weight = 2.0 - abs(dz)
        side = np.float64(dz)
        for x in range(width):
            a, b, c = np.float64(before[x]), np.float64(here[x]), np.float64(after[x])
            total = a + 2 * b + c
            smooth[x + 1] += weight * total
            step_y[x + 1] += weight * (c - a)
            step_z[x + 1] += side * total
    repeat_ends(smooth)
    repeat_ends(step_y)
    repeat_ends(step_z)


@kernel
def repeat_ends(row):
    """Beyond its ends, a row's last values."""
    row[0] = row[1]
    row[-1] = row[-2]


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
