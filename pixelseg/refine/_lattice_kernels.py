"""Filter values on a permutohedral lattice: splat to the vertices, blur, slice at the points.

Points lie in simplices; `simplex` names that of each point, `vertices` (S, K) the vertices of each
simplex and `weights` (n, K) the point's shares of them. Values at the M vertices have one row more,
of zeros, which stands for neighbours that are missing. Indices are unsigned, since signed ones are
tested for counting from the end (a tenth of the time).

Rows of numbers are a multiple of LANES wide. The number of vertices is the length of `corners`: of
a tuple it is known when compiling, and the loop is unrolled.
"""

import numpy as np

from .._core.jit import CONTRACT, kernel
from .._core.vectors import LANES, fill, load, multiply_add, store


@kernel
def splat_scalars(simplex, weights, vertices, given, values):
    """Add each point's number, by its weights, to the vertices around it."""
    if weights.shape[1] == 3:
        _splat_scalars(simplex, weights, vertices, given, (0, 1, 2), values)
    elif weights.shape[1] == 6:
        _splat_scalars(simplex, weights, vertices, given, (0, 1, 2, 3, 4, 5), values)
    else:
        _splat_scalars(simplex, weights, vertices, given, weights[0], values)


@kernel(fastmath=CONTRACT)
def _splat_scalars(simplex, weights, vertices, given, corners, values):
    for i in range(len(simplex)):
        s, value = simplex[i], given[i]
        for k in range(len(corners)):
            values[vertices[s, k]] += weights[i, k] * value


@kernel
def slice_scalars(simplex, weights, vertices, values, out):
    """Add to each point's number the values of the vertices around it, by its weights."""
    if weights.shape[1] == 3:
        _slice_scalars(simplex, weights, vertices, values, (0, 1, 2), out)
    elif weights.shape[1] == 6:
        _slice_scalars(simplex, weights, vertices, values, (0, 1, 2, 3, 4, 5), out)
    else:
        _slice_scalars(simplex, weights, vertices, values, weights[0], out)


@kernel(fastmath=CONTRACT)
def _slice_scalars(simplex, weights, vertices, values, corners, out):
    for i in range(len(simplex)):
        s, total = simplex[i], out[i]
        for k in range(len(corners)):
            total += weights[i, k] * values[vertices[s, k]]
        out[i] = total


@kernel(fastmath=CONTRACT)
def blur_scalars(values, first, neighbours, out):
    """Blur values, from the `first` on, along one axis with (1/2, 1, 1/2)."""
    half = np.float32(0.5)
    n = len(neighbours)
    some, blurred = values[first : first + n], out[first : first + n]
    for v in range(n):
        blurred[v] = some[v] + half * (values[neighbours[v, 0]] + values[neighbours[v, 1]])


@kernel
def splat_rows(simplex, weights, vertices, given, values):
    """Add each point's row of numbers, by its weights, to the vertices around it."""
    if weights.shape[1] == 3:
        _splat_rows(simplex, weights, vertices, given, (0, 1, 2), values)
    elif weights.shape[1] == 6:
        _splat_rows(simplex, weights, vertices, given, (0, 1, 2, 3, 4, 5), values)
    else:
        _splat_rows(simplex, weights, vertices, given, weights[0], values)


@kernel
def _splat_rows(simplex, weights, vertices, given, corners, values):
    width = given.shape[1]
    for i in range(len(simplex)):
        s = simplex[i]
        for k in range(len(corners)):
            row, weight = np.int64(vertices[s, k]) * width, fill(weights[i, k])
            for c in range(0, width, LANES):
                added = multiply_add(weight, load(given, i * width + c), load(values, row + c))
                store(values, row + c, added)


@kernel
def slice_rows(simplex, weights, vertices, values, out):
    """Add to each point's row the rows of the vertices around it, by its weights."""
    if weights.shape[1] == 3:
        _slice_rows(simplex, weights, vertices, values, (0, 1, 2), out)
    elif weights.shape[1] == 6:
        _slice_rows(simplex, weights, vertices, values, (0, 1, 2, 3, 4, 5), out)
    else:
        _slice_rows(simplex, weights, vertices, values, weights[0], out)


@kernel
def _slice_rows(simplex, weights, vertices, values, corners, out):
    width = out.shape[1]
    for i in range(len(simplex)):
        s = simplex[i]
        place = i * width
        for c in range(0, width - LANES, 2 * LANES):
            total, second = load(out, place + c), load(out, place + c + LANES)
            for k in range(len(corners)):
                row, weight = np.int64(vertices[s, k]) * width + c, fill(weights[i, k])
                total = multiply_add(weight, load(values, row), total)
                second = multiply_add(weight, load(values, row + LANES), second)
            store(out, place + c, total)
            store(out, place + c + LANES, second)
        if width % (2 * LANES) != 0:
            c = width - LANES
            total = load(out, place + c)
            for k in range(len(corners)):
                row = np.int64(vertices[s, k]) * width + c
                total = multiply_add(fill(weights[i, k]), load(values, row), total)
            store(out, place + c, total)


@kernel
def blur_rows(values, first, neighbours, out):
    """Blur rows, from the `first` on, along one axis with (1/2, 1, 1/2)."""
    width = values.shape[1]
    half = fill(np.float32(0.5))
    for v in range(len(neighbours)):
        a, b = np.int64(neighbours[v, 0]) * width, np.int64(neighbours[v, 1]) * width
        row = (first + v) * width
        for c in range(0, width, LANES):
            total = multiply_add(half, load(values, a + c), load(values, row + c))
            store(out, row + c, multiply_add(half, load(values, b + c), total))


@kernel
def normalize_weights(simplex, weights, vertices, values, gain, least):
    """Divide the weights of each point by the root of its sum of the kernel.

    That is `gain` times what it takes of `values` at the vertices, and `least`.
    """
    for i in range(len(simplex)):
        s, total = simplex[i], np.float32(0)
        for k in range(weights.shape[1]):
            total += weights[i, k] * values[vertices[s, k]]
        factor = np.float32(np.sqrt(gain / (total * gain + least)))
        for k in range(weights.shape[1]):
            weights[i, k] *= factor
