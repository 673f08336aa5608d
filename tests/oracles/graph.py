"""Minimum cuts by trying every labelling, and by scipy's maximum flow."""

from itertools import product

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow


def arcs(shape, weights):
    """(from, to, capacity) of every arc of a grid; an offset without its opposite is undirected."""
    numbers = np.arange(np.prod(shape)).reshape(shape)
    found = []
    for pixel in np.ndindex(*shape):
        for offset, value in weights.items():
            other = tuple(np.add(pixel, offset))
            if not all(0 <= k < n for k, n in zip(other, shape, strict=True)):
                continue
            capacity = np.broadcast_to(value, shape)[pixel]
            found.append((numbers[pixel], numbers[other], capacity))
            if tuple(-step for step in offset) not in weights:
                found.append((numbers[other], numbers[pixel], capacity))
    return found


def cut_value(source_side, source, sink, weights):
    """What a labelling cuts."""
    label = source_side.ravel()
    value = source.ravel()[~label].sum() + sink.ravel()[label].sum()
    return value + sum(c for p, q, c in arcs(source.shape, weights) if label[p] and not label[q])


def best_labellings(source, sink, weights):
    """The least cut value of all labellings, and the pixels on the source's side in each best."""
    shape = source.shape
    values = {}
    for choice in product((False, True), repeat=source.size):
        label = np.array(choice).reshape(shape)
        values[choice] = cut_value(label, source, sink, weights)
    least = min(values.values())
    best = [choice for choice, value in values.items() if np.isclose(value, least, atol=1e-9)]
    return least, np.all(best, axis=0).reshape(shape)


def flow_by_scipy(source, sink, weights):
    """Flow of a cut with whole capacities, and the nodes that the residual graph reaches."""
    n = source.size
    links = [(p, q, c) for p, q, c in arcs(source.shape, weights) if c > 0]
    links += [(n, p, c) for p, c in enumerate(source.ravel()) if c > 0]
    links += [(p, n + 1, c) for p, c in enumerate(sink.ravel()) if c > 0]
    if not links:
        return 0, np.zeros(source.shape, bool)
    rows, columns, capacities = map(np.array, zip(*links, strict=True))
    graph = coo_matrix((capacities.astype(np.int32), (rows, columns)), (n + 2, n + 2)).tocsr()
    result = maximum_flow(graph, n, n + 1)
    residual = graph - result.flow
    residual.data = np.maximum(residual.data, 0)
    residual.eliminate_zeros()
    reached = np.zeros(n + 2, bool)
    reached[breadth_first_order(residual, n, return_predecessors=False)] = True
    return result.flow_value, reached[:n].reshape(source.shape)


def energy(labels, data_cost, weights, label_cost):
    """The energy of a labelling, pixel by pixel and edge by edge."""
    shape = labels.shape
    total = 0
    for pixel in np.ndindex(*shape):
        total += data_cost[pixel][labels[pixel]]
        for offset, value in weights.items():
            other = tuple(np.add(pixel, offset))
            if all(0 <= k < n for k, n in zip(other, shape, strict=True)):
                weight = np.broadcast_to(value, shape)[pixel]
                total += weight * label_cost[labels[pixel]][labels[other]]
    return total
