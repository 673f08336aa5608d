"""k-means of colour and place within windows, on int16 planes (C, D, H, W), D = 1 in 2-D.

A pixel's key is the squared distance to the nearest centre so far, a float32 read as an int32
(floats that are not negative have the order of their bits), whose last seven bits are the
cluster's mark. Clusters whose windows may meet have different marks, so that a key alone says
which cluster of a window a pixel belongs to, and taking the least key is all there is to do.
Pixels outside the mask have the key OUTSIDE, those no window reaches UNREACHED; neither has
the mark of any cluster.

Tried in vain: summing a row in a function of its own (three times slower), wide rows in pieces
(1.3 times), vectors of 8 pixels (no faster), windows as slices of rows (1.3 times slower).
"""

from typing import NamedTuple

import numpy as np

from .._core.jit import kernel

#: The bits of a key that hold the mark.
MARK = np.int32(127)
#: The largest float, with bits of a mark that no cluster has: infinity is more.
UNREACHED = np.int32(0x7F7FFFFF)
OUTSIDE = np.int32(-1)
#: Negative keys are names already: their sign tells them from any mark.
NAMED_OR_MARK = np.int32(127 - 2**31)
#: Rows are taken by so many pixels.
LANES = 16
#: Sums of so many pixels' colours or places fit into 32 bits.
NARROW = 2**15


class Clusters(NamedTuple):
    """Centres and the windows that they look at, z0 z1 y0 y1 x0 x1, within their limits."""

    positions: np.ndarray  # float32 (n, 3)
    colours: np.ndarray  # float32 (n, C)
    marks: np.ndarray  # int32 (n,)
    windows: np.ndarray  # int32 (n, 6)
    limits: np.ndarray  # int32 (n, 6)


@kernel
def clear_keys(mask, keys, band, sampling, phase):
    """Fill the sampled rows of keys, int32 (D, H, W), in a band z0, z1, y0, y1.

    mask : bool (D, H, W), or of no pixel where every pixel counts
    """
    z0, z1, y0, y1 = band
    width = keys.shape[2]
    for z in range(z0, z1):
        for y in range(first_row(y0, z, sampling, phase), y1, sampling):
            if mask.size == 0:
                for x in range(width):
                    keys[z, y, x] = UNREACHED
            else:
                for x in range(width):
                    keys[z, y, x] = UNREACHED if mask[z, y, x] else OUTSIDE


@kernel
def assign_pixels(planes, mask, clusters, first, last, weights, band, sampling, phase, row, keys):
    """Fill the sampled rows of a band of keys, from the clusters that may look at it.

    planes : (C, D * H * W); mask : as in clear_keys
    weights : float32 (3,), of squared steps along z, y, x
    row : float32 (3, W + LANES), for work
    """
    clear_keys(mask, keys, band, sampling, phase)
    positions, colours, marks, windows, _ = clusters
    band_z0, band_z1, band_y0, band_y1 = band
    n_channels = len(planes)
    _, height, width = keys.shape
    flat = keys.reshape(-1)
    along_x, distances, count = row[0], row[1], row[2]
    for x in range(len(count)):
        count[x] = x
    for k in range(first, last):
        z0, z1 = max(windows[k, 0], band_z0), min(windows[k, 1], band_z1)
        y0, y1 = max(windows[k, 2], band_y0), min(windows[k, 3], band_y1)
        if z0 >= z1 or y0 >= y1:
            continue
        # Whole vectors: what they hold beyond the window is infinitely far.
        start, stop = windows[k, 4], windows[k, 5]
        left, n = whole_vectors(start, stop, width)
        first_x, begin, end = np.float32(left), np.float32(start), np.float32(stop)
        for x in range(n):
            at = count[x] + first_x
            step = at - positions[k, 2]
            inside = at >= begin and at < end
            along_x[x] = weights[2] * step * step if inside else np.float32(np.inf)
        mark = marks[k]
        c1 = c2 = c3 = colours[k, 0]
        if n_channels == 3:
            c2, c3 = colours[k, 1], colours[k, 2]
        for z in range(z0, z1):
            step = np.float32(z) - positions[k, 0]
            along_z = weights[0] * step * step
            for y in range(first_row(y0, z, sampling, phase), y1, sampling):
                step = np.float32(y) - positions[k, 1]
                across = along_z + weights[1] * step * step
                base = np.uint64((z * height + y) * width + left)
                if n_channels == 3:
                    for x in range(n):
                        d1 = np.float32(planes[0, base + x]) - c1
                        d2 = np.float32(planes[1, base + x]) - c2
                        d3 = np.float32(planes[2, base + x]) - c3
                        distance = across + along_x[x] + d1 * d1 + d2 * d2 + d3 * d3
                        key = (np.float32(distance).view(np.int32) & ~MARK) | mark
                        flat[base + x] = min(flat[base + x], key)
                elif n_channels == 1:
                    for x in range(n):
                        d1 = np.float32(planes[0, base + x]) - c1
                        distance = across + along_x[x] + d1 * d1
                        key = (np.float32(distance).view(np.int32) & ~MARK) | mark
                        flat[base + x] = min(flat[base + x], key)
                else:
                    for x in range(n):
                        distances[x] = across + along_x[x]
                    for c in range(n_channels):
                        colour = colours[k, c]
                        for x in range(n):
                            d1 = np.float32(planes[c, base + x]) - colour
                            distances[x] += d1 * d1
                    for x in range(n):
                        key = (np.float32(distances[x]).view(np.int32) & ~MARK) | mark
                        flat[base + x] = min(flat[base + x], key)


@kernel
def first_row(y, z, sampling, phase):
    """The first sampled row from y on; in the next layer rows are shifted by one."""
    beyond = np.uint32(y + z + phase + sampling - 1) % np.uint32(sampling)
    return y + sampling - 1 - np.int64(beyond)


@kernel
def whole_vectors(start, stop, width):
    """Where whole vectors begin that hold a row's pixels from start to stop, and their length."""
    n = (stop - start + LANES - 1) // LANES * LANES
    left = min(start, width - n)
    return (left, np.uint64(n)) if left >= 0 else (0, np.uint64(width))


@kernel
def update_centres(planes, keys, clusters, first, last, reach, sampling, phase):
    """Move some clusters to the means of their pixels in sampled rows, and their windows along.

    planes : (C, D * H * W); reach : float32 (3,), half the size of a window along z, y, x
    A cluster without a pixel stays where it is.
    """
    positions, colours, marks, windows, limits = clusters
    n_channels = len(planes)
    _, height, width = keys.shape
    flat = keys.reshape(-1)
    sums = np.zeros(n_channels, np.int64)
    for k in range(first, last):
        z0, z1, y0, y1 = windows[k, 0], windows[k, 1], windows[k, 2], windows[k, 3]
        start, stop = windows[k, 4], windows[k, 5]
        left, n = whole_vectors(start, stop, width)
        begin, end = np.int32(start - left), np.int32(stop - left)
        mark = marks[k]
        count = sum_z = sum_y = sum_x = np.int64(0)
        sums[:] = 0
        for z in range(z0, z1):
            for y in range(first_row(y0, z, sampling, phase), y1, sampling):
                base = np.uint64((z * height + y) * width + left)
                # Sums of a row stay in 32 bits, which vectors hold twice as many of.
                in_row, along = np.int32(0), np.int32(0)
                if n > NARROW:
                    in_row, wide_along = sum_wide_row(planes, flat, mark, base, begin, end, sums)
                    sum_x += wide_along
                elif n_channels == 3:
                    s1, s2, s3 = np.int32(0), np.int32(0), np.int32(0)
                    for x in range(n):
                        at = np.int32(x)
                        own = (flat[base + x] & MARK) == mark and at >= begin and at < end
                        same = -np.int32(own)
                        in_row = np.int32(in_row - same)
                        along = np.int32(along + (at & same))
                        s1 = np.int32(s1 + (np.int32(planes[0, base + x]) & same))
                        s2 = np.int32(s2 + (np.int32(planes[1, base + x]) & same))
                        s3 = np.int32(s3 + (np.int32(planes[2, base + x]) & same))
                    sums[0] += s1
                    sums[1] += s2
                    sums[2] += s3
                else:
                    for x in range(n):
                        at = np.int32(x)
                        own = (flat[base + x] & MARK) == mark and at >= begin and at < end
                        same = -np.int32(own)
                        in_row = np.int32(in_row - same)
                        along = np.int32(along + (at & same))
                    for c in range(n_channels):
                        s1 = np.int32(0)
                        for x in range(n):
                            at = np.int32(x)
                            own = (flat[base + x] & MARK) == mark and at >= begin and at < end
                            same = -np.int32(own)
                            s1 = np.int32(s1 + (np.int32(planes[c, base + x]) & same))
                        sums[c] += s1
                count += in_row
                sum_z += z * in_row
                sum_y += y * in_row
                sum_x += along
        if count == 0:
            continue
        share = 1.0 / count
        positions[k, 0] = sum_z * share
        positions[k, 1] = sum_y * share
        positions[k, 2] = left + sum_x * share
        for c in range(n_channels):
            colours[k, c] = sums[c] * share
        place_window(positions[k], reach, limits[k], windows[k])


@kernel
def sum_wide_row(planes, flat, mark, base, begin, end, sums):
    """Add a cluster's colours to sums, int64 (C,); return its pixels and the sum of their places.

    It looks at pixels from begin to end behind the pixel `base`, as many as there may be.
    """
    count, along = 0, 0
    for at in range(begin, end):
        x = base + np.uint64(at)
        if (flat[x] & MARK) == mark:
            count += 1
            along += at
            for c in range(len(planes)):
                sums[c] += planes[c, x]
    return np.int32(count), along


@kernel
def place_window(position, reach, limits, window):
    """Fill a window, int32 (6,), with the pixels within reach of a position and its limits."""
    for axis in range(3):
        window[2 * axis] = max(np.int32(np.ceil(position[axis] - reach[axis])), limits[2 * axis])
        window[2 * axis + 1] = min(
            np.int32(np.floor(position[axis] + reach[axis])) + 1, limits[2 * axis + 1]
        )


@kernel
def begin_clusters(planes, mask, boxes, first, last, reach, sampling, clusters):
    """Put some centres at the means of their cells, int64 (n, 6), within the mask.

    planes : (C, D, H, W). Without a mask, the colours are those of one row in `sampling`.
    """
    positions, colours, _, windows, limits = clusters
    n_channels = len(planes)
    for k in range(first, last):
        z0, z1, y0, y1, x0, x1 = boxes[k]
        count, sum_z, sum_y, sum_x = 0, 0, 0, 0
        for z in range(z0, z1):
            for y in range(y0, y1):
                if mask.size == 0:
                    in_row = x1 - x0
                    along = (x1 - 1 + x0) * in_row // 2
                else:
                    in_row, along = 0, 0
                    for x in range(x0, x1):
                        in_row += mask[z, y, x]
                        along += x * mask[z, y, x]
                count += in_row
                sum_z += z * in_row
                sum_y += y * in_row
                sum_x += along
        positions[k, 0] = sum_z / count
        positions[k, 1] = sum_y / count
        positions[k, 2] = sum_x / count
        step = sampling if mask.size == 0 else 1
        if mask.size == 0:
            count = (z1 - z0) * ((y1 - y0 + step - 1) // step) * (x1 - x0)
        for c in range(n_channels):
            total = np.int64(0)
            for z in range(z0, z1):
                for y in range(y0, y1, step):
                    row = planes[c, z, y]
                    if mask.size == 0:
                        for x in range(x0, x1):
                            total += row[x]
                    else:
                        for x in range(x0, x1):
                            total += row[x] if mask[z, y, x] else 0
            colours[k, c] = total / count
        place_window(positions[k], reach, limits[k], windows[k])


@kernel
def name_pixels(clusters, first, last, band, keys):
    """Replace the keys of a band by clusters, 1..n; 0 outside the mask, n + 1 if unreached.

    A pixel between two of another cluster goes to that: first along its row, then along y within
    the band, from its second row to its last but one.
    """
    _, _, marks, windows, _ = clusters
    band_z0, band_z1, band_y0, band_y1 = band
    for k in range(first, last):
        mark, name = marks[k], np.int32(-k - 2)
        x0, n = np.uint64(windows[k, 4]), np.uint64(windows[k, 5] - windows[k, 4])
        for z in range(max(windows[k, 0], band_z0), min(windows[k, 1], band_z1)):
            for y in range(max(windows[k, 2], band_y0), min(windows[k, 3], band_y1)):
                row = keys[z, y]
                for x in range(n):
                    key = row[x0 + x]
                    row[x0 + x] = name if (key & NAMED_OR_MARK) == mark else key
    none = np.int32(len(marks) + 1)
    width = keys.shape[2]
    copy = np.empty(width, np.int32)
    for z in range(band_z0, band_z1):
        for y in range(band_y0, band_y1):
            row = keys[z, y]
            for x in range(width):
                copy[x] = none if row[x] >= 0 else np.int32(-1 - row[x])
            row[0], row[width - 1] = copy[0], copy[width - 1]
            for x in range(1, width - 1):
                left, here = copy[x - 1], copy[x]
                alone = left == copy[x + 1] and left != 0 and here != 0
                row[x] = left if alone else here
        for y in range(band_y0 + 1, band_y1 - 1):
            for x in range(width):
                up, here = keys[z, y - 1, x], keys[z, y, x]
                alone = up == keys[z, y + 1, x] and up != 0 and here != 0
                keys[z, y, x] = up if alone else here
