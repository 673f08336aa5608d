"""Growing clusters pixel by pixel from a bucket queue, on colours (N, C) of a grid (D, H, W).

A bucket holds pixels whose squared distances share the first bits as a float32, within 1 in 128,
in the order of their coming, as a doubly linked list through `after` and `before`. A pixel waits
once, with the least distance so far, so that pixels are their own nodes; its label is the
negated number of the cluster that wants it. Which buckets hold anything is kept as bits.

Tried in vain: a function that adds a pixel to its cluster, and one for the distance to a centre
(the same bits, but together a tenth slower).
"""

import numpy as np

from .._core.jit import kernel

#: A float32 without its last 16 bits, from 1 (closer is as good as 1) to 2**63.
N_BUCKETS = 63 * 128
FIRST_BUCKET = 0x3F80


@kernel
def bucket_of(distance):
    """The bucket of a squared distance."""
    bits = np.int64(np.float32(distance).view(np.int32)) >> 16
    return min(max(bits - FIRST_BUCKET, 0), N_BUCKETS - 1)


@kernel
def grow(colours, shape, seeds, weights, labels):
    """Fill labels, int32 (N,), 0 on entry where a pixel counts and -1 elsewhere, with 1..n.

    colours : int16 (N, C); seeds : int64 (n,), flat
    weights : float64 (3,), of squared steps along z, y, x
    What no cluster reaches stays 0. Steps of the queue are those of a heap of (bucket, order of
    coming) whose outdated entries are passed over.
    """
    depth, height, width = shape
    n_pixels, n_channels = colours.shape
    n = len(seeds)
    after = np.empty(n_pixels, np.int32)
    before = np.empty(n_pixels, np.int32)
    bucket_at = np.empty(n_pixels, np.int16)
    heads = np.full(N_BUCKETS, -1, np.int32)
    tails = np.full(N_BUCKETS, -1, np.int32)
    filled = np.zeros((N_BUCKETS + 63) // 64, np.uint64)
    counts = np.zeros(n, np.float64)
    sums = np.zeros((n, 3 + n_channels), np.float64)
    centre = np.empty(3 + n_channels, np.float64)
    outside = np.int32(-(2**31))
    for place in range(n_pixels):
        if labels[place] < 0:
            labels[place] = outside
    for first in range(n):
        seed = seeds[first]
        labels[seed] = -1 - first
        bucket_at[seed] = 0
        append(heads, tails, after, before, filled, 0, seed)
    word = np.int64(0)
    while word < len(filled):
        if filled[word] == 0:
            word += 1
            continue
        bucket = word * 64 + lowest_bit(filled[word])
        pixel = np.int64(heads[bucket])
        remove(heads, tails, after, before, filled, bucket, pixel)
        label = -labels[pixel]
        labels[pixel] = label
        k = np.int64(label) - 1
        row = pixel // width
        x = pixel - row * width
        z = row // height
        y = row - z * height
        counts[k] += 1
        share = 1 / counts[k]
        own = sums[k]
        own[0] += z
        own[1] += y
        own[2] += x
        for c in range(n_channels):
            own[3 + c] += colours[pixel, c]
        for c in range(3 + n_channels):
            centre[c] = own[c] * share
        for side in range(6):
            nz, ny, nx, neighbour = z, y, x, pixel
            if side == 0:
                ny, neighbour = y - 1, pixel - width
            elif side == 1:
                nx, neighbour = x - 1, pixel - 1
            elif side == 2:
                nx, neighbour = x + 1, pixel + 1
            elif side == 3:
                ny, neighbour = y + 1, pixel + width
            elif depth == 1:
                break
            elif side == 4:
                nz, neighbour = z - 1, pixel - width * height
            else:
                nz, neighbour = z + 1, pixel + width * height
            if nx < 0 or nx >= width or ny < 0 or ny >= height or nz < 0 or nz >= depth:
                continue
            wanted = labels[neighbour]
            if wanted > 0 or wanted == outside or wanted == -label:
                # Its own cluster's second look changes little and costs half of the time.
                continue
            step_z, step_y, step_x = nz - centre[0], ny - centre[1], nx - centre[2]
            distance = (
                weights[0] * step_z * step_z
                + weights[1] * step_y * step_y
                + weights[2] * step_x * step_x
            )
            for c in range(n_channels):
                step = colours[neighbour, c] - centre[3 + c]
                distance += step * step
            new = bucket_of(distance)
            if wanted < 0:
                old = np.int64(bucket_at[neighbour])
                if old <= new:
                    continue
                remove(heads, tails, after, before, filled, old, neighbour)
            labels[neighbour] = -label
            bucket_at[neighbour] = new
            append(heads, tails, after, before, filled, new, neighbour)
            word = min(word, new // 64)
    for place in range(n_pixels):
        if labels[place] == outside:
            labels[place] = -1


@kernel
def append(heads, tails, after, before, filled, bucket, pixel):
    """Put a pixel at the end of a bucket."""
    last = tails[bucket]
    after[pixel] = -1
    before[pixel] = last
    tails[bucket] = pixel
    if last >= 0:
        after[last] = pixel
    else:
        heads[bucket] = pixel
        filled[bucket // 64] |= np.uint64(1) << np.uint64(bucket % 64)


@kernel
def remove(heads, tails, after, before, filled, bucket, pixel):
    """Take a pixel out of a bucket."""
    previous, following = before[pixel], after[pixel]
    if previous >= 0:
        after[previous] = following
    else:
        heads[bucket] = following
    if following >= 0:
        before[following] = previous
    else:
        tails[bucket] = previous
    if heads[bucket] < 0:
        filled[bucket // 64] &= ~(np.uint64(1) << np.uint64(bucket % 64))


@kernel
def lowest_bit(word):
    """The place of the lowest bit that is set, of a word that is not 0."""
    place = np.uint64(0)
    for step in (32, 16, 8, 4, 2, 1):
        width = np.uint64(step)
        if word & ((np.uint64(1) << width) - np.uint64(1)) == 0:
            word >>= width
            place += width
    return np.int64(place)
