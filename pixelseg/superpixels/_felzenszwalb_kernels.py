"""Edge weights, sorting and merging for Felzenszwalb's segmentation.

An edge joins a pixel and a later neighbour. It is a uint64: the bits of its weight, which order
non-negative floats as integers, above its number, pixel << shift | direction. `weights` is float32
(K, D, H, W), one slice for each direction, ABSENT where there is no such neighbour.

What saves the time: edges are parted into chunks by weight, and only those of a chunk that still
join two segments when its turn comes are sorted, within the cache (three quarters of them are
inside one segment by then). Each pixel names its segment, and the smaller of two that are joined is
renamed pixel by pixel: to look at an edge is two loads, where trees of parents took twice as long.
"""

import numpy as np

from .._core.jit import kernel

#: The weight of an edge that is not there; as an integer it lies above those that are.
ABSENT = np.float32(-1)
_ABSENT_BIT = np.uint32(2**31)
#: Weights are binned by their upper bits: 256 bins an octave.
N_BINS = 2**16
_BIN_SHIFT = np.uint32(15)
_DIGIT = np.uint64(2**11 - 1)
_NUMBER_BITS = np.uint64(32)


@kernel
def weigh_edges(planes, moves, squares, weights):
    """Fill weights with the distances of values, float64 planes (C, D, H, W), along moves (K, 3).

    squares : float64 (W,), room to work in
    """
    n_channels, depth, height, width = planes.shape
    for k in range(len(moves)):
        dz, dy, dx = moves[k]
        first, stop = max(0, -dx), width - max(0, dx)
        for z in range(depth):
            for y in range(height):
                row = weights[k, z, y]
                other_z, other_y = z + dz, y + dy
                row[:] = ABSENT
                if other_z >= depth or other_y < 0 or other_y >= height:
                    continue
                squares[:] = 0.0
                n = max(stop - first, 0)
                for c in range(n_channels):
                    here = planes[c, z, y, first:]
                    there = planes[c, other_z, other_y, first + dx :]
                    for x in range(n):
                        step = there[x] - here[x]
                        squares[x] += step * step
                part = row[first:]
                for x in range(n):
                    part[x] = np.sqrt(squares[x])


@kernel
def drop_edges(mask, moves, weights):
    """Make edges absent that begin or end outside the mask (D, H, W)."""
    n_directions, depth, height, width = weights.shape
    for k in range(n_directions):
        dz, dy, dx = moves[k]
        for z in range(depth):
            for y in range(height):
                for x in range(width):
                    # An absent neighbour may lie outside the image.
                    if weights[k, z, y, x] >= 0 and not (
                        mask[z, y, x] and mask[z + dz, y + dy, x + dx]
                    ):
                        weights[k, z, y, x] = ABSENT


@kernel
def count_weights(keys, counts):
    """Fill counts, int64 (N_BINS,), zero on entry, with the edges of each bin of weights.

    keys : the weights' bits, uint32, flat
    """
    for k in range(len(keys)):
        if keys[k] < _ABSENT_BIT:
            counts[keys[k] >> _BIN_SHIFT] += 1


@kernel
def part_edges(keys, n_pixels, shift, chunk_of, places, edges):
    """Write edges, uint64, chunk by chunk; those of a chunk by direction, then by pixel.

    chunk_of : int64 (N_BINS,); places : int64 (n_chunks,), where each chunk begins, moved to its
    end
    """
    for direction in range(len(keys) // n_pixels):
        for pixel in range(n_pixels):
            key = keys[direction * n_pixels + pixel]
            if key < _ABSENT_BIT:
                chunk = chunk_of[key >> _BIN_SHIFT]
                number = np.uint64((pixel << shift) | direction)
                edges[np.uint64(places[chunk])] = (np.uint64(key) << _NUMBER_BITS) | number
                places[chunk] += 1


@kernel
def keep_joining(edges, steps, shift, segment_of, kept):
    """Copy to kept the edges that join two segments; return how many.

    steps : int64 (2**shift,), to the neighbour in each direction
    """
    last = np.uint64(len(steps) - 1)
    n = 0
    for k in range(len(edges)):
        edge = edges[k]
        number = np.uint32(edge)
        pixel = np.uint64(number >> np.uint32(shift))
        neighbour = np.uint64(np.int64(pixel) + steps[np.uint64(number) & last])
        kept[n] = edge
        n += segment_of[pixel] != segment_of[neighbour]
    return n


@kernel
def sort_edges(edges, room, counts):
    """Sort edges by weight, equal ones as they are, by three digits; return edges or room.

    counts : int64 (3, 2048), room to work in
    """
    n = len(edges)
    counts[:] = 0
    for k in range(n):
        for digit in range(3):
            counts[digit, (edges[k] >> np.uint64(32 + 11 * digit)) & _DIGIT] += 1
    for digit in range(3):
        bits = np.uint64(32 + 11 * digit)
        places = counts[digit]
        if places[(edges[0] >> bits) & _DIGIT] == n:
            continue
        total = 0
        for value in range(len(places)):
            count = places[value]
            places[value] = total
            total += count
        for k in range(n):
            value = (edges[k] >> bits) & _DIGIT
            room[np.uint64(places[value])] = edges[k]
            places[value] += 1
        edges, room = room, edges
    return edges


@kernel
def join_segments(edges, steps, shift, weights, scale, min_size, forest, rejected):
    """Join the two segments of each edge, in order, where the paper's predicate allows it.

    With a min_size above 0, join them where one is smaller instead. The edges that join nothing and
    lie between two segments go to rejected; returns how many.

    weights : float32, flat; forest : segment_of, next_of, size_of, limit_of, each (n_pixels,): the
    segment of a pixel, the next pixel in its segment's circle, and of each segment its pixels and
    the weight below which it may be joined
    """
    segment_of, next_of, size_of, limit_of = forest
    n_pixels = len(segment_of)
    last = np.uint64(len(steps) - 1)
    n_rejected = 0
    for k in range(len(edges)):
        number = np.uint32(edges[k])
        pixel = np.uint64(number >> np.uint32(shift))
        direction = np.uint64(number) & last
        neighbour = np.uint64(np.int64(pixel) + steps[direction])
        large, small = np.uint64(segment_of[pixel]), np.uint64(segment_of[neighbour])
        if large == small:
            continue
        weight = weights[direction * np.uint64(n_pixels) + pixel]
        if min_size > 0:
            joins = size_of[large] < min_size or size_of[small] < min_size
        else:
            joins = weight < limit_of[large] and weight < limit_of[small]
        if not joins:
            rejected[n_rejected] = edges[k]
            n_rejected += 1
            continue
        if size_of[large] < size_of[small]:
            large, small = small, large
        place = small
        while True:
            segment_of[place] = large
            following = np.uint64(next_of[place])
            if following == small:
                break
            place = following
        next_of[place] = next_of[large]
        next_of[large] = small
        size_of[large] += size_of[small]
        limit_of[large] = weight + scale / size_of[large]
    return n_rejected


@kernel
def number_segments(segment_of, size_of):
    """Replace names of segments by 1, 2, ... by first pixels, and by 0 where their size is 0."""
    n_segments = 0
    for pixel in range(len(segment_of)):
        segment = np.uint64(segment_of[pixel])
        if size_of[segment] > 0:
            n_segments += 1
            size_of[segment] = -n_segments
        segment_of[pixel] = -size_of[segment]
    return n_segments
