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
from .ranges import Range, capacity_dtype, find_range


@dataclass(frozen=True)
class SparseGraph:
    """Arcs by the node that they leave: those of node v are first[v]..first[v + 1].

    first : int32 (N + 1,); heads : int32 (A,), where an arc leads; backs : int32 (A,), the arc that
    leads back; capacities : int64 or float64 (A,)
    """

    first: Array
    heads: Array
    backs: Array
    capacities: Array
    range: Range

    @property
    def n_nodes(self) -> int:
        """How many nodes there are."""
        return len(self.first) - 1

    def tails(self) -> Array:
        """The node that each arc leaves, int64 (A,)."""
        return np.repeat(np.arange(self.n_nodes), np.diff(self.first))

    def edges(self) -> tuple[Array, Array, Array, Array]:
        """Every undirected edge: two ends, the sum of both ways, and the arc from the first."""
        tails = self.tails()
        forth = np.flatnonzero(tails < self.heads)
        weights = self.capacities[forth] + self.capacities[self.backs[forth]]
        return tails[forth], self.heads[forth], weights, forth


def as_sparse_graph(edges: Any, name: str = "edges") -> SparseGraph:
    """Check a sparse matrix of capacities: entry (i, j) is the arc from i to j."""
    if not sparse.issparse(edges):
        raise TypeError(
            f"{name} is {type(edges).__name__} but must be a scipy.sparse matrix with the capacity "
            "of the arc from i to j at (i, j)."
        )
    if edges.ndim != 2 or edges.shape[0] != edges.shape[1] or edges.shape[0] == 0:
        raise ValueError(f"{name} has shape {edges.shape} but must be square: a row for each node.")
    from . import _sparse_kernels as kernels

    arcs = sparse.csr_matrix(edges)
    found = find_range(name, arcs.data)
    if not found.least >= 0 or found.infinite:
        raise ValueError(f"{name} holds a negative value, infinity or NaN: pass finite weights.")
    dtype = np.int64 if found.whole else np.float64
    n = arcs.shape[0]
    backs, cursor = np.empty(arcs.nnz, np.int32), np.empty(n, np.int32)
    if not (
        arcs.has_canonical_format and kernels.pair_arcs(arcs.indptr, arcs.indices, backs, cursor)
    ):
        arcs = _with_ways_back(arcs.tocoo(), dtype)
        backs = np.empty(arcs.nnz, np.int32)
        kernels.pair_arcs(arcs.indptr, arcs.indices, backs, cursor)
    return SparseGraph(arcs.indptr, arcs.indices, backs, arcs.data.astype(dtype, copy=False), found)


def _with_ways_back(matrix: Any, dtype: Any) -> Any:
    """A matrix in rows without its diagonal, with an entry, maybe of 0, opposite to each."""
    apart = matrix.row != matrix.col
    tails, heads = matrix.row[apart], matrix.col[apart]
    data = np.concatenate([matrix.data[apart].astype(dtype), np.zeros(len(tails), dtype)])
    ends = (np.concatenate([tails, heads]), np.concatenate([heads, tails]))
    arcs = sparse.csr_matrix((data, ends), matrix.shape)
    arcs.sort_indices()
    return arcs


def solve_sparse(
    graph: SparseGraph, source: Array, sink: Array, ranges: list[Range]
) -> tuple[Any, Array]:
    """The flow, and the smallest source side; capacities become what is left of them."""
    from ._sparse_kernels import largest_sum

    most = largest_sum(graph.first, graph.backs, graph.capacities)
    dtype = capacity_dtype(np.ceil(most), [*ranges, graph.range])
    is_whole = dtype.kind == "i"
    dtype = np.dtype(np.int64) if is_whole else dtype
    limit = int(most) + 1 if is_whole else 2 * most or 1.0
    both = np.minimum(source, sink)
    excess = (np.minimum(source - both, limit) - np.minimum(sink - both, limit)).astype(dtype)
    passed = both.sum(dtype=dtype) - excess.sum(where=excess < 0)
    excess, source_side = push_all(graph, graph.capacities.astype(dtype), excess)
    return (passed + excess.sum(where=excess < 0)).item(), source_side


def push_all(graph: SparseGraph, capacities: Array, excess: Array) -> tuple[Array, Array]:
    """What is left of the excess, and which nodes are in the smallest source side."""
    from . import _sparse_kernels as kernels

    # Excess is pushed from where there is less of it: on the reversed graph, the deficits are.
    reverse = excess.sum() > 0
    if reverse:
        excess, capacities = -excess, capacities[graph.backs]
    arcs = (graph.first, graph.heads, graph.backs, capacities, excess)
    scratch = np.empty((4, graph.n_nodes), np.int32)
    active = np.empty(graph.n_nodes, np.uint8)
    kernels.push_to_neighbours(*arcs)
    kernels.discharge_all(*arcs, scratch, active, graph.n_nodes // 4 + 1)
    kernels.measure_heights(*arcs, reverse, scratch[0], scratch[3])
    return -excess if reverse else excess, scratch[0] < kernels.FAR
