"""Boundary moves on one level of a pyramid of blocks (see _pyramid_kernels.py).

A block that is MIXED waits for a finer level, and so do those that touch it across a face, since
what hangs on them cannot be seen here.

A look at a pixel on an outline takes some 30 ns, for branches that no processor foresees. Offsets
are tuples of Python, whose length is compiled in: their loops are unrolled, which saves a
fifteenth. Tried in vain: unsigned indices; distances written out for three channels; arrays passed
one by one, not in their tuple (1.4 times slower); passing over 16 blocks at once where none is
active (1.3 times).
"""

from typing import Any, NamedTuple

import numpy as np

from .._core.jit import kernel
from ._pyramid_kernels import MIXED


class Segments(NamedTuple):
    """Segments from 1 on (row 0 is unused): counts and one over them, (n,), and the sums of colours
    and places, (n, C + 3), all float64.
    """

    counts: Any
    shares: Any
    sums: Any


class Neighbours(NamedTuple):
    """Neighbours as flat offsets of a level, the weight of a boundary across each, those across
    faces and their bits, and what `stays_connected` and `fill_removable` say of neighbourhoods.
    """

    offsets: Any
    weights: Any
    across: Any
    faces: int
    adjacent: Any
    removable: Any


@kernel
def stays_connected(code, faces, adjacent):
    """Whether the neighbours of one segment stay connected around a block that leaves it.

    code : int64, bit k is set where neighbour k is of the block's segment
    faces : int64, the bits of the neighbours across faces; adjacent : int64 (n,), for each
    neighbour the bits of those across its faces
    Only the neighbours across faces need be connected to each other, by steps across faces.
    """
    wanted = code & faces
    if wanted == 0:
        return False
    reached = wanted & -wanted
    before = np.int64(0)
    while reached != before and wanted & ~reached:
        before = reached
        for k in range(len(adjacent)):
            if before >> k & 1:
                reached |= adjacent[k] & code
    return wanted & ~reached == 0


@kernel
def fill_removable(faces, adjacent, removable):
    """Fill bool (2 ** n,) with whether a block with such a code may leave, which one inside a
    segment may not."""
    for code in range(len(removable)):
        free = stays_connected(np.int64(code), faces, adjacent)
        removable[code] = free and code & faces != faces


@kernel
def count_pixels(level, padding, segments):
    """Fill segments, zero on entry, with what the labels of a level say."""
    i = 0
    height, width = len(level.y), len(level.x)
    for z in range(len(level.z)):
        for y in range(height):
            at = ((z + padding) * (height + 2) + y + 1) * (width + 2) + 1
            for x in range(width):
                s = level.labels[at + x]
                if s > 0:
                    size = level.depths[z] * level.heights[y] * level.widths[x]
                    add_block(level, i, z, y, x, size, s, segments)
                i += 1
    for s in range(1, len(segments.counts)):
        segments.shares[s] = 1 / segments.counts[s]


@kernel
def add_block(level, i, z, y, x, size, s, segments):
    """Add a block of `size` pixels (taken away if negative) to a segment's count and sums."""
    n_channels = level.colours.shape[1]
    counts, _, sums = segments
    counts[s] += size
    for c in range(n_channels):
        sums[s, c] += size * level.colours[i, c]
    sums[s, n_channels] += size * level.z[z]
    sums[s, n_channels + 1] += size * level.y[y]
    sums[s, n_channels + 2] += size * level.x[x]


@kernel
def squared_distance(level, i, z, y, x, s, segments):
    """From a block to the mean of a segment, in colour and place."""
    n_channels = level.colours.shape[1]
    share, sums = segments.shares[s], segments.sums
    dz = level.z[z] - share * sums[s, n_channels]
    dy = level.y[y] - share * sums[s, n_channels + 1]
    dx = level.x[x] - share * sums[s, n_channels + 2]
    total = dz * dz + dy * dy + dx * dx
    for c in range(n_channels):
        d = level.colours[i, c] - share * sums[s, c]
        total += d * d
    return total


@kernel
def boundary_change(level, i, at, steps, old, new, neighbours):
    """How much boundary weight a pixel adds that goes from one segment to another.

    A pair of neighbours has the mean of their two edges as its weight, over their distance; `steps`
    lead from a pixel to its neighbours in `edges`.
    """
    total = 0.0
    for k in range(len(neighbours.offsets)):
        s = level.labels[at + neighbours.offsets[k]]
        if s in (old, new):
            weight = neighbours.weights[k] * (level.edges[i] + level.edges[i + steps[k]])
            total += weight if s == old else -weight
    return total


@kernel
def mark_outlines(level, padding, neighbours):
    """Make the blocks active that touch another segment across a face."""
    labels, active = level.labels, level.active
    height, width = len(level.y), len(level.x)
    for z in range(len(level.z)):
        for y in range(height):
            row = ((z + padding) * (height + 2) + y + 1) * (width + 2) + 1
            here, to = labels[row : row + width], active[row : row + width]
            to[:] = 0
            for k in range(len(neighbours.across)):
                there = labels[row + neighbours.across[k] :]
                for x in range(width):
                    to[x] |= here[x] != there[x]


@kernel
def sweep(level, padding, neighbours, steps, segments, least):
    """Move active blocks to the neighbouring segment where that lowers the energy; count moves.

    A block of m pixels leaves a segment of n, at distance d of its mean, with a gain of
    n m / (n - m) d**2, and joins one at the price of n m / (n + m) d**2: the exact change of the
    sum of squared distances. No segment goes below `least` pixels, and each stays connected.
    """
    labels, active, edges = level.labels, level.active, level.edges
    depths, heights, widths = level.depths, level.heights, level.widths
    counts, shares, _ = segments
    offsets, _, across, faces, adjacent, removable = neighbours
    height, width = len(level.y), len(level.x)
    n_moves = 0
    for z in range(len(level.z)):
        for y in range(height):
            row = ((z + padding) * (height + 2) + y + 1) * (width + 2) + 1
            for x in range(width):
                at = row + x
                if not active[at]:
                    continue
                active[at] = 0
                old = labels[at]
                code = np.int64(0)
                for k in range(len(offsets)):
                    code |= np.int64(labels[at + offsets[k]] == old) << k
                if len(removable) > 1:
                    free = removable[code]
                else:
                    free = code & faces != faces and stays_connected(code, faces, adjacent)
                size = depths[z] * heights[y] * widths[x]
                if not free or old <= 0 or counts[old] - size < least:
                    continue
                i = (z * height + y) * width + x
                leave = counts[old] / (counts[old] - size)
                leave *= squared_distance(level, i, z, y, x, old, segments)
                best, new = 0.0, old
                for k in range(len(across)):
                    s = labels[at + across[k]]
                    if s == MIXED:
                        new = old
                        break
                    if s == old or s == 0:
                        continue
                    join = counts[s] / (counts[s] + size)
                    join *= squared_distance(level, i, z, y, x, s, segments)
                    change = size * (join - leave)
                    if len(edges):
                        change += boundary_change(level, i, at, steps, old, s, neighbours)
                    if change < best:
                        best, new = change, s
                if new == old:
                    continue
                labels[at] = new
                n_moves += 1
                add_block(level, i, z, y, x, -size, old, segments)
                add_block(level, i, z, y, x, size, new, segments)
                shares[old], shares[new] = 1 / counts[old], 1 / counts[new]
                for k in range(len(offsets)):
                    active[at + offsets[k]] = 1
    return n_moves
