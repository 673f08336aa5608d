"""Graphs given as sparse matrices: superpixels, or anything else that has neighbours.

Long lists of arcs, and push-relabel alone, which needs no luck: graphs of regions are small, and
what takes time is to lay them out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from .._core.arrays import Array
from .ranges import capacity_dtype, find_range


@dataclass(frozen=True)
class SparseGraph:
    """Arcs by the node that they leave: those of node v are first[v]..first[v + 1].

    first : int64 (N + 1,); heads : int32 (A,), where an arc leads; backs : int32 (A,), the arc that
    leads back; capacities : int64 or float64 (A,)
    """

    first: Array
    heads: Array
    backs: Array
    capacities: Array

    @property
    def n_nodes(self) -> int:
        """How many nodes there are."""
        return len(self.first) - 1

    def tails(self) -> Array:
        """The node that each arc leaves, int64 (A,)."""
        return np.repeat(np.arange(self.n_nodes), np.diff(self.first))


def as_sparse_graph(edges: Any, name: str = "edges") -> SparseGraph:
    """Check a sparse matrix of capacities: entry (i, j) is the arc from i to j."""
    if not sparse.issparse(edges):
        raise TypeError(
            f"{name} is {type(edges).__name__} but must be a scipy.sparse matrix, the capacity of the "
            "arc from i to j at (i, j)."
        )
    if edges.ndim != 2 or edges.shape[0] != edges.shape[1] or edges.shape[0] == 0:
        raise ValueError(f"{name} has shape {edges.shape} but must be square: a row for each node.")
    matrix = edges.tocoo()
    found = find_range(name, matrix.data)
    if not found.least >= 0 or found.infinite:
        raise ValueError(f"{name} holds a negative value, infinity or NaN: pass finite weights.")
    n = edges.shape[0]
    dtype = np.int64 if found.whole else np.float64
    apart = matrix.row != matrix.col
    tails, heads = matrix.row[apart], matrix.col[apart]
    data = np.concatenate([matrix.data[apart].astype(dtype), np.zeros(len(tails), dtype)])
    ends = (np.concatenate([tails, heads]), np.concatenate([heads, tails]))
    arcs = sparse.csr_matrix((data, ends), (n, n))
    arcs.sort_indices()
    numbers = np.arange(arcs.nnz, dtype=np.int32)
    backs = sparse.csr_matrix((numbers, arcs.indices, arcs.indptr), (n, n)).tocsc().data
    return SparseGraph(
        arcs.indptr.astype(np.int64), arcs.indices.astype(np.int32, copy=False), backs, arcs.data
    )


def solve_sparse(graph: SparseGraph, source: Array, sink: Array) -> tuple[Any, Array]:
    """The flow, and the smallest source side; capacities become what is left of them."""
    from . import _sparse_kernels as kernels

    ranges = [find_range("source", source), find_range("sink", sink)]
    ranges.append(find_range("edges", graph.capacities))
    sums = np.bincount(graph.tails(), graph.capacities + graph.capacities[graph.backs])
    most = sums.max(initial=0.0)
    dtype = capacity_dtype(np.ceil(most), ranges)
    is_whole = dtype.kind == "i"
    dtype = np.dtype(np.int64) if is_whole else dtype
    limit = int(most) + 1 if is_whole else 2 * most or 1.0
    both = np.minimum(source, sink)
    excess = (np.minimum(source - both, limit) - np.minimum(sink - both, limit)).astype(dtype)
    passed = both.sum(dtype=dtype) - excess.sum(where=excess < 0)
    # Excess is pushed from where there is less of it: on the reversed graph, the deficits are.
    reverse = excess.sum() > 0
    capacities = graph.capacities.astype(dtype)
    if reverse:
        excess, capacities = -excess, capacities[graph.backs]
    arcs = (graph.first, graph.heads, graph.backs, capacities, excess)
    scratch = np.empty((4, graph.n_nodes), np.int32)
    active = np.empty(graph.n_nodes, np.uint8)
    kernels.discharge_all(*arcs, scratch, active, graph.n_nodes // 4 + 1)
    kernels.measure_heights(*arcs, reverse, scratch[0], scratch[3])
    left = excess.sum(where=excess > 0 if reverse else excess < 0)
    return (passed + (-left if reverse else left)).item(), scratch[0] < kernels.FAR
