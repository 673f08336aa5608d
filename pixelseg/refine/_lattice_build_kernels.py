"""Build a permutohedral lattice: the simplex around each point, its vertices, their neighbours.

A point of d features is lifted to d + 1 coordinates that sum to 0. The lattice's vertices are
integer points there; the one with all coordinates divisible by d + 1 that begins a point's simplex
and the descending order of the remainders name that simplex. Blocks of points are worked on row by
row, one coordinate at a time, so that everything up to the look-up runs in vector registers.

A vertex is known by its first d coordinates, packed into two words: coordinate j, less the least
that occurs, lies `shifts[j]` bits up in word `words[j]`. Packing is linear, so a step along the
lattice adds a constant to the words. Words are never negative, and no sum of them overflows.

Tried in vain: a table of vertices looked up by every point (the d + 1 of a simplex are found once,
and most points share theirs); one table for all chunks of an image (each keeps its own in cache).
"""

import numpy as np

from .._core.jit import kernel

#: Adding and taking away this rounds a float64 to the nearest integer, ties to even.
_ROUND = 1.5 * 2.0**52
#: Points of a block: its rows stay in the first cache.
BLOCK = 256
#: Bits of a rank in the third word of a simplex: at most 16 coordinates.
RANK_BITS = 4
_LOW = 0x7FFFFFFF
#: Look-ups whose first places of the table are read ahead of all else, so that they overlap.
VISITS = 64


@kernel
def fill_positions(start, shape, scales, out):
    """Scaled coordinates of the pixels of a grid (D, H, W) from number `start` on, in raster order.

    scales : float64 (3,), by which z, y and x are multiplied; out : float64 (2 or 3, n), rows in
    the order of x, y (, z).
    """
    _, height, width = shape
    z, y, x = start // (height * width), start // width % height, start % width
    n = out.shape[1]
    i = 0
    while i < n:
        stop = min(n, i + width - x)
        for k in range(i, stop):
            out[0, k] = (x + k - i) * scales[2]
        for k in range(i, stop):
            out[1, k] = y * scales[1]
        if len(out) == 3:
            for k in range(i, stop):
                out[2, k] = z * scales[0]
        i, x, y = stop, 0, y + 1
        if y == height:
            y, z = 0, z + 1


@kernel
def find_simplices(features, scales, lows, words, shifts, weights, keys, hashes):
    """The simplex around each point and the point's barycentric coordinates in it.

    features : float64 (d, n); scales : float64 (d,); lows, words, shifts : int64 (d,);
    weights : float32 (n, d + 1), filled; keys : int64 (3, n), filled with the two words of the
    simplex's first vertex and the ranks of the remainders; hashes : int64 (n,), filled.
    """
    d, n = features.shape
    e = np.empty((d + 1, BLOCK))
    remainders = np.empty((d + 1, BLOCK), np.float32)
    ranks = np.empty((d + 1, BLOCK), np.int32)
    total = np.empty(BLOCK)
    sums = np.empty(BLOCK, np.int32)
    for start in range(0, n, BLOCK):
        m = min(BLOCK, n - start)
        lift_points(features, start, m, scales, total, e)
        round_coordinates(m, total, e, remainders, sums)
        rank_remainders(m, remainders, ranks)
        repair_rounding(m, sums, e, remainders, ranks)
        pack_keys(start, m, e, ranks, lows, words, shifts, keys)
        hash_keys(start, m, keys, hashes)
        sort_remainders(m, remainders)
        weigh_vertices(start, m, remainders, weights)


@kernel
def lift_points(features, start, m, scales, total, e):
    """Lift points to the plane of d + 1 coordinates that sum to 0, into e."""
    d = len(features)
    for i in range(m):
        total[i] = 0.0
    for j in range(d, 0, -1):
        row, lifted, scale = features[j - 1, start : start + m], e[j], scales[j - 1]
        for i in range(m):
            c = row[i] * scale
            lifted[i] = total[i] - j * c
            total[i] += c
    first = e[0]
    for i in range(m):
        first[i] = total[i]


@kernel
def round_coordinates(m, total, e, remainders, sums):
    """Each coordinate's nearest multiple of d + 1, over d + 1, in its place; remainders; sums."""
    size = len(e)
    for i in range(m):
        total[i] = 0.0
    for j in range(size):
        row, remainder = e[j], remainders[j]
        for i in range(m):
            rounded = (row[i] * (1.0 / size) + _ROUND) - _ROUND
            remainder[i] = row[i] - size * rounded
            row[i] = rounded
            total[i] += rounded
    for i in range(m):
        sums[i] = np.int32(total[i])


@kernel
def rank_remainders(m, remainders, ranks):
    """How many remainders are larger than each one; of equals the later counts as smaller."""
    size = len(remainders)
    for j in range(size):
        row = ranks[j]
        for i in range(m):
            row[i] = 0
    for j in range(size):
        for k in range(j + 1, size):
            first, second, a, b = ranks[j], ranks[k], remainders[j], remainders[k]
            for i in range(m):
                smaller = np.int32(a[i] < b[i])
                first[i] += smaller
                second[i] += np.int32(1) - smaller


@kernel
def repair_rounding(m, sums, e, remainders, ranks):
    """Move roundings that do not sum to 0 by one step where it costs least."""
    size = len(e)
    for j in range(size):
        rounded, remainder, rank = e[j], remainders[j], ranks[j]
        for i in range(m):
            moved = rank[i] + sums[i]
            step = np.int32(moved < 0) - np.int32(moved >= size)
            rank[i] = moved + step * size
            rounded[i] += step
            remainder[i] -= np.float32(step * size)


@kernel
def pack_keys(start, m, e, ranks, lows, words, shifts, keys):
    """The two words of the vertex at the rounded coordinates, and a third of the ranks."""
    size = len(e)
    for w in range(3):
        row = keys[w, start : start + m]
        for i in range(m):
            row[i] = 0
    for j in range(size - 1):
        row, rounded = keys[words[j], start : start + m], e[j]
        low, shift = lows[j], shifts[j]
        for i in range(m):
            row[i] += (np.int64(rounded[i]) * size - low) << shift
    row = keys[2, start : start + m]
    for j in range(size):
        rank, shift = ranks[j], RANK_BITS * j
        for i in range(m):
            row[i] |= np.int64(rank[i]) << shift


@kernel
def hash_words(first, second):
    """A hash of two words; no product passes 63 bits, so that nothing wraps around."""
    both = first ^ (second << 1)
    mixed = ((both & _LOW) * 0x9E3779B1) ^ (((both >> 31) & _LOW) * 0x85EBCA77)
    return mixed ^ (mixed >> 32)


@kernel
def hash_keys(start, m, keys, hashes):
    """A hash of each point's three words."""
    part = hashes[start : start + m]
    first, second, third = keys[0, start:], keys[1, start:], keys[2, start:]
    for i in range(m):
        part[i] = hash_words(first[i] ^ (second[i] << 1), third[i] << 9)


@kernel
def sort_remainders(m, remainders):
    """Sort the remainders of each point, the largest in the first row."""
    size = len(remainders)
    for turn in range(size):
        for j in range(turn % 2, size - 1, 2):
            high, low = remainders[j], remainders[j + 1]
            for i in range(m):
                a, b = high[i], low[i]
                high[i] = a if a > b else b
                low[i] = b if a > b else a


@kernel
def weigh_vertices(start, m, remainders, weights):
    """Barycentric coordinates from sorted remainders."""
    size = len(remainders)
    scale = np.float32(1.0 / size)
    part = weights[start : start + m]
    for i in range(m):
        for k in range(1, size):
            part[i, k] = (remainders[size - 1 - k, i] - remainders[size - k, i]) * scale
        part[i, 0] = np.float32(1.0) + (remainders[size - 1, i] - remainders[0, i]) * scale


@kernel
def number_simplices(keys, hashes, table, known, n_known, ids):
    """Number the simplices of some points in the order in which they are met; how many are known.

    table : uint32, a power of two long, number + 1 of a simplex at the place of its hash, 0 where
    there is none; known : int64 (capacity, 3), the words of each; ids : uint32 (n,), filled.
    """
    mask = len(table) - 1
    for i in range(len(hashes)):
        a, b, c = keys[0, i], keys[1, i], keys[2, i]
        place = hashes[i] & mask
        while True:
            found = table[place]
            if found == 0:
                known[n_known, 0], known[n_known, 1], known[n_known, 2] = a, b, c
                n_known += 1
                table[place] = n_known
                ids[i] = n_known - 1
                break
            s = np.uint32(found - 1)
            if known[s, 2] == c and known[s, 0] == a and known[s, 1] == b:
                ids[i] = s
                break
            place = (place + 1) & mask
    return n_known


@kernel
def enter_simplices(known, n_known, table):
    """Enter simplices that are known into a larger, empty table."""
    mask = len(table) - 1
    for s in range(n_known):
        place = hash_words(known[s, 0] ^ (known[s, 1] << 1), known[s, 2] << 9) & mask
        while table[place] != 0:
            place = (place + 1) & mask
        table[place] = s + 1


@kernel
def number_vertices(simplices, units, table, known, n_known, vertices):
    """Number the vertices of simplices in the order in which they are met; how many are known.

    simplices : int64 (S, 3); units : int64 (d + 1, 2), what one step of a coordinate adds to the
    words, 0 for the last; table, known (capacity, 2) : as of simplices; vertices : uint32
    (S, d + 1), filled.
    """
    size = len(units)
    mask = len(table) - 1
    words = np.empty((2, VISITS * size), np.int64)
    met = np.empty(VISITS * size, np.uint32)
    for start in range(0, len(simplices), VISITS):
        n = min(VISITS, len(simplices) - start)
        walk_vertices(simplices[start : start + n], units, words)
        for i in range(n * size):
            met[i] = table[hash_words(words[0, i], words[1, i]) & mask]
        i = 0
        for s in range(start, start + n):
            for k in range(size):
                a, b, v = words[0, i], words[1, i], np.int64(met[i]) - 1
                if v < 0 or known[v, 0] != a or known[v, 1] != b:
                    v = find_vertex(a, b, table, mask, known)
                    if v < 0:
                        known[n_known, 0], known[n_known, 1] = a, b
                        table[-1 - v] = n_known + 1
                        v = n_known
                        n_known += 1
                vertices[s, k] = v
                i += 1
    return n_known


@kernel
def walk_vertices(simplices, units, words):
    """The two words of each vertex of some simplices, one after the other.

    From one vertex to the next all coordinates rise by 1, but one, in the order of ranks from the
    last, falls by d.
    """
    size = len(units)
    order = np.empty(size, np.int64)
    step_a, step_b = units[:, 0].sum(), units[:, 1].sum()
    for s in range(len(simplices)):
        a, b, ranks = simplices[s, 0], simplices[s, 1], simplices[s, 2]
        for j in range(size):
            order[(ranks >> (RANK_BITS * j)) & 15] = j
        for k in range(size):
            words[0, s * size + k], words[1, s * size + k] = a, b
            lowered = order[size - 1 - k]
            a += step_a - size * units[lowered, 0]
            b += step_b - size * units[lowered, 1]


@kernel
def find_vertex(a, b, table, mask, known):
    """The number of a vertex, or -1 less the free place of the table where it would stand."""
    place = hash_words(a, b) & mask
    while True:
        found = table[place]
        if found == 0:
            return -1 - place
        v = np.int64(found) - 1
        if known[v, 0] == a and known[v, 1] == b:
            return v
        place = (place + 1) & mask


@kernel
def enter_vertices(known, n_known, table):
    """Enter vertices that are known into a larger, empty table."""
    mask = len(table) - 1
    for v in range(n_known):
        table[-1 - find_vertex(known[v, 0], known[v, 1], table, mask, known)] = v + 1


@kernel
def link_neighbours(known, units, table, axis, neighbours):
    """The two neighbours of each vertex along one axis of the lattice; M where there is none.

    neighbours : uint32 (M, 2), filled.
    """
    size, n = len(units), len(known)
    mask = len(table) - 1
    step_a = units[:, 0].sum() - size * units[axis, 0]
    step_b = units[:, 1].sum() - size * units[axis, 1]
    for v in range(n):
        neighbours[v, 0] = n
        neighbours[v, 1] = n
    met = np.empty(VISITS, np.uint32)
    for start in range(0, n, VISITS):
        stop = min(n, start + VISITS)
        for v in range(start, stop):
            met[v - start] = table[hash_words(known[v, 0] + step_a, known[v, 1] + step_b) & mask]
        for v in range(start, stop):
            a, b, u = known[v, 0] + step_a, known[v, 1] + step_b, np.int64(met[v - start]) - 1
            if u >= 0 and (known[u, 0] != a or known[u, 1] != b):
                u = find_vertex(a, b, table, mask, known)
            if u >= 0:
                neighbours[v, 0] = u
                neighbours[u, 1] = v
