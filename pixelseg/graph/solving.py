"""Which algorithm finds a cut, and what it works in."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._core.arrays import Array
from .network import GridNetwork

#: Below this share of the nodes that have one of the two terminals, paths are long: push-relabel
#: begins.
FEW_TERMINALS = 0.05
#: Search trees give up at so many orphans by node, if there were so many for each path; or at so
#: many by node in any case.
ORPHANS_BY_NODE, ORPHANS_BY_PATH = 0.5, 40


def solve(grid: GridNetwork) -> Array:
    """Push all flow, and return the smallest source side."""
    from ._search_tree_kernels import search

    excess = grid.network.excess
    few = FEW_TERMINALS * excess.size
    n_nodes = excess.size
    if min(np.count_nonzero(excess > 0), np.count_nonzero(excess < 0)) >= few:
        trees = _make_trees(n_nodes)
        if search(grid.network, trees, int(ORPHANS_BY_NODE * n_nodes), ORPHANS_BY_PATH):
            return grid.inner(trees.level) > 0
        del trees
    return _push_relabel(grid)


def _make_trees(n_nodes: int) -> Any:
    """Empty search trees."""
    from ._search_tree_kernels import FREE, Trees

    return Trees(
        level=np.zeros(n_nodes, np.int32),
        parent=np.full(n_nodes, FREE, np.uint8),
        current=np.zeros(n_nodes, np.uint8),
        queued=np.zeros(n_nodes, np.uint8),
        lists=np.empty((4, n_nodes), np.int32),
        lengths=np.zeros(4, np.int64),
        orphans=np.empty(n_nodes, np.int32),
        tops=np.zeros(4, np.int64),
        counts=np.zeros(2, np.int64),
    )


def _push_relabel(grid: GridNetwork) -> Array:
    """Push all flow from the side with less of it, and return the smallest source side."""
    from . import _push_relabel_kernels as kernels

    network = grid.network
    n_nodes = network.excess.size
    height, queue, search_queue = (np.empty(n_nodes, np.int32) for _ in range(3))
    current, active = np.empty(n_nodes, np.uint8), np.empty(n_nodes, np.uint8)
    excess = network.excess
    total = np.int64 if excess.dtype.kind == "i" else np.float64
    reverse = excess.sum(dtype=total) > 0
    if reverse:
        kernels.reverse_network(network)
    kernels.discharge_all(network, height, current, active, queue, search_queue)
    # Reached from an excess: in the reversed network, what reaches a deficit.
    kernels.measure_heights(network, reverse, height, search_queue)
    if reverse:
        kernels.reverse_network(network)
    return grid.inner(height) < kernels.FAR
