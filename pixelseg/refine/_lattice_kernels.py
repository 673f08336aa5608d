"""Filter values on a permutohedral lattice: splat to the vertices, blur, slice at the points.

Points lie in simplices; `simplex` names that of each point, `vertices` (S, K) the vertices of each
simplex and `weights` (n, K) the point's shares of them. Values at the M vertices have one row more,
of zeros, which stands for neighbours that are missing. Indices are unsigned, since signed ones are
tested for counting from the end (a tenth of the time).

The number of vertices is the length of `corners`: of a tuple it is known when compiling, and the
loop is unrolled.
"""

import numpy as np

from .._core.jit import CONTRACT, kernel


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
def blur_scalars(values, some, neighbours, out):
    """Blur some of the values along one axis with (1/2, 1, 1/2)."""
    half = np.float32(0.5)
    for v in range(len(neighbours)):
        out[v] = some[v] + half * (values[neighbours[v, 0]] + values[neighbours[v, 1]])


@kernel(fastmath=CONTRACT)
def splat_rows(simplex, weights, vertices, given, values):
    """Add each point's row of numbers, by its weights, to the vertices around it."""
    n_channels = given.shape[1]
    for i in range(len(simplex)):
        s = simplex[i]
        for k in range(weights.shape[1]):
            v, weight = vertices[s, k], weights[i, k]
            for c in range(n_channels):
                values[v, c] += weight * given[i, c]


@kernel(fastmath=CONTRACT)
def slice_rows(simplex, weights, vertices, values, out):
    """Add to each point's row the rows of the vertices around it, by its weights."""
    n_channels = out.shape[1]
    for i in range(len(simplex)):
        s = simplex[i]
        for k in range(weights.shape[1]):
            v, weight = vertices[s, k], weights[i, k]
            for c in range(n_channels):
                out[i, c] += weight * values[v, c]


@kernel(fastmath=CONTRACT)
def blur_rows(values, some, neighbours, out):
    """Blur some of the rows along one axis with (1/2, 1, 1/2)."""
    half = np.float32(0.5)
    n_channels = values.shape[1]
    for v in range(len(neighbours)):
        a, b = neighbours[v, 0], neighbours[v, 1]
        for c in range(n_channels):
            out[v, c] = some[v, c] + half * (values[a, c] + values[b, c])
